//! A cell of the suite that runs tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cost, Noise, Timeline, Verdict};

/// One run of an executor over one task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TaskCell {
    /// The executor's name: `threads`.
    pub executor: String,
    /// Its options, as `key=value,...`.
    pub options: String,
    /// The task's name: `primes`.
    pub task: String,
    /// What the task mostly uses: `cpu` or `io`.
    pub family: String,
    /// How long its jobs are: `full` or `short`; absent in older records, where all were full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The interpreter that ran it or was to; absent for the lab's own executors, and where none was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<Interpreter>,
    /// How many jobs were run.
    pub jobs: usize,
    /// How many could run at once: 1 in line, one per job for threads and processes.
    pub workers: usize,
    /// How many were under way at once, those included that wait and make room for others; absent in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_once: Option<usize>,
    /// Which attempt at its round this is, from 2 on; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Which round this is, from 1.
    pub round: u32,
    /// What is to be thought of the figures.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: Option<String>,
    /// From before the first job was started until the last value was there.
    pub seconds: f64,
    /// An interpreter's start-up, which is not in `seconds`: from its process's start until it could begin, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_up_s: Option<f64>,
    /// The job that an interpreter with a compiler did beforehand, so that this had seen the work, in seconds; it is not in
    /// `seconds` either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_s: Option<f64>,
    /// What each job came to, in decimal digits; absent when one came to nothing or to something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What else the machine did meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// What it cost, child processes included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What its processes and threads did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

impl TaskCell {
    /// Whether the same was measured, in whichever round. An interpreter is known by its name and way, which are the executor's.
    pub(super) fn is_of_row_of(&self, other: &Self) -> bool {
        (self.executor == other.executor && self.options == other.options)
            && (self.task == other.task && self.size == other.size && self.jobs == other.jobs)
    }
}

/// An interpreter that runs the tasks as programs of its own language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Interpreter {
    /// Whose it is: `CPython`, `PyPy`, `Jython`.
    pub implementation: String,
    /// The version of the language that it says it is: `3.13.0`.
    pub version: String,
    /// Whether one thread at a time ran its code (a global interpreter lock), as it said itself.
    pub gil: bool,
}
