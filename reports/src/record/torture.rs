//! What a server went through, and what a good client saw of it meanwhile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One fault that one server was put under.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TortureRow {
    /// The server, as it was named: a model with its options, or a command.
    pub server: String,
    /// The fault's name: `slow-headers`; `mixed` for many of them in turn.
    pub fault: String,
    /// What it came to.
    pub outcome: Endured,
    /// Why it failed, or why there is no such fault for this server, in a sentence.
    pub reason: Option<String>,
    /// How long it all took.
    pub seconds: f64,
    /// What was done to the server.
    pub done: Inflicted,
    /// What the good client saw meanwhile and right after.
    pub good: GoodClient,
    /// The most that its processes held at once, as proportional set sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_peak_bytes: Option<u64>,
    /// How much more memory without a file behind it they held when it was over than before; less is negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth_bytes: Option<i64>,
    /// Processor time within half a second in which nobody asked for anything, once it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_cpu_s: Option<f64>,
    /// What the server held between two faults, of many in turn; in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Held>,
}

/// What a fault came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Endured {
    /// No reply was lost, and the server was as before when it was over.
    #[default]
    Passed,
    /// One was, or it was not.
    Failed,
    /// There is no such fault for this server, or it can't be made here.
    NotApplicable,
}

/// What was done to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Inflicted {
    /// Connections of those who misbehave.
    pub connections: u64,
    /// How many of them were reset.
    pub resets: u64,
    /// Bytes that they sent.
    pub sent_bytes: u64,
    /// Signals to its processes.
    pub signals: u64,
    /// How many faults, where several came in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<u64>,
}

/// What the good client saw.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct GoodClient {
    /// Requests that were answered whole and right.
    pub answered: u64,
    /// Requests with another answer than the right one.
    pub wrong: u64,
    /// Requests whose answer began and did not end.
    pub cut: u64,
    /// Requests that got no answer at all, though the server had room for their client.
    pub lost: u64,
    /// Newcomers who were turned away while the server had nothing left for one more, which is no loss.
    pub turned_away: u64,
    /// The longest that an answer took.
    pub slowest_ms: f64,
    /// The longest that one may take: longer where the server has few workers and others hold them.
    pub limit_ms: f64,
}

/// What a server held when nobody asked for anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// After so many good requests.
    pub requests: u64,
    /// Memory that no file backs, over all processes.
    pub memory_bytes: u64,
    /// Descriptors over all processes.
    pub descriptors: u64,
}

impl GoodClient {
    /// Requests without a whole and right answer.
    pub fn missed(&self) -> u64 {
        self.wrong + self.cut + self.lost
    }
}
