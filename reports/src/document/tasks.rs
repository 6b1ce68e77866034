//! The tasks' tables in words: each executor, and the course notes' own form.

use std::collections::BTreeSet;

use super::facts::name;
use super::notes;
use super::servers::range;
use crate::course_notes::{BASELINE, SOURCE, WAYS, Way};
use crate::record::Verdict;
use crate::summary::TaskRow;
use crate::table::{Column, Table};
use crate::units::{count, figure, if_known, mebibytes, plural};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Tasks: a row is one executor at one task, and its figures are medians over \
the rounds whose verdict is valid, with intervals as for servers. Seconds run from before the first job was started until the last value was \
there. Speed-up is line's time by the executor's, taken within each round: above 1 it is faster than one job after \
another. CPU is processor time, user and system, child processes included. Values are ok if every job came to the \
right one.";

fn columns() -> Vec<Column> {
    vec![
        Column::words("task", 0),
        Column::words("executor", 0),
        Column::numbers("workers", "", 5),
        Column::numbers("time", "s", 0),
        Column::numbers("interval", "s", 4),
        Column::numbers("speed-up", "times", 0),
        Column::numbers("CPU", "s", 1),
        Column::numbers("memory", "MiB", 6),
        Column::words("values", 2),
        Column::numbers("jobs", "", 7),
        Column::numbers("rounds", "", 3),
    ]
}

/// The table of all executors, and one in the notes' form for each number of jobs that was run in line.
pub(super) fn sections(rows: &[TaskRow]) -> Vec<Table> {
    if rows.is_empty() {
        return Vec::new();
    }
    let jobs: BTreeSet<usize> = rows.iter().map(|row| row.jobs).collect();
    let mut tables = vec![executors(rows)];
    tables.extend(jobs.into_iter().filter_map(|jobs| course_notes(rows, jobs)));
    tables
}

fn executors(rows: &[TaskRow]) -> Table {
    Table {
        title: "Tasks".to_owned(),
        columns: columns(),
        rows: rows.iter().map(row).collect(),
        notes: rows.iter().filter_map(note).collect(),
    }
}

fn row(row: &TaskRow) -> Vec<String> {
    vec![
        format!("{} ({})", row.task, row.family),
        row.executor.clone(),
        count(row.workers as f64),
        seconds(row),
        row.seconds.map(|seconds| range(seconds.interval, figure)).unwrap_or_default(),
        if_known(row.comparison.map(|comparison| comparison.speed_up), figure),
        if_known(row.cpu_s, figure),
        if_known(row.pss_peak_bytes, mebibytes),
        row.value_ok.map(|ok| if ok { "ok" } else { "not ok" }).unwrap_or_default().to_owned(),
        count(row.jobs as f64),
        format!("{}/{}", row.rounds.counted, row.rounds.all),
    ]
}

fn note(row: &TaskRow) -> Option<String> {
    let mut parts: Vec<String> = row.void.iter().map(|&verdict| name(verdict).to_owned()).collect();
    parts.extend(notes::rounds_left_out(row.rounds));
    if row.comparison.is_some_and(|comparison| !comparison.within_rounds) {
        parts.push("its speed-up is one of medians, as no round has both it and line".to_owned());
    }
    parts.extend(notes::reasons(&row.remarks, row.rounds, row.void.unwrap_or(Verdict::Valid)));
    notes::sentence(&format!("{} on {}", row.executor, row.task), &parts)
}

/// The notes' table: their three ways as rows, our tasks as columns, and beside them the notes' own figures.
fn course_notes(rows: &[TaskRow], jobs: usize) -> Option<Table> {
    let rows: Vec<&TaskRow> = rows.iter().filter(|row| row.jobs == jobs).collect();
    let in_line = rows.iter().filter(|row| row.executor == BASELINE && row.seconds.is_some());
    let tasks: Vec<&TaskRow> = in_line.copied().collect();
    if tasks.is_empty() {
        return None;
    }
    let mut columns = vec![Column::words("way", 0)];
    for task in &tasks {
        let (seconds, ratio) = if task.family == "cpu" { ("cpu s", "cpu ×") } else { ("io s", "io ×") };
        columns.push(Column::numbers(task.task.clone(), seconds, 2));
        columns.push(Column::numbers(task.task.clone(), ratio, 1));
    }
    columns.extend([
        Column::numbers("notes", "cpu s", 3),
        Column::numbers("notes", "cpu ×", 0),
        Column::numbers("notes", "io s", 3),
        Column::numbers("notes", "io ×", 0),
    ]);
    Some(Table {
        title: format!("In the form of the course notes: {}", plural(jobs, "job")),
        columns,
        rows: WAYS.iter().map(|way| way_row(way, &rows, &tasks)).collect(),
        notes: vec![
            "× is a way's time by Line's, taken within each round: below 1 it is faster than Line."
                .to_owned(),
            format!("The columns named notes are not from this run: {SOURCE}."),
        ],
    })
}

fn way_row(way: &Way, rows: &[&TaskRow], tasks: &[&TaskRow]) -> Vec<String> {
    let mut texts = vec![way.name.to_owned()];
    for task in tasks {
        let own = rows.iter().find(|row| row.executor == way.executor && row.task == task.task);
        texts.push(own.map(|row| seconds(row)).unwrap_or_default());
        texts.push(own.and_then(|row| row.comparison).map(|own| hundredths(own.ratio)).unwrap_or_default());
    }
    let line = &WAYS[0];
    texts.extend([
        hundredths(way.cpu_s),
        hundredths(way.cpu_s / line.cpu_s),
        hundredths(way.io_s),
        hundredths(way.io_s / line.io_s),
    ]);
    texts
}

/// The median time, or the verdict where no round counts.
fn seconds(row: &TaskRow) -> String {
    match row.void {
        Some(verdict) => name(verdict).to_owned(),
        None => row.seconds.map(|seconds| figure(seconds.median)).unwrap_or_default(),
    }
}

/// With two decimals, as the lesson is told: 0.50 and 1.03.
fn hundredths(value: f64) -> String {
    format!("{value:.2}")
}
