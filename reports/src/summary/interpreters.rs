//! Real interpreters beside the lab's own executors: the ways of the course notes, on the same jobs in the same rounds.

use std::collections::BTreeMap;

use super::counted::{superseded, told};
use super::tasks::{baseline, comparison, counts};
use super::{Estimate, Remark, Rounds, distinct, gravest, label, remarks};
use crate::course_notes::WAYS;
use crate::record::{Interpreter, TaskCell, Verdict};
use crate::statistics::ratio::{ByRound, Reading, logs_within_rounds};
use crate::statistics::{Ratio, median};

/// The lab's own model of CPython's lock.
pub const STAND_IN: &str = "gil";

/// Interpreters and executors at one task.
#[derive(Debug, Clone, PartialEq)]
pub struct BesideTable {
    /// The task's name.
    pub task: String,
    /// How long its jobs are: `full` or `short`.
    pub size: Option<String>,
    /// How many jobs were run.
    pub jobs: usize,
    /// One row for each interpreter and way.
    pub rows: Vec<BesideRow>,
    /// Whether [`STAND_IN`] has a row since no CPython has figures.
    pub stands_in: bool,
}

/// An interpreter in one way, and the executor that does the same.
#[derive(Debug, Clone, PartialEq)]
pub struct BesideRow {
    /// What its rows are called: `cpython-3.13`, or [`STAND_IN`].
    pub name: String,
    /// What it said it is; none where it never did.
    pub interpreter: Option<Interpreter>,
    /// The way: `threads`.
    pub way: String,
    /// The interpreter's figures.
    pub python: Side,
    /// How many rounds these are taken from.
    pub rounds: Rounds,
    /// What its cells say beside their figures.
    pub remarks: Vec<Remark>,
    /// Those of the executor of this name; none if it was not measured.
    pub rust: Option<Side>,
    /// The executor's time by the interpreter's, within rounds.
    pub rust_by_python: Option<Ratio>,
    /// From the start of the interpreter's process until it could begin, in seconds.
    pub start_up_s: Option<f64>,
    /// The job that it did beforehand, in seconds; none if it did none.
    pub warm_up_s: Option<f64>,
    /// Whether all jobs of both came to the same value; none where either came to none.
    pub values_equal: Option<bool>,
}

/// One of the two that are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// How long it took.
    pub seconds: Option<Estimate>,
    /// That by its own line's, within rounds.
    pub by_line: Option<Estimate>,
    /// The gravest verdict, if no round counts.
    pub void: Option<Verdict>,
}

/// One table for each task, size and number of jobs that an interpreter was asked for.
pub(super) fn tables(cells: &[&TaskCell]) -> Vec<BesideTable> {
    let mut groups: BTreeMap<_, Group<'_>> = BTreeMap::new();
    for &cell in cells {
        let key = (&cell.family, &cell.task, cell.size.as_deref(), cell.jobs);
        // With other options an executor is another row, beside which no interpreter stands.
        let executor = label(&cell.executor, &cell.options);
        groups.entry(key).or_default().entry(executor).or_default().push(cell);
    }
    groups.into_iter().filter_map(|((_, task, size, jobs), group)| table(task, size, jobs, &group)).collect()
}

/// The cells of a task by executor.
type Group<'a> = BTreeMap<String, Vec<&'a TaskCell>>;

fn table(task: &str, size: Option<&str>, jobs: usize, group: &Group<'_>) -> Option<BesideTable> {
    let mut rows: Vec<BesideRow> = Vec::new();
    for (executor, cells) in group {
        let of_notes = |(_, way): &(&str, &str)| WAYS.iter().any(|known| known.executor == *way);
        if let Some((name, way)) = executor.rsplit_once(':').filter(of_notes) {
            rows.push(row(name, way, cells, group));
        }
    }
    if rows.is_empty() {
        return None;
    }
    who_they_are(&mut rows);
    rows.sort_by(|one, other| (&one.name, place(&one.way)).cmp(&(&other.name, place(&other.way))));
    let is_cpython =
        |row: &BesideRow| row.interpreter.as_ref().is_some_and(|it| it.implementation == "CPython");
    let stand_in = group.get(STAND_IN).filter(|_| !rows.iter().any(is_cpython));
    rows.extend(stand_in.map(|cells| row(STAND_IN, "threads", cells, group)));
    Some(BesideTable {
        task: task.to_owned(),
        size: size.map(str::to_owned),
        jobs,
        rows,
        stands_in: stand_in.is_some(),
    })
}

/// Of one that can't go a way, what it said in another way of the same run.
fn who_they_are(rows: &mut [BesideRow]) {
    let known: BTreeMap<String, Interpreter> =
        rows.iter().filter_map(|row| Some((row.name.clone(), row.interpreter.clone()?))).collect();
    for row in rows.iter_mut().filter(|row| row.interpreter.is_none()) {
        row.interpreter = known.get(&row.name).cloned();
    }
}

fn place(way: &str) -> Option<usize> {
    WAYS.iter().position(|known| known.executor == way)
}

fn row(name: &str, way: &str, cells: &[&TaskCell], group: &Group<'_>) -> BesideRow {
    let counted = counted(cells);
    let own = group.get(way).map(|cells| (cells, self::counted(cells)));
    let rust_by_python = own
        .as_ref()
        .and_then(|(_, own)| Ratio::of_logs(&logs_within_rounds(&by_round(own), &by_round(&counted))));
    let value = |cells: &[&TaskCell]| Some(cells.first()?.value.clone().filter(|value| same(cells, value)));
    let values_equal = own.as_ref().and_then(|(_, own)| {
        let (python, rust) = value(&counted).zip(value(own))?;
        Some(python.is_some() && python == rust)
    });
    BesideRow {
        name: name.to_owned(),
        interpreter: counted.iter().chain(cells).find_map(|cell| cell.interpreter.clone()),
        way: way.to_owned(),
        python: side(cells, &counted, group),
        rounds: Rounds {
            counted: distinct(counted.iter().map(|cell| cell.round)),
            all: distinct(cells.iter().map(|cell| cell.round)),
        },
        remarks: remarks(cells.iter().map(|cell| Remark {
            verdict: cell.verdict,
            reason: told(cell.reason.as_deref(), cell.noise),
            rounds: vec![cell.round],
            superseded: superseded(*cell, cells),
        })),
        rust: own.map(|(cells, counted)| side(cells, &counted, group)),
        rust_by_python,
        start_up_s: median(counted.iter().filter_map(|cell| cell.start_up_s)),
        warm_up_s: median(counted.iter().filter_map(|cell| cell.warm_up_s)),
        values_equal,
    }
}

/// Of each round the last attempt, if it counts.
fn counted<'a>(cells: &[&'a TaskCell]) -> Vec<&'a TaskCell> {
    cells.iter().copied().filter(|cell| !superseded(*cell, cells) && counts(cell)).collect()
}

fn same(cells: &[&TaskCell], value: &String) -> bool {
    cells.iter().all(|cell| cell.value.as_ref() == Some(value))
}

fn side(cells: &[&TaskCell], counted: &[&TaskCell], group: &Group<'_>) -> Side {
    let line = cells.first().and_then(|cell| group.get(baseline(&cell.executor).as_str()));
    let line = line.map(|line| self::counted(line)).unwrap_or_default();
    Side {
        seconds: Estimate::of(counted.iter().map(|cell| cell.seconds)),
        by_line: comparison(counted, &line)
            .and_then(|it| Some(Estimate { median: it.ratio, interval: it.ratio_interval? })),
        void: counted.is_empty().then(|| gravest(cells.iter().map(|cell| cell.verdict))),
    }
}

fn by_round(cells: &[&TaskCell]) -> ByRound {
    cells.iter().map(|cell| (cell.round, Reading { value: cell.seconds, distance_ns: None })).collect()
}
