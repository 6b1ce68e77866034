//! Executors over tasks: every column, with speed-up and efficiency.

use reports::document::Document;
use reports::record::{Cell, Cost, Run, TaskCell};

use crate::expected::{Expected, Row, Text};
use crate::figure::{Rounds, by};
use crate::forms;
use crate::notes_form;
use crate::record::{self, each, in_round, rounds};

/// Executors with how many jobs they do at once, and how long they take by line at what computes and at what waits.
pub(crate) const EXECUTORS: [(&str, usize, f64, f64); 3] =
    [("line", 1, 1.0, 1.0), ("threads", 9, 0.57, 0.23), ("processes", 8, 0.71, 0.31)];
/// Tasks with what line takes for a job.
pub(crate) const TASKS: [(&str, &str, f64); 2] = [("primes", "cpu", 0.41), ("disk", "io", 0.17)];
const CORES: usize = 2;

/// A cell whose figures follow from how long it takes.
pub(crate) fn cell(
    executor: &str,
    (task, family, _): (&str, &str, f64),
    round: usize,
    seconds: f64,
) -> TaskCell {
    TaskCell {
        executor: executor.into(),
        task: task.into(),
        family: family.into(),
        jobs: 12,
        round: round as u32 + 1,
        seconds,
        value: Some("454396537".into()),
        cost: Some(Cost {
            user_s: Some(3.1 * seconds),
            system_s: Some(0.47 * seconds),
            pss_peak_bytes: Some((43.0 * seconds * 1_048_576.0) as u64),
            ..Cost::default()
        }),
        ..TaskCell::default()
    }
}

pub(crate) fn run() -> Run {
    let cells = TASKS.iter().flat_map(|task| {
        rounds(&EXECUTORS, |(executor, workers, computing, waiting), place, round| {
            let share = if task.1 == "cpu" { computing } else { waiting };
            let seconds = 12.0 * task.2 * share * in_round(place, round);
            Cell::Tasks(Box::new(TaskCell { workers, ..cell(executor, *task, round, seconds) }))
        })
    });
    record::run(cells.collect())
}

/// The cells of tasks among those of a record that are of this kind, in the order of their rounds.
pub(crate) fn own(run: &Run, is: impl Fn(&TaskCell) -> bool) -> Vec<&TaskCell> {
    let all = run.cells.iter().filter_map(|cell| match cell {
        Cell::Tasks(cell) => Some(&**cell),
        _ => None,
    });
    let mut cells: Vec<&TaskCell> = all.filter(|cell| is(cell)).collect();
    cells.sort_by_key(|cell| cell.round);
    cells
}

pub(crate) fn seconds(cells: &[&TaskCell]) -> Vec<f64> {
    each(cells, |cell| cell.seconds)
}

/// The places of executors at one task by how long each took in each round. The rounds differ so little that whoever took a hundredth
/// longer than the first of a place is behind it.
pub(crate) fn places(seconds: &[Vec<f64>]) -> Vec<String> {
    let middle = |place: &usize| Rounds::of(seconds[*place].iter().copied()).middle;
    let mut order: Vec<usize> = (0..seconds.len()).collect();
    order.sort_by(|one, other| middle(one).total_cmp(&middle(other)));
    let mut places = vec![0; seconds.len()];
    let mut first = order[0];
    for (number, own) in order.iter().enumerate() {
        if number > 0 && Rounds::by(&seconds[*own], &seconds[first]).middle > 1.01 {
            first = *own;
        }
        places[*own] = if first == *own { number + 1 } else { places[first] };
    }
    let is_shared = |place: &usize| places.iter().filter(|other| *other == place).count() > 1;
    places.iter().map(|place| format!("{place}{}", if is_shared(place) { "=" } else { "" })).collect()
}

/// What each column of an executor's row is by the record; `line` has the cells that it is compared with.
pub(crate) fn row(cells: &[&TaskCell], line: &[&TaskCell], has_task: bool, place: &str) -> Row {
    let cell = cells[0];
    let of = |figure: fn(&TaskCell) -> f64| Rounds::of(each(cells, figure));
    let (own, speed_up) = (Rounds::of(seconds(cells)), Rounds::by(&seconds(line), &seconds(cells)));
    let computes = cell.family == "cpu";
    let efficiency = speed_up.middle / cell.workers.min(CORES) as f64;
    let row =
        if has_task { Row::of("task", format!("{} ({})", cell.task, cell.family)) } else { Row::default() };
    row.word("jobs", cell.jobs)
        .word("executor", &cell.executor)
        .word("rank", place)
        .word("workers", cell.workers)
        .figure("time (s)", own.middle)
        .ends("interval (s)", own)
        .estimate("speed-up (times)", speed_up)
        .ends("interval (times)", speed_up)
        .figure(
            "CPU (s)",
            of(|cell| cell.cost.unwrap().user_s.unwrap() + cell.cost.unwrap().system_s.unwrap()).middle,
        )
        .figure(
            "memory (MiB)",
            of(|cell| cell.cost.unwrap().pss_peak_bytes.unwrap() as f64).middle / 1_048_576.0,
        )
        .word("values", "ok")
        .word("rounds", format!("{0}/{0}", cells.len()))
        .with("efficiency", if computes { Text::Figure(efficiency) } else { Text::Nothing })
        // With one worker it is the speed-up.
        .repeating(if cell.workers == 1 { &["efficiency"] } else { &[] })
}

fn table(run: &Run) -> Expected {
    let of = |task: &'static str| {
        let cells = |executor: &str| own(run, |cell| cell.task == task && cell.executor == executor);
        let places = places(&EXECUTORS.map(|(executor, ..)| seconds(&cells(executor))));
        let rows = EXECUTORS.iter().zip(places);
        rows.map(|((executor, ..), place)| row(&cells(executor), &cells("line"), true, &place))
            .collect::<Vec<_>>()
    };
    Expected::new("Tasks", TASKS.iter().flat_map(|(task, ..)| of(task)).collect())
}

#[test]
fn every_column_of_an_executor_is_the_records() {
    let run = run();
    let tables = [table(&run), notes_form::table(&run, 12, "jobs")];
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}

#[test]
fn ratios_within_rounds_are_not_those_of_the_middles() {
    let run = run();
    let cells =
        |executor: &str| seconds(&own(&run, |cell| cell.task == "primes" && cell.executor == executor));
    let within = Rounds::of(by(&cells("line"), &cells("threads"))).middle;
    let of_middles = Rounds::of(cells("line")).middle / Rounds::of(cells("threads")).middle;
    assert!((within / of_middles - 1.0).abs() > 1e-4);
}
