//! How the memory of a server grows for one client, and that it must not without a bound.

use std::thread;
use std::time::Instant;

use super::A_MOMENT;
use crate::measure::tree::Tree;
use crate::verify::case::{Verdict, ensure, skipped};
use crate::verify::subject::{Subject, unseen};

/// How much a server may hold for one client who does not read: beyond that it would grow with what clients send.
const UNREAD_BYTES_AT_MOST: u64 = 32 << 20;
/// What is no growth worth waiting for.
const STILL_BYTES: u64 = 256 << 10;

/// The memory of a server must stay bounded while `burden` runs: it makes the server owe what the client does not read.
pub(in crate::verify) fn stays_small(subject: &Subject, burden: impl FnOnce() -> Verdict) -> Verdict {
    let memory = Growth::of(subject)?;
    burden()?;
    memory.settles()
}

/// How the memory of a server grows for one client.
pub(in crate::verify) struct Growth {
    tree: Tree,
    before: u64,
}

impl Growth {
    /// From now on.
    pub(in crate::verify) fn of(subject: &Subject) -> Verdict<Self> {
        let tree = subject.tree()?;
        Ok(Self { tree, before: memory(tree)? })
    }

    /// It must be bounded so far. Gives what the server holds now.
    pub(in crate::verify) fn is_bounded(&self) -> Verdict<u64> {
        let now = memory(self.tree)?;
        ensure(now <= self.before + UNREAD_BYTES_AT_MOST, || {
            format!(
                "its memory grew from {} to {} for one client; {} more would be the most",
                mebibytes(self.before),
                mebibytes(now),
                mebibytes(UNREAD_BYTES_AT_MOST)
            )
        })?;
        Ok(now)
    }

    /// It must be bounded, and for as long as it still grows.
    pub(in crate::verify) fn settles(&self) -> Verdict {
        let (mut most, mut grew_at) = (self.is_bounded()?, Instant::now());
        loop {
            thread::sleep(A_MOMENT / 4);
            let now = self.is_bounded()?;
            if now > most + STILL_BYTES {
                // It has not gone as far as it can; on a busy machine it may pause.
                (most, grew_at) = (now, Instant::now());
            } else if grew_at.elapsed() >= A_MOMENT {
                return Ok(());
            }
        }
    }
}

pub(super) fn memory(tree: Tree) -> Verdict<u64> {
    tree.fileless_bytes().or_else(|error| skipped(unseen(&error)))
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
