//! What a control group's processes do, counted after the measured window while the same load goes on: the switches of
//! their threads, and their system calls.
//!
//! Counting is not for nothing. While the kernel's tracepoints are open, every system call on the machine takes a longer
//! way, which makes a request 2 to 5% dearer, and a counter over a group makes each switch dearer, which is as much again
//! for a server that sleeps and wakes with each request. In the window nothing is counted.
//!
//! Opening the counters takes 4 to 40 ms on two processors, at times 100, and is no part of what is counted: that begins when
//! all of them are open. What they count is divided by the replies that the load generator had meanwhile, by its own
//! word, and goes on until these are enough.

use std::io;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use perf_event::events::Software;

use super::counters::Counters;
use super::group::Group;
use super::tracepoint::tracepoint;

/// All system calls.
const ALL: &str = "raw_syscalls/sys_enter";
/// Those that change what an epoll instance watches.
const EPOLL_CTL: &str = "syscalls/sys_enter_epoll_ctl";

/// What is counted is told of so many requests at least. Fewer would leave a share of their own edges in it, and what a server
/// does by the clock would be theirs.
pub const REQUESTS_AT_LEAST: u64 = 200;
/// It is told of so long at least: the kernel charges and the generator turns in steps of a few milliseconds.
pub const COUNTED_AT_LEAST: Duration = Duration::from_millis(20);
/// How often to look whether there are enough.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Counts until it is read or dropped.
#[derive(Debug)]
pub struct Counting {
    switches: Counters,
    calls: Option<Counters>,
    epoll_ctls: Option<Counters>,
    began: Instant,
    /// What the counters said then: those opened first had begun to count.
    at_first: Counts,
}

/// What the counters say at one moment.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    switches: u64,
    calls: Option<u64>,
    epoll_ctls: Option<u64>,
}

/// What was counted, and the requests that were answered meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// What was counted.
    pub counted: Counted,
    /// Whole and right replies meanwhile.
    pub requests: u64,
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
        let mut counting =
            Self { switches, calls, epoll_ctls, began: Instant::now(), at_first: Counts::default() };
        counting.at_first = counting.read()?;
        counting.began = Instant::now();
        Ok(counting)
    }

    /// Ends counting.
    pub fn end(mut self) -> io::Result<Counted> {
        self.counted()
    }

    /// Counts for so long, or longer until enough requests were answered, but not beyond `until`. `so_far` says how many there
    /// were. None if they were too few, or the time was too short.
    ///
    /// # Errors
    /// The counters can't be read.
    pub fn over(
        mut self,
        span: Duration,
        until: Instant,
        so_far: impl Fn() -> u64,
    ) -> io::Result<Option<After>> {
        // Requests and counters are not read at one moment: this thread may have to wait in between. So the requests are
        // read on both sides of the counters, and the middle is taken.
        let first = so_far();
        self.at_first = self.read()?;
        let before = first.midpoint(so_far());
        self.began = Instant::now();
        let enough = |requests: u64| requests >= before + REQUESTS_AT_LEAST;
        while Instant::now() < until && !(enough(so_far()) && self.began.elapsed() >= span) {
            thread::sleep(LOOK_EVERY);
        }
        let last = so_far();
        let counted = self.counted()?;
        let requests = last.midpoint(so_far()).saturating_sub(before);
        let told = requests >= REQUESTS_AT_LEAST && counted.took >= COUNTED_AT_LEAST;
        Ok(told.then_some(After { counted, requests }))
    }

    fn counted(&mut self) -> io::Result<Counted> {
        let (took, now) = (self.began.elapsed(), self.read()?);
        let since = |now: Option<u64>, first: Option<u64>| Some(now? - first?);
        Ok(Counted {
            took,
            switches: now.switches - self.at_first.switches,
            calls: since(now.calls, self.at_first.calls),
            epoll_ctls: since(now.epoll_ctls, self.at_first.epoll_ctls),
        })
    }

    fn read(&mut self) -> io::Result<Counts> {
        let read = |counters: &mut Option<Counters>| counters.as_mut().map(Counters::read).transpose();
        Ok(Counts {
            calls: read(&mut self.calls)?,
            epoll_ctls: read(&mut self.epoll_ctls)?,
            switches: self.switches.read()?,
        })
    }
}

impl After {
    /// A count as it would have been for so many requests.
    pub fn over(&self, count: u64, requests: u64) -> u64 {
        (count as f64 * requests as f64 / self.requests as f64).round() as u64
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
