//! Making a process, for servers, executors and probes: fork(2) where it is safe to call, and children that don't outlive
//! their parent.

#![allow(
    unsafe_code,
    reason = "fork is unsafe: a child with lost threads may find their locks held for ever"
)]

use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{self, ForkResult, Pid, getpid, getppid};

use crate::runtime;

/// The exit status of a child that could not do what it was made for.
pub(crate) const FAILED: i32 = 1;

/// That this process has one thread. Threads come from threads, so it stays one until this very thread makes another,
/// which nobody does who forks. It is no other thread's to have.
pub(crate) struct Alone(PhantomData<*const ()>);

impl Alone {
    /// What a machine lacks for it: somewhere to count the threads.
    pub(crate) fn lacks() -> Option<String> {
        let there = Path::new("/proc/self/task").exists();
        (!there).then(|| {
            "it makes sure that it has one thread before it forks, and /proc is not mounted here".to_owned()
        })
    }

    /// Makes sure that no thread is lost in a fork. Those that have just ended are waited for, for a while.
    ///
    /// # Errors
    /// There are several, or they can't be counted.
    pub(crate) fn wait() -> io::Result<Self> {
        match runtime::come_down_to(1) {
            Ok(true) => Ok(Self(PhantomData)),
            Ok(false) => Err(io::Error::other(
                "this process has several threads, and a fork copies only one of them; run it in a process of its own, \
                 as `concur serve`, `concur exec` and `concur probe` do",
            )),
            Err(error) => {
                Err(io::Error::other(format!("can't count this process's threads: {error}; mount /proc")))
            }
        }
    }
}

/// Which of the two processes that come back from fork(2) this is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that called; the number is the child's.
    Parent(Pid),
    /// The new one, which is alone as well.
    Child,
}

/// fork(2).
///
/// # Errors
/// The system has no room for one more process: see `ulimit -u`, or the memory.
pub(crate) fn fork(_: &Alone) -> io::Result<Side> {
    // SAFETY: `fork` asks that a child of a multithreaded process call nothing but async-signal-safe functions, since a
    // lock held by a thread that was not copied is never released. `Alone` says that this process has one thread, which
    // holds no lock here; so the child may do what the parent may.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Side::Parent(child)),
        ForkResult::Child => Ok(Side::Child),
    }
}

/// The same, and the child ends with its parent, even with one that is killed (`PR_SET_PDEATHSIG`, prctl(2)).
pub(crate) fn fork_tied(alone: &Alone) -> io::Result<Side> {
    let parent = getpid();
    let side = fork(alone)?;
    // The parent may be gone before the kernel is asked.
    if side == Side::Child && (prctl::set_pdeathsig(Signal::SIGKILL).is_err() || getppid() != parent) {
        signal_hook::low_level::exit(FAILED);
    }
    Ok(side)
}

/// Leaves a child when its work is done, with the status that it comes to. It leaves by _exit(2), since buffers and exit
/// handlers are its parent's, and a panic must not run on into the parent's code either.
pub(crate) fn leave_with(work: impl FnOnce() -> i32) -> ! {
    signal_hook::low_level::exit(catch_unwind(AssertUnwindSafe(work)).unwrap_or(FAILED))
}

/// Forks a child that does `work` and ends; it never returns to what the parent was about. A child that ends without
/// having done its work has a status other than 0.
///
/// What is open is open in both of them from then on. The parent's copy of what `work` owns is dropped here, and the
/// child's copy of what `parents` owns: so each hears when the other has closed its end, or has died.
///
/// # Errors
/// The system has no room for one more process.
pub(crate) fn fork_child<P>(alone: &Alone, parents: P, work: impl FnOnce() -> bool) -> io::Result<(Pid, P)> {
    match fork_tied(alone)? {
        Side::Parent(child) => Ok((child, parents)),
        Side::Child => {
            drop(parents);
            leave_with(|| if work() { 0 } else { FAILED })
        }
    }
}

/// Waits for the end of a child, which is then no zombie any more.
///
/// # Errors
/// There is no such child, or whoever started this process ignores SIGCHLD and the kernel has reaped it itself.
pub(crate) fn reap(pid: Pid) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(pid, None) {
            Err(Errno::EINTR) => {}
            status => return status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_several_threads_is_not_alone() {
        // As is every test.
        let error = Alone::wait().err().expect("a test is a thread beside the main one");
        assert!(error.to_string().contains("several threads"), "{error}");
    }
}
