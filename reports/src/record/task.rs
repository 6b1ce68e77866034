//! A cell of the suite that runs tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cost, Noise, Verdict};

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
    /// How many jobs were run.
    pub jobs: usize,
    /// How many could run at once: 1 in line, one per job for threads and processes.
    pub workers: usize,
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
    /// What each job came to, in decimal digits; absent when one came to nothing or to something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What else the machine did meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// What it cost, child processes included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}
