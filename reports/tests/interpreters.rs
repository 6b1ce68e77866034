//! Real interpreters beside the lab's executors: what is compared with what, and how it reads.

mod sample;

use insta::assert_snapshot;
use reports::document::Document;
use reports::markdown;
use reports::record::{Cell, Interpreter, TaskCell, Verdict};
use reports::summary::{BesideRow, Summary};
use sample::{run_of, tasks_cell};

const VALUE: &str = "5736396";

/// A cell of ours on smaller jobs.
fn own(executor: &str, round: u32, seconds: f64) -> TaskCell {
    TaskCell {
        size: Some("short".into()),
        value: Some(VALUE.into()),
        ..sample::task(executor, "primes", round, seconds, 1)
    }
}

fn python(version: &str, gil: bool, executor: &str, round: u32, seconds: f64) -> TaskCell {
    TaskCell {
        interpreter: Some(Interpreter { implementation: "CPython".into(), version: version.into(), gil }),
        start_up_s: Some(0.041),
        ..own(executor, round, seconds)
    }
}

fn missing(executor: &str, round: u32) -> TaskCell {
    TaskCell {
        executor: executor.into(),
        verdict: Verdict::Unsupported,
        reason: Some("there is no python3; install python3".into()),
        value: None,
        cost: None,
        seconds: 0.0,
        ..own(executor, round, 0.0)
    }
}

fn rust(round: u32, slower: f64) -> [TaskCell; 4] {
    [("line", 0.04), ("threads", 0.021), ("processes", 0.022), ("gil", 0.041)]
        .map(|(name, seconds)| own(name, round, seconds * slower))
}

/// Two interpreters of C, one without the lock, and a compiling one that was warmed up; the second round is twice as slow for all.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (round, slower) in [(1, 1.0), (2, 2.0), (3, 1.1)] {
        cells.extend(rust(round, slower));
        for (way, locked, free) in [("line", 1.0, 1.3), ("threads", 1.04, 0.68), ("processes", 0.55, 0.71)] {
            let (old, new) = (format!("cpython-3.11:{way}"), format!("cpython-3.13t:{way}"));
            cells.push(python("3.11.7", true, &old, round, locked * slower));
            cells.push(python("3.13.0", false, &new, round, free * slower));
        }
        let pypy = Interpreter { implementation: "PyPy".into(), version: "3.9.16".into(), gil: true };
        cells.push(TaskCell {
            interpreter: Some(pypy),
            warm_up_s: Some(0.03),
            ..python("", true, "pypy-3.9:line", round, 0.08 * slower)
        });
        cells.push(missing("jython:threads", round));
    }
    cells.into_iter().map(tasks_cell).collect()
}

fn rows(cells: Vec<Cell>) -> Vec<BesideRow> {
    Summary::of(&run_of(cells)).interpreters.remove(0).rows
}

fn row<'a>(rows: &'a [BesideRow], name: &str, way: &str) -> &'a BesideRow {
    rows.iter().find(|row| row.name == name && row.way == way).expect("there is such a row")
}

fn close(one: Option<f64>, other: f64) -> bool {
    one.is_some_and(|one| (one / other - 1.0).abs() < 1e-9)
}

#[test]
fn each_is_compared_with_its_own_line_and_both_with_each_other() {
    let rows = rows(cells());
    let threads = row(&rows, "cpython-3.11", "threads");
    assert!(close(threads.python.by_line, 1.04), "{threads:?}");
    assert!(close(threads.rust.unwrap().by_line, 0.525), "{threads:?}");
    assert!(close(threads.rust_by_python.map(|ratio| ratio.value), 0.021 / 1.04), "{threads:?}");
    assert!(close(row(&rows, "cpython-3.13t", "threads").python.by_line, 0.68 / 1.3));
}

#[test]
fn the_tasks_own_table_compares_an_interpreter_with_its_own_line_too() {
    let summary = Summary::of(&run_of(cells()));
    let speed_up = |executor: &str| {
        let row = summary.tasks.iter().find(|row| row.executor == executor).unwrap();
        row.comparison.map(|comparison| comparison.speed_up)
    };
    assert!(close(speed_up("cpython-3.11:processes"), 1.0 / 0.55));
    assert!(close(speed_up("processes"), 0.04 / 0.022));
}

#[test]
fn interpreters_stand_below_the_labs_own_executors_with_the_ways_of_the_notes_first() {
    let rows = Summary::of(&run_of(cells())).tasks;
    let order: Vec<&str> = rows.iter().map(|row| row.executor.as_str()).collect();
    let own = ["line", "threads", "processes", "gil"];
    assert_eq!(order[..4], own);
    assert_eq!(order[4..7], ["cpython-3.11:line", "cpython-3.11:threads", "cpython-3.11:processes"]);
}

#[test]
fn values_that_differ_are_said_to_differ() {
    let mut all = cells();
    for cell in &mut all {
        if let Cell::Tasks(cell) = cell
            && cell.executor == "cpython-3.11:threads"
        {
            cell.value = Some("5736397".into());
        }
    }
    let rows = rows(all);
    assert_eq!(row(&rows, "cpython-3.11", "threads").values_equal, Some(false));
    assert_eq!(row(&rows, "cpython-3.11", "processes").values_equal, Some(true));
    assert_eq!(row(&rows, "jython", "threads").values_equal, None);
}

#[test]
fn without_cpython_the_lock_of_our_own_stands_in_and_what_to_install_is_said() {
    let mut all: Vec<TaskCell> = rust(1, 1.0).into();
    all.extend(["line", "threads", "processes"].map(|way| missing(&format!("cpython:{way}"), 1)));
    let run = run_of(all.into_iter().map(tasks_cell).collect());
    let table = Summary::of(&run).interpreters.remove(0);
    assert!(table.stands_in);
    assert!(close(row(&table.rows, "gil", "threads").python.by_line, 0.041 / 0.04));
    let text = markdown::draw(&Document::of(&run));
    assert!(text.contains("gil (stands in)"), "{text}");
    assert!(text.contains("here is no python3; install python3"), "{text}");
}

#[test]
fn with_cpython_nothing_stands_in_for_it() {
    let table = Summary::of(&run_of(cells())).interpreters.remove(0);
    assert!(!table.stands_in && table.rows.iter().all(|row| row.name != "gil"));
}

#[test]
fn no_law_of_scaling_is_looked_for_in_one_number_of_jobs() {
    let summary = Summary::of(&run_of(cells()));
    assert!(summary.scaling.iter().all(|row| !row.executor.contains(':')));
}

#[test]
fn a_run_without_interpreters_has_no_such_table() {
    assert_eq!(Summary::of(&sample::run()).interpreters, []);
}

#[test]
fn the_tables() {
    let text = markdown::draw(&Document::of(&run_of(cells())));
    let tables = text.split("\n## ").filter(|part| part.starts_with("Tasks") || part.starts_with("Python"));
    assert_snapshot!(tables.collect::<Vec<_>>().join("\n## "));
}
