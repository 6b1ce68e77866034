//! From cells to rows: what is comparable is grouped, and over the rounds medians are taken.

pub(crate) mod again;
pub(crate) mod counted;
pub(crate) mod rank;
pub(crate) mod row;
pub(crate) mod servers;
pub(crate) mod setting;
mod tasks;

use std::collections::BTreeSet;

pub use again::{Again, LEAST, Threshold};
pub use row::{Estimate, Figure, Obstacle, Outlier, Rank, ServerRow, Standing};
pub use servers::ServerTable;
pub use setting::Setting;
pub use tasks::{Comparison, TaskRow};

use crate::record::{Cell, Run, Verdict};

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The servers: one table for each setting that they were compared in.
    pub servers: Vec<ServerTable>,
    /// How far from 1 a ratio must be to be a difference.
    pub threshold: Threshold,
    /// The tasks: one row for each task and executor.
    pub tasks: Vec<TaskRow>,
}

impl Summary {
    /// Sums `run` up.
    pub fn of(run: &Run) -> Self {
        let (mut servers, mut tasks) = (Vec::new(), Vec::new());
        for cell in &run.cells {
            match cell {
                Cell::Servers(cell) => servers.push(&**cell),
                Cell::Tasks(cell) => tasks.push(&**cell),
                Cell::Idle(_) | Cell::Stevens(_) => {}
            }
        }
        let groups = servers::groups(&servers);
        let again: Vec<Again> = groups.iter().flat_map(servers::again).collect();
        let threshold = Threshold::of(&again);
        Self {
            servers: groups.iter().map(|group| servers::table(group, threshold, run.floor)).collect(),
            threshold,
            tasks: tasks::rows(&tasks),
        }
    }
}

/// How many rounds a row has, and how many of them its figures are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounds {
    /// Those with a cell that counts.
    pub counted: usize,
    /// All.
    pub all: usize,
}

/// What was said of a row in some of its rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The verdict of those rounds' cells.
    pub verdict: Verdict,
    /// Their reason, where they give one.
    pub reason: Option<String>,
    /// The rounds, in ascending order.
    pub rounds: Vec<u32>,
    /// Whether these rounds were measured again, so that what is remarked holds nothing back.
    pub superseded: bool,
}

/// A model or an executor as it is asked for: `name:key=value,...`.
fn label(name: &str, options: &str) -> String {
    if options.is_empty() { name.to_owned() } else { format!("{name}:{options}") }
}

/// How many different rounds there are; a round that was measured again is still one.
fn distinct(rounds: impl Iterator<Item = u32>) -> usize {
    rounds.collect::<BTreeSet<_>>().len()
}

/// Each remark once, with all its rounds. A valid cell without a reason says nothing.
fn remarks(said: impl Iterator<Item = Remark>) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = Vec::new();
    for remark in said {
        if remark.verdict == Verdict::Valid && remark.reason.is_none() {
            continue;
        }
        let what = |remark: &Remark| (remark.verdict, remark.reason.clone(), remark.superseded);
        match remarks.iter_mut().find(|other| what(other) == what(&remark)) {
            Some(other) => other.rounds.extend(remark.rounds),
            None => remarks.push(remark),
        }
    }
    for remark in &mut remarks {
        remark.rounds.sort_unstable();
        remark.rounds.dedup();
    }
    remarks.sort_by_key(|remark| remark.rounds.first().copied());
    remarks
}

/// The verdict on a row none of whose cells counts: the gravest of its cells'.
fn gravest(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let gravity = |verdict: &Verdict| match verdict {
        Verdict::Valid => 0,
        Verdict::ClientBound => 1,
        Verdict::Unstable => 2,
        Verdict::Unsupported => 3,
        Verdict::Errors => 4,
    };
    verdicts.max_by_key(gravity).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reason_in_several_rounds_is_said_once() {
        let remark = |verdict, reason: Option<&str>, round| Remark {
            verdict,
            reason: reason.map(str::to_owned),
            rounds: vec![round],
            superseded: false,
        };
        let cells = [
            remark(Verdict::Valid, Some("starved"), 3),
            remark(Verdict::Valid, None, 2),
            remark(Verdict::Unstable, Some("steal"), 2),
            remark(Verdict::Valid, Some("starved"), 1),
        ];
        let remarks = remarks(cells.into_iter());
        let said: Vec<_> = remarks.iter().map(|remark| (remark.verdict, remark.rounds.clone())).collect();
        assert_eq!(said, [(Verdict::Valid, vec![1, 3]), (Verdict::Unstable, vec![2])]);
    }

    #[test]
    fn errors_are_graver_than_a_disturbance() {
        let verdicts = [Verdict::Unstable, Verdict::Errors, Verdict::Unstable];
        assert_eq!(gravest(verdicts.into_iter()), Verdict::Errors);
    }
}
