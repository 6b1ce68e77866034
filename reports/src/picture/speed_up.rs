//! Speed-up against how many are at once: what executors reach, the laws of Amdahl and Gunther for the best of them, and how flat it
//! stays under a global interpreter lock.

use super::parts::{axis, ends, estimated, lines, measured, paragraph, point, reference};
use super::{Lines, Picture, Point, Scale, Series, Style};
use crate::course_notes::WAYS;
use crate::document::title::task;
use crate::statistics::scaling::speed_up;
use crate::summary::scaling::greatest;
use crate::summary::{Laws, STAND_IN, ScalingRow, Summary, TaskRow};
use crate::units::{figure, percent, times};

/// The tasks that are drawn first, where there are many: those of the course notes.
const FIRST: [&str; 4] = ["primes", "count", "disk", "wait"];
/// Points of a law.
const POINTS: usize = 41;
/// A law that is farther off than this does not hold.
const HOLDS: f64 = 0.1;
/// Up to here a speed-up is none: what is one at a time is not always as fast.
const NONE: f64 = 1.2;

pub(super) fn pictures(summary: &Summary, processors: usize) -> Vec<Picture> {
    let mut tasks: Vec<&[ScalingRow]> =
        summary.scaling.chunk_by(|one, other| one.task == other.task).collect();
    tasks.sort_by_key(|rows| FIRST.iter().position(|first| *first == rows[0].task).unwrap_or(FIRST.len()));
    tasks.into_iter().filter_map(|rows| picture(rows, summary, processors)).collect()
}

/// `rows` are of one task.
fn picture(rows: &[ScalingRow], summary: &Summary, processors: usize) -> Option<Picture> {
    let first = rows.first()?;
    let computes = first.family == "cpu";
    let most = rows.iter().filter_map(|row| row.speed_ups.keys().next_back()).max()?;
    let most = *most as f64;
    let mut series: Vec<Series> = rows.iter().filter_map(line).collect();
    series.extend(single_points(rows, summary));
    series.extend(best(rows).map(|(_, laws)| laws_of(laws, most)).into_iter().flatten());
    if computes {
        let flat = vec![point(1.0, 1.0), point(most, 1.0)];
        series.push(reference("one at a time, as under a GIL".to_owned(), flat));
        series.extend(loses_nothing(processors as f64, most));
    }
    let drawing = Lines {
        x: axis("at once", "", Scale::Linear),
        y: axis("speed-up", "times", Scale::Linear),
        series,
        areas: Vec::new(),
    };
    let notice = paragraph([
        reached(rows),
        laws_said(rows, computes),
        computes.then(|| locked(rows, summary)).flatten(),
    ]);
    lines("speed-up", format!("Speed-up over line: {}", task(&first.task, computes)), notice, drawing)
}

fn line(row: &ScalingRow) -> Option<Series> {
    let points = row.speed_ups.iter().map(|(at_once, speed_up)| estimated(*at_once as f64, *speed_up));
    measured(&row.executor, points.collect())
}

/// An interpreter's threads where they were run with one number of jobs only.
fn single_points<'a>(rows: &'a [ScalingRow], summary: &'a Summary) -> impl Iterator<Item = Series> + 'a {
    let is_single = |row: &&TaskRow| {
        row.task == rows[0].task
            && is_threads(&row.executor)
            && rows.iter().all(|other| other.executor != row.executor)
    };
    summary.tasks.iter().filter(is_single).filter_map(|row| {
        let own = row.comparison?;
        let at_once = row.workers.min(row.jobs) as f64;
        let points = vec![Point { x: at_once, y: own.speed_up, interval: own.interval.and_then(ends) }];
        Some(Series { name: row.executor.clone(), points, style: Style::Points })
    })
}

/// Whether it is an interpreter's: `cpython-3.13:threads`.
fn is_threads(executor: &str) -> bool {
    executor.rsplit_once(':').is_some_and(|(_, way)| way == WAYS[1].executor)
}

/// The executor that is fastest of those that laws were fitted to.
fn best(rows: &[ScalingRow]) -> Option<(&ScalingRow, Laws)> {
    let fitted = rows.iter().filter_map(|row| Some((row, row.laws?, greatest(&row.speed_ups)?.0.median)));
    let best = fitted.max_by(|one, other| one.2.total_cmp(&other.2));
    best.map(|(row, laws, _)| (row, laws))
}

fn laws_of(laws: Laws, most: f64) -> [Series; 2] {
    let curve = |sigma: f64, kappa: f64| {
        let at = |index: usize| 1.0 + (most - 1.0) * index as f64 / (POINTS - 1) as f64;
        (0..POINTS).map(at).map(|n| point(n, speed_up(sigma, kappa, n))).collect::<Vec<_>>()
    };
    [
        reference(format!("Amdahl, s = {:.3}", laws.serial.median), curve(laws.serial.median, 0.0)),
        reference(
            format!("Gunther (USL), σ = {:.3}, κ = {:.4}", laws.sigma.median, laws.kappa.median),
            curve(laws.sigma.median, laws.kappa.median),
        ),
    ]
}

/// Who loses nothing is as many times as fast as are at once, up to the processors.
fn loses_nothing(processors: f64, most: f64) -> Option<Series> {
    let bend = (processors > 1.0 && processors < most).then(|| point(processors, processors));
    let points = [point(1.0, 1.0)].into_iter().chain(bend).chain([point(most, processors.min(most))]);
    (processors >= 1.0).then(|| reference("loses nothing".to_owned(), points.collect()))
}

fn reached(rows: &[ScalingRow]) -> Option<String> {
    let known = rows.iter().filter_map(|row| Some((row, greatest(&row.speed_ups)?)));
    let (row, (most, with)) = known.max_by(|one, other| one.1.0.median.total_cmp(&other.1.0.median))?;
    let (executor, reached) = (&row.executor, times(most.median));
    Some(if most.median > 1.0 {
        format!("{executor} is fastest, {reached} times as fast as line with {with} at once.")
    } else {
        format!(
            "No executor is faster than line; {executor} comes nearest, {reached} times as fast with {with} at once."
        )
    })
}

fn laws_said(rows: &[ScalingRow], computes: bool) -> Option<String> {
    let (row, laws) = best(rows)?;
    let fitted = format!(
        "Amdahl's law fits {} with {} of the work for one at a time (off by {}), Gunther's with a contention of {} and a coherency of \
         {:.4} (off by {}).",
        row.executor,
        percent(laws.serial.median),
        percent(laws.off_amdahl),
        percent(laws.sigma.median),
        laws.kappa.median,
        percent(laws.off_gunther)
    );
    let fails = laws.off_amdahl > HOLDS && laws.off_gunther > HOLDS;
    let fails = fails.then_some("Both are too far off to hold here, so these shares are of nothing.");
    let bound = computes
        .then_some("Neither knows of processors: where these are all busy, both take that for a loss.");
    Some(paragraph([Some(fitted), fails.map(str::to_owned), bound.map(str::to_owned)]))
}

/// How flat those with a lock stay: the lab's model of it, and each CPython that reports one.
fn locked(rows: &[ScalingRow], summary: &Summary) -> Option<String> {
    let has_lock = |executor: &str| {
        let of_python = summary.interpreters.iter().flat_map(|table| &table.rows).any(|row| {
            format!("{}:{}", row.name, row.way) == executor
                && row.interpreter.as_ref().is_some_and(|it| it.gil)
        });
        executor == STAND_IN || (is_threads(executor) && of_python)
    };
    let scaled = rows.iter().filter(|row| has_lock(&row.executor));
    let scaled = scaled.filter_map(|row| Some((row.executor.as_str(), greatest(&row.speed_ups)?.0.median)));
    let single = summary.tasks.iter().filter(|row| row.task == rows[0].task && has_lock(&row.executor));
    let single = single.filter_map(|row| Some((row.executor.as_str(), row.comparison?.speed_up)));
    let mut known: Vec<(&str, f64)> = scaled.collect();
    for (executor, reached) in single {
        if known.iter().all(|(other, _)| *other != executor) {
            known.push((executor, reached));
        }
    }
    let (executor, most) = known.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(if most < NONE {
        format!(
            "Under a lock that lets one thread at a time run (a GIL) the line stays flat: {executor} reaches {} times at most.",
            figure(most)
        )
    } else {
        format!(
            "Under a lock that lets one thread at a time run (a GIL) the line should stay flat, but {executor} reached {} times here.",
            figure(most)
        )
    })
}
