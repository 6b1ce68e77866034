//! The other side of a probe, where it is a process of its own.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::Trouble;
use crate::forking::{Alone, fork_child, reap};

/// A child that does its part until the probe is over. Dropped, it is killed and waited for; it also ends with its parent.
pub(crate) struct Partner(Pid);

impl Partner {
    /// Forks it, with what `parents` own closed on its side (see [`fork_child`]).
    ///
    /// # Errors
    /// The system has no room for one more process.
    pub(crate) fn fork<P>(
        alone: &Alone,
        parents: P,
        part: impl FnOnce() -> Result<(), Trouble>,
    ) -> Result<(Self, P), Trouble> {
        let (child, parents) = fork_child(alone, parents, || part().is_ok())?;
        Ok((Self(child), parents))
    }

    /// Its number.
    pub(crate) fn id(&self) -> Pid {
        self.0
    }

    /// Makes sure that it is still there, as one does who has waited for it long enough.
    ///
    /// # Errors
    /// It has ended before its time.
    pub(crate) fn is_there(&self) -> Result<(), Trouble> {
        // It stays to be reaped, so that its number is nobody else's when this is dropped.
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let how = match waitid(Id::Pid(self.0), look)? {
            WaitStatus::StillAlive => return Ok(()),
            WaitStatus::Signaled(_, signal, _) => format!("was ended by {signal}"),
            WaitStatus::Exited(_, status) => format!("ended with status {status}"),
            other => format!("ended ({other:?})"),
        };
        Err(Trouble::Failed(format!(
            "the other process {how} before its time; look for memory running out (dmesg), and try again"
        )))
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL); // it may have ended by itself
        let _ = reap(self.0);
    }
}
