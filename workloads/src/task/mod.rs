//! Tasks: jobs with no network. A task is a session's idea without bytes: a run of steps, with a value at the end.
//!
//! An executor does each [`Step`] in its own way: where a thread sleeps, a coroutine parks and an async task arms
//! a timer. So every executor runs the very same job, and every job's value is checked.

use std::time::Duration;

use crate::session::{Value, Work};

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
    /// CPU work.
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
