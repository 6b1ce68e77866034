//! `thread-pool`: a fixed number of threads that take jobs from a queue.
//!
//! **The idea.** As many threads as there are processors are made beforehand; each takes a job from the queue, runs
//! it to its end and takes the next. The queue is bounded: who fills it waits until a worker has taken something
//! out.
//!
//! **What the kernel does.** It makes few threads, once. A worker that finds the queue empty sleeps on a futex(2)
//! inside the channel, and handing over a job wakes it; while there are jobs nobody enters the kernel to get one.
//!
//! **Good at** many short jobs, which pay for no thread, and at computing: one thread a processor, and nothing to
//! switch between. **Bad at** jobs that wait. A worker that waits holds its place in the pool, so of a hundred jobs
//! that wait only as many do so at once as there are workers; and a job that waits for one behind it in the queue
//! waits for ever.
//!
//! Source: pthreads(7), futex(7); D. Butenhof, "Programming with POSIX Threads", chapter 4.2, "Work crew"; the
//! channel is crossbeam's.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::Receiver;
use workloads::task::Task;

use super::blocking::{refused, run_to_end, workers};
use super::{Executor, JobResult};
use crate::options::Spec;
use crate::runtime::WORKERS;

pub(super) const EXECUTOR: Executor = Executor {
    name: "thread-pool",
    family: "threads",
    summary: "a fixed number of threads take jobs from a queue",
    options: &[Spec { help: "threads that take jobs", ..WORKERS }],
    workers,
    run: |task, jobs, options| Ok(run(task, jobs, workers(jobs, options))),
};

fn run(task: &Arc<dyn Task>, jobs: usize, workers: usize) -> Vec<JobResult> {
    let (queue, taken) = crossbeam_channel::bounded(workers);
    let mut results = vec![None; jobs];
    thread::scope(|scope| {
        let start = |_| {
            let taken = taken.clone();
            thread::Builder::new().name("worker".to_owned()).spawn_scoped(scope, || work(&**task, taken))
        };
        // All or none: a smaller pool than was asked for would be another one.
        let threads = match (0..workers).map(start).collect::<Result<Vec<_>, _>>() {
            Ok(threads) => threads,
            Err(error) => return results.fill(Some(Err(refused("thread", "workers", &error)))),
        };
        for job in 0..jobs {
            // It waits while the queue is full. The workers end only when the queue does: they are there to take it.
            queue.send(job).expect("a worker holds the other end");
        }
        drop(queue);
        for (job, result) in
            threads.into_iter().flat_map(|thread| thread.join().expect("jobs' panics are caught"))
        {
            results[job] = Some(result);
        }
    });
    results.into_iter().map(|result| result.expect("every job was taken")).collect()
}

/// What a worker does: it runs jobs until the queue ends.
fn work(task: &dyn Task, queue: Receiver<usize>) -> Vec<(usize, JobResult)> {
    queue.into_iter().map(|job| (job, run_to_end(task, job))).collect()
}
