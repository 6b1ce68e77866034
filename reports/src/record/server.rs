//! A cell of the suites that load servers, with what its load was.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forget;
use super::{
    Beside, Calls, Cost, Curve, Errors, Fairness, Latency, Noise, Offered, OverTime, Placement, Timeline,
    Verdict,
};

/// One fresh server process under one load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ServerCell {
    /// The model's name: `epoll`. Of somebody else's server: the name it was given.
    pub model: String,
    /// Its options, as `key=value,...`; empty where all are at their defaults.
    pub options: String,
    /// 2 for the second of an A/A pair: the same server measured once more, as a row of its own. Absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<u32>,
    /// How it was started, as somebody typed it; absent for the lab's own models. `{port}` and `{workload}` stand for
    /// what was filled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What is served: `echo`, `http`.
    pub workload: String,
    /// What is asked for: a path such as `/hello`, a message's size such as `64 B`; empty where there is no choice.
    #[serde(default)]
    pub request: String,
    /// `tcp`.
    pub transport: String,
    /// How many connections are open at once.
    pub connections: usize,
    /// Whether a connection carries many requests (true) or each request brings its own (false).
    pub keep_alive: bool,
    /// Requests a second offered; none in a closed loop, where the next request leaves when the reply is there.
    pub rate: Option<f64>,
    /// How the requests of an open loop are spaced; none in a closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// What is special about the load.
    #[serde(default, skip_serializing_if = "Shape::is_plain")]
    pub shape: Shape,
    /// Which attempt at its round this is, from 2 on; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Which round this is, from 1.
    pub round: u32,
    /// Which cores did what.
    pub placement: Placement,
    /// What is to be thought of the figures.
    pub verdict: Verdict,
    /// Why, in a sentence; also what a reader of a valid row should know (starved connections, say).
    pub reason: Option<String>,
    /// How long the load went on before the measured window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_s: Option<f64>,
    /// How long the measured window was.
    pub seconds: f64,
    /// Whole and right replies in the window.
    pub requests: u64,
    /// Those by the second.
    pub requests_per_second: f64,
    /// Connections made, the warm-up's included.
    pub connects: u64,
    /// Connections that were answered at least once; the others starved. Absent with a new connection a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections_served: Option<usize>,
    /// What went wrong, by class.
    pub errors: Errors,
    /// To the last byte of the reply, in a closed loop from the moment the request left, in an open loop from the moment
    /// it should have left by the schedule; absent when there was no reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Latency>,
    /// In an open loop: from the moment the request did leave, which hides the time it had to wait for a free
    /// connection (coordinated omission).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncorrected_latency_us: Option<Latency>,
    /// In an open loop: how much later than it could have a request left, by the generator's own fault: from when it was
    /// due and a connection was free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_us: Option<Latency>,
    /// What became of the requests that an open loop's schedule asked for in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offered>,
    /// What came of the connections beside the measured ones that ask for something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// The file beside the record that holds the latencies second by second, in the log format of `HdrHistogram` (V2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram_log: Option<String>,
    /// Little's law: the requests that were under way on average, as rate x mean latency gives them, by those that the load
    /// keeps under way (connections x pipeline). 1 where both agree; only in a closed loop without a pause, all
    /// connections served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub little: Option<f64>,
    /// System calls, counted after the measured window while the same load went on, since counting makes them dearer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<Calls>,
    /// What else the machine did meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// What the server's process tree cost; absent when it never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Cost>,
    /// What the load generator's threads cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Cost>,
    /// The latencies as a curve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<Curve>,
    /// The latencies over the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_time: Option<OverTime>,
    /// How evenly connections were served, and threads had work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness: Option<Fairness>,
    /// What the server's processes and threads did in a part of the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

impl ServerCell {
    /// Whether the same was measured, in whichever round.
    pub(super) fn is_of_row_of<'a>(&'a self, other: &'a Self) -> bool {
        let server = |cell: &'a Self| (&cell.model, &cell.options, cell.copy, &cell.command);
        let asked = |cell: &'a Self| (&cell.workload, &cell.request, &cell.transport);
        let load =
            |cell: &'a Self| (cell.connections, cell.keep_alive, cell.rate, cell.schedule, &cell.shape);
        server(self) == server(other) && asked(self) == asked(other) && load(self) == load(other)
    }

    pub(super) fn forget_course(&mut self) {
        (self.curve, self.over_time, self.fairness, self.timeline) = (None, None, None, None);
    }

    pub(super) fn forget_course_told_by(&mut self, other: &Self) {
        forget(&mut self.curve, other.curve.as_ref());
        forget(&mut self.over_time, other.over_time.as_ref());
        forget(&mut self.fairness, other.fairness.as_ref());
        forget(&mut self.timeline, other.timeline.as_ref());
    }
}

/// How the requests of an open loop are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// At equal distances.
    #[default]
    Constant,
    /// As independent clients would: the distances are exponentially distributed.
    Poisson,
}

/// What is special about a load; nothing is where all is absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Shape {
    /// Requests under way at once on each connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<usize>,
    /// How long a connection pauses between a reply and its next request, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub think_us: Option<f64>,
    /// Connections beside the measured ones that were answered once and then say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_connections: Option<usize>,
    /// Connections beside the measured ones that send their requests byte by byte, and whose replies do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_connections: Option<usize>,
    /// Connections beside the measured ones that ask for something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_connections: Option<usize>,
    /// What those ask for: `/cpu/100000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_request: Option<String>,
}

impl Shape {
    /// Whether nothing is special.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}
