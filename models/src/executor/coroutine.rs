//! `coroutine`: a coroutine per job, on a few threads.
//!
//! **The idea.** Each job gets a stack of its own, as a thread would, but the program switches between the jobs
//! itself: where a job waits, it saves a few registers and its worker goes on with another. The library is may.
//!
//! **What the kernel does.** It sees `workers` threads, and one that keeps time. A switch is none of its business,
//! and a wait is an entry in a list of timers.
//!
//! **Good at** thousands of jobs that wait, told as plain code. **Bad at** what the library can't see. A job that
//! computes holds its worker until it gives way, which here it does every few milliseconds; and file IO really
//! blocks, as a disk has no readiness to wait for: the worker stands still with all its
//! coroutines. Python's gevent has the same two traps. Neither can anything be forked once may has started, since its
//! threads never end: so this comes last wherever executors run one after another in one process.
//!
//! Source: M. Conway, "Design of a separable transition-diagram compiler", 1963; the documentation of crate may.

use std::sync::Arc;
use std::time::Duration;

use workloads::task::Task;
use workloads::{Value, Work};

use super::blocking::{Slice, Way, panicked, refused, run_by, workers};
use super::{Executor, JobResult};
use crate::options::{Options, Spec};
use crate::runtime::{self, Home};

/// Enough for every job of the lab and for the report of a panic. Pages come when they are touched.
const STACK_BYTES: usize = 128 * 1024;
/// How many stacks may keeps ready where nothing is said.
const STACKS: usize = 1_000;

pub(super) const EXECUTOR: Executor = Executor {
    name: "coroutine",
    family: "coroutines",
    summary: "a stackful coroutine per job, switched by the program itself",
    options: &[
        Spec { help: "threads that run coroutines", ..runtime::WORKERS },
        Spec { key: "stack", kind: runtime::STACK, help: "stack of each coroutine", default: "128k" },
    ],
    workers,
    run: |task, jobs, options| Ok(run(task, jobs, options)),
};

fn run(task: &Arc<dyn Task>, jobs: usize, options: &Options) -> Vec<JobResult> {
    // may makes that many stacks before the first coroutine runs, at some 13 us each: for a few short jobs the thousand of its
    // default would take longer than the jobs. Each job needs one, and one more to be woken by.
    ::may::config().set_pool_capacity((2 * jobs).min(STACKS));
    if let Err(error) = runtime::may(options, STACK_BYTES) {
        return vec![Err(refused("thread", "workers", &error)); jobs];
    }
    let start = |job| {
        let task = Arc::clone(task);
        let home = Home::number(job);
        home.start(move || run_by(&mut Parking { home, slice: Slice::begin() }, &*task, job))
    };
    let coroutines: Vec<_> = (0..jobs).map(start).collect(); // all are started before one is waited for
    let finish = |coroutine: Result<may::coroutine::JoinHandle<JobResult>, _>| match coroutine {
        Ok(coroutine) => coroutine.join().unwrap_or_else(|panic| Err(panicked(&*panic))),
        Err(error) => Err(refused("coroutine", "jobs", &error)),
    };
    coroutines.into_iter().map(finish).collect()
}

/// The way of a coroutine: where a thread would sleep, it parks.
struct Parking {
    home: Home,
    slice: Slice,
}

impl Way for Parking {
    fn compute(&mut self, work: Work) -> Value {
        let value = work();
        if self.slice.is_over() {
            self.home.turn();
            self.slice = Slice::begin();
        }
        value
    }

    fn wait(&mut self, time: Duration) {
        self.home.sleep(time);
        self.slice = Slice::begin();
    }

    // A `Disk` step is done as by everybody: it blocks, and the worker with it.
}
