//! How executors scale: speed-ups over numbers of jobs, and the laws fitted to them.

use reports::document::Document;
use reports::record::{Cell, Run, TaskCell};

use crate::expected::{Expected, Row, Text};
use crate::figure::{Rounds, by};
use crate::forms;
use crate::notes_form;
use crate::record::{self, in_round, rounds};
use crate::tasks::{self, TASKS, own, seconds};

const JOBS: [usize; 4] = [1, 2, 4, 6];
/// Executors with what they lose by waiting for each other, and by pairs; at what waits they lose half of that.
const EXECUTORS: [(&str, f64, f64); 3] =
    [("line", 1.0, 0.0), ("threads", 0.21, 0.057), ("processes", 0.32, 0.019)];
const CORES: usize = 2;
/// No law holds to the last digit: with so many at once it is as much faster or slower.
const OFF: [f64; 4] = [1.06, 1.05, 0.96, 1.01];

pub(crate) fn run() -> Run {
    let cells = TASKS.iter().flat_map(|task| {
        JOBS.iter().enumerate().flat_map(move |(step, jobs)| {
            rounds(&EXECUTORS, move |(executor, sigma, kappa), place, round| {
                let n = *jobs as f64;
                let half = if task.1 == "cpu" { 1.0 } else { 0.5 };
                let lost = 1.0 + half * (sigma * (n - 1.0) + kappa * n * (n - 1.0));
                let (lost, workers) = if executor == "line" { (n, 1) } else { (lost * OFF[step], *jobs) };
                let seconds = 3.54 * task.2 * lost * in_round(place + step, round);
                let cell = tasks::cell(executor, *task, round, seconds);
                Cell::Tasks(Box::new(TaskCell { jobs: *jobs, workers, at_once: Some(workers), ..cell }))
            })
        })
    });
    record::run(cells.collect())
}

fn cells<'a>(run: &'a Run, task: &str, executor: &str, jobs: usize) -> Vec<&'a TaskCell> {
    own(run, |cell| cell.task == task && cell.executor == executor && cell.jobs == jobs)
}

/// With each number of jobs the speed-up in each round.
pub(crate) fn speed_ups(run: &Run, task: &str, executor: &str) -> Vec<Vec<f64>> {
    let of = |jobs: &usize| {
        let of = |executor: &str| seconds(&cells(run, task, executor, *jobs));
        by(&of("line"), &of(executor))
    };
    JOBS.iter().map(of).collect()
}

/// Amdahl's s and how far the points are off, then Gunther's sigma and kappa and how far.
pub(crate) fn laws(speed_ups: &[f64]) -> [f64; 5] {
    let points: Vec<(f64, f64, f64, f64)> = JOBS
        .iter()
        .zip(speed_ups)
        .map(|(n, s)| (*n as f64, s))
        .map(|(n, s)| (n - 1.0, n * (n - 1.0), n / s - 1.0, (s / n).powi(2)))
        .collect();
    let sum = |part: &dyn Fn(f64, f64, f64) -> f64| {
        points.iter().map(|(x, p, y, w)| w * part(*x, *p, *y)).sum::<f64>()
    };
    let (xx, xp, pp) = (sum(&|x, _, _| x * x), sum(&|x, p, _| x * p), sum(&|_, p, _| p * p));
    let (xy, py) = (sum(&|x, _, y| x * y), sum(&|_, p, y| p * y));
    let off = |sigma: f64, kappa: f64| {
        (sum(&|x, p, y| (y - sigma * x - kappa * p).powi(2)) / points.len() as f64).sqrt()
    };
    let serial = xy / xx;
    let determinant = xx * pp - xp * xp;
    let (sigma, kappa) = match (xy * pp - py * xp) / determinant {
        // Nobody waits for less than nothing: without waiting pairs alone cost something.
        sigma if sigma < 0.0 => (0.0, py / pp),
        sigma => (sigma, (py * xx - xy * xp) / determinant),
    };
    assert!((0.0..1.0).contains(&serial) && (0.0..1.0).contains(&sigma) && kappa > 0.0, "{sigma} {kappa}");
    [serial, off(serial, 0.0), sigma, kappa, off(sigma, kappa)]
}

/// A row from the speed-ups with each number of jobs, round by round.
fn row(task: &str, executor: &str, speed_ups: &[Vec<f64>]) -> Row {
    let in_round = |round: usize| speed_ups.iter().map(|of| of[round]).collect::<Vec<f64>>();
    let fitted: Vec<[f64; 5]> = (0..speed_ups[0].len()).map(|round| laws(&in_round(round))).collect();
    let of = |place: usize| Rounds::of(fitted.iter().map(|laws| laws[place]));
    let peak = Rounds::of(fitted.iter().map(|laws| ((1.0 - laws[2]) / laws[3]).sqrt()));
    let middles: Vec<Rounds> = speed_ups.iter().map(|of| Rounds::of(of.iter().copied())).collect();
    let greatest = middles.iter().max_by(|one, other| one.middle.total_cmp(&other.middle)).unwrap();
    let with = middles.iter().position(|it| it.middle >= 0.98 * greatest.middle).unwrap();
    Row::of("task", task)
        .word("executor", executor)
        .word("at once", "1 2 4 6")
        .estimate("greatest (times)", *greatest)
        .word("with (at once)", JOBS[with])
        .with("Amdahl s", Text::Parameter(of(0), 3))
        .figure("off (of Amdahl)", of(1).middle)
        .with("Gunther σ", Text::Parameter(of(2), 3))
        .with("κ", Text::Parameter(of(3), 4))
        .figure("peak (at once)", peak.middle)
        .figure("off (of Gunther)", of(4).middle)
}

fn table(run: &Run, task: &str, does: &str) -> Expected {
    // One that loses nothing is as many times as fast as there are processors, whatever is beyond them.
    let lossless = JOBS.map(|jobs| vec![jobs.min(CORES) as f64]);
    let first = (task == "primes").then(|| row("any", "loses nothing", &lossless));
    let own = ["threads", "processes"].map(|executor| row(task, executor, &speed_ups(run, task, executor)));
    let title = format!("Scaling of tasks that {does}: Amdahl's law and Gunther's");
    Expected::new(title, first.into_iter().chain(own).collect())
}

/// All executors with each number of jobs.
fn executors(run: &Run, task: &str, does: &str) -> Expected {
    let rows = JOBS.iter().flat_map(|jobs| {
        let own = |executor: &str| cells(run, task, executor, *jobs);
        let places = tasks::places(&EXECUTORS.map(|(executor, ..)| seconds(&own(executor))));
        let rows = EXECUTORS.iter().zip(places);
        rows.map(|((executor, ..), place)| tasks::row(&own(executor), &own("line"), false, &place))
            .collect::<Vec<_>>()
    });
    Expected::new(format!("Tasks: {task} ({does})"), rows.collect())
}

#[test]
fn the_laws_are_those_that_fit_the_records_speed_ups() {
    let run = run();
    let tables = [
        executors(&run, "primes", "computes"),
        executors(&run, "disk", "waits"),
        table(&run, "primes", "compute"),
        table(&run, "disk", "wait"),
        notes_form::table(&run, 6, "jobs"),
    ];
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}
