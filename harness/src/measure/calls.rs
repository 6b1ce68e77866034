//! How many system calls a control group's processes make, by the kernel's tracepoints.
//!
//! While anybody counts them, every system call on the machine takes a longer way into the kernel: a request cost 2 to 5%
//! more. So they are not counted in the measured window but after it, while the same load goes on.

use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::counters::Counters;
use super::group::Group;
use super::tracepoint::tracepoint;

/// All system calls.
const ALL: &str = "raw_syscalls/sys_enter";
/// Those that change what an epoll instance watches.
const EPOLL_CTL: &str = "syscalls/sys_enter_epoll_ctl";

/// Counts system calls until it is read or dropped.
#[derive(Debug)]
pub struct CallCounters {
    all: Counters,
    /// None where the kernel does not trace single calls.
    epoll_ctl: Option<Counters>,
    began: Instant,
}

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// For so long.
    pub took: Duration,
    /// All system calls.
    pub syscalls: u64,
    /// Those that change what an epoll instance watches, where the kernel traces single calls.
    pub epoll_ctls: Option<u64>,
}

impl CallCounters {
    /// Begins to count.
    ///
    /// # Errors
    /// The kernel traces no system calls, or not for us.
    pub fn begin(group: &Group) -> io::Result<Self> {
        let epoll_ctl = tracepoint(EPOLL_CTL).and_then(|event| Counters::begin(event, group)).ok();
        let all = Counters::begin(tracepoint(ALL)?, group)?;
        Ok(Self { all, epoll_ctl, began: Instant::now() })
    }

    /// Ends counting.
    pub fn end(mut self) -> io::Result<Counted> {
        let (took, syscalls) = (self.began.elapsed(), self.all.read()?);
        let epoll_ctls = self.epoll_ctl.as_mut().map(Counters::read).transpose()?;
        Ok(Counted { took, syscalls, epoll_ctls })
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
    if let Err(error) = Counters::of_switches(&group) {
        return Some(without_counters(&error));
    }
    CallCounters::begin(&group).err().map(|error| without_tracepoints(&error))
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
