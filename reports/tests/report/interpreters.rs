//! Real interpreters beside the lab's executors: what is compared with what, and how it reads.

use crate::sample::{self, run_of, tasks_cell};
use insta::assert_snapshot;
use reports::document::Document;
use reports::markdown;
use reports::record::{Cell, Interpreter, TaskCell, Verdict};
use reports::summary::{BesideRow, Side, Summary};
use reports::table::Table;

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

fn by_line(side: &Side) -> Option<f64> {
    side.by_line.map(|by_line| by_line.median)
}

fn close(one: Option<f64>, other: f64) -> bool {
    one.is_some_and(|one| (one / other - 1.0).abs() < 1e-9)
}

#[test]
fn each_is_compared_with_its_own_line_and_both_with_each_other() {
    let rows = rows(cells());
    let threads = row(&rows, "cpython-3.11", "threads");
    assert!(close(by_line(&threads.python), 1.04), "{threads:?}");
    assert!(close(by_line(&threads.rust.unwrap()), 0.525), "{threads:?}");
    assert!(close(threads.rust_by_python.map(|ratio| ratio.value), 0.021 / 1.04), "{threads:?}");
    assert!(close(by_line(&row(&rows, "cpython-3.13t", "threads").python), 0.68 / 1.3));
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

/// As [`cells`], and ours with twice as many jobs, which no interpreter ran.
fn with_more_jobs() -> Vec<Cell> {
    let more = (1..=3).flat_map(|round| rust(round, 2.0));
    let more = more.map(|cell| tasks_cell(TaskCell { jobs: 20, ..cell }));
    cells().into_iter().chain(more).collect()
}

fn in_the_notes_form(cells: Vec<Cell>) -> Table {
    let tables = Document::of(&run_of(cells)).tables;
    let mut tables = tables.into_iter();
    tables.find(|table| table.title.starts_with("In the form")).expect("there is one")
}

#[test]
fn the_notes_form_is_of_the_jobs_that_cpython_with_its_lock_ran_and_has_its_three_ways() {
    let table = in_the_notes_form(with_more_jobs());
    assert_eq!(table.title, "In the form of the course notes: 10 short jobs");
    let rows: Vec<String> = table.rows.iter().map(|row| row[..4].join(" ")).collect();
    assert_eq!(
        rows[3..6],
        [
            "CPython 3.11.7 Line 1.10 1.00",
            "CPython 3.11.7 Thread 1.14 1.04 ±0%",
            "CPython 3.11.7 Process 0.605 0.55 ±0%"
        ]
    );
    assert_eq!(rows[7], "CPython 3.13.0 without GIL Thread 0.748 0.52 ±0%");
    assert_eq!(rows.len(), 9, "PyPy is none");
    assert!(table.notes[1].contains("Those of CPython 3.11.7 have one (the GIL)"), "{:?}", table.notes);
    assert!(
        table.notes[1].ends_with("CPython 3.13.0 without GIL ran without such a lock."),
        "{:?}",
        table.notes
    );
}

#[test]
fn without_a_cpython_the_notes_form_is_of_the_most_jobs_and_says_why_threads_differ() {
    let mut cells = with_more_jobs();
    cells.retain(|cell| !matches!(cell, Cell::Tasks(cell) if cell.interpreter.is_some()));
    let table = in_the_notes_form(cells);
    assert_eq!(
        (table.title.as_str(), table.rows.len()),
        ("In the form of the course notes: 20 short jobs", 3)
    );
    assert!(table.notes[1].contains("The notes' Python had a lock"), "{:?}", table.notes);
}

#[test]
fn a_way_that_an_interpreter_lacks_has_its_name_and_the_reason() {
    let mut all = cells();
    all.push(tasks_cell(TaskCell { reason: Some("PyPy lacks it".into()), ..missing("pypy-3.9:threads", 1) }));
    let run = run_of(all);
    let document = Document::of(&run);
    let table = document.tables.last().unwrap();
    assert!(
        table.rows.iter().any(|row| row[..4] == ["PyPy 3.9.16", "on", "threads", "unsupported"]),
        "{table:?}"
    );
    assert!(
        table.notes.contains(&"PyPy 3.9.16, threads: unsupported. PyPy lacks it.".to_owned()),
        "{table:?}"
    );
}

#[test]
fn an_executor_with_options_is_not_taken_for_the_plain_one() {
    let mut all = cells();
    all.extend(
        (1..=3).map(|round| {
            tasks_cell(TaskCell { options: "stack=65536".into(), ..own("threads", round, 9.0) })
        }),
    );
    assert_eq!(rows(all), rows(cells()));
}

#[test]
fn ways_that_can_not_be_run_for_one_reason_say_it_together() {
    let missing = ["jython:threads", "jython:line"].map(|executor| missing(executor, 1));
    let cells = rust(1, 1.0).into_iter().chain(missing).map(tasks_cell).collect();
    let tables = Document::of(&run_of(cells)).tables;
    let table = tables.into_iter().find(|table| table.title.starts_with("Tasks"));
    let notes = table.unwrap().notes;
    let said: Vec<&String> = notes.iter().filter(|note| note.contains("install python3")).collect();
    let sentence =
        "jython:line; jython:threads on primes: unsupported. There is no python3; install python3.";
    assert_eq!(said, [sentence]);
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
    assert!(close(by_line(&row(&table.rows, "gil", "threads").python), 0.041 / 0.04));
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
fn an_interpreter_with_one_number_of_jobs_has_no_row_of_scaling_and_with_three_one_by_its_own_line() {
    let of_python = |cells| {
        let rows = Summary::of(&run_of(cells)).scaling;
        rows.into_iter().filter(|row| row.executor.contains(':')).collect::<Vec<_>>()
    };
    assert_eq!(of_python(cells()), []);
    let cell = |jobs: usize, way: &str, seconds: f64| {
        let executor = format!("cpython-3.11:{way}");
        tasks_cell(TaskCell { jobs, workers: jobs, ..python("3.11.7", true, &executor, 1, seconds) })
    };
    let all = [1, 2, 4].map(|jobs| [cell(jobs, "line", jobs as f64), cell(jobs, "processes", 1.0)]);
    let rows = of_python(all.into_iter().flatten().collect());
    assert_eq!(rows.len(), 1);
    let speed_ups: Vec<_> = rows[0].speed_ups.iter().map(|(n, speed_up)| (*n, speed_up.median)).collect();
    assert_eq!(
        (rows[0].executor.as_str(), speed_ups),
        ("cpython-3.11:processes", vec![(1, 1.0), (2, 2.0), (4, 4.0)])
    );
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
