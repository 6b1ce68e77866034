//! `async`: a task per job, polled by a few threads.
//!
//! **The idea.** An `async` block is a state machine: polled, it runs to its next `.await` and returns. A job that
//! waits is a few hundred bytes beside a timer, and no stack; `workers` threads poll those that can go on. The
//! library is tokio.
//!
//! **What the kernel does.** It sees the workers, which sleep in an epoll set until the next timer is due, and the
//! threads of a pool for what blocks.
//!
//! **Good at** very many jobs that wait. **Bad at** computing, where it is no more than a pool of threads, and a
//! rude one: a step that takes long holds its worker, so each job here gives way every few milliseconds. Blocking
//! calls must not be made on a worker at all. tokio's advice, followed here, is `spawn_blocking`: file IO goes to
//! another pool of up to 512 threads, and costs two hand-overs.
//!
//! Source: the documentation of crate tokio, "CPU-bound tasks and blocking code"; A. Ryhl, "Async: What is
//! blocking?", 2020.

use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::task::{JoinError, spawn_blocking, yield_now};
use tokio::time::sleep;
use workloads::task::{Step, Task};

use super::blocking::{Slice, panicked, refused, workers};
use super::{Executor, JobResult};
use crate::options::Spec;
use crate::runtime;

pub(super) const EXECUTOR: Executor = Executor {
    name: "async",
    family: "coroutines",
    summary: "a stackless task per job; file IO goes to a pool of threads",
    options: &[Spec { help: "threads that poll tasks", ..runtime::WORKERS }],
    workers,
    run: |task, jobs, options| {
        Ok(match runtime::tokio(runtime::workers(options)) {
            Ok(runtime) => run(&runtime, task, jobs),
            Err(error) => vec![Err(refused("thread", "workers", &error)); jobs],
        })
    },
};

fn run(runtime: &Runtime, task: &Arc<dyn Task>, jobs: usize) -> Vec<JobResult> {
    let tasks: Vec<_> = (0..jobs).map(|job| runtime.spawn(steps(Arc::clone(task), job))).collect();
    runtime.block_on(async {
        let mut results = Vec::with_capacity(jobs);
        for task in tasks {
            results.push(task.await.unwrap_or_else(|error| Err(ended(error))));
        }
        results
    })
}

/// One job from its first step to its value. A panic ends its task alone, in whichever step.
async fn steps(task: Arc<dyn Task>, job: usize) -> JobResult {
    let mut run = task.start(job);
    let (mut last, mut slice) = (None, Slice::begin());
    loop {
        last = match run.next(last) {
            Step::Compute(work) => {
                let value = work();
                if slice.is_over() {
                    yield_now().await;
                    slice = Slice::begin();
                }
                Some(value)
            }
            Step::Wait(time) => {
                sleep(time).await;
                slice = Slice::begin();
                None
            }
            Step::Disk(work) => {
                let done = spawn_blocking(work).await.map_err(ended)?;
                slice = Slice::begin();
                Some(done.map_err(|error| error.to_string())?)
            }
            Step::Done(value) => return Ok(value),
        };
    }
}

/// Why a task has no value.
fn ended(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => panicked(&*panic),
        Err(error) => format!("the job's task was ended: {error}; try again"),
    }
}
