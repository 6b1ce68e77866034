//! Tasks: jobs with no network. A task is a session's idea without bytes: a run of steps, with a value at the end.
//!
//! An executor does each [`Step`] in its own way: where a thread sleeps, a coroutine parks and an async task arms
//! a timer. So every executor runs the very same job, and every job's value is checked.

use std::sync::Arc;
use std::time::Duration;

use crate::session::{Value, Work};

mod count;
mod counter;
mod disk;
mod fibonacci;
mod mix;
mod pieces;
mod primes;
mod size;
mod sort;
mod wait;

pub use count::Count;
pub use counter::{CounterAtomic, CounterLock};
pub use disk::Disk;
pub use fibonacci::Fibonacci;
pub use mix::Mix;
pub use primes::Primes;
pub use size::Size;
pub use sort::{Algorithm, Sort};
pub use wait::Wait;

/// All tasks, with jobs of this size, in the order of listings.
///
/// ```
/// use workloads::task::{Size, tasks};
///
/// let jobs: Vec<_> = tasks(Size::Full).iter().map(|task| task.name()).collect();
/// assert_eq!(jobs[..3], ["primes", "count", "bubble"]);
/// ```
pub fn tasks(size: Size) -> Vec<Arc<dyn Task>> {
    vec![
        Arc::new(Primes::of(size)),
        Arc::new(Count::of(size)),
        Arc::new(Sort::of(Algorithm::Bubble, size)),
        Arc::new(Sort::of(Algorithm::Selection, size)),
        Arc::new(Sort::of(Algorithm::Insertion, size)),
        Arc::new(Sort::of(Algorithm::Quick, size)),
        Arc::new(Sort::of(Algorithm::Library, size)),
        Arc::new(Fibonacci::of(size)),
        Arc::new(CounterLock::of(size)),
        Arc::new(CounterAtomic::of(size)),
        Arc::new(Disk::of(size)),
        Arc::new(Wait::of(size)),
        Arc::new(Mix::of(size)),
    ]
}

/// The task of this name, with jobs of this size.
pub fn task(name: &str, size: Size) -> Option<Arc<dyn Task>> {
    tasks(size).into_iter().find(|task| task.name() == name)
}

/// The names of all tasks, in the order of listings.
pub fn names() -> Vec<&'static str> {
    tasks(Size::default()).iter().map(|task| task.name()).collect()
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

    /// Whether its jobs do something to memory that they all see: then it is none for executors whose jobs share no memory.
    fn shares_memory(&self) -> bool {
        false
    }

    /// What can only be checked once so many jobs have all come to their values; and the next jobs begin anew.
    ///
    /// # Errors
    /// A sentence on what is wrong.
    fn check(&self, jobs: usize) -> Result<(), String> {
        let _ = jobs;
        Ok(())
    }
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
            for size in Size::ALL {
                assert_eq!(task(name, size).map(|task| task.name()), Some(name));
            }
        }
        assert!(task("prime", Size::Full).is_none());
    }

    #[test]
    fn both_families_are_there() {
        let families: Vec<_> = tasks(Size::Full).iter().map(|task| task.family().name()).collect();
        assert_eq!(families[..10], ["cpu"; 10]);
        assert_eq!(families[10..], ["io"; 3]);
    }

    #[test]
    fn a_short_job_is_a_small_part_of_a_full_one() {
        for (full, short) in tasks(Size::Full).iter().zip(tasks(Size::Short)) {
            assert_eq!(full.name(), short.name());
            assert!(short.expected() * 4 < full.expected(), "{}", full.name()); // all values grow with the work
        }
    }
}
