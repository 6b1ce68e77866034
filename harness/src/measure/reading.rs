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
//! The same holds for how long threads waited for a processor (the second figure of `schedstat`).
//!
//! # Resolution
//! The processes are read one after another, so a window's ends are as blurred as a reading takes; see
//! [`Reading::took`]. What is known first is read first: all clocks, then all switches.

mod thread;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use procfs::process::Stat;
use reports::record::Cost;

pub use self::thread::queued_so_far;
use self::thread::{Thread, Threads};
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
        let threads = self.threads_until(later);
        Cost {
            user_s: Some(own.0.as_secs_f64() * (1.0 - system) + seconds(reaped.user)),
            system_s: Some(own.0.as_secs_f64() * system + seconds(reaped.system)),
            voluntary_switches: threads.map(|threads| threads.voluntary),
            involuntary_switches: threads.map(|threads| threads.involuntary),
            run_queue_wait_s: threads.and_then(|threads| threads.queued).map(|queued| queued.as_secs_f64()),
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
    fn threads_until(&self, later: &Self) -> Option<Thread> {
        let ids = |reading: &Self| reading.processes.keys().copied().collect::<BTreeSet<_>>();
        if ids(self) != ids(later) {
            return None;
        }
        let mut sum = Thread::NONE;
        for (id, before) in &self.processes {
            sum = sum.plus(before.threads_until(later.processes.get(id)?)?);
        }
        Some(sum)
    }

    /// What each thread used in between that is there at both ends, in no order; empty where the kernel keeps no `schedstat`.
    pub fn each_thread_until(&self, later: &Self) -> Vec<Duration> {
        let both = later.processes.iter().filter_map(|(id, now)| Some((self.processes.get(id)?, now)));
        let threads = both.flat_map(|(before, now)| {
            let same =
                now.threads.each.iter().filter_map(|(tid, now)| Some((before.threads.each.get(tid)?, now)));
            same.filter_map(|(before, now)| before.until(now)?.ran)
        });
        threads.collect()
    }

    /// Whether threads of processes that are there at both ends have ended in between.
    pub fn threads_ended_until(&self, later: &Self) -> bool {
        let both = later.processes.iter().filter_map(|(id, now)| Some((self.processes.get(id)?, now)));
        both.into_iter().any(|(before, now)| before.threads.ended_until(&now.threads))
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

    fn threads_until(&self, later: &Self) -> Option<Thread> {
        let had_children = later.reaped_faults != self.reaped_faults;
        let same_threads = self.threads.each.keys().eq(later.threads.each.keys());
        if had_children || self.threads.ended_until(&later.threads) || !same_threads {
            return None;
        }
        let mut sum = Thread::NONE;
        for (before, now) in self.threads.each.values().zip(later.threads.each.values()) {
            sum = sum.plus(before.until(now)?);
        }
        Some(sum)
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
        let thread = |voluntary| Thread {
            voluntary,
            involuntary: 1,
            ran: None,
            queued: Some(Duration::from_millis(voluntary)),
        };
        let each = switches.iter().map(|(tid, voluntary)| (*tid, thread(*voluntary))).collect();
        let ended = Some((Duration::from_millis(ended_ms.0), Duration::from_millis(ended_ms.1)));
        Usage { threads: Threads { each, ended }, ..Usage::default() }
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
        assert!((cost.run_queue_wait_s.unwrap() - 0.003).abs() < 1e-9, "{cost:?}");
    }

    #[test]
    fn threads_that_have_ended_are_noticed() {
        let before = reading(&[(1, with_threads(&[(1, 10)], (5, 6)))]);
        let ended =
            |ended_ms| before.threads_ended_until(&reading(&[(1, with_threads(&[(1, 10)], ended_ms))]));
        assert!(ended((7, 8)));
        assert!(!ended((5, 6)));
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
