//! What a server holds and uses: before a fault, and when it is over.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::tree::Tree;
use crate::verify::case::{Verdict, ensure, skipped};
use crate::verify::common::kept::Holding;
use crate::verify::common::mebibytes;
use crate::verify::subject::{eventually, unseen};

/// How long is looked whether a server is at rest.
const AT_REST: Duration = Duration::from_millis(500);
/// A server at rest uses less than this of a processor, of a hundred parts: one that turns without sleeping uses it whole,
/// as far as others leave it.
const AT_REST_PERCENT: u32 = 10;
/// How often to look whether it has come to rest.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// So many looks in a row must see the same.
const SAME_LOOKS: u32 = 3;
/// By how much its memory may have grown: what allocators keep after hundreds of clients. A leak shows over many faults,
/// in the long form.
const GROWTH_BYTES: u64 = 24 << 20;

/// What a server held before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    holding: Holding,
    memory_bytes: u64,
}

/// What is known when it is over.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct After {
    pub(super) growth_bytes: i64,
    pub(super) idle_cpu: Duration,
}

impl Before {
    /// What it holds once that has stopped changing, or after `limit`.
    pub(super) fn of(tree: Tree, limit: Duration) -> Verdict<Self> {
        let look = || Holding::of(tree).or_else(|error| skipped(unseen(&error)));
        let deadline = Instant::now() + limit;
        let mut holding = look()?;
        let mut same = 0;
        while same < SAME_LOOKS && Instant::now() < deadline {
            thread::sleep(LOOK_EVERY);
            let now = look()?;
            same = if now == holding { same + 1 } else { 0 };
            holding = now;
        }
        Ok(Self { holding, memory_bytes: memory(tree)? })
    }

    /// It must hold no more descriptors, threads and processes than before, hardly more memory, and be at rest, soon.
    pub(super) fn is_back(&self, tree: Tree, limit: Duration) -> (After, Verdict) {
        let mut after = After::default();
        let verdict = self.look_back(tree, limit, &mut after);
        (after, verdict)
    }

    fn look_back(&self, tree: Tree, limit: Duration, after: &mut After) -> Verdict {
        let mut now = self.holding;
        let given_back = eventually(limit, || {
            now = Holding::of(tree)?;
            Ok(now.is_within(self.holding))
        })?;
        ensure(given_back, || {
            format!("it still holds {}; before it held {}", now.in_words(), self.holding.in_words())
        })?;
        let deadline = Instant::now() + limit;
        loop {
            after.idle_cpu = used_at_rest(tree)?;
            if is_rest(after.idle_cpu) {
                break;
            }
            ensure(Instant::now() < deadline, || turns(after.idle_cpu))?;
        }
        let memory_bytes = memory(tree)?;
        after.growth_bytes = memory_bytes.cast_signed() - self.memory_bytes.cast_signed();
        ensure(memory_bytes <= self.memory_bytes + GROWTH_BYTES, || {
            format!(
                "its memory grew from {} to {}, and the clients have gone",
                mebibytes(self.memory_bytes),
                mebibytes(memory_bytes)
            )
        })
    }
}

/// It must sleep, although there may be something that it can't do.
pub(super) fn does_not_turn(tree: Tree) -> Verdict {
    // What it has still to do may take it a moment, and no more than that.
    let mut used = Duration::ZERO;
    for _ in 0..3 {
        used = used_at_rest(tree)?;
        if is_rest(used) {
            return Ok(());
        }
    }
    ensure(false, || turns(used))
}

fn turns(used: Duration) -> String {
    format!(
        "it turns without sleeping: {used:.2?} of processor time within {AT_REST:?} in which nobody asked for anything"
    )
}

fn is_rest(used: Duration) -> bool {
    used <= AT_REST * AT_REST_PERCENT / 100
}

/// Processor time while nobody asks.
fn used_at_rest(tree: Tree) -> Verdict<Duration> {
    let measured = || -> io::Result<Duration> {
        let before = tree.reading()?;
        thread::sleep(AT_REST);
        let used = before.until(&tree.reading()?);
        Ok(Duration::from_secs_f64(used.cpu_s().unwrap_or_default().max(0.0)))
    };
    measured().or_else(|error| skipped(unseen(&error)))
}

/// Memory without a file behind it.
pub(super) fn memory(tree: Tree) -> Verdict<u64> {
    tree.fileless_bytes().or_else(|error| skipped(unseen(&error)))
}

/// Descriptors over all processes.
pub(super) fn descriptors(tree: Tree) -> Verdict<u64> {
    tree.descriptors().or_else(|error| skipped(unseen(&error)))
}
