//! `pool`: a job for a thread that is there already, and its answer.
//!
//! Nothing is made. The job goes into a channel, the thread that sleeps on it is woken (futex(2)), and its answer comes
//! back the same way. Who waits looks a few times before it falls asleep; where both sides have a processor, a call or two
//! may be saved by that.
//!
//! Good for many short jobs, which is why there are pools. Bad where jobs wait: a pool has as many hands as it has threads.
//!
//! Source: futex(7); the channel is crossbeam's.

use std::thread;

use super::super::{Measured, Operation, Probe, Samples, Setting, Suite, Trouble};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "pool",
    family: "threads",
    summary: "a job through a channel to a thread that waits for it, and its answer",
    settings: || vec![Setting::of(Operation::HandOff)],
    measure: |_, time| {
        let (jobs, taken) = crossbeam_channel::bounded::<()>(1);
        let (answer, answers) = crossbeam_channel::bounded(1);
        let worker = thread::Builder::new().spawn(move || {
            // It ends when there are no more jobs, or nobody who wants an answer.
            while taken.recv().is_ok_and(|()| answer.send(()).is_ok()) {}
        })?;
        let gone = || Trouble::Failed("the pool's thread ended before its time; try again".to_owned());
        let times = Samples::take(time, 1, || {
            jobs.send(()).map_err(|_| gone())?;
            answers.recv().map_err(|_| gone())
        });
        drop(jobs);
        worker.join().map_err(|_| gone())?;
        Ok(Measured { times: Some(times?), ..Measured::default() })
    },
};
