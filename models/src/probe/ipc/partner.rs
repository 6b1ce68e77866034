//! The other side as a process: forked, and ended when the measurement is over, whatever came of it.

use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};

use super::super::placing::Unbound;
use super::super::{Measured, Setting, Trouble};
use super::End;
use super::exchange::{self, Job};
use super::peer::{Peer, gone};
use super::ticks::Ticks;
use crate::forking::{Alone, FAILED, Side, fork_tied, leave_with};

/// Measures between this process and a child, which have an end each.
///
/// # Errors
/// The way's own; this process has several threads; or the child ended too early.
pub(super) fn between_processes<E: End>(
    setting: &Setting,
    bytes: usize,
    time: Duration,
    ends: impl FnOnce(usize) -> Result<(E, E), Trouble>,
) -> Result<Measured, Trouble> {
    let alone = Alone::wait()?;
    let _unbound = Unbound::now()?;
    let _ticks = Ticks::start()?;
    let job = Job { setting, bytes, time };
    let (mut ours, theirs) = ends(bytes)?;
    let (mut control, obedience) = exchange::control()?;
    let parent = getpid();
    match fork_tied(&alone)? {
        Side::Child => leave_with(move || {
            // Each side has its own end only: else nobody would hear that the other has closed its.
            drop((ours, control));
            let (mut end, mut obedience) = (theirs, obedience);
            match exchange::obey(&mut end, job, &mut obedience, &Peer::parent(parent)) {
                Ok(()) => 0,
                Err(_) => FAILED,
            }
        }),
        Side::Parent(child) => {
            let partner = Partner(Some(child));
            drop((theirs, obedience));
            let result = exchange::measure(&mut ours, job, &mut control, &Peer::child(child, time));
            let Err(trouble) = result else { return result };
            let ended = partner.end();
            Err(control.complaint().or_else(|| ended.map(gone)).unwrap_or(trouble))
        }
    }
}

/// The child. It ends, and is waited for, when this is dropped.
struct Partner(Option<Pid>);

impl Partner {
    /// Ends it, and says how it ended if it did so by itself: whoever has just closed its end may still be about to.
    fn end(mut self) -> Option<WaitStatus> {
        const LOOKS: u32 = 100;
        let child = self.0?;
        for _ in 0..LOOKS {
            match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => sleep(Duration::from_millis(1)),
                Ok(status) => {
                    self.0 = None;
                    return Some(status);
                }
                Err(_) => break,
            }
        }
        None
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        if let Some(child) = self.0 {
            let _ = kill(child, Signal::SIGKILL); // not waited for yet, so the number is still its own
            while waitpid(child, None) == Err(Errno::EINTR) {}
        }
    }
}
