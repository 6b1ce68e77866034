//! The record: what was measured, as serde types. Everything hangs on this contract.
//!
//! One *cell* is one fresh server process (or one run of an executor), one load, one round. Units stand in the
//! names; what is absent was not measured, which is never the same as zero. `schema.json` beside `src/` is
//! generated from these types, and a test keeps the two the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the format that [`Run::schema`] must state.
pub const SCHEMA: u32 = 1;

/// One run of the lab: `run.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The version of this format: 1.
    pub schema: u32,
    /// The version of concur that measured.
    pub concur: String,
    /// The exact command.
    pub command: Vec<String>,
    /// When it started, in UTC (RFC 3339).
    pub started: String,
    /// Whether every planned cell is here. False while a run is under way, and for ever if it was interrupted.
    pub complete: bool,
    /// How many cells were planned.
    pub planned: usize,
    /// What the order of measuring follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The machine.
    pub host: Host,
    /// The least that a request costs on this machine, and the most that the load generator can ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// What a reader of all figures should know, one sentence each: that system calls can't be counted here, say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was measured, in the order of measuring.
    pub cells: Vec<Cell>,
}

impl Run {
    /// How many of the planned cells are here. What was measured again does not count twice.
    pub fn measured(&self) -> usize {
        self.cells.iter().filter(|cell| cell.attempt() == 1).count()
    }
}

/// The machine a run was measured on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// The processor's name as the kernel gives it.
    pub cpu: String,
    /// The processors this run may use.
    pub cores: usize,
    /// The kernel's name and release.
    pub kernel: String,
    /// Main memory.
    pub memory_bytes: u64,
    /// How many descriptors a process may open.
    pub nofile: u64,
    /// Mitigations against processor faults, as `vulnerability: state`: they make system calls dearer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mitigations: Vec<String>,
    /// The loopback's largest packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loopback_mtu_bytes: Option<u64>,
}

/// The two ends between which a machine's figures lie.
///
/// The floor is made of threads that do nothing but recv(2) and send(2) over loopback TCP, 128 bytes each way, and check
/// nothing: no server that makes these two calls for each request can do with less. One over `io_uring` makes fewer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    /// Processor time of who answers for each request, user and system, in microseconds: the two calls, where requests wait
    /// on 64 connections and nobody has to sleep. The first decile of many short slices, and the lower of what
    /// that came to before the run and after it.
    pub cpu_us: f64,
    /// The other of those two: how far the floor itself wandered while the run lasted. Absent where it was measured once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_us_most: Option<f64>,
    /// How long a request and its reply take over one connection, in microseconds: the median. Both sides sleep in between.
    pub round_trip_us: f64,
    /// Requests a second that the load generator can ask for and check, on one processor: its requests by its own
    /// processor time, in a closed loop over 64 connections to a server that answers from a constant.
    pub ceiling_per_second: f64,
}

/// One measurement. The suite says which kind: `servers`, `idle`, `stevens` or `tasks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "suite", rename_all = "lowercase")]
pub enum Cell {
    /// A server model under load.
    Servers(Box<ServerCell>),
    /// A server model with many idle connections beside its active ones.
    Idle(Box<ServerCell>),
    /// A server model under the load of Stevens' comparison: a new connection for each request.
    Stevens(Box<ServerCell>),
    /// An executor at work.
    Tasks(Box<TaskCell>),
}

impl Cell {
    /// Which round it belongs to.
    pub fn round(&self) -> u32 {
        match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => cell.round,
            Self::Tasks(cell) => cell.round,
        }
    }

    /// Which attempt at its round it is, from 1: from 2 on it was measured again, since an earlier one was disturbed.
    pub fn attempt(&self) -> u32 {
        let attempt = match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => cell.attempt,
            Self::Tasks(cell) => cell.attempt,
        };
        attempt.unwrap_or(1)
    }

    /// The server's cell, if it is one.
    pub fn server(&self) -> Option<&ServerCell> {
        match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => Some(cell),
            Self::Tasks(_) => None,
        }
    }

    /// What is to be thought of its figures.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Servers(cell) | Self::Idle(cell) | Self::Stevens(cell) => cell.verdict,
            Self::Tasks(cell) => cell.verdict,
        }
    }
}

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

/// System calls of the server's process tree, counted by the kernel's tracepoints.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Calls {
    /// Over how many seconds.
    pub seconds: f64,
    /// Over how many requests: those answered in these seconds.
    pub requests: u64,
    /// All system calls.
    pub syscalls: u64,
    /// Those that change what an epoll instance watches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoll_ctls: Option<u64>,
}

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

/// Which processors the two sides were bound to; empty: not bound.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Placement {
    /// The server's.
    pub server: Vec<usize>,
    /// The load generator's.
    pub client: Vec<usize>,
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

/// What something cost, over the measured window and over a whole process tree.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Processor time in user mode, in seconds; absent where some of it is in nobody's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_s: Option<f64>,
    /// Processor time in the kernel, in seconds; absent where some of it is in nobody's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_s: Option<f64>,
    /// Processor time in both modes by the processes' own clocks: a check of the sum of the two above where that comes from
    /// the account of a control group (`cgroups(7)`). It lacks children that nobody waited for, and the very end of each thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clocked_cpu_s: Option<f64>,
    /// How long its threads could have run and no processor was free for them, in seconds, summed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_queue_wait_s: Option<f64>,
    /// The proportional set size summed over all processes at the end of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_bytes: Option<u64>,
    /// The peak of the resident set size summed over all processes: shared pages count once for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_peak_bytes: Option<u64>,
    /// The peak of the proportional set size summed over all processes: shared pages count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_peak_bytes: Option<u64>,
    /// The most processes at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes_peak: Option<u64>,
    /// The most threads at once, over all processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads_peak: Option<u64>,
    /// How often a thread left its processor, for either reason below. Where threads or processes came and went only this
    /// is known: the kernel's counter (`perf_event_open(2)`) for each request after the window, times the requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switches: Option<u64>,
    /// How often a thread gave the processor up because it had to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voluntary_switches: Option<u64>,
    /// How often the kernel took the processor away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involuntary_switches: Option<u64>,
    /// System calls, where the kernel lets us count them: those for each request in [`Calls`] times the requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syscalls: Option<u64>,
}

impl Cost {
    /// Processor time in both modes, in seconds, where it is known.
    pub fn cpu_s(&self) -> Option<f64> {
        self.user_s.zip(self.system_s).map(|(user_s, system_s)| user_s + system_s)
    }

    /// Switches of either kind, where they are known.
    pub fn switches(&self) -> Option<u64> {
        let sum = || self.voluntary_switches.zip(self.involuntary_switches).map(|(one, other)| one + other);
        self.switches.or_else(sum)
    }
}
