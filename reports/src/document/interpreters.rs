//! Real interpreters beside the lab's own executors, in words.

use std::collections::BTreeSet;

use super::facts::name;
use super::servers::range;
use super::tasks::hundredths;
use crate::summary::{BesideRow, BesideTable, STAND_IN, Side};
use crate::table::{Column, Table};
use crate::units::{figure, if_known, plural};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Python beside Rust: a row is an interpreter in one of the course notes' ways, beside the \
executor of the lab that does the same jobs in the same rounds. × line is a way's time by that of the same jobs in line under the same \
interpreter, or in Rust, within rounds: below 1 it is faster than line. Rust by Python is the executor's time by the \
interpreter's. GIL says whether the interpreter itself reported a lock that lets one thread at a time run. Start-up is from the \
start of its process, concur's launch of it included, until it could begin its first job; it is in no time here. Values are equal if every \
job of both came to the same, right one.";

pub(super) fn table(table: &BesideTable) -> Table {
    Table {
        title: format!("Python beside Rust: {}, {}", table.task, jobs(table)),
        columns: columns(),
        rows: table.rows.iter().map(row).collect(),
        notes: notes(table),
    }
}

/// `4 short jobs`.
fn jobs(table: &BesideTable) -> String {
    match table.size.as_deref() {
        Some("short") => plural(table.jobs, "short job"),
        _ => plural(table.jobs, "job"),
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("interpreter", 0),
        Column::words("GIL", 0),
        Column::words("way", 0),
        Column::numbers("Python", "s", 0),
        Column::numbers("Python", "× line", 0),
        Column::numbers("Rust", "s", 0),
        Column::numbers("Rust", "× line", 0),
        Column::numbers("Rust", "by Python", 1),
        Column::numbers("interval", "by Python", 3),
        Column::words("values", 2),
        Column::numbers("start-up", "s", 4),
    ]
}

fn row(row: &BesideRow) -> Vec<String> {
    let gil = row.interpreter.as_ref().map(|it| if it.gil { "on" } else { "off" });
    vec![
        interpreter(row),
        if row.name == STAND_IN { "modelled" } else { gil.unwrap_or_default() }.to_owned(),
        row.way.clone(),
        seconds(&row.python),
        if_known(row.python.by_line, hundredths),
        row.rust.as_ref().map(seconds).unwrap_or_default(),
        if_known(row.rust.and_then(|rust| rust.by_line), hundredths),
        if_known(row.rust_by_python.map(|ratio| ratio.value), figure),
        row.rust_by_python.map(|ratio| range(ratio.interval, figure)).unwrap_or_default(),
        row.values_equal
            .map(|equal| if equal { "equal" } else { "not equal" })
            .unwrap_or_default()
            .to_owned(),
        if_known(row.start_up_s, figure),
    ]
}

/// `CPython 3.13.0`; where it did not run, what its rows are called.
fn interpreter(row: &BesideRow) -> String {
    match &row.interpreter {
        Some(interpreter) => format!("{} {}", interpreter.implementation, interpreter.version),
        None if row.name == STAND_IN => format!("{STAND_IN} (stands in)"),
        None => row.name.clone(),
    }
}

/// The median time, or the verdict where no round counts.
fn seconds(side: &Side) -> String {
    match side.void {
        Some(verdict) => name(verdict).to_owned(),
        None => if_known(side.seconds.map(|seconds| seconds.median), figure),
    }
}

fn notes(table: &BesideTable) -> Vec<String> {
    let mut notes = Vec::new();
    let warm: BTreeSet<String> =
        table.rows.iter().filter(|row| row.warm_up_s.is_some()).map(interpreter).collect();
    if !warm.is_empty() {
        let names: Vec<_> = warm.into_iter().collect();
        notes.push(format!(
            "Warm-up: {} ran one job beforehand in each process, which does not count, since a compiler behind the interpreter has \
             to see the work first.",
            names.join(", ")
        ));
    }
    if table.stands_in {
        notes.push(format!(
            "No CPython was measured, so the lab's own executor {STAND_IN} stands in for its threads: the same Rust jobs under one \
             lock."
        ));
    }
    notes
}
