//! Whether the kernel lets us count a server's processor time and system calls (`perf_event_open(2)`).
//!
//! This looks at what decides it, and opens nothing: whoever opens counters replaces [`Counters::probe`] by an attempt.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// What processes may do with counters, by their privilege (kernel documentation, "Perf events and tool security").
const PARANOID: &str = "/proc/sys/kernel/perf_event_paranoid";
/// Where the kernel lists its tracepoints, if that is mounted: the first is of system calls.
const TRACEPOINTS: [&str; 2] = [
    "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id",
    "/sys/kernel/debug/tracing/events/raw_syscalls/sys_enter/id",
];
/// The bits of `CAP_SYS_ADMIN` and `CAP_PERFMON` in the masks of `/proc/PID/status` (capabilities(7)).
const PRIVILEGED: u64 = 1 << 21 | 1 << 38;

/// What can't be counted, and why; what is absent can be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// Why processor time can't be counted by `task-clock`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_clock_lacks: Option<String>,
    /// Why system calls can't be counted by tracepoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracepoints_lack: Option<String>,
}

impl Counters {
    /// Asks the kernel.
    pub fn probe() -> Self {
        let paranoid = fs::read_to_string(PARANOID).ok().and_then(|text| text.trim().parse().ok());
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let tracepoints = TRACEPOINTS.iter().any(|path| Path::new(path).exists());
        Self::of(paranoid, is_privileged(&status), tracepoints)
    }

    fn of(paranoid: Option<i32>, privileged: bool, tracepoints: bool) -> Self {
        let Some(paranoid) = paranoid else {
            let why = Some("this kernel was built without perf events".to_owned());
            return Self { task_clock_lacks: why.clone(), tracepoints_lack: why };
        };
        // Above 2 is not in Linux itself, but some distributions let nobody in without privilege from 3 on.
        let task_clock_lacks = (!privileged && paranoid > 2)
            .then(|| format!("perf_event_paranoid is {paranoid}; try sysctl kernel.perf_event_paranoid=2"));
        let tracepoints_lack = if !privileged && paranoid > -1 {
            Some(format!("perf_event_paranoid is {paranoid}; run as root, or with CAP_PERFMON"))
        } else if tracepoints {
            None
        } else {
            Some(
                "the list of tracepoints is not there; try mount -t tracefs tracefs /sys/kernel/tracing"
                    .to_owned(),
            )
        };
        Self { task_clock_lacks, tracepoints_lack }
    }
}

/// Whether the process of this `/proc/PID/status` has one of the capabilities that it takes.
fn is_privileged(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & PRIVILEGED != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_counted_depends_on_privilege_setting_and_tracefs() {
        let lacks = |paranoid, privileged, tracepoints| {
            let counters = Counters::of(paranoid, privileged, tracepoints);
            [counters.task_clock_lacks.is_some(), counters.tracepoints_lack.is_some()]
        };
        assert_eq!(lacks(Some(2), true, true), [false, false]);
        assert_eq!(lacks(Some(2), true, false), [false, true]);
        assert_eq!(lacks(Some(2), false, true), [false, true]);
        assert_eq!(lacks(Some(3), false, true), [true, true]);
        assert_eq!(lacks(Some(-1), false, true), [false, false]);
        assert_eq!(lacks(None, true, true), [true, true]);
    }

    #[test]
    fn privilege_is_read_from_the_effective_capabilities() {
        assert!(is_privileged("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        assert!(is_privileged("CapEff:\t0000004000000000\n"));
        assert!(!is_privileged("CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000000\n"));
    }
}
