//! How the tasks' executors scale: one row for each task and executor, with the laws fitted to it.
//!
//! The speed-up of `n` at once is the rate at which they finish jobs, by that of one after another: jobs times
//! line's time for one job by their time, taken within each round. Where jobs beyond the workers wait in a queue, what is at
//! once are the workers; where all are under way, all jobs.

use std::collections::{BTreeMap, BTreeSet};

use super::label;
use super::tasks::{counts, last_attempts, order};
use crate::course_notes::BASELINE;
use crate::record::TaskCell;
use crate::statistics::median;
use crate::statistics::scaling::{Amdahl, Gunther, NUMBERS_AT_LEAST, Point};

/// The option that says how many work at once: what varies in a row.
const WORKERS: &str = "workers";

/// How one executor scales at one task.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingRow {
    /// The task's name.
    pub task: String,
    /// What it mostly uses: `cpu` or `io`.
    pub family: String,
    /// The executor, with those of its options that are the same for all points.
    pub executor: String,
    /// What was reached, by how many were at once.
    pub points: Vec<Point>,
    /// The laws; none where there are too few numbers.
    pub laws: Option<Laws>,
}

/// Both laws as they fit best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Laws {
    /// Amdahl's.
    pub amdahl: Amdahl,
    /// Gunther's.
    pub gunther: Gunther,
    /// Amdahl's share, for a task that computes, of an executor that loses nothing: it is faster up to the number of
    /// processors and no further, which the law takes for a share that only one can do.
    pub perfect: Option<f64>,
}

impl ScalingRow {
    /// The greatest speed-up, and with how many at once.
    pub fn greatest(&self) -> Option<Point> {
        self.points.iter().copied().max_by(|one, other| one.speed_up.total_cmp(&other.speed_up))
    }

    /// How many were at once, each number once.
    pub fn numbers(&self) -> BTreeSet<usize> {
        self.points.iter().map(|point| point.at_once).collect()
    }
}

/// The rows of all executors but line, on a machine with so many processors. Without line's time for one job there are none.
pub(super) fn rows(cells: &[&TaskCell], cores: usize) -> Vec<ScalingRow> {
    let mut groups: BTreeMap<_, Vec<&TaskCell>> = BTreeMap::new();
    for &cell in cells.iter().filter(|cell| cell.executor != BASELINE) {
        let executor = (order(&cell.executor), without_workers(&cell.options));
        groups.entry((&cell.family, &cell.task, &cell.size, executor)).or_default().push(cell);
    }
    let rows = groups.into_values().map(|own| row(&own, cells, cores));
    rows.filter(|row| !row.points.is_empty()).collect()
}

/// `own`: the cells of one executor at one task, with all numbers of jobs and workers.
fn row(own: &[&TaskCell], all: &[&TaskCell], cores: usize) -> ScalingRow {
    let first = own[0];
    let is_line = |cell: &&TaskCell| {
        let same = cell.task == first.task && cell.size == first.size;
        same && cell.executor == BASELINE && cell.jobs == 1
    };
    let one: Vec<&TaskCell> = all.iter().copied().filter(is_line).collect();
    let points = points(own, &counted(&one));
    ScalingRow {
        task: first.task.clone(),
        family: first.family.clone(),
        executor: label(&first.executor, &without_workers(&first.options)),
        laws: laws(&points, (first.family == "cpu").then_some(cores)),
        points,
    }
}

fn without_workers(options: &str) -> String {
    let others = options.split(',').filter(|option| option.split('=').next() != Some(WORKERS));
    others.collect::<Vec<_>>().join(",")
}

/// Those that count, one for each round.
fn counted<'a>(cells: &[&'a TaskCell]) -> Vec<&'a TaskCell> {
    last_attempts(cells).into_iter().filter(|cell| counts(cell)).collect()
}

/// A point for each number of jobs and workers: the median over the rounds that both count in.
fn points(own: &[&TaskCell], line: &[&TaskCell]) -> Vec<Point> {
    let mut settings: BTreeMap<_, Vec<&TaskCell>> = BTreeMap::new();
    for &cell in own {
        let at_once = cell.at_once.unwrap_or(cell.workers);
        settings.entry((at_once, cell.jobs, &cell.options)).or_default().push(cell);
    }
    let point = |((at_once, ..), cells): ((usize, _, _), Vec<&TaskCell>)| {
        let speed_ups = counted(&cells).into_iter().filter_map(|cell| {
            let one = line.iter().find(|line| line.round == cell.round)?;
            Some(cell.jobs as f64 * one.seconds / cell.seconds)
        });
        median(speed_ups).map(|speed_up| Point { at_once, speed_up })
    };
    settings.into_iter().filter_map(point).collect()
}

fn laws(points: &[Point], cores: Option<usize>) -> Option<Laws> {
    let perfect = |cores: usize| {
        let best = |point: &Point| Point { speed_up: point.at_once.min(cores) as f64, ..*point };
        Amdahl::fit(&points.iter().map(best).collect::<Vec<_>>()).map(|fit| fit.serial)
    };
    Some(Laws {
        amdahl: Amdahl::fit(points)?,
        gunther: Gunther::fit(points)?,
        perfect: cores.filter(|cores| *cores > 0).and_then(perfect),
    })
}

/// Whether too few numbers were at once for a law.
pub(crate) fn has_too_few(row: &ScalingRow) -> bool {
    row.numbers().len() < NUMBERS_AT_LEAST
}
