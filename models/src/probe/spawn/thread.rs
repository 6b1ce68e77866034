//! `thread`: a thread of the standard library, made and joined.
//!
//! The kernel is asked for a stack (mmap(2), and mprotect(2) for the page that guards it), for a thread that shares
//! everything else (clone(2)), and by the one who joins to say when it has ended (futex(2)). The C library keeps up to 40
//! MiB of stacks for the next threads, so the first two calls are seldom made here.
//!
//! A stack is addresses, not memory: pages come when they are touched. So its size costs next to nothing, which the settings
//! put to the test. std's own is 2 MiB.
//!
//! std gives each thread a second stack, so as to say which thread's is full before the program ends: see `pthread.rs`, which
//! does without.
//!
//! Good where jobs share what they work on, and at a tenth of what a process costs or less. Bad by the hundred thousand.
//!
//! Source: pthreads(7), clone(2), `pthread_attr_setstacksize(3)`.

use std::thread;

use super::super::{Measured, Operation, Probe, Samples, Setting, Suite, Trouble};

const KIB: u64 = 1024;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "thread",
    family: "threads",
    summary: "std's thread, made and joined",
    settings: || {
        let stack = |bytes| Setting { stack_bytes: bytes, ..Setting::of(Operation::Create) };
        [None, Some(64 * KIB), Some(8 * KIB * KIB)].map(stack).into()
    },
    measure: |setting, time| {
        let builder = || match setting.stack_bytes {
            Some(bytes) => thread::Builder::new().stack_size(bytes as usize),
            None => thread::Builder::new(),
        };
        let times = Samples::take(time, 1, || {
            let ended = builder().spawn(|| ())?.join();
            ended.map_err(|_| Trouble::Failed("the thread panicked".to_owned()))
        })?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
