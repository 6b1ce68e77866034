//! What a load came to: replies that are missing or wrong, and how long the others took.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the requests that were due in the window by an open loop's schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Offered {
    /// Those due in the window.
    pub due: u64,
    /// Those that left in the window, whenever they were due: fewer than were due where the rate can't be reached.
    pub left: u64,
    /// Those due in the window that had no reply when nobody waited for it any longer. They are in the latencies with the time
    /// they had waited.
    pub unanswered: u64,
}

/// What came of the connections that ask for something else, in the window.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Beside {
    /// Whole and right replies.
    pub requests: u64,
    /// From the moment a request left to its last byte back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Latency>,
}

/// What went wrong, by class, in numbers of requests or connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Errors {
    /// A connection could not be made.
    pub connect: u64,
    /// A connection was reset or broke.
    pub reset: u64,
    /// No reply in time.
    pub timeout: u64,
    /// The connection ended within a reply.
    pub short: u64,
    /// A reply was not the right one.
    pub wrong: u64,
}

impl Errors {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.connect + self.reset + self.timeout + self.short + self.wrong
    }
}

/// A percentile is given only if at least so many values lie above it: fewer would say little of where it is.
pub const VALUES_ABOVE: f64 = 10.0;

/// Latency in microseconds. A percentile is absent where the sample is too small for it ([`VALUES_ABOVE`]).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// The arithmetic mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Nine in ten were at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<f64>,
    /// 99 in 100 were at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    /// 999 in 1,000 were at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999: Option<f64>,
    /// 9,999 in 10,000 were at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p9999: Option<f64>,
    /// The longest.
    pub max: f64,
}
