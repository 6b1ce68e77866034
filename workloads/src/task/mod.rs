//! Tasks: jobs with no network. A task is a session's idea without bytes: a run of steps, with a value at the end.
//!
//! An executor does each [`Step`] in its own way: where a thread sleeps, a coroutine parks and an async task arms
//! a timer. So every executor runs the very same job, and every job's value is checked.

use std::sync::Arc;
use std::time::Duration;

use crate::session::{Value, Work};

mod count;
mod disk;
mod primes;
mod wait;

pub use count::Count;
pub use disk::Disk;
pub use primes::Primes;
pub use wait::Wait;

/// All tasks, at the sizes used in the lab, in the order of listings.
///
/// ```
/// let jobs: Vec<_> = workloads::task::tasks().iter().map(|task| task.name()).collect();
/// assert_eq!(jobs, ["primes", "count", "disk", "wait"]);
/// ```
pub fn tasks() -> Vec<Arc<dyn Task>> {
    vec![
        Arc::new(Primes::default()),
        Arc::new(Count::default()),
        Arc::new(Disk::default()),
        Arc::new(Wait::default()),
    ]
}

/// The task of this name, at the size used in the lab.
pub fn task(name: &str) -> Option<Arc<dyn Task>> {
    tasks().into_iter().find(|task| task.name() == name)
}

/// The names of all tasks, in the order of listings.
pub fn names() -> Vec<&'static str> {
    tasks().iter().map(|task| task.name()).collect()
}

/// One kind of job.
pub trait Task: Send + Sync {
    /// The name it is asked for by: `primes`.
    fn name(&self) -> &'static str;

    /// What it mostly uses.
    fn family(&self) -> Family;

    /// One sentence on what it does.
    fn summary(&self) -> &'static str;

    /// Begins one job. `job` tells concurrent jobs apart (each writes a file of its own, say); it does not change
    /// the value.
    fn start(&self, job: usize) -> Box<dyn Run>;

    /// What every job must come to. A job that comes to anything else has failed.
    fn expected(&self) -> Value;
}

/// What a task mostly uses: the notes' two columns, `cpu` and `IO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// It computes.
    Cpu,
    /// It waits: for a disk or for somebody else.
    Io,
}

impl Family {
    /// As it stands in listings and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Io => "io",
        }
    }
}

/// One job under way: a state machine that is asked for step after step.
pub trait Run: Send {
    /// The next step. `last` is what the last `Compute` or `Disk` came to; none at first and after a `Wait`.
    fn next(&mut self, last: Option<Value>) -> Step;
}

/// What a job needs next.
pub enum Step {
    /// CPU work, of some 100 us at most: executors that share a processor switch between steps.
    Compute(Work),
    /// Time, as a slow remote would make us wait.
    Wait(Duration),
    /// Blocking file IO. An error ends the job: the executor reports it as the job's result.
    Disk(DiskWork),
    /// Nothing more: this is the job's value.
    Done(Value),
}

/// A piece of blocking file IO that may be done on any thread.
pub type DiskWork = Box<dyn FnOnce() -> std::io::Result<Value> + Send>;

/// A job of one step: what the step comes to is the job's value.
struct OneStep(Option<Step>);

impl OneStep {
    fn disk(work: impl FnOnce() -> std::io::Result<Value> + Send + 'static) -> Box<dyn Run> {
        Box::new(Self(Some(Step::Disk(Box::new(work)))))
    }
}

impl Run for OneStep {
    fn next(&mut self, last: Option<Value>) -> Step {
        let done = || Step::Done(last.expect("an executor hands back what the step came to"));
        self.0.take().unwrap_or_else(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a job comes to, done in line.
    pub(super) fn value(task: &dyn Task) -> std::io::Result<Value> {
        let mut run = task.start(0);
        let mut last = None;
        loop {
            last = match run.next(last) {
                Step::Compute(work) => Some(work()),
                Step::Wait(time) => {
                    std::thread::sleep(time);
                    None
                }
                Step::Disk(work) => Some(work()?),
                Step::Done(value) => return Ok(value),
            };
        }
    }

    #[test]
    fn every_name_finds_its_task_and_no_other_name_does() {
        for name in names() {
            assert_eq!(task(name).map(|task| task.name()), Some(name));
        }
        assert!(task("prime").is_none());
    }

    #[test]
    fn both_families_are_there() {
        let families: Vec<_> = tasks().iter().map(|task| task.family().name()).collect();
        assert_eq!(families, ["cpu", "cpu", "io", "io"]);
    }
}
