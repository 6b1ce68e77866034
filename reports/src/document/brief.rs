//! The table that a report's first conclusion is about, in short: who stands where and by what, on the first screen.

use std::cmp::Reverse;

use serde::Serialize;

use super::servers::place;
use super::{Conclusion, title};
use crate::summary::{Standing, Summary, TaskRow};
use crate::table::{Column, Table};

/// So many columns have room beside each other on a small screen, the rank's among them.
const COLUMNS: usize = 7;
/// Of servers and of tasks these are what tells a row from another; other tables keep what a narrow terminal keeps.
const OF_SERVERS: [&str; 7] = ["rank", "model", "CPU/req", "× first", "rate", "p99", "errors"];
const OF_TASKS: [&str; 6] = ["executor", "time", "speed-up", "efficiency", "CPU", "rounds"];

/// What servers are ranked by, and why.
const BY_CPU: &str = "Ranked by CPU time per request, since the rate is soon the load generator's.";
const BY_TIME: &str = "Ranked by time.";

/// A table in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Brief {
    /// Its main columns, without notes.
    pub table: Table,
    /// Which of the tables it is.
    pub whole: usize,
    /// It stands behind so many of the conclusions.
    pub after: usize,
    /// What it is ranked by, and why; empty where it has no ranks.
    pub by: &'static str,
}

impl Brief {
    /// That of the first conclusion that is about a table.
    pub(super) fn of(conclusions: &[Conclusion], tables: &[Table], summary: &Summary) -> Option<Self> {
        let (place, about) =
            conclusions.iter().enumerate().find_map(|(place, it)| Some((place, it.about.as_ref()?)))?;
        let with = |title: &str| tables.iter().position(|table| table.title == title);
        let of_task = summary.tasks.iter().find(|row| title::tasks(&row.task, row.family == "cpu") == *about);
        // Tasks with one number of jobs have a table together.
        let whole = with(about).or_else(|| with(TASKS).filter(|_| of_task.is_some()))?;
        let table = &tables[whole];
        let (table, by) = match of_task {
            Some(row) => (of_one_task(table, about, row, &summary.tasks), BY_TIME),
            None => (of_columns(table, &main_columns(table)), by(table)),
        };
        Some(Self { table, whole, after: place + 1, by })
    }
}

/// The title of the table of all tasks.
const TASKS: &str = "Tasks";

fn by(table: &Table) -> &'static str {
    match (table.columns.iter().any(|column| column.is_rank), is_of_servers(table)) {
        (true, true) => BY_CPU,
        (true, false) => BY_TIME,
        (false, _) => "",
    }
}

fn is_of_servers(table: &Table) -> bool {
    table.columns.iter().any(|column| column.is_rank) && table.columns.iter().any(|it| it.title == "CPU/req")
}

/// The places of the columns that are kept.
fn main_columns(table: &Table) -> Vec<usize> {
    let title = |place: &usize| &*table.columns[*place].title;
    let all = 0..table.columns.len();
    if is_of_servers(table) {
        // There are other percentiles of that name, which have a unit.
        let is_main = |place: &usize| title(place) != "p99" || table.columns[*place].unit.is_empty();
        return all.filter(|place| OF_SERVERS.contains(&title(place)) && is_main(place)).collect();
    }
    let mut columns: Vec<usize> = all.filter(|place| title(place) != "interval").collect();
    // That of the ranks stays, whatever a narrow terminal does with it.
    columns.sort_by_key(|place| (!table.columns[*place].is_rank, table.columns[*place].expendable));
    columns.truncate(COLUMNS);
    columns.sort_unstable();
    columns
}

/// These columns of it. What was measured once more says nothing of who won, and is left out.
fn of_columns(table: &Table, columns: &[usize]) -> Table {
    let is_again = |row: &&Vec<String>| row.iter().any(|text| text.ends_with("again)"));
    let rows = table.rows.iter().filter(|row| !is_again(row));
    Table {
        title: table.title.clone(),
        columns: columns.iter().map(|place| table.columns[*place].clone()).collect(),
        rows: rows.map(|row| columns.iter().map(|place| row[*place].clone()).collect()).collect(),
        notes: Vec::new(),
    }
}

/// The executors at one task with as many jobs as were run at most, in the order of their ranks.
fn of_one_task(table: &Table, title: &str, task: &TaskRow, all: &[TaskRow]) -> Table {
    let jobs = all.iter().map(|row| row.jobs).max();
    let is_together = table.title == TASKS;
    // The rows of the table, in its order.
    let own = all.iter().filter(|row| is_together || row.task == task.task);
    let is_meant =
        |row: &TaskRow| row.task == task.task && Some(row.jobs) == jobs && !row.executor.contains(':');
    let mut rows: Vec<(&TaskRow, &Vec<String>)> =
        own.zip(&table.rows).filter(|(row, _)| is_meant(row)).collect();
    rows.sort_by_key(|(row, _)| (row.rank.map_or(usize::MAX, |rank| rank.place), Reverse(speed(row))));
    let is_main = |place: &usize| {
        OF_TASKS.contains(&&*table.columns[*place].title)
            && rows.iter().any(|(_, row)| !row[*place].is_empty())
    };
    let columns: Vec<usize> = (0..table.columns.len()).filter(is_main).collect();
    let texts = |(row, texts): &(&TaskRow, &Vec<String>)| {
        let rank = row.rank.map_or_else(|| super::UNRANKED.to_owned(), |rank| place(Standing::Ranked(rank)));
        std::iter::once(rank).chain(columns.iter().map(|place| texts[*place].clone())).collect()
    };
    let own = columns.iter().map(|place| table.columns[*place].clone());
    Table {
        title: title.to_owned(),
        columns: std::iter::once(Column::rank(0)).chain(own).collect(),
        rows: rows.iter().map(texts).collect(),
        notes: Vec::new(),
    }
}

/// What orders rows of one place: positive numbers have the same order as their bits.
fn speed(row: &TaskRow) -> u64 {
    row.comparison.map_or(0, |own| own.speed_up.max(0.0).to_bits())
}
