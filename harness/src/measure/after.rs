//! What a control group's processes do, counted after the measured window while the same load goes on: the switches of
//! their threads, and their system calls.
//!
//! Counting is not for nothing. While the kernel's tracepoints are open, every system call on the machine takes a longer
//! way, which makes a request 2 to 5% dearer, and a counter over a group makes each switch dearer, which is as much again
//! for a server that sleeps and wakes with each request. In the window nothing is counted.

use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use perf_event::events::Software;

use super::counters::Counters;
use super::group::Group;
use super::tracepoint::tracepoint;

/// All system calls.
const ALL: &str = "raw_syscalls/sys_enter";
/// Those that change what an epoll instance watches.
const EPOLL_CTL: &str = "syscalls/sys_enter_epoll_ctl";

/// Counts until it is read or dropped.
#[derive(Debug)]
pub struct Counting {
    switches: Counters,
    calls: Option<Counters>,
    epoll_ctls: Option<Counters>,
    began: Instant,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// For so long.
    pub took: Duration,
    /// How often threads left their processor, for whatever reason: also at their end.
    pub switches: u64,
    /// All system calls, where the kernel traces them for us.
    pub calls: Option<u64>,
    /// Those that change what an epoll instance watches, where the kernel traces single calls.
    pub epoll_ctls: Option<u64>,
}

impl Counting {
    /// Begins to count.
    ///
    /// # Errors
    /// The kernel counts nothing over a group, or not for us. Where only calls can't be counted, switches are.
    pub fn begin(group: &Group) -> io::Result<Self> {
        let traced = |name| tracepoint(name).and_then(|event| Counters::begin(event, group)).ok();
        let (calls, epoll_ctls) = (traced(ALL), traced(EPOLL_CTL));
        let switches = Counters::begin(Software::CONTEXT_SWITCHES, group)?;
        Ok(Self { switches, calls, epoll_ctls, began: Instant::now() })
    }

    /// Ends counting.
    pub fn end(mut self) -> io::Result<Counted> {
        let read = |counters: &mut Option<Counters>| counters.as_mut().map(Counters::read).transpose();
        Ok(Counted {
            took: self.began.elapsed(),
            calls: read(&mut self.calls)?,
            epoll_ctls: read(&mut self.epoll_ctls)?,
            switches: self.switches.read()?,
        })
    }
}

/// Why some of a server's cost can't be counted on this machine by this user, in a sentence; none if all can. It is tried
/// once, so call it before anything is measured.
pub fn counting_unavailable() -> Option<String> {
    static SENTENCE: OnceLock<Option<String>> = OnceLock::new();
    SENTENCE.get_or_init(tried).clone()
}

fn tried() -> Option<String> {
    let group = match Group::make() {
        Ok(group) => group,
        Err(error) => return Some(without_group(&format!("{error:#}"))),
    };
    if let Err(error) = Counters::begin(Software::CONTEXT_SWITCHES, &group) {
        return Some(without_counters(&error));
    }
    let traced = tracepoint(ALL).and_then(|event| Counters::begin(event, &group));
    traced.err().map(|error| without_tracepoints(&error))
}

fn without_group(why: &str) -> String {
    format!(
        "CPU time is that of the processes' own clocks, which lack children that nobody waits for, and system calls are \
         not counted: {why}; run as root, or in a group of your own: systemd-run --user --scope concur run"
    )
}

fn without_counters(error: &io::Error) -> String {
    format!(
        "System calls are not counted, nor the context switches of threads and processes that come and go: \
         perf_event_open(2) says {error}; run as root, or allow it: sysctl kernel.perf_event_paranoid=-1"
    )
}

fn without_tracepoints(error: &io::Error) -> String {
    format!(
        "System calls are not counted: the kernel's tracepoints can't be used ({error}); run as root, or have tracefs \
         mounted where you may read it: mount -t tracefs none /sys/kernel/tracing"
    )
}
