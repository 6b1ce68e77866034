//! Tasks and probes of two runs, row by row: what is timed by itself, without a load. They are judged as servers are, and with them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::again::Threshold;
use super::tasks::{counts, last_attempts};
use super::versus::{self, Change, Judged, Outcome};
use super::{gravest, label, probes};
use crate::distance;
use crate::record::{Cell, Run, TaskCell, Verdict};
use crate::statistics::ratio::Reading;

/// Why nothing is compared where both runs have rounds that count.
const NOWHERE_ALIKE: &str =
    "the processors of both sides were not equally far apart in any round of both runs";

/// What it was measured for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TimedSuite {
    /// Executors at work.
    Tasks,
    /// Making and ending what runs a job.
    Spawn,
    /// Going from one that runs to another, and sleeping.
    Switch,
    /// Sending messages.
    Ipc,
}

/// What was measured of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// How long it took, in seconds.
    Seconds,
    /// How long one operation took, in microseconds.
    TimeUs,
    /// Bytes that arrived in each second: the more, the better.
    BytesPerSecond,
    /// Bytes of memory for each.
    BytesEach,
}

/// What must be the same for two rows to be one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TimedSetting {
    /// The task, or the operation: `primes`, `round-trip`.
    pub what: String,
    /// What a task mostly uses: `cpu` or `io`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// How long a task's jobs were: `full` or `short`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// How many of them there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<usize>,
    /// How much memory a probe's parent had touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touched_bytes: Option<u64>,
    /// The size of its message; [`WORD`](super::WORD) for all that are no longer than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_bytes: Option<u64>,
    /// How many it asked for at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
}

/// One executor at one task, or one way of a probe, in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimedRow {
    /// What it was measured for.
    pub suite: TimedSuite,
    /// What it was measured in.
    pub setting: TimedSetting,
    /// The executor with its options, or the way with what is special about it.
    pub name: String,
    /// What was measured of it.
    pub measure: Measure,
    /// How far from itself the same was within a run: the larger of the two runs' own.
    pub threshold: Threshold,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it can't be told, in words; absent where it can.
    pub reason: Option<String>,
    /// The figure in both runs.
    pub figure: Option<Change>,
    /// How likely it is that chance alone changed that so much in any row, from 0 to 1.
    pub p_value: Option<f64>,
    /// Rounds that count and are compared, of the earlier run and of the later one.
    pub rounds: [usize; 2],
    /// What the later run lost of it, in words.
    pub lost: Option<String>,
}

impl TimedRow {
    /// The later cost by the earlier one, with its interval: of a rate that is the reciprocal.
    pub fn cost(&self) -> Option<Change> {
        let Measure::BytesPerSecond = self.measure else { return self.figure };
        self.figure.map(|it| Change { ratio: 1.0 / it.ratio, low: 1.0 / it.high, high: 1.0 / it.low, ..it })
    }

    pub(crate) fn judged(&mut self) -> Judged<'_> {
        Judged {
            cost: self.cost(),
            missing: "it was not measured in both",
            threshold: self.threshold,
            rounds: self.rounds,
            p_value: &mut self.p_value,
            outcome: &mut self.outcome,
            reason: &mut self.reason,
        }
    }
}

/// A row without a partner in the other run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimedAlone {
    /// What it was measured for.
    pub suite: TimedSuite,
    /// What it was measured in.
    pub setting: TimedSetting,
    /// The executor with its options, or the way with what is special about it.
    pub name: String,
}

/// Which row it is, in all runs.
pub(crate) type Name = (TimedSuite, TimedSetting, String);

/// One row of one run.
pub(crate) struct Sample {
    pub(crate) measure: Measure,
    /// What counts as a difference there, by its own run.
    pub(crate) threshold: Threshold,
    /// The figures of the rounds that count.
    pub(crate) counted: Vec<Reading>,
    /// What is to be thought of each round.
    pub(crate) verdicts: Vec<Verdict>,
}

impl Sample {
    fn values(&self) -> Vec<f64> {
        self.counted.iter().map(|reading| reading.value).collect()
    }
}

/// All rows of a run.
pub(crate) fn samples(run: &Run) -> BTreeMap<Name, Sample> {
    let mut samples = probes::samples(run);
    let mut tasks: BTreeMap<Name, Vec<&TaskCell>> = BTreeMap::new();
    for cell in &run.cells {
        if let Cell::Tasks(cell) = cell {
            tasks.entry(name(cell)).or_default().push(cell);
        }
    }
    samples.extend(tasks.into_iter().map(|(name, cells)| (name, task(&cells))));
    samples
}

fn name(cell: &TaskCell) -> Name {
    let setting = TimedSetting {
        what: cell.task.clone(),
        family: Some(cell.family.clone()),
        size: cell.size.clone(),
        jobs: Some(cell.jobs),
        touched_bytes: None,
        message_bytes: None,
        number: None,
    };
    (TimedSuite::Tasks, setting, label(&cell.executor, &cell.options))
}

/// No task is measured twice in a run, so nothing but the least is known of what one differs from itself by.
fn task(cells: &[&TaskCell]) -> Sample {
    let last = last_attempts(cells);
    let reading = |cell: &&TaskCell| Reading { value: cell.seconds, distance_ns: None };
    Sample {
        measure: Measure::Seconds,
        threshold: Threshold::of(std::iter::empty(), false),
        counted: last.iter().filter(|cell| counts(cell)).map(reading).collect(),
        verdicts: last.iter().map(|cell| cell.verdict).collect(),
    }
}

/// What both runs have, unjudged, and what only one of them has.
pub(crate) fn compare(old: &Run, new: &Run) -> (Vec<TimedRow>, [Vec<TimedAlone>; 2]) {
    let (mut before, mut after) = (samples(old), samples(new));
    let shared: Vec<Name> = before.keys().filter(|name| after.contains_key(*name)).cloned().collect();
    let mut pair = |name: Name| {
        let (old, new) = (before.remove(&name)?, after.remove(&name)?);
        Some(row(name, &old, &new))
    };
    let rows = shared.into_iter().filter_map(&mut pair).collect();
    let alone = |samples: BTreeMap<Name, Sample>| {
        samples.into_keys().map(|(suite, setting, name)| TimedAlone { suite, setting, name }).collect()
    };
    (rows, [alone(before), alone(after)])
}

fn row((suite, setting, name): Name, old: &Sample, new: &Sample) -> TimedRow {
    let distance = |reading: &Reading| reading.distance_ns;
    let (before, after) = distance::in_common(&old.counted, &new.counted, distance);
    let [before, after] = [before, after].map(|sample| sample.iter().map(|it| it.value).collect::<Vec<_>>());
    let void = |sample: &Sample, which| {
        versus::void(sample.counted.is_empty(), gravest(sample.verdicts.iter().copied()), which)
    };
    let alike = old.measure == new.measure;
    TimedRow {
        suite,
        setting,
        name,
        measure: new.measure,
        threshold: old.threshold.or_larger(new.threshold),
        outcome: Outcome::CantTell,
        reason: void(old, "earlier")
            .or_else(|| void(new, "later"))
            .or_else(|| (before.is_empty() || after.is_empty()).then(|| NOWHERE_ALIKE.to_owned())),
        figure: versus::change(&before, &after).filter(|_| alike),
        p_value: versus::chance(&before, &after).filter(|_| alike),
        rounds: [before.len(), after.len()],
        lost: versus::lost_rounds(&new.verdicts).or_else(|| {
            let gone = !old.values().is_empty() && new.values().is_empty();
            gone.then(|| "no round has a figure that counts".to_owned())
        }),
    }
}
