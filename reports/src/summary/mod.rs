//! From cells to rows: what is comparable is grouped, and over the rounds medians are taken.

pub(crate) mod again;
pub(crate) mod ceiling;
pub(crate) mod conditions;
pub(crate) mod connections;
pub(crate) mod counted;
pub(crate) mod idle;
mod interpreters;
pub(crate) mod probes;
pub(crate) mod rank;
pub(crate) mod rates;
pub(crate) mod row;
pub(crate) mod scaling;
pub(crate) mod series;
pub(crate) mod servers;
pub(crate) mod setting;
pub(crate) mod stevens;
pub(crate) mod sweep;
pub(crate) mod tasks;
pub(crate) mod timed;
pub(crate) mod versus;

use std::collections::BTreeSet;

pub use again::{Again, LEAST, Threshold};
pub use ceiling::Ceiling;
pub use connections::{ConnectionRow, ConnectionSweep};
pub use idle::{Crossing, Growth, IdleRow, IdleStep, IdleTable, THOUSAND};
pub use interpreters::{BesideRow, BesideTable, STAND_IN, Side};
pub use probes::{Bend, ProbeRow, ProbeSuite, ProbeTable, TouchedRow, TouchedTable, WORD};
pub use rates::{ACHIEVED, Knee, LATER, Latencies, Percentile, RateRow, RateStep, RateSweep};
pub use row::{Estimate, Figure, Obstacle, Outlier, Rank, ServerRow, Standing};
pub use scaling::{Laws, Lossless, ScalingRow};
pub use series::{InRun, Series, SeriesRow, Step, TimedSeriesRow};
pub use servers::ServerTable;
pub use setting::Setting;
pub use stevens::{BOOK, BookRow, CONNECTIONS, StevensRow, StevensTable};
pub use tasks::{Comparison, TaskRow};
pub use timed::{Measure, TimedAlone, TimedRow, TimedSetting, TimedSuite};
pub use versus::{Alone, BETWEEN_RUNS, Change, Compared, Outcome, Versus, VersusRow};

use serde::Serialize;

use crate::record::{Cell, Run, ServerCell, Verdict};
use again::Pairs;
use ceiling::Ends;
use servers::Group;

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The servers: one table for each setting that they were compared in.
    pub servers: Vec<ServerTable>,
    /// What their load generator asks for at the most.
    pub ceiling: Option<Ceiling>,
    /// Those of them that were measured at several rates.
    pub rates: Vec<RateSweep>,
    /// Those of them that were measured at several numbers of connections.
    pub connections: Vec<ConnectionSweep>,
    /// What idle connections cost.
    pub idle: Vec<IdleTable>,
    /// Stevens' comparison.
    pub stevens: Vec<StevensTable>,
    /// The tasks: one row for each task and executor.
    pub tasks: Vec<TaskRow>,
    /// How their executors scale.
    pub scaling: Vec<ScalingRow>,
    /// What an executor that loses nothing would come to at the same numbers.
    pub lossless: Vec<Lossless>,
    /// Real interpreters beside the executors of the same ways.
    pub interpreters: Vec<BesideTable>,
    /// The probes: one table for each setting.
    pub probes: Vec<ProbeTable>,
    /// What making one costs beside touched memory.
    pub touched: Option<TouchedTable>,
}

impl Summary {
    /// Sums `run` up.
    pub fn of(run: &Run) -> Self {
        let groups = groups_of(run);
        let of =
            |wanted: Suite| groups.iter().filter(move |(suite, _)| *suite == wanted).map(|(_, group)| group);
        let pairs = Pairs::of(&groups);
        let ends = Ends::of(run);
        let table = |group| servers::table(group, &pairs, ends);
        let tasks = run.cells.iter().filter_map(|cell| match cell {
            Cell::Tasks(cell) => Some(&**cell),
            _ => None,
        });
        let tasks: Vec<_> = tasks.collect();
        let scaling = scaling::rows(&tasks);
        let (probes, touched) = probes::tables(run);
        Self {
            probes,
            touched,
            servers: of(Suite::Servers).map(table).collect(),
            ceiling: ends.ceiling,
            rates: rates::tables(of(Suite::Servers), ends),
            connections: connections::tables(of(Suite::Servers), ends),
            idle: idle::tables(of(Suite::Idle)),
            stevens: stevens::tables(of(Suite::Stevens)),
            interpreters: interpreters::tables(&tasks),
            lossless: scaling::lossless(&scaling, run.host.cores),
            scaling,
            tasks: tasks::rows(&tasks, run.host.cores),
        }
    }
}

/// What servers were measured for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Suite {
    /// To be compared with each other.
    Servers,
    /// For what idle connections cost.
    Idle,
    /// For Stevens' comparison.
    Stevens,
}

/// All server cells of a run, by suite and setting.
pub(crate) fn groups_of(run: &Run) -> Vec<(Suite, Group<'_>)> {
    let of = |suite: Suite| {
        let cells = run.cells.iter().filter_map(move |cell| match (suite, cell) {
            (Suite::Servers, Cell::Servers(cell))
            | (Suite::Idle, Cell::Idle(cell))
            | (Suite::Stevens, Cell::Stevens(cell)) => Some(&**cell),
            _ => None,
        });
        let cells: Vec<&ServerCell> = cells.collect();
        servers::groups(&cells).into_iter().map(move |group| (suite, group))
    };
    [Suite::Servers, Suite::Idle, Suite::Stevens].into_iter().flat_map(of).collect()
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
pub(crate) fn label(name: &str, options: &str) -> String {
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
