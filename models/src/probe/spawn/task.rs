//! `task`, `task-here`: an async task of tokio, spawned and awaited by another one.
//!
//! A task is a state machine in one piece of memory, with a header that counts who knows of it. To spawn it is to allocate
//! that and to put it into a queue; to await it is to leave a waker and to return to the worker, which polls the new one,
//! which wakes the old one. The kernel is not asked, but by the allocator now and then.
//!
//! `task` runs on a runtime that may have many threads (and has one here), whose queues are fit for being stolen from;
//! `task-here` on one that polls on the calling thread alone.
//!
//! Good by the hundred thousand. Bad where a task computes for long or blocks: nothing takes its worker away from it.
//!
//! Source: the documentation of crate tokio; C. Lerche, "Making the Tokio scheduler 10x faster", 2019.

use std::time::Duration;

use super::super::one_worker::{Worker, in_task};
use super::super::samples::Stopwatch;
use super::super::{Measured, Operation, Probe, Setting, Suite, Trouble};

/// So many are spawned one after another for a sample.
const EACH: u32 = 50;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Spawn,
    name: "task",
    family: "tasks",
    summary: "a task of tokio, spawned and awaited by another one on a runtime of one worker thread",
    settings: || vec![Setting::of(Operation::Create)],
    measure: |_, time| in_task(Worker::Thread, measured(time)),
};

pub(super) const HERE: Probe = Probe {
    name: "task-here",
    summary: "a task of tokio, spawned and awaited by another one on the runtime without a thread of its own",
    measure: |_, time| in_task(Worker::Caller, measured(time)),
    ..PROBE
};

async fn measured(time: Duration) -> Result<Measured, Trouble> {
    let mut stopwatch = Stopwatch::start(time, EACH);
    while stopwatch.goes_on() {
        for _ in 0..EACH {
            let ended = tokio::spawn(async {}).await;
            ended.map_err(|error| Trouble::Failed(format!("the task did not end: {error}; try again")))?;
        }
        stopwatch.lap();
    }
    Ok(Measured { times: Some(stopwatch.stop()), ..Measured::default() })
}
