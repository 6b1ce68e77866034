//! The one at the other end, as seen by who waits for it.
//!
//! A wait must end when nobody is there any more who could end it. A child ends with its parent (`PR_SET_PDEATHSIG`), so only
//! the parent has to look, and a thread; they look whenever a wait was interrupted (`ticks.rs`), and those that wait by
//! looking again and again do it now and then. An operation itself costs nothing more for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::super::Trouble;
use super::super::partner::Partner;

/// How long a measurement may take beyond twice its time, which its last burst may need: after that, the other side does not
/// answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one at the other end.
pub(super) struct Peer<'a> {
    who: Who<'a>,
    deadline: Option<Instant>,
}

enum Who<'a> {
    Parent(Pid),
    Child(&'a Partner),
    /// It sets this when it ends.
    Thread(Arc<AtomicBool>),
}

impl<'a> Peer<'a> {
    /// For a child, which need not look: it ends with its parent.
    pub(super) fn parent(parent: Pid) -> Self {
        Self { who: Who::Parent(parent), deadline: None }
    }

    /// For a parent who measures for so long.
    pub(super) fn child(child: &'a Partner, time: Duration) -> Self {
        Self { who: Who::Child(child), deadline: Some(Instant::now() + 2 * time + PATIENCE) }
    }

    /// For a thread whose companion sets `ended` when it ends.
    pub(super) fn thread(ended: Arc<AtomicBool>, time: Duration) -> Self {
        Self { who: Who::Thread(ended), deadline: Some(Instant::now() + 2 * time + PATIENCE) }
    }

    /// The process at the other end; of a thread, this one.
    pub(super) fn pid(&self) -> Pid {
        match self.who {
            Who::Parent(parent) => parent,
            Who::Child(child) => child.id(),
            Who::Thread(_) => Pid::this(),
        }
    }

    /// Whether there is still something to wait for.
    ///
    /// # Errors
    /// The other side has ended, or has not answered for too long.
    pub(super) fn look(&self) -> Result<(), Trouble> {
        match &self.who {
            Who::Parent(_) => {}
            Who::Child(child) => child.is_there()?,
            Who::Thread(ended) => {
                if ended.load(Ordering::Acquire) {
                    return Err(Trouble::Failed("the other thread has ended; measure again".to_owned()));
                }
            }
        }
        if self.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            return Err(Trouble::Failed(format!(
                "it is not over {} s after its time, since the other side does not answer; measure again when the machine \
                 is less busy",
                PATIENCE.as_secs()
            )));
        }
        Ok(())
    }
}
