//! The course notes' own table: their ways as rows, CPU and IO as columns, by the lab and by each CPython that was run.

use std::collections::BTreeSet;

use super::facts::name;
use super::interpreters;
use super::servers::with_reach;
use crate::course_notes::{BASELINE, SOURCE, WAYS, Way};
use crate::record::Verdict;
use crate::statistics::Interval;
use crate::summary::{BesideRow, BesideTable, Estimate, TaskRow};
use crate::table::{Column, Table};
use crate::units::{figure, plural};

/// The tasks that stand for the notes' two columns, those that are most like theirs first.
const CPU: [&str; 2] = ["primes", "count"];
const IO: [&str; 2] = ["disk", "wait"];

/// Whose threads a lock lets run one at a time: the notes' own Python.
const CPYTHON: &str = "CPython";

/// What stands beside the notes' own figures.
pub(crate) struct Chosen<'a> {
    /// For how many jobs.
    pub(crate) jobs: usize,
    /// The executors with so many.
    pub(crate) rows: Vec<&'a TaskRow>,
    /// The tasks that stand for cpu and for IO.
    pub(crate) tasks: [Option<&'a str>; 2],
    /// Each CPython at these tasks.
    pub(crate) of_cpythons: Vec<(&'a BesideTable, &'a BesideRow)>,
}

/// What stands beside the notes' own figures; none where nothing was run in line.
pub(crate) fn chosen<'a>(rows: &'a [TaskRow], beside: &'a [BesideTable]) -> Option<Chosen<'a>> {
    let jobs = jobs(rows, beside)?;
    let rows: Vec<&TaskRow> = rows.iter().filter(|row| row.jobs == jobs).collect();
    let tasks = [standing_for(&rows, "cpu", &CPU), standing_for(&rows, "io", &IO)];
    let of_cpythons = cpythons(beside).filter(|(table, _)| table.jobs == jobs);
    let of_cpythons = of_cpythons.filter(|(table, _)| tasks.contains(&Some(&table.task))).collect();
    Some(Chosen { jobs, rows, tasks, of_cpythons })
}

/// The table; none where nothing was run in line.
pub(super) fn table(rows: &[TaskRow], beside: &[BesideTable]) -> Option<Table> {
    let Chosen { jobs, rows, tasks, of_cpythons } = chosen(rows, beside)?;
    let names: BTreeSet<&str> = of_cpythons.iter().map(|(_, row)| row.name.as_str()).collect();
    let mut texts: Vec<Vec<String>> = WAYS.iter().map(|way| own_row(way, &rows, tasks)).collect();
    texts.extend(names.iter().flat_map(|name| {
        let of_this = of_cpythons.iter().copied().filter(|(_, row)| row.name == *name);
        let of_this: Vec<_> = of_this.collect();
        WAYS.iter().map(|way| row_of_python(way, &of_this, tasks)).collect::<Vec<_>>()
    }));
    let short = rows.iter().any(|row| row.size.as_deref() == Some("short"));
    Some(Table {
        title: format!(
            "In the form of the course notes: {}",
            plural(jobs, if short { "short job" } else { "job" })
        ),
        columns: columns(),
        rows: texts,
        notes: vec![
            format!(
                "{}; {}. × Line is a way's time by the Line of the same language, taken within each round: below 1 it is faster.",
                stands("cpu", tasks[0]),
                stands("IO", tasks[1])
            ),
            lock(&of_cpythons),
            format!("The columns named notes' are not from this run: {SOURCE}."),
        ],
    })
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("by", 0),
        Column::words("way", 0),
        Column::numbers("cpu", "s", 0),
        Column::numbers("cpu", "× Line", 0),
        Column::numbers("IO", "s", 0),
        Column::numbers("IO", "× Line", 0),
        Column::numbers("notes' cpu", "s", 2),
        Column::numbers("notes' cpu", "× Line", 1),
        Column::numbers("notes' IO", "s", 2),
        Column::numbers("notes' IO", "× Line", 1),
    ]
}

/// For how many jobs: the most that a CPython with its lock ran as well, as the notes' own did; else any CPython; else the most
/// that were run in line.
fn jobs(rows: &[TaskRow], beside: &[BesideTable]) -> Option<usize> {
    let in_line = |jobs: &usize| rows.iter().any(|row| row.jobs == *jobs && is_in_line(row));
    let most = |jobs: &mut dyn Iterator<Item = usize>| jobs.filter(in_line).max();
    let ran = |locked: bool| {
        let ran = cpythons(beside).filter(|(_, row)| row.python.seconds.is_some());
        ran.filter(move |(_, row)| !locked || row.interpreter.as_ref().is_some_and(|it| it.gil))
            .map(|(table, _)| table.jobs)
    };
    most(&mut ran(true))
        .or_else(|| most(&mut ran(false)))
        .or_else(|| most(&mut rows.iter().map(|row| row.jobs)))
}

fn cpythons(beside: &[BesideTable]) -> impl Iterator<Item = (&BesideTable, &BesideRow)> {
    let rows = beside.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
    rows.filter(|(_, row)| row.interpreter.as_ref().is_some_and(|it| it.implementation == CPYTHON))
}

fn is_in_line(row: &TaskRow) -> bool {
    row.executor == BASELINE && row.seconds.is_some()
}

/// The task of a family that stands for the notes' own: the first of `favourites` that was run in line, or else any.
fn standing_for<'a>(rows: &[&'a TaskRow], family: &str, favourites: &[&str]) -> Option<&'a str> {
    let in_line = rows.iter().filter(|row| is_in_line(row) && row.family == family);
    let tasks: Vec<&str> = in_line.map(|row| row.task.as_str()).collect();
    let favourite = favourites.iter().find_map(|name| tasks.iter().find(|task| *task == name));
    favourite.or(tasks.first()).copied()
}

/// `IO is disk`, or that nothing stands for it.
fn stands(column: &str, task: Option<&str>) -> String {
    match task {
        Some(task) => format!("{column} is {task}"),
        None => format!("{column} is empty, as no {} task was run", column.to_lowercase()),
    }
}

fn own_row(way: &Way, rows: &[&TaskRow], tasks: [Option<&str>; 2]) -> Vec<String> {
    let mut texts = vec!["Rust".to_owned(), way.name.to_owned()];
    for task in tasks {
        let own = rows.iter().find(|row| row.executor == way.executor && Some(row.task.as_str()) == task);
        let ratio = own.and_then(|row| row.comparison).map(|own| ratio(way, own.ratio, own.ratio_interval));
        texts.push(own.map(|row| time(row.void, row.seconds)).unwrap_or_default());
        texts.push(ratio.unwrap_or_default());
    }
    texts.extend(of_the_notes(way));
    texts
}

fn row_of_python(way: &Way, rows: &[(&BesideTable, &BesideRow)], tasks: [Option<&str>; 2]) -> Vec<String> {
    let mut texts = vec![rows.first().map(|(_, row)| python(row)).unwrap_or_default(), way.name.to_owned()];
    for task in tasks {
        let is_it = |(table, row): &&(&BesideTable, &BesideRow)| {
            row.way == way.executor && Some(table.task.as_str()) == task
        };
        let own = rows.iter().find(is_it).map(|(_, row)| row.python);
        let by_line = own.and_then(|own| own.by_line).map(|own| ratio(way, own.median, Some(own.interval)));
        texts.push(own.map(|own| time(own.void, own.seconds)).unwrap_or_default());
        texts.push(by_line.unwrap_or_default());
    }
    texts.extend(of_the_notes(way));
    texts
}

fn of_the_notes(way: &Way) -> [String; 4] {
    let line = &WAYS[0];
    [way.cpu_s, way.cpu_s / line.cpu_s, way.io_s, way.io_s / line.io_s].map(hundredths)
}

/// `CPython 3.13.0`, and that it ran without its lock if it did: there is one of either kind.
pub(crate) fn python(row: &BesideRow) -> String {
    let free = row.interpreter.as_ref().is_some_and(|it| !it.gil);
    let name = interpreters::name_of(row);
    if free { format!("{name} without GIL") } else { name }
}

/// Why threads gain less under a CPython than here, if they do.
fn lock(cpythons: &[(&BesideTable, &BesideRow)]) -> String {
    let with = |gil: bool| {
        let are = |row: &&BesideRow| row.interpreter.as_ref().is_some_and(|it| it.gil == gil);
        let names: BTreeSet<String> = cpythons.iter().map(|(_, row)| *row).filter(are).map(python).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let (locked, free) = (with(true), with(false));
    let mut parts = vec![
        "Thread: Rust's threads have no lock, so as many compute at once as there are processors.".to_owned(),
    ];
    if !locked.is_empty() {
        parts.push(format!(
            "Those of {locked} have one (the GIL), as the notes' Python had: one at a time computes, while others may wait for IO."
        ));
    }
    if !free.is_empty() {
        parts.push(format!("{free} ran without such a lock."));
    }
    if locked.is_empty() {
        parts.push("The notes' Python had a lock (the GIL): one at a time computed.".to_owned());
    }
    parts.join(" ")
}

fn time(void: Option<Verdict>, seconds: Option<Estimate>) -> String {
    match void {
        Some(verdict) => name(verdict).to_owned(),
        None => seconds.map(|seconds| figure(seconds.median)).unwrap_or_default(),
    }
}

/// A way's time by Line's, which has no uncertainty where the way is Line.
fn ratio(way: &Way, value: f64, interval: Option<Interval>) -> String {
    match interval {
        Some(interval) if way.executor != BASELINE => with_reach(hundredths(value), value, interval),
        _ => hundredths(value),
    }
}

/// With two decimals, as the lesson is told: 0.50 and 1.03.
pub(crate) fn hundredths(value: f64) -> String {
    format!("{value:.2}")
}
