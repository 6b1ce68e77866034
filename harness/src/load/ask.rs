//! What a load asks: of whom, by how many, at which pace and for how long.

use std::path::PathBuf;
use std::time::Duration;

use models::address::Address;
use reports::record::Schedule;
use workloads::client::Client;

use super::replies::Replies;
use crate::transport::Transport;

/// What sets the pace of a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// A connection's next request leaves when its reply is there: the server sets the pace.
    Closed {
        /// How long each connection pauses in between.
        think: Duration,
    },
    /// Requests leave by a schedule, whatever the server does, over whichever connection is free. Where none is, they leave
    /// as soon as one is, in order, and their latency counts from when they should have left.
    Open {
        /// Requests a second, over all connections.
        rate: f64,
        /// How they are spaced.
        schedule: Schedule,
        /// What the distances follow from, where they are random.
        seed: u64,
    },
}

impl Default for Pace {
    fn default() -> Self {
        Self::Closed { think: Duration::ZERO }
    }
}

/// Connections beside the measured ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Company {
    /// Those that are answered once and then say nothing.
    pub idle: usize,
    /// Those that send their requests byte by byte, and whose replies do not count.
    pub slow: usize,
    /// Those that ask for something else, each as fast as it is answered.
    pub beside: usize,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Clients<'a> {
    /// By the measured connections, and by the idle and slow ones.
    pub measured: &'a dyn Client,
    /// By those beside them.
    pub beside: Option<&'a dyn Client>,
}

impl<'a> Clients<'a> {
    /// All ask for the same.
    pub fn of(measured: &'a dyn Client) -> Self {
        Self { measured, beside: None }
    }
}

/// What to do to a server.
pub struct Load {
    /// Where it listens.
    pub address: Address,
    /// What to go over; it must go with the address.
    pub transport: Transport,
    /// How many measured connections to keep open at once.
    pub connections: usize,
    /// What sets the pace.
    pub pace: Pace,
    /// How many requests may be under way at once on each connection.
    pub pipeline: usize,
    /// Who else is connected.
    pub company: Company,
    /// Over how many threads to spread them.
    pub threads: usize,
    /// Whether a connection carries many requests (true) or each request brings its own (false). Datagrams need none.
    pub keep_alive: bool,
    /// What goes before the measured window and does not count. Connecting is part of it.
    pub warm_up: Duration,
    /// The measured window.
    pub duration: Duration,
    /// How long the load goes on after the window at most: there the server may be looked at in ways that would disturb it.
    /// [`Replies::enough`] ends it earlier.
    pub epilogue: Duration,
    /// Where its threads say how many replies they have had.
    pub replies: Replies,
    /// Where to write the latencies, second by second, in the log format of `HdrHistogram`; none: nowhere.
    pub histogram_log: Option<PathBuf>,
    /// After this long without a whole reply a request is given up.
    pub timeout: Duration,
    /// The processors the threads are bound to, in turn; empty: not bound.
    pub processors: Vec<usize>,
}

impl Default for Load {
    /// A closed loop over one connection for a second, to nowhere: the address is for the caller to fill in.
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            transport: Transport::Tcp,
            connections: 1,
            pace: Pace::default(),
            pipeline: 1,
            company: Company::default(),
            threads: 1,
            keep_alive: true,
            warm_up: Duration::ZERO,
            duration: Duration::from_secs(1),
            epilogue: Duration::ZERO,
            replies: Replies::default(),
            histogram_log: None,
            timeout: Duration::from_secs(2),
            processors: Vec::new(),
        }
    }
}

impl Load {
    /// Whether its requests leave by a schedule.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.pace, Pace::Open { .. })
    }
}
