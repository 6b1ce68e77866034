//! The tasks' tables in words: executors, and the laws that they scale by.

use insta::assert_snapshot;
use reports::document::Document;
use reports::record::{Cell, Run, TaskCell};
use reports::table::Table;
use reports::terminal::Charset;

use crate::found::{document, expected, on_terminal, row, table};
use crate::sample::{self, run_of, tasks_cell};

#[test]
fn every_column_of_a_task_shows_its_own_figure() {
    let expected = expected(&[
        ("task", "primes (cpu)"),
        ("jobs", "10"),
        ("executor", "processes"),
        ("rank", "2"),
        ("workers", "10"),
        ("time (s)", "3.24"), // 2.16 and 4.32
        ("interval (s)", "2.16..4.32"),
        ("speed-up (times)", "1.85 ±0%"), // 4 by 2.16, 8 by 4.32
        ("interval (times)", "1.85..1.85"),
        ("efficiency", "0.93"),   // by two cores
        ("CPU (s)", "3.31"),      // 3.13 and 3.23, and 0.126 in the kernel
        ("memory (MiB)", "16.0"), // 7 + 13 / 2, 7 + 23 / 2
        ("values", "ok"),
        ("rounds", "2/2"),
    ]);
    assert_eq!(row(&table(&document(), "Tasks"), &["primes (cpu)", "10", "processes"]), expected);
}

/// The sample with tasks alone: each way with 1, 2, 4 and 8 jobs at once, on two cores, in two rounds.
pub(crate) fn sweep() -> Run {
    let one = 0.1;
    let mut cells = Vec::new();
    for round in 1..=2 {
        for jobs in [1_usize, 2, 4, 8] {
            let n = jobs as f64;
            let lost = 1.0 + 0.2 * (n - 1.0) + 0.01 * n * (n - 1.0);
            for (executor, name, seconds, at_once) in [
                ("line", "primes", n * one, 1),
                ("threads", "primes", one * (n / 2.0).max(1.0), jobs),
                ("threads", "wait", one, jobs),
                ("line", "wait", n * one, 1),
                ("processes", "primes", one * lost, jobs),
                ("thread-pool", "primes", one * (n / 2.0).max(1.0), jobs.min(2)),
            ] {
                cells.push(TaskCell {
                    jobs,
                    size: Some("short".into()),
                    at_once: Some(at_once),
                    workers: at_once,
                    ..sample::task(executor, name, round, seconds, 1)
                });
            }
        }
    }
    run_of(cells.into_iter().map(tasks_cell).collect())
}

#[test]
fn the_tables_of_a_sweep() {
    assert_snapshot!(on_terminal(&Document::of(&sweep()), 160, Charset::Utf8));
}

#[test]
fn a_table_of_one_task_names_it_in_its_title_and_what_holds_for_all_is_said_once() {
    let document = Document::of(&sweep());
    let tables = document.tables.iter();
    let tables: Vec<&Table> = tables.filter(|table| table.title.starts_with("Tasks")).collect();
    let titles: Vec<&str> = tables.iter().map(|table| table.title.as_str()).collect();
    assert_eq!(titles, ["Tasks: primes (computes)", "Tasks: wait (waits)"]);
    assert_eq!(
        tables[0].columns[..2].iter().map(|column| &*column.title).collect::<Vec<_>>(),
        ["jobs", "executor"]
    );
    let short = |table: &&Table| table.notes.iter().any(|note| note.starts_with("Jobs are short"));
    assert_eq!(tables.iter().map(short).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn the_laws_of_scaling_stand_beside_what_an_executor_that_loses_nothing_comes_to() {
    let table = table(&Document::of(&sweep()), "Scaling");
    let texts =
        |task, executor| row(&table, &[task, executor]).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    let reference = texts("any", "loses nothing");
    assert_eq!(reference[2..6], ["1 2 4 8", "2.00", "2", "0.327"], "two at once are as fast as any");
    let threads = texts("primes", "threads");
    let figures = |texts: &[&str]| {
        texts.iter().map(|text| text.split(" ±").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(figures(&threads[2..]), figures(&reference[2..]), "it loses nothing");
    let processes = texts("primes", "processes");
    assert_eq!(processes[7..], ["0.200 ±0.000", "0.0100 ±0.0000", "8.94", "0.0%"]);
    assert_eq!(
        table.rows.iter().filter(|row| row[1] == "loses nothing").count(),
        1,
        "the pool's list is too short"
    );
    assert!(table.notes[0].contains("up to 2 processors"), "{:?}", table.notes);
    assert_eq!(
        table.notes.last().map(String::as_str),
        Some(
            "Not fitted, as that takes three different numbers at once in one round: thread-pool on primes."
        )
    );
}

#[test]
fn tasks_that_wait_scale_in_a_table_of_their_own_without_a_reference() {
    let table = table(&Document::of(&sweep()), "Scaling of tasks that wait");
    let texts: Vec<&str> = row(&table, &["wait", "threads"]).into_iter().map(|(_, text)| text).collect();
    let law = ["0.000 ±0.000", "0.0%", "0.000 ±0.000", "0 ±0.0000", "", "0.0%"];
    assert_eq!(texts[3..], [["8.00 ±0%", "8"].as_slice(), &law].concat());
    assert_eq!(table.rows.len(), 1);
    assert!(table.notes[0].starts_with("greatest:"), "{:?}", table.notes);
}

#[test]
fn a_pool_is_fitted_over_its_numbers_of_workers() {
    let mut run = sweep();
    let wider = |round| TaskCell {
        jobs: 8,
        options: "workers=4".into(),
        size: Some("short".into()),
        at_once: Some(4),
        workers: 4,
        ..sample::task("thread-pool", "primes", round, 0.4, 1)
    };
    run.cells.extend([1, 2].map(|round| tasks_cell(wider(round))));
    let table = table(&Document::of(&run), "Scaling");
    let pool = row(&table, &["primes", "thread-pool"]);
    assert_eq!(pool[2].1, "1 2 4");
    let references: Vec<&Vec<String>> = table.rows.iter().filter(|row| row[1] == "loses nothing").collect();
    assert_eq!(references.iter().map(|row| row[2].as_str()).collect::<Vec<_>>(), ["1 2 4", "1 2 4 8"]);
    assert_eq!(pool[5].1.split(" ±").next(), Some(references[0][5].as_str()));
    assert!(table.notes.iter().all(|note| !note.starts_with("Not fitted")), "{:?}", table.notes);
}

/// Why the last table of tasks says that there are no laws.
fn no_law(keep: impl Fn(&TaskCell) -> bool) -> Option<String> {
    let mut run = sweep();
    run.cells.retain(|cell| matches!(cell, Cell::Tasks(cell) if keep(cell)));
    let notes = Document::of(&run).tables.into_iter().flat_map(|table| table.notes);
    notes.into_iter().find(|note| note.starts_with("No law"))
}

#[test]
fn where_jobs_vary_but_no_law_is_fitted_the_table_says_what_that_takes() {
    let two_numbers =
        "No law of scaling is fitted: that takes three different numbers at once, as with --jobs 1,2,4.";
    assert_eq!(no_law(|cell| cell.jobs < 3).as_deref(), Some(two_numbers));
    let no_line = "No law of scaling is fitted: that takes line's time for as many jobs; run line as well.";
    assert_eq!(no_law(|cell| cell.executor != "line").as_deref(), Some(no_line));
}

#[test]
fn who_runs_line_alone_or_one_number_of_jobs_is_told_of_no_law() {
    assert_eq!(no_law(|cell| cell.executor == "line"), None);
    assert_eq!(no_law(|cell| cell.jobs == 2), None);
}
