//! What the two sides of a load cost, where they ran, and what they asked the kernel for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which processors the two sides were bound to; empty: not bound.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Placement {
    /// The server's.
    pub server: Vec<usize>,
    /// The load generator's.
    pub client: Vec<usize>,
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
