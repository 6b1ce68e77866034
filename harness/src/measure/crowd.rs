//! The processes of a tree at one moment, each with its state and what it has used: what `top` shows.

use std::io;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use procfs::process::Stat;

use super::tree::Tree;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// The name that the kernel has for it, at most 15 bytes.
    pub name: String,
    /// Its state's letter, as in `proc_pid_stat(5)`.
    pub state: char,
    /// How many threads it has.
    pub threads: u64,
    /// The processor time it has used.
    pub cpu: Duration,
    /// What the children used that it has waited for.
    pub reaped: Duration,
}

/// All processes of `tree`, in the order of their numbers. Nothing is left of a tree that has ended, and that is no error.
pub fn look(tree: Tree) -> io::Result<Vec<Process>> {
    let mut members = tree.members()?;
    members.sort_unstable_by_key(|stat| stat.pid);
    Ok(members.into_iter().map(process).collect())
}

/// What they have used together, with children that have ended.
pub fn cpu(processes: &[Process]) -> Duration {
    processes.iter().map(|process| process.cpu + process.reaped).sum()
}

fn process(stat: Stat) -> Process {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(stat.pid)).and_then(clock_gettime);
    let cpu = clock.map_or_else(|_| by_ticks(stat.utime + stat.stime), Duration::from);
    Process {
        pid: stat.pid,
        state: stat.state,
        threads: stat.num_threads.max(1).cast_unsigned(),
        cpu,
        reaped: by_ticks(stat.cutime.max(0).cast_unsigned() + stat.cstime.max(0).cast_unsigned()),
        name: stat.comm,
    }
}

/// The kernel's clock ticks, hundredths of a second.
fn by_ticks(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / procfs::ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use std::process;

    use super::*;

    #[test]
    fn a_process_is_seen_with_what_it_has_used() {
        let seen = look(Tree::new(process::id())).unwrap();
        let own = seen.iter().find(|process| process.pid == process::id().cast_signed()).unwrap();
        assert!(own.cpu > Duration::ZERO && own.threads >= 1 && !own.name.is_empty(), "{own:?}");
        assert!(cpu(&seen) >= own.cpu);
    }

    #[test]
    fn a_tree_that_has_ended_has_no_processes() {
        assert_eq!(look(Tree::new(u32::MAX >> 1)).unwrap(), []);
    }
}
