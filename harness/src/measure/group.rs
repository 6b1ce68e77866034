//! A control group of a server's own, in which the kernel keeps one account for all its processes (`cgroups(7)`, version 2).
//!
//! Nothing gets lost there: a child's time is in it the moment it is used, whether anybody waits for the child or not,
//! and so are the last steps of a thread, which no process's clock has any more. The kernel keeps such an account for every
//! group but the root one, so where a process is below that anyway (a service, a login, a container), a group of its own
//! costs nothing; else it made a request up to 4% dearer, where two measurements of the same differed by up to 3%.
//!
//! The group lies below the one that this process is in itself, where no controller is at work: the processor is
//! shared as if there were no group. (Below the root group there may be one, and then the server's share of a processor
//! that it has for itself is still all of it.) Making a group takes root, or one that was left to the user
//! (`systemd-run --user --scope` starts a program in such a one).
//!
//! The server's first process moves itself there, see [`join`], before it makes threads or children, who follow it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use procfs::process::Process;

use super::proc;

/// How long the kernel may take to end what is left in a group.
const EMPTY_WITHIN: Duration = Duration::from_secs(1);
/// How often to look whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What the names of all our groups begin with; the number of the process that made it follows.
const PREFIX: &str = "concur-";

/// A control group. Dropping it kills the processes that are left in it, and removes it.
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    directory: File,
}

/// The processor time that a group's processes had used at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// In user mode.
    pub user: Duration,
    /// In the kernel.
    pub system: Duration,
}

impl Group {
    /// Makes an empty group.
    ///
    /// # Errors
    /// There are no control groups of version 2 here, or making one is not allowed.
    pub fn make() -> Result<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let beside = own_directory()?;
        remove_forsaken(&beside);
        let name = format!("{PREFIX}{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = beside.join(name);
        fs::create_dir(&path)
            .with_context(|| format!("no control group can be made in {}", beside.display()))?;
        match File::open(&path) {
            Ok(directory) => {
                let group = Self { path, directory };
                group.used()?; // a kernel before 4.15 keeps no such account
                Ok(group)
            }
            Err(error) => {
                let _ = fs::remove_dir(&path); // it is empty, and there is nobody to tell
                Err(error).with_context(|| format!("{} can't be opened", path.display()))
            }
        }
    }

    /// Where it is, for who is to [`join`] it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a process is in it.
    pub fn holds(&self, pid: u32) -> io::Result<bool> {
        let members = fs::read_to_string(self.path.join("cgroup.procs"))?;
        Ok(members.lines().any(|member| member.parse() == Ok(pid)))
    }

    /// What its processes have used, those that have ended included. The sum is exact to the microsecond, but of a thread
    /// at work up to a tick of the scheduler behind (1 to 10 ms); its division into modes is the kernel's estimate.
    pub fn used(&self) -> io::Result<Used> {
        let path = self.path.join("cpu.stat");
        let text = fs::read(&path)?;
        let number = |label| proc::number_after(&text, label).map(Duration::from_micros);
        number("user_usec")
            .zip(number("system_usec"))
            .map(|(user, system)| Used { user, system })
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidData, format!("{} has no times", path.display())))
    }

    /// Its directory, by which counters are told of it.
    pub(super) fn directory(&self) -> &File {
        &self.directory
    }

    /// Ends what is left in it: whatever that is, it was somebody's child and is nobody's now.
    fn empty(&self) {
        // A kernel before 5.14 has no such file; then the group stays for as long as its processes.
        let _ = fs::write(self.path.join("cgroup.kill"), "1");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let deadline = Instant::now() + EMPTY_WITHIN;
        let mut first = true;
        while fs::remove_dir(&self.path).is_err_and(|error| error.kind() == ErrorKind::ResourceBusy)
            && Instant::now() < deadline
        {
            if std::mem::take(&mut first) {
                self.empty();
            }
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Used {
    /// In both modes.
    pub fn sum(self) -> Duration {
        self.user + self.system
    }

    /// What was used from this moment to a later one.
    #[must_use]
    pub fn until(self, later: Self) -> Self {
        Self { user: later.user.saturating_sub(self.user), system: later.system.saturating_sub(self.system) }
    }
}

/// Moves the calling process into a group. Call it while the process has one thread and no child.
///
/// # Errors
/// The group is gone, or belongs to another user.
pub fn join(group: &Path) -> io::Result<()> {
    fs::write(group.join("cgroup.procs"), "0")
}

/// The directory of the group that this process is in.
fn own_directory() -> Result<PathBuf> {
    let this = Process::myself().context("/proc/self can't be looked at")?;
    let groups = this.cgroups().context("the own control group can't be asked for")?;
    let own = groups.into_iter().find(|group| group.hierarchy == 0).map(|group| group.pathname);
    let mounts = this.mountinfo().context("the mounts can't be asked for")?;
    let mount = mounts.into_iter().find(|mount| mount.fs_type == "cgroup2");
    let (own, mount) = own.zip(mount).context("there are no control groups of version 2 here")?;
    // In a container a part of the tree may be mounted as if it were the whole.
    let below = Path::new(&own).strip_prefix(&mount.root).or_else(|_| Path::new(&own).strip_prefix("/"))?;
    let directory = mount.mount_point.join(below);
    ensure!(directory.is_dir(), "the own control group {own} is not to be seen from here");
    Ok(directory)
}

/// Removes the groups of processes that were killed and could not do so themselves.
fn remove_forsaken(beside: &Path) {
    for entry in fs::read_dir(beside).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().and_then(maker).is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Somebody else's, or not empty yet: it is looked at again the next time.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The process that made a group of this name.
fn maker(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_group_says_who_made_it() {
        assert_eq!(maker("concur-17-0"), Some(17));
        assert_eq!(maker("concur-17"), None);
        assert_eq!(maker("user.slice"), None);
    }

    #[test]
    fn what_was_used_in_between_is_the_difference() {
        let used =
            |user, system| Used { user: Duration::from_micros(user), system: Duration::from_micros(system) };
        assert_eq!(used(1, 10).until(used(3, 15)), used(2, 5));
        assert_eq!(used(2, 5).sum(), Duration::from_micros(7));
    }
}
