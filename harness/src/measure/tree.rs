//! The process tree of a server: which processes belong to it, how many there are, what they hold.
//!
//! A process belongs to the tree if it is in the process group of the server's first process, or descends from
//! a process of the tree. So children count whose parent has ended (a double fork leaves such orphans, still in
//! the group), and so do children with a group of their own, as long as their parents live.
//!
//! Whoever asks must not have reaped the first process, else its number may come to name another one.
//!
//! # What it costs
//! Each look reads `/proc/PID/stat` of every process on the machine, since that is the only way to see a group.
//! On a two-core virtual machine with 75 processes besides, one look took so many milliseconds:
//!
//! | tree | [`Tree::sample`] | [`Tree::pss_bytes`] | [`Tree::reading`] |
//! |---|---|---|---|
//! | 1 process | 0.5 | 0.6 | 0.5 |
//! | 200 forked processes | 2 | 21 | 7 |
//! | 1 process with 1,000 threads | 2 | 4 | 22 |

use std::collections::BTreeSet;
use std::io;

use procfs::process::Stat;

use super::census::Census;
use super::proc;

/// The processes of one server, by the number of its first process, which leads a process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    root: i32,
}

/// How large a tree was at one moment. Zombies hold no memory and run no thread, so they do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// Processes.
    pub processes: u64,
    /// Threads, over all processes; each process has at least one.
    pub threads: u64,
}

/// What the processes of a tree held at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Proportional set sizes, summed: see [`Tree::pss_bytes`].
    pub pss_bytes: u64,
    /// Resident set sizes, summed: a page that n processes share counts n times.
    pub rss_bytes: u64,
}

/// One process and no other: numbers are used again, but not with the same starting time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId {
    /// The process number.
    pub pid: i32,
    /// When it started, in clock ticks since the machine did.
    pub started: u64,
}

impl Tree {
    /// The tree under the process `pid`.
    pub fn new(pid: u32) -> Self {
        Self { root: pid.cast_signed() }
    }

    /// Counts processes and threads. Nothing is left of a tree that has ended, and that is no error.
    pub fn sample(self) -> io::Result<Sample> {
        Ok(Sample::of(&self.members()?))
    }

    /// The same, and the census learns who came and went.
    pub fn look(self, census: &mut Census) -> io::Result<Sample> {
        let members = self.members()?;
        census.look(self.root, &members)?;
        Ok(Sample::of(&members))
    }

    /// The proportional set size of all processes together, in bytes: a page that n processes share counts as
    /// 1/n in each, so a page shared by forked children counts once (`smaps_rollup` in `proc_pid_smaps(5)`).
    ///
    /// The kernel walks the page tables for this, and while it walks those of one process that process can't
    /// map or unmap memory. Ask seldom.
    ///
    /// # Errors
    /// A process whose memory we may not look into: one of another user, or one that gained privileges.
    pub fn pss_bytes(self) -> io::Result<u64> {
        Ok(self.memory()?.pss_bytes)
    }

    /// The same, and the resident set sizes beside it, at the cost of one.
    ///
    /// # Errors
    /// As for [`pss_bytes`](Self::pss_bytes).
    pub fn memory(self) -> io::Result<Memory> {
        let mut memory = Memory::default();
        self.each_rollup(|text| {
            memory.pss_bytes += 1024 * proc::number_after(text, "Pss:").unwrap_or(0);
            memory.rss_bytes += 1024 * proc::number_after(text, "Rss:").unwrap_or(0);
        })?;
        Ok(memory)
    }

    /// The part of [`pss_bytes`](Self::pss_bytes) that no file backs: heaps, stacks, shared memory. Unlike the rest it does
    /// not change when others come or go who run the same program. All of it where the kernel does not tell them apart
    /// (Linux before 5.4).
    ///
    /// # Errors
    /// As for [`pss_bytes`](Self::pss_bytes).
    pub fn fileless_bytes(self) -> io::Result<u64> {
        self.sum_of_rollups(|text| {
            let number = |name| proc::number_after(text, name);
            let apart = number("Pss_Anon:").zip(number("Pss_Shmem:")).map(|(heap, shared)| heap + shared);
            apart.or_else(|| number("Pss:"))
        })
    }

    /// The sum over its processes of a number of KiB in `/proc/PID/smaps_rollup` (`proc_pid_smaps(5)`), in bytes.
    fn sum_of_rollups(self, number: impl Fn(&[u8]) -> Option<u64>) -> io::Result<u64> {
        let mut kib = 0;
        self.each_rollup(|text| kib += number(text).unwrap_or(0))?;
        Ok(kib * 1024)
    }

    fn each_rollup(self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        for stat in self.alive()? {
            if let Some(text) = proc::contents(format!("/proc/{}/smaps_rollup", stat.pid))? {
                take(&text);
            }
        }
        Ok(())
    }

    /// How many descriptors its processes hold open, those shared by several counted in each (`/proc/PID/fd`).
    ///
    /// # Errors
    /// A process we may not look into, as for [`pss_bytes`](Self::pss_bytes).
    pub fn descriptors(self) -> io::Result<u64> {
        let mut descriptors = 0;
        for stat in self.alive()? {
            descriptors += proc::numbers_in(format!("/proc/{}/fd", stat.pid))?.len() as u64;
        }
        Ok(descriptors)
    }

    /// How many of its processes have ended and wait for a parent of the tree that has not asked how (state Z). Orphans
    /// wait for init(8), and how soon that asks is not up to the server.
    pub fn zombies(self) -> io::Result<u64> {
        let members = self.members()?;
        let is_member = |pid| members.iter().any(|stat| stat.pid == pid);
        let zombies = members.iter().filter(|stat| stat.state == 'Z' && is_member(stat.ppid));
        Ok(zombies.count() as u64)
    }

    /// Whether all its processes are stopped, as `SIGSTOP` does it (state T).
    pub fn is_stopped(self) -> io::Result<bool> {
        Ok(self.alive()?.iter().all(|stat| stat.state == 'T'))
    }

    /// Which processes are alive.
    pub fn living(self) -> io::Result<BTreeSet<ProcessId>> {
        Ok(self.alive()?.iter().map(ProcessId::of).collect())
    }

    fn alive(self) -> io::Result<Vec<Stat>> {
        Ok(self.members()?.into_iter().filter(is_alive).collect())
    }

    /// The number of its first process.
    pub(super) fn root(self) -> i32 {
        self.root
    }

    /// All processes of the tree as they stand, zombies included.
    pub(super) fn members(self) -> io::Result<Vec<Stat>> {
        let mut members = Vec::new();
        let mut others = Vec::new();
        for pid in proc::numbers_in("/proc")? {
            let Some(stat) = proc::stat(pid)? else { continue };
            if stat.pid == self.root || stat.pgrp == self.root {
                members.push(stat);
            } else {
                others.push(stat);
            }
        }
        add_descendants(&mut members, others);
        Ok(members)
    }
}

impl Sample {
    fn of(members: &[Stat]) -> Self {
        let alive = || members.iter().filter(|stat| is_alive(stat));
        let threads = alive().map(|stat| stat.num_threads.max(1).cast_unsigned()).sum();
        Self { processes: alive().count() as u64, threads }
    }
}

impl ProcessId {
    pub(super) fn of(stat: &Stat) -> Self {
        Self { pid: stat.pid, started: stat.starttime }
    }

    /// Whether this very process is still alive; a zombie is not.
    pub fn is_alive(&self) -> io::Result<bool> {
        Ok(proc::stat(self.pid)?.is_some_and(|stat| stat.starttime == self.started && is_alive(&stat)))
    }
}

fn is_alive(stat: &Stat) -> bool {
    !matches!(stat.state, 'Z' | 'X')
}

/// Moves to `members` those of `others` whose parents are members, generation by generation.
fn add_descendants(members: &mut Vec<Stat>, mut others: Vec<Stat>) {
    let mut known: BTreeSet<i32> = members.iter().map(|stat| stat.pid).collect();
    loop {
        let children: Vec<Stat> = others.extract_if(.., |stat| known.contains(&stat.ppid)).collect();
        if children.is_empty() {
            return;
        }
        known.extend(children.iter().map(|stat| stat.pid));
        members.extend(children);
    }
}
