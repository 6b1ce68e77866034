//! One job from its first step to its value, with blocking calls: what a thread or a process of its own does, and
//! whoever looks like one.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use workloads::task::{DiskWork, Run, Step, Task};
use workloads::{Value, Work};

use super::JobResult;
use crate::options::Options;
use crate::runtime;

/// How each kind of step is done. Unless an executor has a way of its own, a step simply holds its thread up.
pub(super) trait Way {
    /// Does CPU work.
    fn compute(&mut self, work: Work) -> Value {
        work()
    }

    /// Lets time pass.
    fn wait(&mut self, time: Duration) {
        thread::sleep(time);
    }

    /// Does blocking file IO.
    fn disk(&mut self, work: DiskWork) -> io::Result<Value> {
        work()
    }
}

/// The way of a thread that nobody shares.
struct Plain;

impl Way for Plain {}

/// The time that a job may compute before it lets others through, where it has to say so itself: 2 ms, since giving
/// way costs some microseconds, and then the processor's caches and guesses are another's.
pub(super) struct Slice {
    began: Instant,
}

impl Slice {
    const LENGTH: Duration = Duration::from_millis(2);

    pub(super) fn begin() -> Self {
        Self { began: Instant::now() }
    }

    /// Whether it is over. What comes after that, or after a wait, needs a new one.
    pub(super) fn is_over(&self) -> bool {
        self.began.elapsed() >= Self::LENGTH
    }
}

/// Runs one job on a thread that is its own until it ends.
pub(super) fn run_to_end(task: &dyn Task, job: usize) -> JobResult {
    run_by(&mut Plain, task, job)
}

/// Runs one job in a way of the executor's own. A job that fails or panics comes to a sentence, and its neighbours
/// never notice.
///
/// A panic must end here in every executor: in line it would end the jobs that come after, and a forked child
/// that unwound further would go on with its copy of the parent's work.
pub(super) fn run_by(way: &mut impl Way, task: &dyn Task, job: usize) -> JobResult {
    // The job is gone after a panic, so nobody can see what it left half done.
    let outcome = catch_unwind(AssertUnwindSafe(|| steps(way, task.start(job))));
    outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))
}

fn steps(way: &mut impl Way, mut run: Box<dyn Run>) -> JobResult {
    let mut last = None;
    loop {
        last = match run.next(last) {
            Step::Compute(work) => Some(way.compute(work)),
            Step::Wait(time) => {
                way.wait(time);
                None
            }
            Step::Disk(work) => Some(way.disk(work).map_err(|error| error.to_string())?),
            Step::Done(value) => return Ok(value),
        };
    }
}

/// A job's panic as a sentence on one line.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> String {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("it gave no reason").replace('\n', " ");
    format!("the job panicked, which is a fault in its task: {message}")
}

/// The system's refusal to make a thread or a process, as a sentence that says what to try fewer of.
pub(super) fn refused(what: &str, fewer: &str, error: &dyn fmt::Display) -> String {
    format!(
        "no {what} could be made for this job: {error}; try fewer {fewer}, or raise the limit on processes and \
         threads (ulimit -u, a container's pids limit)"
    )
}

/// How many workers a pool has: see [`runtime::workers`], but none that would have no job.
pub(super) fn workers(jobs: usize, options: &Options) -> usize {
    runtime::workers(options).min(jobs)
}
