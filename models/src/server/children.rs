//! Child processes: making them, hearing of their end, waiting for them, and seeing to it that none is left.
//!
//! A child ends with its parent, whatever becomes of that one: the kernel is asked to kill it (`PR_SET_PDEATHSIG`,
//! prctl(2)). The parent keeps a list of those it has not waited for. Until then their numbers are theirs alone, even
//! if they have ended, so no signal can reach a stranger.

// fork(2) itself: the child gets a copy of this one thread and of no other.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, ppoll};
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, kill, signal};
use nix::sys::time::TimeSpec;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{self, ForkResult, Pid, getpid, getppid};
use signal_hook::consts::SIGCHLD;

use super::trouble;
use crate::runtime;

/// How often a parent that is to stop looks whether its children have gone.
pub(crate) const DRAIN_LOOK: Duration = Duration::from_millis(5);

/// Which of the two processes that come back from fork(2) this is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that called; the number is the child's.
    Parent(Pid),
    /// The new one.
    Child,
}

/// fork(2), for a process that has one thread, as servers have until their models say otherwise.
///
/// # Errors
/// The system has no room for one more process: see `ulimit -u`, or the memory.
pub(crate) fn fork() -> io::Result<Side> {
    // SAFETY: this process has one thread, so no lock can be held by a thread that the child does not have; the
    // child may go on as any program would.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Side::Parent(child)),
        ForkResult::Child => Ok(Side::Child),
    }
}

/// Makes sure that this process has one thread: of several, a child would get one, and the locks that the others hold.
/// Where /proc is not mounted that can't be seen.
pub(crate) fn alone() -> io::Result<()> {
    match runtime::come_down_to(1) {
        Ok(false) => {
            Err(io::Error::other("this process has several threads, and a fork copies only one of them"))
        }
        Ok(true) | Err(_) => Ok(()),
    }
}

/// Leaves a child when its work is done. It leaves by _exit(2), since buffers and exit handlers are its parent's, and
/// a panic must not run on into the parent's code either.
pub(crate) fn leave_after(work: impl FnOnce() -> io::Result<()>) -> ! {
    let status = match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            trouble::report(format_args!("child {} gives up: {error}", getpid()));
            1
        }
        Err(_) => 1,
    };
    signal_hook::low_level::exit(status)
}

/// What the kernel is to do about ended children of which nobody asked to hear.
pub(crate) fn on_their_end(action: SigHandler) -> io::Result<()> {
    // SAFETY: the action is one of the kernel's own, no function of ours.
    unsafe { signal(Signal::SIGCHLD, action) }?;
    Ok(())
}

/// Why a model can't be run where /proc is not mounted. A forked child shares what its parent had open, down to owners
/// and locks; through /proc/self/fd it opens the same thing for itself, even one without a name.
pub(crate) fn proc_is_missing(why: &str) -> Option<String> {
    let there = Path::new("/proc/self/fd").exists();
    (!there).then(|| format!("{why} through /proc/self/fd, and /proc is not mounted here"))
}

/// The children that are still to be waited for, and what there is to know about each.
pub(crate) struct Children<T> {
    alive: HashMap<Pid, T>,
    parent: Pid,
}

impl<T> Children<T> {
    pub(crate) fn new() -> Self {
        Self { alive: HashMap::new(), parent: getpid() }
    }

    /// Makes one more, which will not outlive this process.
    pub(crate) fn fork(&mut self, about: T) -> io::Result<Side> {
        let side = fork()?;
        match side {
            Side::Parent(child) => drop(self.alive.insert(child, about)),
            Side::Child => end_with(self.parent),
        }
        Ok(side)
    }

    /// For a child: the others are its siblings, and what is known about them is none of its business.
    pub(crate) fn forget(&mut self) {
        self.alive.clear();
    }

    /// Waits for one child that has ended, and gives what was known about it; none if there is no such child. Several
    /// may have ended when SIGCHLD comes once, so ask until there are no more.
    pub(crate) fn reap_one(&mut self) -> io::Result<Option<T>> {
        while !self.alive.is_empty() {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break,
                Ok(status) => {
                    if let WaitStatus::Signaled(child, signal, _) = status {
                        trouble::report(format_args!("child {child} was ended by {signal}"));
                    }
                    if let Some(about) = status.pid().and_then(|child| self.alive.remove(&child)) {
                        return Ok(Some(about));
                    }
                }
                // Somebody else has waited for them.
                Err(Errno::ECHILD) => return Ok(self.take_any()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Waits for all children that have ended.
    pub(crate) fn reap(&mut self) -> io::Result<()> {
        while self.reap_one()?.is_some() {}
        Ok(())
    }

    fn take_any(&mut self) -> Option<T> {
        let child = *self.alive.keys().next()?;
        self.alive.remove(&child)
    }

    /// Passes the request to stop on, and waits for everyone, with a look at something else in between; ends by force
    /// who is still there after `grace`.
    pub(crate) fn drain(mut self, grace: Duration, mut meanwhile: impl FnMut()) -> io::Result<()> {
        self.tell_all(Signal::SIGTERM);
        let deadline = Instant::now() + grace;
        loop {
            meanwhile();
            self.reap()?;
            if self.alive.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                break;
            }
            thread::sleep(DRAIN_LOOK);
        }
        let number = self.alive.len();
        trouble::report(format_args!("{number} children were still busy after {grace:?} and are ended"));
        self.tell_all(Signal::SIGKILL);
        for child in self.alive.keys() {
            while waitpid(*child, None) == Err(Errno::EINTR) {}
        }
        Ok(())
    }

    fn tell_all(&self, signal: Signal) {
        for child in self.alive.keys() {
            let _ = kill(*child, signal); // one that has just ended can't be told
        }
    }
}

/// Sees to it that this child does not outlive its parent, not even one that is killed.
pub(crate) fn end_with(parent: Pid) {
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    if getppid() != parent {
        signal_hook::low_level::exit(0); // it was gone before we asked
    }
}

/// How a parent hears of ended children: SIGCHLD, made into something that ends its sleep and can be looked at without a
/// system call.
///
/// A signal that came after the look and before the sleep would not end the sleep. So SIGCHLD is held back all the
/// time but in [`poll`](Self::poll), where the kernel lets it in and goes to sleep in one step: ppoll(2), which like
/// pselect(2) was made for this. The handler then has nothing to do but to leave a note, and however many children end
/// while the parent is busy, it runs once.
pub(crate) struct Ended {
    /// The handler's note.
    any: Arc<AtomicBool>,
    /// What is held back during a sleep.
    asleep: SigSet,
    /// How often in a row the answer was no.
    denied: u32,
}

/// A sleep for which there is no time lets no signal in, so a parent that always finds a client waiting looks after its
/// children by itself, once for so many clients.
const DENIED_AT_MOST: u32 = 16;

impl Ended {
    /// For the process's only thread, which hears nothing of SIGCHLD from now on but in [`poll`](Self::poll).
    pub(crate) fn new() -> io::Result<Self> {
        let any = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGCHLD, Arc::clone(&any))?;
        let held_back = SigSet::from_iter([Signal::SIGCHLD]);
        let mut asleep = held_back.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        asleep.remove(Signal::SIGCHLD);
        Ok(Self { any, asleep, denied: 0 })
    }

    /// Whether children may have ended since the answer was yes last. Whoever asks must then wait for all that have. The
    /// note is taken down before that: of whoever ends in the meantime the next sleep tells again.
    pub(crate) fn any(&mut self) -> bool {
        // Looked at before it is taken down: after a fork each write costs the copy of a page.
        let any = self.any.load(Ordering::SeqCst) || self.denied == DENIED_AT_MOST;
        if any {
            self.any.store(false, Ordering::SeqCst);
            self.denied = 0;
        } else {
            self.denied += 1;
        }
        any
    }

    /// poll(2), which a child's end interrupts (`EINTR`).
    pub(crate) fn poll(&self, fds: &mut [PollFd<'_>], limit: Option<Duration>) -> nix::Result<i32> {
        ppoll(fds, limit.map(TimeSpec::from_duration), Some(self.asleep))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_that_never_sleeps_looks_after_its_children_all_the_same() {
        let any = Arc::new(AtomicBool::new(false));
        let mut ended = Ended { any: Arc::clone(&any), asleep: SigSet::empty(), denied: 0 };
        let answers = (0..3 * DENIED_AT_MOST).filter(|_| ended.any()).count();
        assert_eq!(answers, 2);
        any.store(true, Ordering::SeqCst);
        assert!(ended.any());
        assert!(!ended.any());
    }
}
