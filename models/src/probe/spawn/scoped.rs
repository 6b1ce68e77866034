//! `scoped`: a thread that may borrow from who made it, since it ends before what it borrows.
//!
//! To the kernel it is a thread as any other. The scope counts its threads and waits until the count is back at zero, so
//! nothing that they borrowed can go too early; and a thread's handle and the count cost next to nothing beside the thread.
//!
//! Good for a few pieces of one job on data that stays where it is, with no counted reference. Bad for what is to go on after
//! the function that began it.
//!
//! Source: the documentation of `std::thread::scope`; pthreads(7).

use std::thread;

use super::super::{Measured, Operation, Probe, Samples, Setting, Suite, Trouble};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "scoped",
    family: "threads",
    summary: "std's scoped thread, made and joined, its scope included",
    settings: || vec![Setting::of(Operation::Create)],
    measure: |_, time| {
        let times = Samples::take(time, 1, || {
            thread::scope(|scope| {
                let ended = thread::Builder::new().spawn_scoped(scope, || ())?.join();
                ended.map_err(|_| Trouble::Failed("the thread panicked".to_owned()))
            })
        })?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
