//! One measurement of what a small thing costs: making a process, going to another thread, sending a message.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Latency, Noise, Verdict};

/// One fresh process that did one small thing again and again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ProbeCell {
    /// The way's name: `fork`, `pipe`.
    pub way: String,
    /// What kind it is: `processes`, `threads`, `coroutines`, `tasks`.
    pub family: String,
    /// 2 for the second of an A/A pair: the same measured once more, as a row of its own. Absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<u32>,
    /// What was timed: `create`, `hand-off`, `switch`, `round-trip`, `bandwidth`, `sleep`.
    pub operation: String,
    /// How much memory the parent had touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched_bytes: Option<u64>,
    /// The size of a stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_bytes: Option<u64>,
    /// The size of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_bytes: Option<u64>,
    /// How many were asked for at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// How many there were, if the machine allowed fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_reached: Option<u64>,
    /// Which processors both sides were bound to: `together`, `apart`; absent where they were free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<String>,
    /// The processors that the sides were bound to, first that of the one who measures; none where they were free.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<usize>,
    /// Which attempt at its round this is, from 2 on; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Which round this is, from 1.
    pub round: u32,
    /// What is to be thought of the figures.
    pub verdict: Verdict,
    /// Why, in a sentence; also what a reader of a valid cell should know.
    pub reason: Option<String>,
    /// How long was measured.
    pub seconds: f64,
    /// How many samples the times are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// How many operations are in one sample, which is their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations_each: Option<u32>,
    /// How long one operation took, in microseconds; a round trip is there and back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_us: Option<Latency>,
    /// Bytes that arrived, and were right, in each second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<f64>,
    /// Bytes of memory for each that sleeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_each: Option<f64>,
    /// What else the machine did meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
}
