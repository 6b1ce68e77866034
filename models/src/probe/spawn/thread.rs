//! `thread`: a thread of the standard library, made and joined.
//!
//! The kernel is asked for a stack (mmap(2)), for a thread that shares everything else (clone(2)), and by the one who joins to
//! say when it has ended (futex(2)). The stack is kept for the next one.
//!
//! Source: pthreads(7), clone(2).

use std::thread;

use super::super::{Measured, Operation, Probe, Samples, Setting, Suite};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "thread",
    family: "threads",
    summary: "std's thread, made and joined",
    settings: || vec![Setting::of(Operation::Create)],
    measure: |_, time| {
        let times = Samples::take(time, 1, || {
            let thread = thread::Builder::new().spawn(|| ())?;
            let _ = thread.join();
            Ok(())
        })?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
