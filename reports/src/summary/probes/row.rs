//! One way of a suite of probes in one setting, over all its rounds.

use super::super::counted::{superseded, told};
use super::super::row::{Estimate, Obstacle, Rank, Standing};
use super::super::{Remark, Rounds, distinct, gravest, remarks};
use crate::distance;
use crate::record::{Latency, ProbeCell, Verdict};
use crate::statistics::ratio::{ByRound, Reading};
use crate::statistics::{Ratio, median};
use crate::units::grouped;

/// One way over all its rounds. Figures are medians over the valid rounds.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeRow {
    /// The way's name.
    pub way: String,
    /// What kind it is: `processes`, `threads`, `coroutines`, `tasks`.
    pub family: String,
    /// What was timed, as in the record.
    pub operation: String,
    /// The size of a stack.
    pub stack_bytes: Option<u64>,
    /// Which processors both sides were bound to, as in the record.
    pub sides: Option<String>,
    /// Whether it is the second of an A/A pair.
    pub again: bool,
    /// Its rank among those of the same setting, or why it has none.
    pub standing: Standing,
    /// How its figure compares with that of the way that its table compares with, within rounds.
    pub ratio: Option<Ratio>,
    /// How many rounds the figures are taken from.
    pub rounds: Rounds,
    /// How long one operation took in microseconds: of each round the median.
    pub time_us: Option<Estimate>,
    /// The 90th percentile, for ways that take too long for a 99th; absent unless all rounds have it.
    pub p90_us: Option<f64>,
    /// The 99th percentile; absent unless all rounds have it.
    pub p99_us: Option<f64>,
    /// How many samples a round has.
    pub samples: Option<f64>,
    /// Bytes that arrived in each second.
    pub bytes_per_second: Option<Estimate>,
    /// Bytes of memory for each that sleeps.
    pub bytes_each: Option<Estimate>,
    /// How many there were, where these were fewer than were asked for: the fewest.
    pub number_reached: Option<u64>,
    /// The gravest verdict, if no round counts.
    pub void: Option<Verdict>,
    /// What the cells say beside their figures.
    pub remarks: Vec<Remark>,
}

impl ProbeRow {
    /// The way with what is special about it: `thread (64 KiB stack)`.
    pub fn label(&self) -> String {
        self.with(None)
    }

    /// The same with where its two sides are, for where it stands alone: `pipe (apart)`.
    pub fn name(&self) -> String {
        self.with(self.sides.clone())
    }

    /// In brackets, since names stand in lists with commas between them.
    fn with(&self, sides: Option<String>) -> String {
        let way = &self.way;
        // Written out, as each of these words means something else elsewhere, and is translated with its brackets.
        match (sides.as_deref(), self.again) {
            (Some("apart"), false) => return format!("{way} (apart)"),
            (Some("apart"), true) => return format!("{way} (apart, again)"),
            (Some("together"), false) => return format!("{way} (together)"),
            (Some("together"), true) => return format!("{way} (together, again)"),
            _ => {}
        }
        let stack = self.stack_bytes.map(|bytes| format!("{} KiB stack", grouped(bytes >> 10)));
        let again = self.again.then(|| "again".to_owned());
        let special: Vec<String> = [stack, sides, again].into_iter().flatten().collect();
        if special.is_empty() { way.clone() } else { format!("{way} ({})", special.join(", ")) }
    }

    /// Whether it is the same measured once more, or that which was.
    pub(super) fn is_twin_of(&self, other: &Self) -> bool {
        let what = |row: &Self| (row.way.clone(), row.stack_bytes, row.sides.clone());
        self.again != other.again && what(self) == what(other)
    }

    /// The figure that it is compared by.
    pub fn figure(&self) -> Option<Estimate> {
        self.time_us.or(self.bytes_per_second).or(self.bytes_each)
    }
}

/// Sums one row up; `cells` differ in nothing but their round and attempt.
pub(super) fn row(cells: &[&ProbeCell]) -> ProbeRow {
    let first = cells[0];
    let last = last(cells);
    let counted: Vec<&ProbeCell> = last.iter().copied().filter(|cell| counts(cell)).collect();
    let estimate =
        |figure: fn(&ProbeCell) -> Option<f64>| Estimate::of(counted.iter().filter_map(|cell| figure(cell)));
    let percentile = |of: fn(&Latency) -> Option<f64>| {
        let all: Option<Vec<f64>> = counted.iter().map(|cell| of(&cell.time_us?)).collect();
        all.and_then(median)
    };
    let again = first.copy.is_some_and(|copy| copy > 1);
    let rounds = Rounds {
        counted: distinct(counted.iter().map(|cell| cell.round)),
        all: distinct(cells.iter().map(|cell| cell.round)),
    };
    let void = counted.is_empty().then(|| gravest(last.iter().map(|cell| cell.verdict)));
    ProbeRow {
        way: first.way.clone(),
        family: first.family.clone(),
        operation: first.operation.clone(),
        stack_bytes: first.stack_bytes,
        sides: first.sides.clone(),
        again,
        standing: standing(void, again, rounds),
        ratio: None,
        rounds,
        time_us: estimate(|cell| Some(cell.time_us?.p50)),
        p90_us: percentile(|time| time.p90),
        p99_us: percentile(|time| time.p99),
        samples: median(counted.iter().filter_map(|cell| cell.samples).map(|samples| samples as f64)),
        bytes_per_second: estimate(|cell| cell.bytes_per_second),
        bytes_each: estimate(|cell| cell.bytes_each),
        number_reached: counted.iter().filter_map(|cell| cell.number_reached).min(),
        void,
        remarks: remarks(cells.iter().map(|cell| Remark {
            verdict: cell.verdict,
            reason: told(cell.reason.as_deref(), cell.noise),
            rounds: vec![cell.round],
            superseded: superseded(*cell, cells),
        })),
    }
}

/// The attempt at each round that counts.
pub(super) fn last<'a>(cells: &[&'a ProbeCell]) -> Vec<&'a ProbeCell> {
    cells.iter().copied().filter(|cell| !superseded(*cell, cells)).collect()
}

pub(super) fn counts(cell: &ProbeCell) -> bool {
    cell.verdict == Verdict::Valid && cell.noise.is_none_or(|noise| !noise.disturbed)
}

/// A row that is not held back by anything is ranked, at a place that is found later.
fn standing(void: Option<Verdict>, again: bool, rounds: Rounds) -> Standing {
    match void {
        Some(verdict) => Standing::Unranked(Obstacle::Void(verdict)),
        None if again => Standing::Unranked(Obstacle::Again),
        None if rounds.counted < 2 => Standing::Unranked(Obstacle::SingleRound),
        None => Standing::Ranked(Rank { place: 0, shared: false }),
    }
}

/// What it costs in each round that counts: the less, the better. Of what is sent as fast as it goes that is the time for a byte.
pub(super) fn cost_by_round(cells: &[&ProbeCell]) -> ByRound {
    let cost = |cell: &ProbeCell| {
        let time = cell.time_us.map(|us| us.p50);
        time.or(cell.bytes_per_second.map(|bytes| 1.0 / bytes)).or(cell.bytes_each)
    };
    let reading = |cell: &ProbeCell| Some(Reading { value: cost(cell)?, distance_ns: distance_ns(cell) });
    let counted = last(cells).into_iter().filter(|cell| counts(cell));
    counted.filter_map(|cell| Some((cell.round, reading(cell)?))).collect()
}

/// How far apart the processors were meanwhile.
pub(super) fn distance_ns(cell: &ProbeCell) -> Option<f64> {
    cell.noise.as_ref().and_then(distance::of)
}

/// Time in microseconds of each round that counts.
pub(super) fn times_us(cells: &[&ProbeCell]) -> Vec<f64> {
    last(cells).into_iter().filter(|cell| counts(cell)).filter_map(|cell| Some(cell.time_us?.p50)).collect()
}
