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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What was measured, in the order of measuring.
    pub cells: Vec<Cell>,
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

/// One measurement. The suite says which kind: `servers` or `tasks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "suite", rename_all = "lowercase")]
pub enum Cell {
    /// A server model under load.
    Servers(Box<ServerCell>),
    /// An executor at work.
    Tasks(Box<TaskCell>),
}

impl Cell {
    /// Which round it belongs to.
    pub fn round(&self) -> u32 {
        match self {
            Self::Servers(cell) => cell.round,
            Self::Tasks(cell) => cell.round,
        }
    }

    /// What is to be thought of its figures.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Servers(cell) => cell.verdict,
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
    /// Which round this is, from 1.
    pub round: u32,
    /// Which cores did what.
    pub placement: Placement,
    /// What is to be thought of the figures.
    pub verdict: Verdict,
    /// Why, in a sentence; also what a reader of a valid row should know (starved connections, say).
    pub reason: Option<String>,
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
    /// From the moment a request left to its last byte back; absent when there was no reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<Latency>,
    /// What the server's process tree cost; absent when it never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Cost>,
    /// What the load generator's threads cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Cost>,
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

/// Latency in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// The arithmetic mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// Nine in ten were at most this.
    pub p90: f64,
    /// 99 in 100 were at most this.
    pub p99: f64,
    /// 999 in 1,000 were at most this.
    pub p999: f64,
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
    /// The peak of the proportional set size summed over all processes: shared pages count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pss_peak_bytes: Option<u64>,
    /// The most processes at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes_peak: Option<u64>,
    /// The most threads at once, over all processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads_peak: Option<u64>,
    /// How often a thread gave the processor up because it had to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voluntary_switches: Option<u64>,
    /// How often the kernel took the processor away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involuntary_switches: Option<u64>,
    /// System calls, where the kernel lets us count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syscalls: Option<u64>,
}

impl Cost {
    /// Processor time in both modes, in seconds, where it is known.
    pub fn cpu_s(&self) -> Option<f64> {
        Some(self.user_s? + self.system_s?)
    }
}
