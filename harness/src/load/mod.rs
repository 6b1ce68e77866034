//! The load generator: one closed loop per connection, spread over a few threads.

use std::time::Duration;

use hdrhistogram::Histogram;
use reports::record::Errors;
use socket2::SockAddr;

/// What to do to a server.
pub struct Load {
    /// Where it listens.
    pub address: SockAddr,
    /// How many connections to keep open at once.
    pub connections: usize,
    /// Over how many threads to spread them.
    pub threads: usize,
    /// Whether a connection carries many requests (true) or each request brings its own (false).
    pub keep_alive: bool,
    /// What goes before the measured window and does not count.
    pub warm_up: Duration,
    /// The measured window.
    pub duration: Duration,
    /// After this long without a reply a request is given up.
    pub timeout: Duration,
    /// The processors the threads are bound to; empty: not bound.
    pub processors: Vec<usize>,
}

/// What came of it.
pub struct Outcome {
    /// How long the window was.
    pub seconds: f64,
    /// Whole and right replies in the window.
    pub requests: u64,
    /// Whole and right replies in all, the warm-up's included.
    pub requests_in_all: u64,
    /// Connections made, in all.
    pub connects: u64,
    /// With keep-alive: how many of the connections were answered at least once.
    pub connections_served: usize,
    /// What went wrong in the window and the warm-up, by class.
    pub errors: Errors,
    /// The first wrong reply or failed call in words, for the row's reason.
    pub first_error: Option<String>,
    /// From request to last byte of its reply, in nanoseconds, for replies in the window.
    pub latency_ns: Histogram<u64>,
    /// Processor time of the generator's threads in the window, user mode, in seconds.
    pub user_s: f64,
    /// The same in the kernel.
    pub system_s: f64,
}
