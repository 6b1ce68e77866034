//! Real interpreters beside the lab's own executors, in words.

use std::collections::BTreeSet;

use super::facts::name;
use super::notes;
use super::notes_form::hundredths;
use super::servers::{range, with_reach};
use crate::course_notes::BASELINE;
use crate::record::Verdict;
use crate::summary::{BesideRow, BesideTable, Estimate, STAND_IN, Side};
use crate::table::{Column, Table};
use crate::units::{figure, if_known, plural};

/// What the columns mean.
pub(super) const EXPLANATION: &str = "Python beside Rust: a row is an interpreter in one of the course notes' ways, beside the \
executor of the lab that does the same jobs in the same rounds. × line is a way's time by that of the same jobs in line under the same \
interpreter, or in Rust, within rounds: below 1 it is faster than line. Rust by Python is the executor's time by the \
interpreter's. GIL says whether the interpreter itself reported a lock that lets one thread at a time run. Start-up is from the \
start of its process, concur's launch of it included, until it could begin its first job; it is in no time here. Values are equal if every \
job of both came to the same, right one.";

/// What the columns mean, where the explanations are not at hand: said once, below the last table.
const COLUMNS: &str = "× line: a way's time by that of line in the same language; below 1 it is faster. Rust by Python: the executor's time by the \
interpreter's. GIL: whether a lock let one thread at a time run, as the interpreter itself said. Start-up and warm-up are in no time.";

pub(super) fn tables(tables: &[BesideTable]) -> Vec<Table> {
    let mut tables: Vec<Table> = tables.iter().map(table).collect();
    if let Some(last) = tables.last_mut() {
        last.notes.push(COLUMNS.to_owned());
    }
    tables
}

fn table(table: &BesideTable) -> Table {
    let mut columns = columns();
    let mut rows: Vec<Vec<String>> = table.rows.iter().map(row).collect();
    if table.rows.iter().any(|row| row.warm_up_s.is_some()) {
        columns.push(Column::numbers("warm-up", "s", 5));
        for (texts, row) in rows.iter_mut().zip(&table.rows) {
            texts.push(if_known(row.warm_up_s, figure));
        }
    }
    Table {
        title: format!("Python beside Rust: {}, {}", table.task, jobs(table)),
        columns,
        rows,
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
        name_of(row),
        if row.name == STAND_IN { "modelled" } else { gil.unwrap_or_default() }.to_owned(),
        row.way.clone(),
        seconds(&row.python),
        row.python.by_line.map(|of| by_line(&row.way, of)).unwrap_or_default(),
        row.rust.as_ref().map(seconds).unwrap_or_default(),
        row.rust.and_then(|rust| rust.by_line).map(|of| by_line(&row.way, of)).unwrap_or_default(),
        if_known(row.rust_by_python.map(|ratio| ratio.value), figure),
        row.rust_by_python.map(|ratio| range(ratio.interval, figure)).unwrap_or_default(),
        row.values_equal
            .map(|equal| if equal { "equal" } else { "not equal" })
            .unwrap_or_default()
            .to_owned(),
        if_known(row.start_up_s, figure),
    ]
}

/// `0.53 ±12%`; line's own is 1 and no estimate.
fn by_line(way: &str, of: Estimate) -> String {
    if way == BASELINE {
        return hundredths(of.median);
    }
    with_reach(hundredths(of.median), of.median, of.interval)
}

/// `CPython 3.13.0`; where it never said what it is, what its rows are called.
pub(super) fn name_of(row: &BesideRow) -> String {
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
    let mut notes = reasons(&table.rows);
    let warm: BTreeSet<String> =
        table.rows.iter().filter(|row| row.warm_up_s.is_some()).map(name_of).collect();
    if !warm.is_empty() {
        let names: Vec<_> = warm.into_iter().collect();
        notes.push(format!(
            "Warm-up: {} did one job before the clock ran, in the process that starts the others, since a compiler behind the \
             interpreter has to see the work first.",
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

/// What is to be said of single rows, once where it is the same for several ways. The lab's own executors have theirs below the tables
/// of tasks.
fn reasons(rows: &[BesideRow]) -> Vec<String> {
    let mut said: Vec<(String, Vec<&str>, Vec<String>)> = Vec::new();
    for row in rows.iter().filter(|row| row.name != STAND_IN) {
        let (who, parts) = (name_of(row), reason(row));
        match said.iter_mut().find(|(name, _, known)| *name == who && *known == parts) {
            Some((_, ways, _)) => ways.push(&row.way),
            None => said.push((who, vec![&row.way], parts)),
        }
    }
    let said = said.into_iter();
    said.filter_map(|(who, ways, parts)| notes::sentence(&format!("{who}, {}", ways.join(", ")), &parts))
        .collect()
}

fn reason(row: &BesideRow) -> Vec<String> {
    let mut parts: Vec<String> = row.python.void.iter().map(|&verdict| name(verdict).to_owned()).collect();
    parts.extend(notes::rounds_left_out(row.rounds));
    parts.extend(notes::reasons(&row.remarks, row.rounds, row.python.void.unwrap_or(Verdict::Valid)));
    parts
}
