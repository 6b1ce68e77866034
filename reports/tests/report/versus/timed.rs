//! Tasks and probes of two runs: known ratios are found whichever way is better, and what can't be told says why.

use reports::document::{Belief, Document};
use reports::record::{Cell, ProbeCell, Run, TaskCell, Verdict};
use reports::summary::{Measure, Outcome, Series, TimedSuite, Versus};

use crate::sample::probes::timed;
use crate::sample::{run_of, task, tasks_cell};

/// What rounds of the same differ by.
const ROUNDS: [f64; 5] = [1.0, 1.004, 0.997, 1.002, 0.999];

/// Five rounds of two executors at one task, of which the later takes `by` times as long.
fn tasks(by: f64) -> Run {
    let rounds = ROUNDS.iter().zip(1..).flat_map(|(noise, round)| {
        [("line", 2.0), ("threads", by)]
            .map(|(executor, seconds)| tasks_cell(task(executor, "primes", round, seconds * noise, 1)))
    });
    run_of(rounds.collect())
}

/// Five rounds of a pipe's round trips, and of its bandwidth.
fn messages(time: f64, rate: f64) -> Run {
    let rounds = ROUNDS.iter().zip(1..).flat_map(|(noise, round)| {
        let trip = timed("pipe", "processes", "round-trip", 1, 10.0 * time * noise);
        let trip = ProbeCell { round, ..trip };
        let bandwidth = ProbeCell {
            time_us: None,
            operation: "bandwidth".into(),
            message_bytes: Some(16 << 10),
            bytes_per_second: Some(1e9 * rate * noise),
            ..trip.clone()
        };
        [trip, bandwidth].map(|cell| Cell::Ipc(Box::new(cell)))
    });
    run_of(rounds.collect())
}

fn outcomes(versus: &Versus) -> Vec<(&str, Outcome)> {
    versus.timed.iter().map(|row| (row.name.as_str(), row.outcome)).collect()
}

#[test]
fn an_executor_that_takes_longer_is_slower_and_the_other_stays_the_same() {
    let versus = Versus::of(&tasks(1.0), &tasks(1.2));
    assert_eq!(outcomes(&versus), [("line", Outcome::Same), ("threads", Outcome::Slower)]);
    let change = versus.timed[1].figure.unwrap();
    assert!((change.ratio - 1.2).abs() < 1e-9 && change.low > 1.1 && change.high < 1.3, "{change:?}");
    assert_eq!(outcomes(&Versus::of(&tasks(1.2), &tasks(1.0)))[1], ("threads", Outcome::Faster));
}

#[test]
fn a_rate_that_fell_is_slower_as_is_a_time_that_grew() {
    let versus = Versus::of(&messages(1.0, 1.0), &messages(1.3, 0.7));
    let told = |row: &reports::summary::TimedRow| (row.measure, row.outcome);
    let told: Vec<_> = versus.timed.iter().map(told).collect();
    assert_eq!(told, [(Measure::BytesPerSecond, Outcome::Slower), (Measure::TimeUs, Outcome::Slower)]);
    assert!(versus.timed[0].figure.unwrap().high < 1.0 && versus.timed[1].figure.unwrap().low > 1.0);
    let risen = Versus::of(&messages(1.0, 1.0), &messages(1.0, 1.5));
    assert_eq!(risen.timed[0].outcome, Outcome::Faster);
}

#[test]
fn records_of_tasks_or_probes_alone_have_rows_in_common() {
    for run in [tasks(1.0), messages(1.0, 1.0)] {
        let versus = Versus::of(&run, &run);
        assert!(versus.rows.is_empty() && versus.number_of_rows() == 2 && versus.compares_anything());
        assert_eq!(versus.count(Outcome::Same), 2, "{:?}", versus.timed);
        assert!(Document::versus(&versus).warnings.is_empty());
    }
}

#[test]
fn the_threshold_of_tasks_and_probes_alone_is_not_told_of_servers() {
    let threshold = |document: Document| {
        document.facts.into_iter().find(|fact| fact.name == "Threshold").expect("a threshold").value
    };
    for run in [tasks(1.0), messages(1.0, 1.0)] {
        let told = threshold(Document::versus(&Versus::of(&run, &run)));
        assert!(told.starts_with("what the same task or probe, measured twice in one run, "), "{told}");
        let runs = [("one".to_owned(), run.clone()), ("two".to_owned(), run)];
        let told = threshold(Document::series(&Series::of(&runs).unwrap()));
        assert!(told.starts_with("what the same task or probe, measured twice in one run, "), "{told}");
    }
}

#[test]
fn each_suite_has_a_conclusion_and_tasks_are_believed_with_care() {
    let mut old = tasks(1.0);
    old.cells.extend(messages(1.0, 1.0).cells);
    let mut new = tasks(1.5);
    new.cells.extend(messages(1.0, 1.0).cells);
    let document = Document::versus(&Versus::of(&old, &new));
    let suites: Vec<&str> = document.conclusions.iter().map(|it| it.suite.as_str()).collect();
    assert_eq!(suites, ["Tasks", "Messages"]);
    let tasks = &document.conclusions[0];
    assert!(tasks.text.starts_with("Of 2 rows, 1 became slower and 0 faster"), "{}", tasks.text);
    assert!(tasks.text.contains("threads changed most, to 1.50 times as long"), "{}", tasks.text);
    // No task was measured twice in a run.
    assert_eq!(tasks.belief, Belief::Careful);
    assert!(document.tables[0].title.starts_with("What changed"), "{:?}", document.tables);
}

#[test]
fn a_task_that_came_to_errors_is_lost_and_one_that_is_gone_is_named() {
    let old = tasks(1.0);
    let mut new = old.clone();
    new.cells.retain(|cell| matches!(cell, Cell::Tasks(cell) if cell.executor == "threads"));
    for cell in &mut new.cells {
        let Cell::Tasks(cell) = cell else { continue };
        **cell = TaskCell { verdict: Verdict::Errors, ..(**cell).clone() };
    }
    let versus = Versus::of(&old, &new);
    assert_eq!(versus.lost(), ["line (not in the later run)", "threads (5 of 5 rounds came to errors)"]);
    assert_eq!(versus.timed[0].reason.as_deref(), Some("no round of the later run counts: errors"));
}

#[test]
fn a_series_of_tasks_finds_the_step() {
    let runs = [1.0, 1.0, 1.4].iter().zip(1..).map(|(by, day)| {
        let started = format!("2026-02-{day:02}T12:00:00Z");
        (format!("day-{day}"), Run { started, ..tasks(*by) })
    });
    let series = Series::of(&runs.collect::<Vec<_>>()).unwrap();
    let told = series.timed_changes().into_iter();
    let told: Vec<_> = told.map(|(step, row)| (step.from + 1, step.to + 1, row.name.as_str())).collect();
    assert_eq!(told, [(2, 3, "threads"), (1, 3, "threads")]);
    assert_eq!(series.timed[1].suite, TimedSuite::Tasks);
    let document = Document::series(&series);
    let titles: Vec<&str> = document.tables.iter().map(|table| table.title.as_str()).collect();
    assert_eq!(titles, ["What changed in tasks and probes", "Tasks: primes (computes), 10 jobs", "Runs"]);
    assert_eq!(document.tables[1].rows[1].last().unwrap(), "2 → 3 slower 1.40; 1 → 3 slower 1.40");
}
