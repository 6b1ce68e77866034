//! What the threads of a process tree did over a while, by looks at all of them a few milliseconds apart: who ran, who could
//! have run, who waited.
//!
//! A look reads two files of each thread under `/proc`, which are kept open: some 8 us a thread. Finding threads that are new
//! means reading `/proc/PID/stat` of every process on the machine ([`Tree`]), so that is done seldom; in between, the threads of
//! known processes and the children of the first one are asked for, which is cheap.

mod states;
mod thread;
mod watch;

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use reports::record::{Timeline, Track};

use self::states::{Glimpse, evenly, letters};
use self::thread::Thread;
pub use self::watch::{Watch, Watched};
use super::frugal::{processor_time, rest};
use super::proc;
use super::tree::Tree;

/// Where the looks come from, for the record.
const SOURCE: &str = "proc";
/// More threads than this are not looked at.
const TRACKS_AT_MOST: usize = 64;
/// With so many looks every second one is dropped, and what follows comes half as often.
const LOOKS_AT_MOST: usize = 240;

/// How often to look, and at what cost.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How far apart looks are at least.
    pub every: Duration,
    /// The next look, or the next search for new threads, comes after so many times what the last one cost at the earliest.
    pub rest: u32,
}

impl Pace {
    /// For a time that no figure is taken from, and over which it is short.
    pub const CLOSE: Self = Self { every: Duration::from_millis(2), rest: 5 };
    /// Beside something that is measured: looking and searching take half a hundredth of a processor each.
    pub const SPARING: Self = Self { every: Duration::from_millis(5), rest: 200 };
}

/// How often to search for threads of processes that nobody knows yet.
const SEARCH_EVERY: Duration = Duration::from_millis(50);

/// Looks at a tree for so long on the calling thread, but not beyond `until`. None if there was no time for two looks.
///
/// # Errors
/// The tree could not be looked at.
pub fn over(tree: Tree, pace: Pace, span: Duration, until: Instant) -> io::Result<Option<Timeline>> {
    let end = until.min(Instant::now() + span);
    let mut looks = Looks::new(tree, pace);
    while Instant::now() < end {
        looks.take()?;
        std::thread::sleep(looks.next().min(end).saturating_duration_since(Instant::now()));
    }
    Ok(looks.timeline())
}

/// The looks so far.
#[derive(Debug)]
struct Looks {
    tree: Tree,
    pace: Pace,
    /// When each look was taken.
    at: Vec<Instant>,
    next: Instant,
    next_search: Instant,
    threads: Vec<Thread>,
    left_out: BTreeSet<(i32, i32)>,
}

impl Looks {
    fn new(tree: Tree, pace: Pace) -> Self {
        let now = Instant::now();
        Self {
            tree,
            pace,
            at: Vec::with_capacity(LOOKS_AT_MOST),
            next: now,
            next_search: now,
            threads: Vec::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// When the next look is due.
    fn next(&self) -> Instant {
        self.next
    }

    /// Takes a look.
    fn take(&mut self) -> io::Result<()> {
        if Instant::now() >= self.next_search {
            let before = used();
            self.search()?;
            let cost = used().saturating_sub(before);
            self.next_search = Instant::now() + rest(SEARCH_EVERY, cost, self.pace.rest);
        }
        let (before, began) = (used(), Instant::now());
        self.search_nearby()?;
        if self.at.len() == LOOKS_AT_MOST {
            self.thin_out();
        }
        let look = self.at.len();
        self.at.push(Instant::now());
        for thread in &mut self.threads {
            thread.look(look)?;
        }
        let cost = used().saturating_sub(before);
        self.next = began + rest(self.pace.every, cost, self.pace.rest);
        Ok(())
    }

    /// Finds all threads of the tree.
    fn search(&mut self) -> io::Result<()> {
        for process in self.tree.living()? {
            self.search_in(process.pid)?;
        }
        Ok(())
    }

    /// Finds new threads of known processes, and new children of the first of these.
    fn search_nearby(&mut self) -> io::Result<()> {
        let grown = self.threads.iter_mut().filter_map(Thread::process_that_has_changed);
        for pid in grown.collect::<Vec<_>>() {
            self.search_in(pid)?;
        }
        let root = self.tree.root();
        for child in children(root)? {
            if !self.knows(child, child) {
                self.search_in(child)?;
            }
        }
        Ok(())
    }

    fn search_in(&mut self, pid: i32) -> io::Result<()> {
        let mut numbers = proc::numbers_in(format!("/proc/{pid}/task"))?;
        numbers.sort_unstable();
        for tid in numbers {
            if self.knows(pid, tid) {
                continue;
            }
            if self.threads.len() == TRACKS_AT_MOST {
                self.left_out.insert((pid, tid));
            } else {
                self.threads.extend(Thread::open(pid, tid)?);
            }
        }
        Ok(())
    }

    /// A number may be another's by now, but not while the one that had it is there.
    fn knows(&self, pid: i32, tid: i32) -> bool {
        self.threads.iter().any(|thread| thread.is(pid, tid))
    }

    /// Drops every second look, so that what is kept of a long time needs no more room than what is kept of a short one.
    fn thin_out(&mut self) {
        self.at = self.at.iter().copied().step_by(2).collect();
        self.pace.every = self.pace.every.saturating_mul(2);
        self.threads.iter_mut().for_each(Thread::thin_out);
        self.threads.retain(Thread::was_seen);
    }

    /// What was seen, for the record; none of fewer than two looks, or of nobody.
    fn timeline(&self) -> Option<Timeline> {
        let (every, nearest) = evenly(&self.at)?;
        let seen: Vec<(usize, &[Glimpse])> = self.threads.iter().map(Thread::seen).collect();
        let letters = letters(&seen, self.at.len());
        let tracks = self.threads.iter().zip(letters).filter_map(|(thread, letters)| {
            let (first, _) = thread.seen();
            let of = |look: usize| letters.get(look.checked_sub(first)?).copied();
            let first = nearest.iter().position(|look| of(*look).is_some())?;
            let states = nearest[first..].iter().map_while(|look| of(*look)).collect();
            Some(Track { first, states, ..thread.track() })
        });
        let tracks: Vec<Track> = tracks.collect();
        let left_out = self.left_out.len() as u64;
        (!tracks.is_empty()).then(|| Timeline {
            source: SOURCE.to_owned(),
            every_ms: every.as_secs_f64() * 1e3,
            tracks,
            left_out: (left_out > 0).then_some(left_out),
        })
    }
}

/// The children of a process's first thread (`proc_pid_task_children(5)`); empty where the kernel does not list them.
fn children(pid: i32) -> io::Result<Vec<i32>> {
    let list = proc::contents(format!("/proc/{pid}/task/{pid}/children"))?.unwrap_or_default();
    let list = String::from_utf8_lossy(&list);
    Ok(list.split_ascii_whitespace().filter_map(|number| number.parse().ok()).collect())
}

/// What this thread has used: nothing, where nobody says.
fn used() -> Duration {
    processor_time().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    use super::*;

    /// What so many looks come to, however long they take.
    fn seen(tree: Tree, looks: usize) -> Option<Timeline> {
        let mut seen = Looks::new(tree, Pace::CLOSE);
        for _ in 0..looks {
            seen.take().unwrap();
            std::thread::sleep(seen.next().saturating_duration_since(Instant::now()));
        }
        seen.timeline()
    }

    #[test]
    fn a_process_that_sleeps_is_seen_waiting_at_every_look() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let tree = Tree::new(child.id());
        while !tree.members().unwrap().iter().any(|stat| stat.comm == "sleep" && stat.state == 'S') {
            std::thread::yield_now();
        }
        let timeline = seen(tree, 10).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let [track] = &timeline.tracks[..] else { panic!("{timeline:?}") };
        assert_eq!((&*track.name, &*track.kind, track.first), ("sleep", "process", 0));
        assert!(track.states.len() == 10 && track.states.bytes().all(|state| state == b'S'), "{track:?}");
        assert!(timeline.every_ms >= 2.0 && timeline.left_out.is_none(), "{timeline:?}");
    }

    #[test]
    fn a_process_that_computes_never_waits_but_for_a_processor() {
        let mut child = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let tree = Tree::new(child.id());
        while !tree.members().unwrap().iter().any(|stat| stat.comm == "sh") {
            std::thread::yield_now();
        }
        let timeline = seen(tree, 10).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let [track] = &timeline.tracks[..] else { panic!("{timeline:?}") };
        assert!(track.states.chars().all(|state| "Rr".contains(state)), "{track:?}");
    }

    #[test]
    fn more_than_there_is_room_for_are_counted_and_not_looked_at() {
        // A tree of its own, in which nobody comes or goes.
        let many =
            format!("for i in $(seq {}); do sleep 600 & done; echo; exec sleep 600", TRACKS_AT_MOST + 3);
        let mut first =
            Command::new("sh").args(["-c", &many]).process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        first.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        let timeline = seen(Tree::new(first.id()), 2);
        killpg(Pid::from_raw(first.id().cast_signed()), Signal::SIGKILL).unwrap();
        first.wait().unwrap();
        let timeline = timeline.unwrap();
        assert_eq!((timeline.tracks.len(), timeline.left_out), (TRACKS_AT_MOST, Some(4)));
    }

    #[test]
    fn a_tree_that_has_ended_has_no_timeline() {
        let (span, until) = (Duration::from_millis(20), Instant::now() + Duration::from_secs(1));
        assert_eq!(over(Tree::new(u32::MAX >> 1), Pace::CLOSE, span, until).unwrap(), None);
    }

    #[test]
    fn a_long_time_needs_no_more_room_than_a_short_one() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let pace = Pace { every: Duration::ZERO, rest: 0 };
        let mut looks = Looks::new(Tree::new(child.id()), pace);
        for _ in 0..3 * LOOKS_AT_MOST {
            looks.take().unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let timeline = looks.timeline().unwrap();
        assert!(looks.at.len() <= LOOKS_AT_MOST && looks.at.len() > LOOKS_AT_MOST / 2);
        assert_eq!(timeline.tracks[0].states.len(), looks.at.len());
    }
}
