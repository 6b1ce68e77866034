//! One thread that is looked at: its files under `/proc`, kept open, and what they said at each look.
//!
//! An open file is that of one thread and no other: once the thread has ended it can't be read any more, also where its number is
//! somebody else's by then.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use procfs::FromRead;
use procfs::process::Stat;
use reports::record::Track;

use super::states::{Glimpse, Schedule};
use crate::measure::proc::unless_vanished;

/// A line of `stat` has 52 numbers and a name.
const LINE_BYTES: usize = 2048;

/// A thread, from the first look at it to the last.
#[derive(Debug)]
pub(super) struct Thread {
    pid: i32,
    tid: i32,
    name: String,
    stat: File,
    /// None where the kernel keeps none.
    schedstat: Option<File>,
    /// How many threads its process had when it was last looked at, and when they were last looked for.
    threads: i64,
    threads_known: i64,
    ended: bool,
    first: Option<usize>,
    glimpses: Vec<Glimpse>,
}

impl Thread {
    /// Gets ready to look at a thread; none if it is gone.
    pub(super) fn open(pid: i32, tid: i32) -> io::Result<Option<Self>> {
        let open = |name: &str| unless_vanished(File::open(format!("/proc/{pid}/task/{tid}/{name}")));
        let Some(stat) = open("stat")? else { return Ok(None) };
        Ok(Some(Self {
            pid,
            tid,
            name: String::new(),
            stat,
            schedstat: open("schedstat")?,
            threads: 1,
            threads_known: 1,
            ended: false,
            first: None,
            glimpses: Vec::new(),
        }))
    }

    pub(super) fn is(&self, pid: i32, tid: i32) -> bool {
        self.pid == pid && self.tid == tid && !self.ended
    }

    /// Looks at it; this is the so-manieth look at all.
    pub(super) fn look(&mut self, look: usize) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        let mut line = [0; LINE_BYTES];
        // First, since its state may change until it is asked for, and a time in the past explains none.
        let schedule = match &self.schedstat {
            Some(file) => read(file, &mut line)?.and_then(Schedule::of),
            None => None,
        };
        let Some(text) = read(&self.stat, &mut line)? else {
            self.ended = true;
            return Ok(());
        };
        let stat = Stat::from_read(text).map_err(io::Error::other)?;
        let Some(state) = letter(stat.state) else {
            self.ended = true;
            return Ok(());
        };
        self.threads = stat.num_threads;
        self.name = stat.comm;
        self.first.get_or_insert(look);
        self.glimpses.push(Glimpse { state, processor: stat.processor, schedule });
        Ok(())
    }

    /// Its process, if this is its first thread and the number of threads is no longer that of the last time this was asked.
    pub(super) fn process_that_has_changed(&mut self) -> Option<i32> {
        let changed = self.pid == self.tid && !self.ended && self.threads != self.threads_known;
        self.threads_known = self.threads;
        changed.then_some(self.pid)
    }

    /// Forgets the looks that have odd numbers, and numbers the others anew.
    pub(super) fn thin_out(&mut self) {
        let Some(first) = self.first else { return };
        let skipped = first % 2;
        self.glimpses = self.glimpses.iter().copied().skip(skipped).step_by(2).collect();
        self.first = (!self.glimpses.is_empty()).then_some(first.div_ceil(2));
    }

    /// Whether there is anything to be said of it, or may still be.
    pub(super) fn was_seen(&self) -> bool {
        self.first.is_some() || !self.ended
    }

    /// The look at which it was first seen, and what was seen from then on.
    pub(super) fn seen(&self) -> (usize, &[Glimpse]) {
        (self.first.unwrap_or(0), &self.glimpses)
    }

    /// Who it is.
    pub(super) fn track(&self) -> Track {
        Track {
            process: self.pid.unsigned_abs(),
            number: self.tid.unsigned_abs(),
            kind: if self.pid == self.tid { "process" } else { "thread" }.to_owned(),
            name: self.name.clone(),
            ..Track::default()
        }
    }
}

/// The letter of the record for a state of `proc_pid_stat(5)`; none for a thread that is no more.
fn letter(state: char) -> Option<char> {
    match state {
        'R' | 'S' | 'D' | 'T' | 'Z' => Some(state),
        't' => Some('T'), // by a debugger
        'X' | 'x' => None,
        _ => Some('S'), // idle or parked, as only threads of the kernel are
    }
}

/// What the file says now; none if its thread is gone.
fn read<'a>(file: &File, line: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    let count = unless_vanished(file.read_at(line, 0))?;
    Ok(count.filter(|count| *count > 0).map(|count| &line[..count]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_has_ended_is_not_taken_for_who_comes_after_it() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let pid = child.id().cast_signed();
        let mut thread = Thread::open(pid, pid).unwrap().unwrap();
        thread.look(4).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        thread.look(5).unwrap();
        assert_eq!((thread.seen().0, thread.seen().1.len()), (4, 1));
        assert!(thread.ended && !thread.is(pid, pid));
        assert!(Thread::open(pid, pid).unwrap().is_none());
    }

    #[test]
    fn a_zombie_is_seen_as_one() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id().cast_signed();
        let mut thread = Thread::open(pid, pid).unwrap().unwrap();
        for look in 0.. {
            thread.look(look).unwrap();
            if thread.glimpses.last().unwrap().state == 'Z' {
                break;
            }
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }

    #[test]
    fn of_its_looks_those_with_even_numbers_are_kept() {
        let pid = std::process::id().cast_signed();
        let kept = |first: usize, looks: usize| {
            let mut thread = Thread::open(pid, pid).unwrap().unwrap();
            (first..first + looks).for_each(|look| thread.look(look).unwrap());
            thread.thin_out();
            (thread.first, thread.glimpses.len())
        };
        assert_eq!(kept(0, 4), (Some(0), 2)); // 0 and 2 become 0 and 1
        assert_eq!(kept(3, 4), (Some(2), 2)); // 4 and 6 become 2 and 3
        assert_eq!(kept(3, 1), (None, 0));
    }
}
