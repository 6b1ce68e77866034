//! The processor time of a whole process tree.
//!
//! Two clocks tell it. Each process has one of its own in nanoseconds, which includes threads that have ended
//! (`clock_getcpuclockid(3)`). Children that were waited for are known by `cutime` and `cstime` in
//! `/proc/PID/stat` only (`proc_pid_stat(5)`), in ticks of 10 ms.
//!
//! Two kinds of process are lost to both: a child whose parent ignores SIGCHLD (`getrusage(2)`), and one whose
//! parent has ended, since it then hangs from another tree. Servers that reap in those ways look too cheap.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::time::ClockId;
use nix::unistd::Pid;
use procfs::process::{Stat, all_processes};

/// How far apart two looks at a tree are that is to be found at rest, and how much it may use between them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
const REST: Duration = Duration::from_micros(200);
/// After so many looks a tree is taken as it is.
const LOOKS: usize = 50;

/// What a process tree had used at one moment: by process, which is known by its number and the tick it started
/// in, since numbers are used again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<(i32, u64), Used>);

/// What one process had used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Used {
    own: Duration,
    children_ticks: u64,
}

/// Processor time, and how finely it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CpuTime {
    /// User and system time together, in seconds.
    pub seconds: f64,
    /// Whether it is known in nanoseconds; with children that came and went it is known in steps of 10 ms.
    pub fine: bool,
}

impl Snapshot {
    /// Of `root` and all its descendants, once the tree is at rest: until two looks in a row find the same processes
    /// and next to nothing used between them, or until a second has passed. A child that is just ending would
    /// otherwise be counted twice (by itself and by the parent that reaps it) or not at all.
    pub fn at_rest(root: u32) -> Result<Self> {
        let mut last = Self::now(root)?;
        for _ in 0..LOOKS {
            sleep(BETWEEN_LOOKS);
            let next = Self::now(root)?;
            let resting = next.0.keys().eq(last.0.keys()) && next.own() <= last.own() + REST;
            last = next;
            if resting {
                break;
            }
        }
        Ok(last)
    }

    /// Of `root` and all its descendants, as they are.
    pub fn now(root: u32) -> Result<Self> {
        let root = i32::try_from(root)?;
        let mut stats: BTreeMap<i32, Stat> = BTreeMap::new();
        for process in all_processes().context("can't list /proc")? {
            // A process may end between being listed and being read.
            if let Ok(stat) = process.and_then(|it| it.stat()) {
                stats.insert(stat.pid, stat);
            }
        }
        ensure!(stats.contains_key(&root), "process {root} has ended; its messages say why");
        let members = with_descendants(root, &stats);
        let used = members.iter().map(|pid| &stats[pid]).map(|it| ((it.pid, it.starttime), Used::by(it)));
        Ok(Self(used.collect()))
    }

    /// What was used since `before`.
    pub fn since(&self, before: &Self) -> CpuTime {
        let own = self.own().as_secs_f64() - before.own().as_secs_f64();
        let children = seconds(self.children_ticks()) - seconds(before.children_ticks());
        CpuTime { seconds: own + children, fine: self.children_ticks() == before.children_ticks() }
    }

    fn own(&self) -> Duration {
        self.0.values().map(|it| it.own).sum()
    }

    fn children_ticks(&self) -> u64 {
        self.0.values().map(|it| it.children_ticks).sum()
    }
}

impl Used {
    fn by(stat: &Stat) -> Self {
        let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(stat.pid)).and_then(ClockId::now);
        // Without the clock, the process has just ended; its ticks are as they were.
        let own =
            clock.map_or_else(|_| Duration::from_secs_f64(seconds(stat.utime + stat.stime)), Duration::from);
        Self { own, children_ticks: u64::try_from(stat.cutime + stat.cstime).unwrap_or(0) }
    }
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}

/// Found by their parents' numbers: `/proc/PID/task/TID/children` is not there on every kernel.
fn with_descendants(root: i32, stats: &BTreeMap<i32, Stat>) -> BTreeSet<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for stat in stats.values() {
        children.entry(stat.ppid).or_default().push(stat.pid);
    }
    let mut found = BTreeSet::new();
    let mut to_visit = vec![root];
    while let Some(pid) = to_visit.pop() {
        if found.insert(pid) {
            to_visit.extend(children.get(&pid).into_iter().flatten());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    /// Counts for a while in the shell: some tenths of a second of processor time on anything.
    const SPIN: &str = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

    /// What `script` uses until it says `done`, as seen from outside, and how long that took in seconds.
    fn measure(script: &str) -> (CpuTime, f64) {
        let mut child = Command::new("sh")
            .args(["-c", &format!("read go\n{script}\nread end\nexit 0")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let before = Snapshot::at_rest(child.id()).unwrap();
        let start = Instant::now();
        input.write_all(b"go\n").unwrap();
        output.read_line(&mut String::new()).unwrap();
        let wall = start.elapsed().as_secs_f64();
        let cpu = Snapshot::at_rest(child.id()).unwrap().since(&before);
        drop(input);
        assert!(child.wait().unwrap().success());
        (cpu, wall)
    }

    fn assert_spun(cpu: CpuTime, wall: f64) {
        assert!(cpu.seconds > 0.05, "{cpu:?} in {wall} s");
        assert!(cpu.seconds < wall + 0.05, "{cpu:?} in {wall} s"); // one thread can't use more than the time there is
    }

    #[test]
    fn a_busy_process_is_measured_by_the_fine_clock() {
        let (cpu, wall) = measure(&format!("{SPIN}; echo done"));
        assert_spun(cpu, wall);
        assert!(cpu.fine);
    }

    #[test]
    fn a_thread_that_came_and_went_is_counted_by_the_fine_clock() {
        const SPUN: Duration = Duration::from_millis(300);
        let own = || Used::by(&procfs::process::Process::myself().unwrap().stat().unwrap()).own;
        let before = own();
        let thread_clock = || Duration::from(ClockId::CLOCK_THREAD_CPUTIME_ID.now().unwrap());
        std::thread::spawn(move || while thread_clock() < SPUN {}).join().unwrap();
        assert!(own() >= before + SPUN);
    }

    #[test]
    fn a_child_that_came_and_went_is_counted() {
        let (cpu, wall) = measure(&format!("({SPIN}); echo done"));
        assert_spun(cpu, wall);
        assert!(!cpu.fine);
    }

    #[test]
    fn a_child_that_stays_is_counted() {
        let (cpu, wall) = measure(&format!("({SPIN}; echo done; exec sleep 2) &"));
        assert_spun(cpu, wall);
    }

    #[test]
    fn a_child_that_nobody_waited_for_is_counted() {
        let (cpu, wall) = measure(&format!("({SPIN}; echo done) &\nexec cat"));
        assert_spun(cpu, wall);
    }

    #[test]
    fn an_idle_process_uses_next_to_nothing() {
        let (cpu, _) = measure("sleep 0.3; echo done");
        assert!(cpu.seconds < 0.05, "{cpu:?}");
    }

    #[test]
    fn the_tree_of_a_process_that_has_ended_is_an_error() {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert!(Snapshot::now(child.id()).unwrap_err().to_string().contains("has ended"));
    }
}
