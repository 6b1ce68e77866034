//! The tasks' tables in words: each executor, and the course notes' own form.

use std::collections::BTreeSet;

use super::facts::name;
use super::servers::range;
use super::{notes, scaling};
use crate::course_notes::{BASELINE, SOURCE, WAYS, Way};
use crate::record::Verdict;
use crate::summary::{Comparison, ScalingRow, TaskRow};
use crate::table::{Column, Table};
use crate::units::{count, figure, give_or_take, if_known, mebibytes, plural, times};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Tasks: a row is one executor at one task, and its figures are medians over \
the rounds whose verdict is valid, with intervals as for servers. Seconds run from before the first job was started until the last value was \
there. Speed-up is line's time by the executor's, taken within each round: above 1 it is faster than one job after \
another; an interpreter's ways are compared with its own line. Efficiency, of tasks that compute, is the speed-up by the processors that the executor could use: its workers, or all there are. CPU is processor time, user and system, child processes included. Values are ok if every job came to the \
right one.";

fn columns() -> Vec<Column> {
    vec![
        Column::words("task", 0),
        Column::words("executor", 0),
        Column::numbers("workers", "", 5),
        Column::numbers("time", "s", 0),
        Column::numbers("interval", "s", 4),
        Column::numbers("speed-up", "times", 0),
        Column::numbers("interval", "times", 5),
        Column::numbers("efficiency", "", 1),
        Column::numbers("CPU", "s", 1),
        Column::numbers("memory", "MiB", 6),
        Column::words("values", 1),
        Column::numbers("jobs", "", 0),
        Column::numbers("rounds", "", 3),
    ]
}

/// The table of all executors, what scaling comes to, and a table in the notes' form for the most jobs that were run in line:
/// they are nearest to the notes' own.
pub(super) fn sections(rows: &[TaskRow], scaling: &[ScalingRow]) -> Vec<Table> {
    if rows.is_empty() {
        return Vec::new();
    }
    let jobs: BTreeSet<usize> = rows.iter().map(|row| row.jobs).collect();
    // With several numbers of jobs a single table would be hundreds of rows long.
    let mut tables: Vec<Table> = if jobs.len() > 1 {
        rows.chunk_by(|one, other| one.task == other.task)
            .map(|rows| executors(&format!("Tasks: {}", rows[0].task), rows))
            .collect()
    } else {
        vec![executors("Tasks", rows)]
    };
    match (scaling::table(scaling), tables.last_mut()) {
        (Some(table), _) => tables.push(table),
        (None, Some(last)) => last.notes.push(scaling::why_not(scaling)),
        (None, None) => {}
    }
    tables.extend(jobs.iter().rev().find_map(|jobs| course_notes(rows, *jobs)));
    tables
}

fn executors(title: &str, rows: &[TaskRow]) -> Table {
    let several = rows.iter().any(|row| row.jobs != rows[0].jobs);
    let mut notes: Vec<String> = Vec::new();
    for note in rows.iter().filter_map(|row| note(row, several)) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let short = rows.iter().any(|row| row.size.as_deref() == Some("short"));
    notes.extend(
        short.then(|| {
            "Jobs are short; --size full makes them as long as the course notes have them.".to_owned()
        }),
    );
    Table { title: title.to_owned(), columns: columns(), rows: rows.iter().map(row).collect(), notes }
}

fn row(row: &TaskRow) -> Vec<String> {
    vec![
        format!("{} ({})", row.task, row.family),
        row.executor.clone(),
        count(row.workers as f64),
        seconds(row),
        row.seconds.map(|seconds| range(seconds.interval, figure)).unwrap_or_default(),
        row.comparison.map(speed_up).unwrap_or_default(),
        row.comparison
            .and_then(|own| own.interval)
            .map(|interval| range(interval, times))
            .unwrap_or_default(),
        if_known(row.efficiency, times),
        if_known(row.cpu_s, figure),
        if_known(row.pss_peak_bytes, mebibytes),
        row.value_ok.map(|ok| if ok { "ok" } else { "not ok" }).unwrap_or_default().to_owned(),
        count(row.jobs as f64),
        format!("{}/{}", row.rounds.counted, row.rounds.all),
    ]
}

/// With how far its interval reaches, which has room everywhere.
fn speed_up(comparison: Comparison) -> String {
    let reach = comparison.interval.and_then(|interval| interval.reach(comparison.speed_up));
    let reach = reach.map(|reach| format!(" {}", give_or_take(reach))).unwrap_or_default();
    format!("{}{reach}", figure(comparison.speed_up))
}

/// `several`: whether its table has several numbers of jobs. What can't be run can't with any of them.
fn note(row: &TaskRow, several: bool) -> Option<String> {
    let mut parts: Vec<String> = row.void.iter().map(|&verdict| name(verdict).to_owned()).collect();
    parts.extend(notes::rounds_left_out(row.rounds));
    if row.comparison.is_some_and(|comparison| !comparison.within_rounds) {
        parts.push("its speed-up is one of medians, as no round has both it and line".to_owned());
    }
    parts.extend(notes::reasons(&row.remarks, row.rounds, row.void.unwrap_or(Verdict::Valid)));
    let jobs = if several && row.void != Some(Verdict::Unsupported) {
        format!(" with {}", plural(row.jobs, "job"))
    } else {
        String::new()
    };
    notes::sentence(&format!("{} on {}{jobs}", row.executor, row.task), &parts)
}

/// The tasks that stand for the notes' two columns, those that are most like theirs first.
const CPU: [&str; 2] = ["primes", "count"];
const IO: [&str; 2] = ["disk", "wait"];

/// The notes' table: their three ways as rows, CPU and IO as columns, and beside them the notes' own figures.
fn course_notes(rows: &[TaskRow], jobs: usize) -> Option<Table> {
    let rows: Vec<&TaskRow> = rows.iter().filter(|row| row.jobs == jobs).collect();
    let (cpu, io) = (standing_for(&rows, "cpu", &CPU), standing_for(&rows, "io", &IO));
    if cpu.is_none() && io.is_none() {
        return None;
    }
    let columns = vec![
        Column::words("way", 0),
        Column::numbers("cpu", "s", 0),
        Column::numbers("cpu", "× Line", 0),
        Column::numbers("IO", "s", 0),
        Column::numbers("IO", "× Line", 0),
        Column::numbers("notes' cpu", "s", 1),
        Column::numbers("notes' cpu", "× Line", 0),
        Column::numbers("notes' IO", "s", 1),
        Column::numbers("notes' IO", "× Line", 0),
    ];
    let named = |task: Option<&str>| task.unwrap_or("no task that was run").to_owned();
    Some(Table {
        title: format!("In the form of the course notes: {}", plural(jobs, "job")),
        columns,
        rows: WAYS.iter().map(|way| way_row(way, &rows, [cpu, io])).collect(),
        notes: vec![
            format!(
                "cpu is {}, IO is {}. × Line is a way's time by Line's, taken within each round: below 1 it is faster.",
                named(cpu),
                named(io)
            ),
            format!("The columns named notes' are not from this run: {SOURCE}."),
        ],
    })
}

/// The task of a family that stands for the notes' own: the first of `favourites` that was run in line, or else any.
fn standing_for<'a>(rows: &[&'a TaskRow], family: &str, favourites: &[&str]) -> Option<&'a str> {
    let in_line = |row: &&&TaskRow| row.executor == BASELINE && row.seconds.is_some() && row.family == family;
    let tasks: Vec<&str> = rows.iter().filter(in_line).map(|row| row.task.as_str()).collect();
    let favourite = favourites.iter().find_map(|name| tasks.iter().find(|task| *task == name));
    favourite.or(tasks.first()).copied()
}

fn way_row(way: &Way, rows: &[&TaskRow], tasks: [Option<&str>; 2]) -> Vec<String> {
    let mut texts = vec![way.name.to_owned()];
    for task in tasks {
        let own = rows.iter().find(|row| row.executor == way.executor && Some(row.task.as_str()) == task);
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
pub(super) fn hundredths(value: f64) -> String {
    format!("{value:.2}")
}
