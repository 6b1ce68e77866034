//! `rayon`: a pool in which idle threads steal work from busy ones.
//!
//! **The idea.** The range of jobs is a job itself: who has it splits it in two, puts one half on a queue of its own
//! and goes on with the other. A thread with nothing left steals from another's queue, at its old end, where the
//! largest pieces are. So nobody deals out the work, and it comes to lie where there is somebody to do it.
//!
//! **What the kernel does.** As for every pool: it makes the threads once, and puts to sleep on a futex(2) who finds
//! nothing to steal. Queues are memory; nothing is shared while there is work in one's own.
//!
//! **Good at** computing that can be split, however unequal the parts: a loop becomes parallel by one word, and
//! results keep their order. **Bad at** waiting: a step that waits or reads a file blocks its worker, and nothing
//! is stolen into a thread that sleeps. With as many waits as workers the whole pool stands still. It is made for
//! processors.
//!
//! Source: R. Blumofe and C. Leiserson, "Scheduling Multithreaded Computations by Work Stealing", 1999; the
//! documentation of crate rayon.

use std::sync::Arc;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::{ThreadBuilder, ThreadPoolBuilder};
use workloads::task::Task;

use super::blocking::{refused, run_to_end, workers};
use super::{Executor, JobResult};
use crate::options::Spec;
use crate::runtime::WORKERS;

pub(super) const EXECUTOR: Executor = Executor {
    name: "rayon",
    family: "threads",
    summary: "a pool whose idle threads steal work from busy ones",
    options: &[Spec { help: "threads that steal from each other", ..WORKERS }],
    workers,
    run: |task, jobs, options| Ok(run(task, jobs, workers(jobs, options))),
};

fn run(task: &Arc<dyn Task>, jobs: usize, workers: usize) -> Vec<JobResult> {
    // A pool of our own, whose threads have ended when this returns. The global one would stay.
    let pool = ThreadPoolBuilder::new().num_threads(workers).thread_name(|number| format!("worker {number}"));
    let job = |job| run_to_end(&**task, job);
    // Pieces of one job: those behind a long one could not be stolen from within a piece.
    let all = || (0..jobs).into_par_iter().with_max_len(1).map(job).collect();
    pool.build_scoped(ThreadBuilder::run, |pool| pool.install(all))
        .unwrap_or_else(|error| vec![Err(refused("thread", "workers", &error)); jobs])
}
