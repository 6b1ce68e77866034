//! Who of a process tree runs and who waits, thread by thread: what `ps -L` shows, a few times a second.
//!
//! A thread's state is the letter of `proc_pid_stat(5)`: `R` runs or could run, `S` sleeps until something happens, `D` waits
//! for a disk, `T` is stopped, `Z` has ended and nobody has asked how. Of two threads in state `R` one may be waiting for a
//! processor; which of them really ran is in their processor time.

use std::io;
use std::str;
use std::time::Duration;

use procfs::FromRead;
use procfs::process::Stat;

use super::proc;
use super::tree::Tree;

/// One thread at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its process.
    pub pid: i32,
    /// Its own number; that of its process for a process's first thread.
    pub tid: i32,
    /// The name that the kernel has for it, at most 15 bytes.
    pub name: String,
    /// The state's letter.
    pub state: char,
    /// The processor time it has used so far.
    pub cpu: Duration,
}

/// The threads of a tree at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Threads {
    /// How many processes there are, those that have ended and were not waited for included.
    pub processes: u64,
    /// How many threads there are.
    pub threads: u64,
    /// Those that were looked at, in the order of their numbers.
    pub seen: Vec<Thread>,
}

impl Threads {
    /// Looks at the first `at_most` threads of a tree, and counts all of them. Nothing is left of a tree that has ended, and
    /// that is no error.
    pub fn look(tree: Tree, at_most: usize) -> io::Result<Self> {
        let mut members = tree.members()?;
        members.sort_unstable_by_key(|stat| stat.pid);
        let mut threads = Self { processes: members.len() as u64, ..Self::default() };
        for member in members {
            threads.threads += member.num_threads.max(1).cast_unsigned();
            for tid in numbers(&member, at_most - threads.seen.len())? {
                threads.seen.extend(thread(member.pid, tid)?);
            }
        }
        Ok(threads)
    }
}

/// The numbers of a process's first threads.
fn numbers(process: &Stat, at_most: usize) -> io::Result<Vec<i32>> {
    if at_most == 0 {
        return Ok(Vec::new());
    }
    let mut numbers = proc::numbers_in(format!("/proc/{}/task", process.pid))?;
    numbers.sort_unstable();
    numbers.truncate(at_most);
    Ok(numbers)
}

/// None if it has ended meanwhile.
fn thread(pid: i32, tid: i32) -> io::Result<Option<Thread>> {
    let Some(text) = proc::contents(format!("/proc/{pid}/task/{tid}/stat"))? else { return Ok(None) };
    let stat = Stat::from_read(&text[..]).map_err(io::Error::other)?;
    let exact = proc::contents(format!("/proc/{pid}/task/{tid}/schedstat")).ok().flatten();
    let cpu = exact.as_deref().and_then(on_processor).unwrap_or_else(|| by_ticks(&stat));
    Ok(Some(Thread { pid, tid, name: stat.comm, state: stat.state, cpu }))
}

/// The first figure of `schedstat` (Documentation/scheduler/sched-stats.rst): nanoseconds on a processor. A kernel may be
/// built without it.
fn on_processor(schedstat: &[u8]) -> Option<Duration> {
    let first = str::from_utf8(schedstat).ok()?.split_ascii_whitespace().next()?;
    first.parse().ok().map(Duration::from_nanos)
}

/// The same as the kernel's clock ticks have it, hundredths of a second.
fn by_ticks(stat: &Stat) -> Duration {
    Duration::from_secs_f64((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use std::process;
    use std::sync::{Barrier, mpsc};
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_is_seen_with_its_name_and_its_state() {
        let (begun, has_begun) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let sleeper = thread::Builder::new().name("a sleeper".to_owned());
        let sleeper = sleeper.spawn(move || {
            begun.send(nix::unistd::gettid().as_raw()).unwrap();
            let _ = ended.recv();
        });
        let tid = has_begun.recv().unwrap();
        let pid = process::id().cast_signed();
        let state = || super::thread(pid, tid).unwrap().unwrap().state;
        while state() == 'R' {
            thread::yield_now();
        }
        let seen = super::thread(pid, tid).unwrap().unwrap();
        assert_eq!((seen.pid, seen.tid, &*seen.name, seen.state), (pid, tid, "a sleeper", 'S'));
        drop(end);
        sleeper.unwrap().join().unwrap();
    }

    #[test]
    fn no_more_threads_are_looked_at_than_asked_for_and_all_are_counted() {
        let barrier = Barrier::new(4);
        let threads = thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| barrier.wait());
            }
            let threads = Threads::look(Tree::new(process::id()), 2).unwrap();
            barrier.wait();
            threads
        });
        assert!(threads.threads >= 4 && threads.processes >= 1, "{threads:?}");
        assert_eq!(threads.seen.len(), 2);
    }

    #[test]
    fn a_tree_that_has_ended_has_no_threads() {
        assert_eq!(Threads::look(Tree::new(u32::MAX >> 1), 8).unwrap(), Threads::default());
    }

    #[test]
    fn processor_time_is_read_from_the_first_figure() {
        assert_eq!(on_processor(b"1500000 7 3\n"), Some(Duration::from_micros(1500)));
        assert_eq!(on_processor(b"\n"), None);
    }
}
