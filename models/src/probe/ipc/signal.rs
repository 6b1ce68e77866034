//! `signal`: SIGUSR1, there and back.
//!
//! kill(2) marks the signal as pending at the other process and wakes it. A process that is ready for it holds it back
//! (sigprocmask(2)) and takes it with sigwaitinfo(2), so no handler runs in the middle of anything. A plain signal is one bit:
//! sent twice before it is taken, it comes once. So it carries no message, and there is no bandwidth.
//!
//! Good at telling a process that there is something, whatever it is doing. Bad at saying what: see `signal-real-time`.
//! Anybody of the same user may send one, so who it came from is looked at.
//!
//! Source: signal(7), kill(2), sigwaitinfo(2).

#![allow(
    unsafe_code,
    reason = "sigwaitinfo(2), and masks that take any signal's number, are the C library's"
)]

use std::mem::{MaybeUninit, zeroed};
use std::ptr::null_mut;
use std::rc::Rc;

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill};

use super::super::{Operation, Probe, Setting, Sides, Suite, Trouble};
use super::process::between_processes;
use super::ticks::uninterrupted;
use super::{End, Peer};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "signal",
    family: "processes",
    summary: "SIGUSR1, sent by kill(2) and taken by sigwaitinfo(2): no message but that it came",
    settings: || {
        let of = |sides| Setting { sides: Some(sides), ..Setting::of(Operation::RoundTrip) };
        vec![of(Sides::Apart), of(Sides::Together)]
    },
    measure: |setting, time| {
        refuse_messages(setting)?;
        between_processes(setting, 0, time, ends)
    },
};

fn refuse_messages(setting: &Setting) -> Result<(), Trouble> {
    if setting.operation == Operation::Bandwidth || setting.message_bytes.is_some() {
        return Err(Trouble::Unsupported(
            "a plain signal carries no message; ask for a round trip without a size, or for signal-real-time"
                .to_owned(),
        ));
    }
    Ok(())
}

struct Signals(Rc<HeldBack>);

fn ends(_: usize) -> Result<(Signals, Signals), Trouble> {
    let held_back = Rc::new(HeldBack::new(Signal::SIGUSR1 as libc::c_int)?); // the child inherits that
    Ok((Signals(Rc::clone(&held_back)), Signals(held_back)))
}

impl End for Signals {
    fn send(&mut self, _: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        Ok(kill(peer.pid(), Signal::SIGUSR1)?)
    }

    fn receive(&mut self, _: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        self.0.take_from(peer).map(drop)
    }
}

/// A signal that waits until it is taken. When this is dropped nothing of it is left.
pub(super) struct HeldBack {
    set: libc::sigset_t,
    before: libc::sigset_t,
}

impl HeldBack {
    /// The signal of this number, held back from the calling thread and from what it forks.
    ///
    /// # Errors
    /// There is no such signal.
    pub(super) fn new(signal: libc::c_int) -> Result<Self, Trouble> {
        // SAFETY: a set of signals is plain data, for which nought is a value; it is made anew before it is used.
        let (mut set, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { (zeroed(), zeroed()) };
        // SAFETY: both sets are on this stack for as long as the calls last.
        unsafe {
            Errno::result(libc::sigemptyset(&raw mut set))?;
            Errno::result(libc::sigaddset(&raw mut set, signal))?;
            Errno::result(libc::sigprocmask(libc::SIG_BLOCK, &raw const set, &raw mut before))?;
        }
        Ok(Self { set, before })
    }

    /// Waits for one that the peer has sent. Others' are taken and forgotten.
    pub(super) fn take_from(&self, peer: &Peer<'_>) -> Result<libc::siginfo_t, Trouble> {
        loop {
            let mut about = MaybeUninit::uninit();
            // SAFETY: the set lives as long as this, and there is room for what is to be known about the signal.
            uninterrupted(peer, || {
                Errno::result(unsafe { libc::sigwaitinfo(&raw const self.set, about.as_mut_ptr()) })
            })?;
            // SAFETY: the call came back with a signal, so it has said who sent it; both were sent by kill(2) or sigqueue(3),
            // after which these fields are set.
            let (about, sender) = unsafe {
                let about: libc::siginfo_t = about.assume_init();
                (about, about.si_pid())
            };
            if sender == peer.pid().as_raw() {
                return Ok(about);
            }
        }
    }
}

impl Drop for HeldBack {
    fn drop(&mut self) {
        let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the sets live as long as this. What is still there is taken, since it would end this process once it is let
        // in; then things are as they were.
        unsafe {
            while libc::sigtimedwait(&raw const self.set, null_mut(), &raw const at_once) > 0 {}
            libc::sigprocmask(libc::SIG_SETMASK, &raw const self.before, null_mut());
        }
    }
}
