//! Who came and went in a process tree, to notice processor time that is in nobody's account.
//!
//! The time of an ended child goes to the parent that waits for it, and from there into the cost of the tree. In
//! two cases the tree never gets it, and a cost without it would be a lie:
//!
//! * **Nobody waits.** Where `SIGCHLD` is ignored, or its handler was installed with `SA_NOCLDWAIT`, the kernel buries
//!   the child itself and adds its time to nobody's (`sigaction(2)`, POSIX.1-2001).
//! * **A stranger waits.** An orphan's time goes to the system process that adopted it. A double fork makes orphans.
//!
//! Each look compares a tree with the one before. A child that is gone while its parent has inherited no page fault
//! since was not waited for: every process that ever ran has had some. An orphan that is gone was a stranger's. So
//! one such process that a look meets alive is enough; those that live and die between two looks leave a trace only
//! if the parent ignores `SIGCHLD` by then, which `/proc/PID/status` shows. What can't be seen is a server that
//! installs `SA_NOCLDWAIT` or forks twice, and whose children no look ever meets.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use procfs::process::Stat;

use super::proc;
use super::tree::ProcessId;

/// The bit of `SIGCHLD` in the masks of `/proc/PID/status`.
const SIGCHLD_BIT: u64 = 1 << (nix::sys::signal::Signal::SIGCHLD as u64 - 1);

/// Why the time of some children is in nobody's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// A process of the tree ignores `SIGCHLD`.
    Ignored,
    /// A child ended and its parent did not inherit what it had used.
    Unwaited,
    /// An orphan ended.
    Orphaned,
}

impl Lost {
    /// A clause that says where the time went.
    pub fn why(self) -> &'static str {
        match self {
            Self::Ignored => "it ignores SIGCHLD, and the kernel throws the time of its ended children away",
            Self::Unwaited => {
                "none of its processes waited for children that ended, and their time is in no account"
            }
            Self::Orphaned => {
                "its children became orphans, and their time went to the system process that adopted them"
            }
        }
    }
}

/// What the looks at a tree have shown so far.
#[derive(Debug, Clone, Default)]
pub struct Census {
    last: BTreeMap<ProcessId, Kin>,
    lost: Option<Lost>,
    ignores: bool,
}

/// What a look keeps of a process.
#[derive(Debug, Clone, Copy)]
struct Kin {
    parent: i32,
    /// The page faults of the children that it has waited for.
    inherited_faults: u64,
    is_orphan: bool,
}

impl Census {
    /// Takes a look: the processes of the tree under `root`, as they stand.
    pub(super) fn look(&mut self, root: i32, members: &[Stat]) -> io::Result<()> {
        let pids: BTreeSet<i32> = members.iter().map(|stat| stat.pid).collect();
        let now: BTreeMap<ProcessId, Kin> =
            members.iter().map(|stat| (ProcessId::of(stat), Kin::of(stat, root, &pids))).collect();
        if self.lost.is_none() {
            self.lost = self.lost_since(&now)?;
        }
        if !self.ignores {
            let parents: BTreeSet<i32> = members.iter().map(|stat| stat.ppid).chain([root]).collect();
            self.ignores = any(parents.intersection(&pids), |pid| ignores_children(*pid))?;
        }
        self.last = now;
        Ok(())
    }

    /// Whose time got lost between the looks. `churning`: children come and go so fast (with each request, say) that
    /// looks may meet none of them.
    pub fn lost(&self, churning: bool) -> Option<Lost> {
        self.lost.or((churning && self.ignores).then_some(Lost::Ignored))
    }

    fn lost_since(&self, now: &BTreeMap<ProcessId, Kin>) -> io::Result<Option<Lost>> {
        for (_, kin) in self.last.iter().filter(|(id, _)| !now.contains_key(id)) {
            if kin.is_orphan {
                return Ok(Some(Lost::Orphaned));
            }
            let parent = self.last.iter().find(|(id, _)| id.pid == kin.parent);
            // Asked again now: when the child was found gone, its parent may have been looked at already.
            if let Some((id, before)) = parent
                && let Some(stat) = proc::stat(id.pid)?
                && stat.starttime == id.started
                && inherited_faults(&stat) == before.inherited_faults
            {
                return Ok(Some(Lost::Unwaited));
            }
        }
        Ok(None)
    }
}

impl Kin {
    fn of(stat: &Stat, root: i32, pids: &BTreeSet<i32>) -> Self {
        Self {
            parent: stat.ppid,
            inherited_faults: inherited_faults(stat),
            is_orphan: stat.pid != root && !pids.contains(&stat.ppid),
        }
    }
}

fn inherited_faults(stat: &Stat) -> u64 {
    stat.cminflt + stat.cmajflt
}

/// Whether a process ignores `SIGCHLD`; one that is gone does not.
fn ignores_children(pid: i32) -> io::Result<bool> {
    let status = proc::contents(format!("/proc/{pid}/status"))?.unwrap_or_default();
    let mask = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"SigIgn:"));
    let mask = mask.and_then(|mask| std::str::from_utf8(mask.trim_ascii()).ok());
    Ok(mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & SIGCHLD_BIT != 0))
}

/// Whether `holds` for any of them; an error ends the search.
fn any<T>(mut of: impl Iterator<Item = T>, holds: impl Fn(T) -> io::Result<bool>) -> io::Result<bool> {
    of.find_map(|it| match holds(it) {
        Ok(false) => None,
        found => Some(found),
    })
    .unwrap_or(Ok(false))
}
