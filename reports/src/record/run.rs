//! The whole run: who measured what, on which machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cell, TortureRow};

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
    /// What servers went through under faults, which is not measured but endured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub torture: Vec<TortureRow>,
}

impl Run {
    /// How many of the planned cells are here. What was measured again does not count twice.
    pub fn measured(&self) -> usize {
        self.cells.iter().filter(|cell| cell.attempt() == 1).count()
    }

    /// The same without how its cells went: figures alone, for who has many runs in memory at once.
    #[must_use]
    pub fn with_figures_alone(mut self) -> Self {
        self.cells.iter_mut().for_each(Cell::forget_course);
        self.cells.shrink_to_fit();
        self
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
