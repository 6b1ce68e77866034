//! The names that two of the ways need for a moment: a FIFO's in a directory, a message queue's among the queues.
//!
//! Each is taken away as soon as both ends are open. Who is killed in the microseconds before leaves it behind, and whoever
//! has started that process can [`forget`] it.

use std::env::temp_dir;
use std::path::PathBuf;

use nix::mqueue::mq_unlink;
use nix::unistd::{Pid, getpid, unlink};

/// One of the two directions.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// To the one who measures.
    Here,
    /// To the other side.
    There,
}

/// What this process calls its message queue.
pub(super) fn queue(which: Which) -> String {
    queue_of(getpid(), which)
}

/// Where this process has its FIFO.
pub(super) fn fifo(which: Which) -> PathBuf {
    fifo_of(getpid(), which)
}

fn queue_of(process: Pid, which: Which) -> String {
    format!("/{}", of(process, which))
}

fn fifo_of(process: Pid, which: Which) -> PathBuf {
    temp_dir().join(of(process, which))
}

fn of(process: Pid, which: Which) -> String {
    let which = match which {
        Which::Here => "here",
        Which::There => "there",
    };
    format!("concur-{process}-{which}")
}

/// Takes away the names that a process left which was killed while it measured. It must have ended, and nobody else may have
/// been given its number since: so before it is waited for, or at once after.
pub fn forget(process: u32) {
    let process = Pid::from_raw(process.cast_signed());
    for which in [Which::Here, Which::There] {
        // Mostly there are none, and then there is nothing to do.
        let _ = mq_unlink(&*queue_of(process, which));
        let _ = unlink(&fifo_of(process, which));
    }
}
