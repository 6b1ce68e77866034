//! What a process tree had used at one moment; the difference of two readings is the cost of a window.
//!
//! # Processor time
//! * The sum over both modes comes from each process's own clock (`clock_getcpuclockid(3)`): nanoseconds, over
//!   all its threads, those that have ended included. The kernel brings it up to date when a thread stops or
//!   its scheduler ticks, so a thread at work at the moment of reading is up to one tick (1 to 10 ms) behind.
//! * Children that ended and were waited for by a process of the tree come from its `cutime` and `cstime`
//!   (`proc_pid_stat(5)`), in ticks of 10 ms, rounded down once per parent and not per child. Those alive at the
//!   earlier reading bring their whole lives with them, so what they had used by then is taken off.
//! * How the sum divides into user and system time is the kernel's own estimate, `utime` and `stime`: without
//!   full accounting it looks at each tick which mode a thread is in. Over a window with many ticks that is
//!   good; for children that live less than a tick it is not, and leans to user time, while the sum stays right.
//! * **Not counted:** children that ended in the window and that nobody of the tree waited for. With `SIGCHLD`
//!   ignored the kernel throws their time away; after a double fork it goes to a system process. So for a
//!   process per connection reaped in one of those ways, with a connection per request, the time is far too low:
//!   [`census`](super::census) notices, and the figure is then left out.
//!
//! # Switches
//! They are kept per thread (`/proc/PID/task/TID/status`) and vanish with it. A difference is given only if the
//! same threads live at both ends and there is no trace of others in between: no growth in the time that a
//! process's ended threads used (its clock less its living threads' `schedstat`), and no page fault inherited
//! from a child. The one way unseen is a child that the kernel reaps itself (`SIGCHLD` ignored).
//!
//! # Resolution
//! The processes are read one after another, so a window's ends are as blurred as a reading takes; see
//! [`Reading::took`]. What is known first is read first: all clocks, then all switches.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use procfs::process::Stat;
use reports::record::Cost;

use super::proc;
use super::tree::{ProcessId, Tree};

/// What the processes of a tree had used at one moment.
#[derive(Debug, Clone)]
pub struct Reading {
    processes: BTreeMap<ProcessId, Usage>,
    began: Instant,
    took: Duration,
}

/// What one process had used.
#[derive(Debug, Clone, Default)]
struct Usage {
    /// By its own clock: all threads, ended ones too, and no children.
    clock: Duration,
    /// The same by its `stat`, in ticks: how it divides into modes.
    own: Ticks,
    /// What the children used that it waited for.
    reaped: Ticks,
    /// The page faults of those children: every process that ever ran has had some.
    reaped_faults: u64,
    threads: Threads,
}

/// Processor time in clock ticks, by mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ticks {
    user: u64,
    system: u64,
}

/// What the threads of a process had done.
#[derive(Debug, Clone, Default)]
struct Threads {
    switches: BTreeMap<i32, Switches>,
    /// What its ended threads had used: at least and at most. None where the kernel keeps no `schedstat`.
    ended: Option<(Duration, Duration)>,
}

/// How often a thread left its processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Switches {
    voluntary: u64,
    involuntary: u64,
}

impl Tree {
    /// Reads what every process of the tree has used, zombies included.
    ///
    /// A process that vanishes meanwhile is left out: it is in its parent's account, or will be.
    pub fn reading(self) -> io::Result<Reading> {
        let began = Instant::now();
        let mut processes = BTreeMap::new();
        for stat in self.members()? {
            if let Some(clock) = clock(stat.pid)? {
                processes.insert(ProcessId::of(&stat), Usage::of(&stat, clock));
            }
        }
        for (id, usage) in &mut processes {
            usage.threads = Threads::of(id.pid)?;
        }
        Ok(Reading { processes, began, took: began.elapsed() })
    }
}

impl Reading {
    /// How long the reading took: what happened meanwhile may or may not be in it.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// The time from the beginning of this reading to that of a later one.
    pub fn elapsed_until(&self, later: &Self) -> Duration {
        later.began.saturating_duration_since(self.began)
    }

    /// What the tree used between this reading and a later one. Peaks and system calls are not filled in.
    pub fn until(&self, later: &Self) -> Cost {
        let own = self.own_until(later);
        let reaped = self.reaped_until(later);
        let system = own.1.system_share().or_else(|| later.life().system_share()).unwrap_or(0.0);
        let switches = self.switches_until(later);
        Cost {
            user_s: Some(own.0.as_secs_f64() * (1.0 - system) + seconds(reaped.user)),
            system_s: Some(own.0.as_secs_f64() * system + seconds(reaped.system)),
            voluntary_switches: switches.map(|switches| switches.voluntary),
            involuntary_switches: switches.map(|switches| switches.involuntary),
            ..Cost::default()
        }
    }

    /// What the processes used that are alive at the later reading: by their clocks, and in ticks.
    fn own_until(&self, later: &Self) -> (Duration, Ticks) {
        let mut clock = Duration::ZERO;
        let mut ticks = Ticks::default();
        for (id, now) in &later.processes {
            let before = self.processes.get(id).cloned().unwrap_or_default();
            clock += now.clock.saturating_sub(before.clock);
            ticks = ticks.plus(now.own.less(before.own));
        }
        (clock, ticks)
    }

    /// What children used that were waited for in between, without what they had used before.
    fn reaped_until(&self, later: &Self) -> Ticks {
        let mut inherited = Ticks::default();
        for (id, now) in &later.processes {
            let before = self.processes.get(id).map_or_else(Ticks::default, |usage| usage.reaped);
            inherited = inherited.plus(now.reaped.less(before));
        }
        let vanished = self.processes.iter().filter(|(id, _)| !later.processes.contains_key(id));
        vanished.fold(inherited, |sum, (_, usage)| sum.less(usage.own).less(usage.reaped))
    }

    /// Everything in the accounts of the processes there are.
    fn life(&self) -> Ticks {
        self.processes.values().fold(Ticks::default(), |sum, usage| sum.plus(usage.own).plus(usage.reaped))
    }

    /// None unless all threads that ran in between are there at both ends.
    fn switches_until(&self, later: &Self) -> Option<Switches> {
        let ids = |reading: &Self| reading.processes.keys().copied().collect::<BTreeSet<_>>();
        if ids(self) != ids(later) {
            return None;
        }
        let mut sum = Switches::default();
        for (id, before) in &self.processes {
            let switches = before.switches_until(later.processes.get(id)?)?;
            sum.voluntary += switches.voluntary;
            sum.involuntary += switches.involuntary;
        }
        Some(sum)
    }
}

impl Usage {
    fn of(stat: &Stat, clock: Duration) -> Self {
        // Negative only in the kernel's declaration.
        let reaped = |ticks: i64| ticks.max(0).cast_unsigned();
        Self {
            clock,
            own: Ticks { user: stat.utime, system: stat.stime },
            reaped: Ticks { user: reaped(stat.cutime), system: reaped(stat.cstime) },
            reaped_faults: stat.cminflt + stat.cmajflt,
            threads: Threads::default(),
        }
    }

    fn switches_until(&self, later: &Self) -> Option<Switches> {
        let had_children = later.reaped_faults != self.reaped_faults;
        let had_threads = match (self.threads.ended, later.threads.ended) {
            (Some((_, at_most)), Some((at_least, _))) => at_least > at_most,
            _ => false,
        };
        let same_threads = self.threads.switches.keys().eq(later.threads.switches.keys());
        if had_children || had_threads || !same_threads {
            return None;
        }
        let mut sum = Switches::default();
        for (before, now) in self.threads.switches.values().zip(later.threads.switches.values()) {
            // A count that fell belongs to another thread, which got the number of one that ended.
            sum.voluntary += now.voluntary.checked_sub(before.voluntary)?;
            sum.involuntary += now.involuntary.checked_sub(before.involuntary)?;
        }
        Some(sum)
    }
}

impl Threads {
    fn of(pid: i32) -> io::Result<Self> {
        let mut switches = BTreeMap::new();
        let mut living = Some(Duration::ZERO);
        let before = clock(pid)?;
        for tid in proc::numbers_in(format!("/proc/{pid}/task"))? {
            let Some(status) = proc::contents(format!("/proc/{pid}/task/{tid}/status"))? else { continue };
            switches.insert(tid, Switches::from_status(&status));
            living = living.zip(run_time(pid, tid)?).map(|(sum, time)| sum + time);
        }
        let after = clock(pid)?;
        // The living threads went on while they were read, hence two bounds.
        let ended = before.zip(after).zip(living);
        let ended = ended
            .map(|((before, after), living)| (before.saturating_sub(living), after.saturating_sub(living)));
        Ok(Self { switches, ended })
    }
}

impl Switches {
    fn from_status(status: &[u8]) -> Self {
        let number = |label| proc::number_after(status, label).unwrap_or(0);
        Self {
            voluntary: number("voluntary_ctxt_switches:"),
            involuntary: number("nonvoluntary_ctxt_switches:"),
        }
    }
}

impl Ticks {
    fn plus(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }

    fn less(self, other: Self) -> Self {
        Self { user: self.user.saturating_sub(other.user), system: self.system.saturating_sub(other.system) }
    }

    /// Which part of it is system time; none of nothing.
    fn system_share(self) -> Option<f64> {
        let sum = self.user + self.system;
        (sum > 0).then(|| self.system as f64 / sum as f64)
    }
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}

/// What a process has used by its clock; none if it is gone.
fn clock(pid: i32) -> io::Result<Option<Duration>> {
    let time = ClockId::pid_cpu_clock_id(Pid::from_raw(pid)).and_then(clock_gettime);
    match time {
        Ok(time) => Ok(Some(time.into())),
        // The clock is known by its number; when the process ends in between, the number is invalid.
        Err(Errno::ESRCH | Errno::EINVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How long a thread has run, from its `schedstat`; none if it is gone or the kernel keeps none.
fn run_time(pid: i32, tid: i32) -> io::Result<Option<Duration>> {
    let Some(text) = proc::contents(format!("/proc/{pid}/task/{tid}/schedstat"))? else { return Ok(None) };
    // A kernel that keeps none says "0 0 0": a thread that ever ran has had at least one turn.
    let kept = text.trim_ascii() != b"0 0 0";
    Ok(proc::number_after(&text, "").filter(|_| kept).map(Duration::from_nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKS: u64 = 100;

    fn reading(processes: &[(i32, Usage)]) -> Reading {
        let processes = processes.iter().cloned().map(|(pid, usage)| (ProcessId { pid, started: 1 }, usage));
        Reading { processes: processes.collect(), began: Instant::now(), took: Duration::ZERO }
    }

    /// A process that has used so many ticks, a quarter of them in the kernel, and whose children used others.
    fn used(ticks: u64, reaped: u64) -> Usage {
        Usage {
            clock: Duration::from_secs_f64(seconds(ticks)),
            own: quarters(ticks),
            reaped: quarters(reaped),
            reaped_faults: reaped,
            threads: Threads::default(),
        }
    }

    fn quarters(ticks: u64) -> Ticks {
        Ticks { user: ticks - ticks / 4, system: ticks / 4 }
    }

    fn with_threads(switches: &[(i32, u64)], ended_ms: (u64, u64)) -> Usage {
        let switches = switches
            .iter()
            .map(|(tid, voluntary)| (*tid, Switches { voluntary: *voluntary, involuntary: 1 }))
            .collect();
        let ended = Some((Duration::from_millis(ended_ms.0), Duration::from_millis(ended_ms.1)));
        Usage { threads: Threads { switches, ended }, ..Usage::default() }
    }

    fn assert_ticks(cost: Cost, ticks: u64) {
        assert!((cost.cpu_s().unwrap() - seconds(ticks)).abs() < 1e-6, "{cost:?} is not {ticks} ticks");
    }

    #[test]
    fn a_process_that_lives_on_counts_what_it_used_since() {
        let cost = reading(&[(1, used(TICKS, 0))]).until(&reading(&[(1, used(3 * TICKS, 0))]));
        assert_ticks(cost, 2 * TICKS);
        assert!((cost.system_s.unwrap() - seconds(TICKS / 2)).abs() < 1e-6);
    }

    #[test]
    fn a_new_process_counts_whole() {
        let cost = reading(&[(1, used(8, 0))]).until(&reading(&[(1, used(8, 0)), (2, used(TICKS, 0))]));
        assert_ticks(cost, TICKS);
    }

    #[test]
    fn a_reaped_process_counts_without_what_it_had_used_before() {
        let before = reading(&[(1, used(0, 0)), (2, used(40, 0))]);
        assert_ticks(before.until(&reading(&[(1, used(0, TICKS))])), TICKS - 40);
    }

    #[test]
    fn a_process_that_nobody_reaped_takes_nothing_off() {
        let before = reading(&[(1, used(0, 0)), (2, used(40, 0))]);
        assert_ticks(before.until(&reading(&[(1, used(TICKS, 0))])), TICKS);
    }

    #[test]
    fn a_window_without_a_tick_divides_as_the_life_so_far() {
        let before = used(TICKS, 0);
        let now = Usage { clock: before.clock + Duration::from_millis(4), ..before.clone() };
        let cost = reading(&[(1, before)]).until(&reading(&[(1, now)]));
        assert!(
            (cost.user_s.unwrap() - 0.003).abs() < 1e-9 && (cost.system_s.unwrap() - 0.001).abs() < 1e-9,
            "{cost:?}"
        );
    }

    #[test]
    fn the_same_threads_at_both_ends_give_exact_switches() {
        let before = reading(&[(1, with_threads(&[(1, 10), (2, 20)], (5, 6)))]);
        let cost = before.until(&reading(&[(1, with_threads(&[(1, 11), (2, 22)], (5, 9)))]));
        assert_eq!((cost.voluntary_switches, cost.involuntary_switches), (Some(3), Some(0)));
    }

    #[test]
    fn threads_that_came_went_or_did_both_leave_switches_unknown() {
        let before = reading(&[(1, with_threads(&[(1, 10), (2, 20)], (5, 6)))]);
        let unknown = |later: Usage| before.until(&reading(&[(1, later)])).voluntary_switches.is_none();
        assert!(unknown(with_threads(&[(1, 10)], (5, 6))), "one went");
        assert!(unknown(with_threads(&[(1, 10), (2, 20), (3, 1)], (5, 6))), "one came");
        assert!(unknown(with_threads(&[(1, 10), (2, 20)], (7, 8))), "one came and went");
        assert!(unknown(with_threads(&[(1, 10), (2, 19)], (5, 6))), "a number was used again");
    }

    #[test]
    fn children_that_came_and_went_leave_switches_unknown() {
        let cost = reading(&[(1, used(0, 5))]).until(&reading(&[(1, used(0, 6))]));
        assert_eq!(cost.voluntary_switches, None);
        let cost = reading(&[(1, used(0, 0))]).until(&reading(&[(1, used(0, 0)), (2, used(0, 0))]));
        assert_eq!(cost.voluntary_switches, None);
    }
}
