//! A signal that interrupts every wait of this process now and then, so that it can look whether there is still somebody to wait
//! for.
//!
//! Many calls that wait have no time limit (read(2) of an eventfd), and those that have one would pay for it each time. But a
//! handler that was set without `SA_RESTART` ends any of them with `EINTR` (signal(7)), and a timer comes again if its
//! signal was in just before the wait began, so that none is missed.

#![allow(unsafe_code, reason = "sigaction is unsafe in nix, for the sake of what handlers do")]

use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigEvent, SigHandler, SigSet, SigevNotify, Signal, sigaction};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

use super::super::Trouble;
use super::peer::Peer;

/// How long a wait may go on without a look: too seldom to be seen in a figure.
const EVERY: Duration = Duration::from_millis(100);
/// A signal that is ignored by default: one that comes late hurts nobody.
const TICK: Signal = Signal::SIGURG;

/// Interrupts waits as long as it lives. It sees to it as well that the kernel keeps the number of an ended child
/// until it was waited for, which it doesn't where SIGCHLD is ignored.
pub(super) struct Ticks {
    timer: Option<Timer>,
    before: [(Signal, SigAction); 2],
}

extern "C" fn tick(_: libc::c_int) {}

impl Ticks {
    /// For the process's only thread: it is interrupted then, and no other.
    ///
    /// # Errors
    /// The kernel has no timer for it.
    pub(super) fn start() -> Result<Self, Trouble> {
        let interrupt = SigAction::new(SigHandler::Handler(tick), SaFlags::empty(), SigSet::empty());
        let keep = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: the one handler does nothing, which it may do at any moment; the other is the kernel's own.
        let before = unsafe {
            [(TICK, sigaction(TICK, &interrupt)?), (Signal::SIGCHLD, sigaction(Signal::SIGCHLD, &keep)?)]
        };
        let mut ticks = Self { timer: None, before };
        let notify = SigEvent::new(SigevNotify::SigevSignal { signal: TICK, si_value: 0 });
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, notify)?;
        timer.set(Expiration::Interval(EVERY.into()), TimerSetTimeFlags::empty())?;
        ticks.timer = Some(timer);
        Ok(ticks)
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        self.timer = None;
        for (signal, action) in &self.before {
            // SAFETY: what was set before is set again; whoever set it has answered for it.
            let _ = unsafe { sigaction(*signal, action) };
        }
    }
}

/// Makes a call that waits until it is done, with a look at the other side whenever it was interrupted.
///
/// # Errors
/// The call's own, or that there is nobody left to wait for.
pub(super) fn uninterrupted<T>(
    peer: &Peer<'_>,
    mut call: impl FnMut() -> nix::Result<T>,
) -> Result<T, Trouble> {
    loop {
        match call() {
            Err(Errno::EINTR) => peer.look()?,
            result => return Ok(result?),
        }
    }
}
