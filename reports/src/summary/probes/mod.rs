//! The probes: for each setting a table of the ways that were measured in it, ranked as servers are.

mod groups;
mod row;
mod sample;
mod touched;

use self::groups::{Group, Key, groups};
use super::again::{Threshold, far_end};
use super::rank::ranked;
use super::row::{Obstacle, Standing};
use crate::record::{Cell, ProbeCell, Run};
use crate::statistics::Ratio;
use crate::statistics::ratio::{ByRound, logs_within_rounds};
use crate::units::{bytes_of, grouped};

pub use groups::WORD;
pub use row::ProbeRow;
pub(crate) use sample::samples;
pub use touched::{Bend, TouchedRow, TouchedTable};

/// What probes are compared for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeSuite {
    /// Making and ending what runs a job.
    Spawn,
    /// Going from one that runs to another, and sleeping.
    Switch,
    /// Sending messages.
    Ipc,
}

/// The ways that were measured in one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeTable {
    /// What they were measured for.
    pub suite: ProbeSuite,
    /// What was timed, as in the record: `create`.
    pub operation: String,
    /// How much memory the parent had touched; none if none.
    pub touched_bytes: Option<u64>,
    /// The size of a message; [`WORD`] for all that are no longer than that.
    pub message_bytes: Option<u64>,
    /// How many were asked for at once.
    pub number: Option<u64>,
    /// The rows: ranked ones first, then those with figures, then the others.
    pub rows: Vec<ProbeRow>,
    /// The way that all ratios are to; none: the first row.
    pub baseline: Option<&'static str>,
    /// What was measured twice in it, and its second row's figure, a time or a rate, by its first one's.
    pub again: Vec<(String, Ratio)>,
    /// What counts as a difference.
    pub threshold: Threshold,
}

impl ProbeTable {
    /// What was timed, as in the record, and in which setting: `round-trip, 64 B`.
    pub fn setting(&self) -> String {
        let mut parts = vec![self.operation.clone()];
        parts.extend(self.touched_bytes.map(|bytes| format!("{} touched", bytes_of(bytes))));
        parts.extend(self.message_bytes.map(|_| self.size()));
        parts.extend(self.number.map(|number| format!("{} of them", grouped(number))));
        parts.join(", ")
    }

    /// Whether a cell was measured in its setting.
    pub(crate) fn holds(&self, cell: &ProbeCell) -> bool {
        let key = Key::of(cell);
        let own = (&self.operation, self.touched_bytes, self.message_bytes, self.number);
        (&key.operation.name, key.touched_bytes, key.message_bytes, key.number) == own
    }

    /// Whether its figures are rates, and not times.
    pub fn is_of_rates(&self) -> bool {
        self.rows.iter().any(|row| row.bytes_per_second.is_some())
    }

    /// The size of a message in words: `up to 8 B`, `64 B`.
    pub fn size(&self) -> String {
        let bytes = bytes_of(self.message_bytes.unwrap_or(0));
        if self.message_bytes == Some(WORD) { format!("up to {bytes}") } else { bytes }
    }

    /// The row of this way without anything special, and whose sides were not put together.
    pub fn way(&self, way: &str) -> Option<&ProbeRow> {
        self.rows.iter().find(|row| row.way == way && is_plain(row))
    }
}

fn is_plain(row: &ProbeRow) -> bool {
    !row.again && row.stack_bytes.is_none() && row.sides.as_deref() != Some("together")
}

/// Which way the others of a suite are compared with.
fn baseline(suite: ProbeSuite) -> Option<&'static str> {
    match suite {
        ProbeSuite::Spawn => Some("thread"),
        ProbeSuite::Switch => None,
        ProbeSuite::Ipc => Some("pipe"),
    }
}

/// The operation of the rows that hold what all others of a suite are compared with, where that is one setting's.
const CREATE: &str = "create";

/// All tables of a run's probes, and what making one costs beside touched memory.
pub(crate) fn tables(run: &Run) -> (Vec<ProbeTable>, Option<TouchedTable>) {
    let (mut all, mut touched) = (Vec::new(), None);
    for suite in [ProbeSuite::Spawn, ProbeSuite::Switch, ProbeSuite::Ipc] {
        let groups = groups(cells_of(run, suite));
        let pairs = Pairs::of(&groups);
        let made = groups.iter().find(|group| group.key.is_plain(CREATE));
        all.extend(groups.iter().map(|group| table(suite, group, made, &pairs)));
        touched = touched.or_else(|| touched::table(&groups));
    }
    (all, touched)
}

/// A run's cells of one suite.
fn cells_of(run: &Run, suite: ProbeSuite) -> impl Iterator<Item = &ProbeCell> {
    run.cells.iter().filter_map(move |cell| match (suite, cell) {
        (ProbeSuite::Spawn, Cell::Spawn(cell))
        | (ProbeSuite::Switch, Cell::Switch(cell))
        | (ProbeSuite::Ipc, Cell::Ipc(cell)) => Some(&**cell),
        _ => None,
    })
}

/// How far what was measured twice was from itself.
struct Pairs(Vec<(Key, f64)>);

impl Pairs {
    fn of(groups: &[Group<'_>]) -> Self {
        let ends = |group: &Group<'_>| -> Vec<(Key, f64)> {
            let logs = twice(group).into_iter().filter_map(|(_, logs)| far_end(&logs));
            logs.map(|far_end| (group.key.clone(), far_end)).collect()
        };
        Self(groups.iter().flat_map(ends).collect())
    }

    /// By the pairs of the very setting; without one by all of the same operation.
    fn threshold(&self, key: &Key) -> Threshold {
        let with = |alike: &dyn Fn(&Key) -> bool| -> Vec<f64> {
            self.0.iter().filter(|(other, _)| alike(other)).map(|(_, far_end)| *far_end).collect()
        };
        let here = with(&|other| other == key);
        let is_here = !here.is_empty();
        let ends = if is_here { here } else { with(&|other| other.operation == key.operation) };
        Threshold::of(ends.into_iter(), is_here)
    }
}

/// What was measured twice in a setting, with the logarithms of its second row's figures by its first one's.
fn twice(group: &Group<'_>) -> Vec<(String, Vec<f64>)> {
    let rows: Vec<(ProbeRow, ByRound)> =
        group.rows.iter().map(|cells| (row::row(cells), row::cost_by_round(cells))).collect();
    let second = |(row, costs): &(ProbeRow, ByRound)| {
        let first = rows.iter().find(|(other, _)| row.again && other.is_twin_of(row))?;
        Some((first.0.name(), logs_within_rounds(costs, &first.1)))
    };
    rows.iter().filter_map(second).collect()
}

fn table(suite: ProbeSuite, group: &Group<'_>, made: Option<&Group<'_>>, pairs: &Pairs) -> ProbeTable {
    let threshold = pairs.threshold(&group.key);
    let rows = group.rows.iter().map(|cells| (row::row(cells), row::cost_by_round(cells)));
    let (again, mut rows): (Vec<_>, Vec<_>) = rows.partition(|(row, _)| row.again);
    rows.sort_by(|one, other| order(&one.0, &other.0));
    rank(&mut rows, threshold);
    for (row, costs) in again {
        let place = rows.iter().position(|(other, _)| other.is_twin_of(&row));
        rows.insert(place.map_or(rows.len(), |place| place + 1), (row, costs));
    }
    compare(suite, &mut rows, made);
    let Key { operation, touched_bytes, message_bytes, number } = group.key.clone();
    // What a row costs is the reciprocal of its rate.
    let is_of_rates = rows.iter().any(|(row, _)| row.bytes_per_second.is_some());
    let figures = |log: f64| if is_of_rates { -log } else { log };
    let twice = twice(group).into_iter().filter_map(|(label, logs)| {
        Some((label, Ratio::of_logs(&logs.into_iter().map(figures).collect::<Vec<_>>())?))
    });
    ProbeTable {
        suite,
        operation: operation.name,
        touched_bytes,
        message_bytes,
        number,
        rows: rows.into_iter().map(|(row, _)| row).collect(),
        baseline: baseline(suite),
        again: twice.collect(),
        threshold,
    }
}

/// Ranked rows, then rows with figures, then the others; within each the cheapest or fastest first.
fn order(one: &ProbeRow, other: &ProbeRow) -> std::cmp::Ordering {
    let group = |row: &ProbeRow| match row.standing {
        Standing::Ranked(_) => 0,
        Standing::Unranked(Obstacle::Void(_)) => 2,
        Standing::Unranked(_) => 1,
    };
    let cost = |row: &ProbeRow| match (row.figure(), row.bytes_per_second) {
        (None, _) => f64::INFINITY,
        (Some(_), Some(rate)) => -rate.median,
        (Some(figure), None) => figure.median,
    };
    let key = |row: &ProbeRow| (row.label(), row.sides.clone());
    group(one)
        .cmp(&group(other))
        .then(cost(one).total_cmp(&cost(other)))
        .then_with(|| key(one).cmp(&key(other)))
}

/// Gives the ranked rows, which come first and in the order of their medians, their places.
fn rank(rows: &mut [(ProbeRow, ByRound)], threshold: Threshold) {
    let number = rows.iter().take_while(|(row, _)| matches!(row.standing, Standing::Ranked(_))).count();
    let costs: Vec<&ByRound> = rows[..number].iter().map(|(_, costs)| costs).collect();
    let order = ranked(&costs, threshold);
    let in_order: Vec<_> = order.iter().map(|(row, _)| rows[*row].clone()).collect();
    rows[..number].clone_from_slice(&in_order);
    for ((row, _), (_, rank)) in rows.iter_mut().zip(order) {
        row.standing = Standing::Ranked(rank);
    }
}

/// Compares each row with the baseline of its suite: in `spawn` that is always a thread that is made, elsewhere a row of the same
/// setting. A ratio of rates is above 1 for who is faster, one of times for who is slower.
fn compare(suite: ProbeSuite, rows: &mut [(ProbeRow, ByRound)], made: Option<&Group<'_>>) {
    let base = match baseline(suite) {
        Some(way) if suite == ProbeSuite::Spawn => made.and_then(|group| plain_costs(group, way)),
        Some(way) => {
            rows.iter().find(|(row, _)| row.way == way && is_plain(row)).map(|(_, costs)| costs.clone())
        }
        None => rows.first().map(|(_, costs)| costs.clone()),
    };
    let Some(base) = base else { return };
    for (row, costs) in rows {
        let is_rate = row.bytes_per_second.is_some();
        let logs = if is_rate { logs_within_rounds(&base, costs) } else { logs_within_rounds(costs, &base) };
        row.ratio = Ratio::of_logs(&logs).filter(|_| *costs != base);
    }
}

/// What a way without anything special costs in each round.
fn plain_costs(group: &Group<'_>, way: &str) -> Option<ByRound> {
    group.rows.iter().find(|cells| is_plain_way(cells, way)).map(|cells| row::cost_by_round(cells))
}

/// Whether a row's cells are of this way without anything special.
fn is_plain_way(cells: &[&ProbeCell], way: &str) -> bool {
    cells[0].way == way && is_plain(&row::row(cells))
}
