//! `process-pool`: a job for a process that is there already, and its answer.
//!
//! The fork is paid for once. Each job is a byte through a pipe, and its answer another: four calls, and twice the kernel
//! wakes one and puts the other to sleep. How many calls more than `pool`, shows what a wall between the two costs.
//!
//! Good for many short jobs that must not share memory, or can't share an interpreter. Bad for large ones: all that a job
//! needs goes through the pipe.
//!
//! Source: pipe(7), fork(2); the `multiprocessing` module of Python.

use super::super::partner::Partner;
use super::super::pipes;
use super::super::{Measured, Operation, Probe, Samples, Setting, Suite};
use crate::forking::Alone;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "process-pool",
    family: "processes",
    summary: "a job through a pipe to a forked worker that waits for it, and its answer",
    settings: || vec![Setting::of(Operation::HandOff)],
    measure: |_, time| {
        let alone = Alone::wait()?;
        let (mine, theirs) = pipes::ends()?;
        let (_worker, mut mine) = Partner::fork(&alone, mine, || theirs.answer())?;
        let mut job = 0;
        let times = Samples::take(time, 1, || mine.there_and_back(&mut job))?;
        Ok(Measured { times: Some(times), ..Measured::default() })
    },
};
