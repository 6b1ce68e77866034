//! Several runs in the order of their start: each row's figure from run to run, and which steps are changes.
//!
//! A step is a run and the one before it; the last of all runs is compared with the first as well, since a row may creep. They are
//! compared as any two runs are ([`versus`]), but the question "did anything change?" is asked of every row in every
//! step, so Holm's correction is for all of them together.

use std::collections::BTreeMap;

use serde::Serialize;

use super::row::{self, Estimate};
use super::setting::Setting;
use super::timed::{self, Measure, TimedRow, TimedSetting, TimedSuite};
use super::versus::{self, Compared, Name, Versus, VersusRow};
use super::{Suite, groups_of};
use crate::record::{Run, ServerCell};

/// Several runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// The runs, in the order of their start.
    pub runs: Vec<Compared>,
    /// Each run with the one before it, in that order.
    pub steps: Vec<Versus>,
    /// The last run with the first one.
    pub overall: Versus,
    /// Every row that any run has.
    pub rows: Vec<SeriesRow>,
    /// The same of tasks and probes.
    pub timed: Vec<TimedSeriesRow>,
}

/// One server in one setting, in all runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesRow {
    /// What it was measured for.
    pub suite: Suite,
    /// What it was measured in.
    pub setting: Setting,
    /// The model with its options.
    pub model: String,
    /// Processor time per request of each run, in microseconds; absent where that run has none that counts.
    pub cpu_us: Vec<Option<InRun>>,
    /// Requests a second of each run.
    pub rate: Vec<Option<InRun>>,
    /// What 99 in 100 latencies of each run were at most, in microseconds.
    pub p99_us: Vec<Option<InRun>>,
}

/// One executor at one task, or one way of a probe, in all runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimedSeriesRow {
    /// What it was measured for.
    pub suite: TimedSuite,
    /// What it was measured in.
    pub setting: TimedSetting,
    /// The executor with its options, or the way with what is special about it.
    pub name: String,
    /// What was measured of it.
    pub measure: Measure,
    /// Its figure in each run; absent where that run has none that counts.
    pub figure: Vec<Option<InRun>>,
}

/// What a row came to in one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InRun {
    /// The median of the rounds that count.
    pub median: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// In which part of all cases such an interval holds the true median, from 0 to 1.
    pub coverage: f64,
}

impl From<Estimate> for InRun {
    fn from(Estimate { median, interval }: Estimate) -> Self {
        Self { median, low: interval.low, high: interval.high, coverage: interval.coverage }
    }
}

/// A step of a series: the run that it leads to, and the one that it comes from, by their places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step<'a> {
    /// The place of the run before, from 0.
    pub from: usize,
    /// The place of the run after.
    pub to: usize,
    /// What the two came to.
    pub versus: &'a Versus,
}

impl Series {
    /// Lays `runs` beside each other, each with where its record lies; none of fewer than two. They may come in any order.
    pub fn of(runs: &[(String, Run)]) -> Option<Self> {
        let mut runs: Vec<&(String, Run)> = runs.iter().collect();
        // Times of RFC 3339 in UTC stand in order as texts do. Of one start, the order given stays.
        runs.sort_by(|(_, one), (_, other)| one.started.cmp(&other.started));
        let versus = |old: &(String, Run), new: &(String, Run)| {
            Versus::unjudged(&old.1, &new.1).named(old.0.clone(), new.0.clone())
        };
        let mut overall = versus(runs.first()?, runs.last().filter(|_| runs.len() > 1)?);
        let mut steps: Vec<Versus> = runs.windows(2).map(|pair| versus(pair[0], pair[1])).collect();
        judge(&mut steps, &mut overall);
        let compared = |(path, run): &&(String, Run)| Compared { path: path.clone(), ..Compared::of(run) };
        Some(Self {
            rows: rows(&runs),
            timed: timed_rows(&runs),
            runs: runs.iter().map(compared).collect(),
            steps,
            overall,
        })
    }

    /// All comparisons: the steps in order, then the last run with the first.
    pub fn comparisons(&self) -> impl Iterator<Item = Step<'_>> {
        let steps = self.steps.iter().enumerate();
        let steps = steps.map(|(from, versus)| Step { from, to: from + 1, versus });
        steps.chain([Step { from: 0, to: self.runs.len() - 1, versus: &self.overall }])
    }

    /// The changes: every row of every comparison that became slower or faster.
    pub fn changes(&self) -> Vec<(Step<'_>, &VersusRow)> {
        self.comparisons()
            .flat_map(|step| {
                step.versus.rows.iter().filter(|row| row.outcome.is_change()).map(move |row| (step, row))
            })
            .collect()
    }

    /// The same of tasks and probes.
    pub fn timed_changes(&self) -> Vec<(Step<'_>, &TimedRow)> {
        self.comparisons()
            .flat_map(|step| step.versus.timed.iter().map(move |row| (step, row)))
            .filter(|(_, row)| row.outcome.is_change())
            .collect()
    }
}

/// Judges all comparisons together. Of two runs the only step is also the way from the first to the last, and counts once.
fn judge(steps: &mut [Versus], overall: &mut Versus) {
    if let [step] = steps {
        versus::judge(step.judged());
        overall.clone_from(step);
        return;
    }
    versus::judge(steps.iter_mut().chain([overall]).flat_map(Versus::judged));
}

/// What every run has of each row.
fn rows(runs: &[&(String, Run)]) -> Vec<SeriesRow> {
    let mut rows: BTreeMap<Name, SeriesRow> = BTreeMap::new();
    for (place, (_, run)) in runs.iter().enumerate() {
        for (name, side) in versus::sides(groups_of(run)) {
            let empty = || SeriesRow {
                suite: name.0,
                setting: side.setting.clone(),
                model: name.2.clone(),
                cpu_us: vec![None; runs.len()],
                rate: vec![None; runs.len()],
                p99_us: vec![None; runs.len()],
            };
            let of = |figure: fn(&ServerCell) -> Option<f64>| {
                let values = side.cells.counted.iter().filter_map(|cell| figure(cell));
                Estimate::of(values).map(InRun::from)
            };
            let row = rows.entry(name.clone()).or_insert_with(empty);
            row.cpu_us[place] = of(row::cpu_us);
            row.rate[place] = of(|cell| Some(cell.requests_per_second));
            row.p99_us[place] = of(|cell| cell.latency_us?.p99);
        }
    }
    rows.into_values().collect()
}

/// The same of tasks and probes.
fn timed_rows(runs: &[&(String, Run)]) -> Vec<TimedSeriesRow> {
    let mut rows: BTreeMap<timed::Name, TimedSeriesRow> = BTreeMap::new();
    for (place, (_, run)) in runs.iter().enumerate() {
        for (name, sample) in timed::samples(run) {
            let empty = || TimedSeriesRow {
                suite: name.0,
                setting: name.1.clone(),
                name: name.2.clone(),
                measure: sample.measure,
                figure: vec![None; runs.len()],
            };
            let estimate = Estimate::of(sample.counted.iter().map(|reading| reading.value));
            rows.entry(name.clone()).or_insert_with(empty).figure[place] = estimate.map(InRun::from);
        }
    }
    rows.into_values().collect()
}
