//! Which cells count, and what is said of the others.

use super::{Remark, distinct};
use crate::record::{Noise, ProbeCell, ServerCell, TaskCell, Verdict};

/// The cells of one row, sorted by what counts.
pub(crate) struct Counted<'a> {
    /// The attempt at each round that counts: the last undisturbed one; where all were disturbed, the last.
    pub(crate) last: Vec<&'a ServerCell>,
    /// Those of them that figures are taken from: the valid ones; where none is, the client-bound ones.
    pub(crate) counted: Vec<&'a ServerCell>,
}

impl<'a> Counted<'a> {
    /// Sorts `cells`, which differ in nothing but their round and attempt.
    pub(crate) fn of(cells: &[&'a ServerCell]) -> Self {
        let last: Vec<&'a ServerCell> =
            cells.iter().copied().filter(|cell| !superseded(*cell, cells)).collect();
        let with = |wanted| -> Vec<&'a ServerCell> {
            last.iter().copied().filter(|cell| verdict(cell) == wanted).collect()
        };
        let valid = with(Verdict::Valid);
        let counted = if valid.is_empty() { with(Verdict::ClientBound) } else { valid };
        Self { last, counted }
    }

    /// How many rounds there are, and how many of them count.
    pub(crate) fn rounds(&self) -> super::Rounds {
        super::Rounds {
            counted: distinct(self.counted.iter().map(|cell| cell.round)),
            all: distinct(self.last.iter().map(|cell| cell.round)),
        }
    }
}

/// A cell's verdict. What was disturbed does not count, whatever else is thought of it.
pub(crate) fn verdict(cell: &ServerCell) -> Verdict {
    let disturbed = cell.noise.is_some_and(|noise| noise.disturbed);
    if disturbed && matches!(cell.verdict, Verdict::Valid | Verdict::ClientBound) {
        Verdict::Unstable
    } else {
        cell.verdict
    }
}

/// What belongs to a round, and may be measured again.
pub(crate) trait Attempt {
    /// Which round.
    fn round(&self) -> u32;
    /// How much an attempt at it counts: an undisturbed one more than a disturbed one, then the later.
    fn worth(&self) -> (bool, u32);
}

fn worth(noise: Option<Noise>, attempt: Option<u32>) -> (bool, u32) {
    (!noise.is_some_and(|noise| noise.disturbed), attempt.unwrap_or(1))
}

impl Attempt for ServerCell {
    fn round(&self) -> u32 {
        self.round
    }

    fn worth(&self) -> (bool, u32) {
        worth(self.noise, self.attempt)
    }
}

impl Attempt for TaskCell {
    fn round(&self) -> u32 {
        self.round
    }

    fn worth(&self) -> (bool, u32) {
        worth(self.noise, self.attempt)
    }
}

impl Attempt for ProbeCell {
    fn round(&self) -> u32 {
        self.round
    }

    fn worth(&self) -> (bool, u32) {
        worth(self.noise, self.attempt)
    }
}

/// Whether another attempt at the same round stands in its place. Which one counts is never a matter of its figures.
pub(crate) fn superseded<T: Attempt>(cell: &T, cells: &[&T]) -> bool {
    cells.iter().any(|other| other.round() == cell.round() && other.worth() > cell.worth())
}

/// What is told of a cell that was measured while the machine was busy with something else.
pub(crate) const DISTURBED: &str = "the machine was disturbed";

/// What is told of a cell's reason. How exactly the machine was disturbed is another story in every cell, and only in the
/// record: on a noisy machine the report would hold little else.
pub(crate) fn told(reason: Option<&str>, noise: Option<Noise>) -> Option<String> {
    let disturbed = noise.is_some_and(|noise| noise.disturbed);
    if disturbed { Some(DISTURBED.to_owned()) } else { reason.map(str::to_owned) }
}

/// What the cells say beside their figures: each verdict and reason once, with its rounds. A valid cell without
/// a reason says nothing.
pub(crate) fn remarks(cells: &[&ServerCell]) -> Vec<Remark> {
    super::remarks(cells.iter().map(|cell| Remark {
        verdict: verdict(cell),
        reason: told(cell.reason.as_deref(), cell.noise),
        rounds: vec![cell.round],
        superseded: superseded(*cell, cells),
    }))
}
