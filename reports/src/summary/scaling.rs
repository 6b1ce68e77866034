//! How the tasks' executors scale: one row for each task and executor, with the laws fitted to it.
//!
//! The speed-up of `n` at once is line's time for as many jobs by the executor's, taken within each round, as in the tables of
//! tasks. Where jobs beyond the workers wait in a queue, what is at once are the workers; where all are under way, all jobs. A law is fitted
//! in each round by itself, so its parameters have intervals over the rounds as other figures have.
//!
//! A law knows nothing of processors: at a task that computes even who loses nothing is no faster beyond their number, and
//! the law takes that for contention. So beside the rows stand those of an executor that loses nothing, fitted at the same numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::tasks::{baseline, counts, last_attempts, order};
use super::{Estimate, label};
use crate::record::TaskCell;
use crate::statistics::scaling::{Amdahl, Gunther, Point};
use crate::statistics::{median, middle};

/// The option that says how many work at once: what varies in a row.
const WORKERS: &str = "workers";

/// What is within this share of the greatest speed-up is as fast.
pub(crate) const AS_FAST: f64 = 0.02;

/// The family of tasks that compute, for which processors are the bound.
const COMPUTES: &str = "cpu";

/// How one executor scales at one task.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingRow {
    /// The task's name.
    pub task: String,
    /// What it mostly uses: `cpu` or `io`.
    pub family: String,
    /// The executor, with those of its options that are the same for all points.
    pub executor: String,
    /// The speed-up over the rounds, by how many were at once.
    pub speed_ups: BTreeMap<usize, Estimate>,
    /// The laws; none where no round has enough numbers.
    pub laws: Option<Laws>,
}

/// What an executor comes to that loses nothing, at a task that computes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lossless {
    /// On how many processors.
    pub processors: usize,
    /// Its speed-up, the lesser of both numbers, by how many were at once.
    pub speed_ups: BTreeMap<usize, Estimate>,
    /// The laws as they fit it best.
    pub laws: Laws,
}

/// Both laws as they fit best: over the rounds that they were fitted in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Laws {
    /// Amdahl's share of the work that only one can do at a time.
    pub serial: Estimate,
    /// How far the points are from his law, as a share of it: the median.
    pub off_amdahl: f64,
    /// Gunther's contention.
    pub sigma: Estimate,
    /// His coherency.
    pub kappa: Estimate,
    /// With how many at once the speed-up is greatest; none where it grows for ever in half of the rounds or more.
    pub peak: Option<f64>,
    /// How far the points are from his law: the median.
    pub off_gunther: f64,
}

/// The greatest speed-up, and the least number at once that is as fast but for [`AS_FAST`].
pub(crate) fn greatest(speed_ups: &BTreeMap<usize, Estimate>) -> Option<(Estimate, usize)> {
    let most = speed_ups.values().max_by(|one, other| one.median.total_cmp(&other.median))?;
    let as_fast = |(_, speed_up): &(&usize, &Estimate)| speed_up.median >= (1.0 - AS_FAST) * most.median;
    Some((*most, *speed_ups.iter().find(as_fast)?.0))
}

/// The rows of all executors but line. One without line's time for as many jobs has none; nor has an interpreter whose jobs were
/// always as many: nothing was asked of how it scales.
pub(super) fn rows(cells: &[&TaskCell]) -> Vec<ScalingRow> {
    let mut groups: BTreeMap<_, Vec<&TaskCell>> = BTreeMap::new();
    for &cell in cells.iter().filter(|cell| cell.executor != baseline(&cell.executor)) {
        let executor = (order(&cell.executor), without_workers(&cell.options));
        groups.entry((&cell.family, &cell.task, &cell.size, executor)).or_default().push(cell);
    }
    let rows = groups.into_values().map(|own| row(&own, cells));
    rows.filter(|row| row.speed_ups.len() > 1).collect()
}

/// For each list of numbers that a law was fitted at for a task that computes.
pub(super) fn lossless(rows: &[ScalingRow], processors: usize) -> Vec<Lossless> {
    let fitted = rows.iter().filter(|row| row.family == COMPUTES && row.laws.is_some());
    let lists: BTreeSet<Vec<usize>> = fitted.map(|row| row.speed_ups.keys().copied().collect()).collect();
    let of = |numbers: Vec<usize>| {
        let points = numbers.into_iter().map(|n| (n, n.min(processors) as f64));
        let points: BTreeMap<usize, f64> = points.collect();
        Some(Lossless { processors, laws: laws(&[&points])?, speed_ups: over_rounds(&[&points]) })
    };
    lists.into_iter().filter(|_| processors > 0).filter_map(of).collect()
}

/// `own`: the cells of one executor at one task, with all numbers of jobs and workers.
fn row(own: &[&TaskCell], all: &[&TaskCell]) -> ScalingRow {
    let first = own[0];
    let line = baseline(&first.executor);
    let is_line =
        |cell: &&TaskCell| cell.task == first.task && cell.size == first.size && cell.executor == line;
    let line: Vec<&TaskCell> = all.iter().copied().filter(is_line).collect();
    let rounds = by_round(own, &line);
    let rounds: Vec<&BTreeMap<usize, f64>> = rounds.values().collect();
    ScalingRow {
        task: first.task.clone(),
        family: first.family.clone(),
        executor: label(&first.executor, &without_workers(&first.options)),
        speed_ups: over_rounds(&rounds),
        laws: laws(&rounds),
    }
}

fn without_workers(options: &str) -> String {
    let others = options.split(',').filter(|option| option.split('=').next() != Some(WORKERS));
    others.collect::<Vec<_>>().join(",")
}

/// Those of cells with the same number of jobs and the same options that count, one for each round.
fn counted<'a>(cells: &[&'a TaskCell]) -> Vec<&'a TaskCell> {
    let mut settings: BTreeMap<_, Vec<&TaskCell>> = BTreeMap::new();
    for &cell in cells {
        settings.entry((cell.jobs, &cell.options)).or_default().push(cell);
    }
    let last = settings.into_values().flat_map(|cells| last_attempts(&cells));
    last.filter(|cell| counts(cell)).collect()
}

/// In each round the speed-up by how many were at once. A pool has as many at once with several numbers of jobs: then it is the
/// median of them, so that each number is one point of a law.
fn by_round(own: &[&TaskCell], line: &[&TaskCell]) -> BTreeMap<u32, BTreeMap<usize, f64>> {
    let line = counted(line);
    let mut rounds: BTreeMap<u32, BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
    for cell in counted(own) {
        let same = line.iter().find(|line| line.round == cell.round && line.jobs == cell.jobs);
        if let Some(line) = same {
            let at_once = cell.at_once.unwrap_or(cell.workers).min(cell.jobs);
            let points = rounds.entry(cell.round).or_default();
            points.entry(at_once).or_default().push(line.seconds / cell.seconds);
        }
    }
    let middle = |points: BTreeMap<usize, Vec<f64>>| {
        points.into_iter().filter_map(|(at_once, values)| Some((at_once, median(values)?))).collect()
    };
    rounds.into_iter().map(|(round, points)| (round, middle(points))).collect()
}

fn over_rounds(rounds: &[&BTreeMap<usize, f64>]) -> BTreeMap<usize, Estimate> {
    let numbers: BTreeSet<usize> = rounds.iter().flat_map(|points| points.keys().copied()).collect();
    let estimate =
        |n: usize| Some((n, Estimate::of(rounds.iter().filter_map(|points| points.get(&n).copied()))?));
    numbers.into_iter().filter_map(estimate).collect()
}

/// Fits both laws in each round that has enough numbers.
fn laws(rounds: &[&BTreeMap<usize, f64>]) -> Option<Laws> {
    let fitted = rounds.iter().filter_map(|points| {
        let points: Vec<Point> =
            points.iter().map(|(&at_once, &speed_up)| Point { at_once, speed_up }).collect();
        Some((Amdahl::fit(&points)?, Gunther::fit(&points)?))
    });
    let (amdahl, gunther): (Vec<Amdahl>, Vec<Gunther>) = fitted.unzip();
    Some(Laws {
        serial: Estimate::of(amdahl.iter().map(|fit| fit.serial))?,
        off_amdahl: median(amdahl.iter().map(|fit| fit.residual))?,
        sigma: Estimate::of(gunther.iter().map(|fit| fit.sigma))?,
        kappa: Estimate::of(gunther.iter().map(|fit| fit.kappa))?,
        peak: middle_peak(&gunther),
        off_gunther: median(gunther.iter().map(|fit| fit.residual))?,
    })
}

/// The median over the rounds, where one without a peak has it beyond all numbers.
fn middle_peak(fits: &[Gunther]) -> Option<f64> {
    let mut peaks: Vec<f64> = fits.iter().map(|fit| fit.peak().unwrap_or(f64::INFINITY)).collect();
    peaks.sort_by(f64::total_cmp);
    (!peaks.is_empty()).then(|| middle(&peaks)).filter(|peak| peak.is_finite())
}
