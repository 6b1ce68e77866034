//! `threads`: a thread per job.
//!
//! The idea: every job gets a thread of its own at once, and the scheduler deals them out to the processors.
//!
//! The kernel makes a thread with clone(2): a stack, registers and a place in the run queue, while memory, open
//! files and everything else stay shared. A thread that waits costs nothing but its stack; threads that compute
//! share the processors in time slices.
//!
//! Good at: using all processors and overlapping all waits, with plain blocking code and results handed over in
//! memory. (Under Python's GIL the first half is lost: one thread computes at a time.) Bad at: thousands of
//! jobs, each with a stack and a share of the scheduler's attention; isolation, since one job's stray write or
//! abort is everybody's.
//!
//! Source: pthreads(7), clone(2); the "Thread" row of the course notes' timing table.

use std::thread;

use super::blocking::{panicked, refused, run_to_end};
use super::{Executor, JobResult};

pub(super) const EXECUTOR: Executor = Executor {
    name: "threads",
    family: "threads",
    summary: "a thread per job, all at once",
    options: &[],
    workers: |jobs, _| jobs,
    run: |task, jobs, _| Ok(thread_per_job(jobs, |job| run_to_end(&**task, job))),
};

/// Runs each job on a thread of its own.
pub(super) fn thread_per_job(jobs: usize, run: impl Fn(usize) -> JobResult + Sync) -> Vec<JobResult> {
    thread::scope(|scope| {
        let run = &run;
        let start = |job| {
            let name = format!("job {job}"); // as `ps -L` and a panic show it
            thread::Builder::new().name(name).spawn_scoped(scope, move || run(job))
        };
        let threads: Vec<_> = (0..jobs).map(start).collect(); // all are started before one is waited for
        let finish = |thread: Result<thread::ScopedJoinHandle<'_, JobResult>, _>| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| Err(panicked(&*panic))),
            Err(error) => Err(refused("thread", "jobs", &error)),
        };
        threads.into_iter().map(finish).collect()
    })
}
