//! What else the machine did, and what is to be thought of a cell's figures for that and for other reasons.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What else the machine did while a cell was measured. Server and generator are part of it: a hiccup may be a thread that had
/// to wait for them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Noise {
    /// Which part of the window's time the hypervisor gave to others, over the processors in use: 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal_share: Option<f64>,
    /// The longest that a thread with nothing to do was late when it woke, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hiccup_us: Option<f64>,
    /// How long a fixed piece of arithmetic took just before, on a processor of the server's, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spin_before_us: Option<f64>,
    /// The same just after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spin_after_us: Option<f64>,
    /// Which part of the window's time the load generator's threads could have run and had no processor, over its threads: 0
    /// to 1. Absent where it shares processors with the server: it may have waited for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_run_queue_wait_share: Option<f64>,
    /// The same of the server's threads. Absent also where these are more than the processors that they have: they may have
    /// waited for each other, which is no noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_run_queue_wait_share: Option<f64>,
    /// How long a line of the cache took from a processor of the generator's to one of the server's and back just before, in
    /// nanoseconds: a hypervisor may move them apart, and over loopback every request then costs more. Absent where the sides
    /// share processors, or where others kept the two from running at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop_before_ns: Option<f64>,
    /// The same just after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop_after_ns: Option<f64>,
    /// What watching took from the processors meanwhile, in seconds of their time: samples of the server's processes, and the
    /// thread that tells hiccups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watching_cpu_s: Option<f64>,
    /// Whether all this was so much that the cell's figures do not count, and it was measured again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disturbed: bool,
}

/// What is to be thought of a cell's figures. Only valid cells are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// They stand.
    #[default]
    Valid,
    /// The load generator was the limit, not the server.
    ClientBound,
    /// Something disturbed the measurement.
    Unstable,
    /// Something went wrong: a wrong or missing reply, a crash, a wrong value.
    Errors,
    /// This machine or this model can't do it.
    Unsupported,
}
