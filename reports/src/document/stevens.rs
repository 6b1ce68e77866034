//! Stevens' comparison in words, beside the figures of his book.

use super::facts::name;
use super::servers::{known_range, or_zero};
use super::title::{self, Open};
use crate::summary::{StevensRow, StevensTable};
use crate::table::{Column, Table};
use crate::units::{figure, if_known};

/// Where the figures named book come from.
pub(crate) const SOURCE: &str = "W. R. Stevens, B. Fenner, A. M. Rudoff, UNIX Network Programming, volume 1, third edition, \
Figure 30.1, cited from memory and not checked against it";

/// What the book's columns are called.
const BOOK_COLUMN: &str = "book (unchecked)";

/// What the table says.
pub(super) const EXPLANATION: &str = "Stevens: process control is a server's CPU time for 5,000 connections less that of loop, \
which controls nothing, taken within each round. × fork is that by what a fork for each client costs. The hardware is another \
one than the book's, so the columns to compare are the two named × fork.";

/// What the table is called.
pub(super) fn title(table: &StevensTable) -> String {
    format!("In the form of Stevens' comparison: {}", title::of(&table.setting, Open::Nothing))
}

pub(super) fn table(table: &StevensTable) -> Table {
    Table {
        title: title(table),
        columns: columns(),
        rows: table.rows.iter().map(row).collect(),
        notes: notes(table),
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::numbers("row", "book", 3),
        Column::words("server", 5),
        Column::words("model", 0),
        Column::numbers("CPU", "µs/connection", 4),
        Column::numbers("control", "s", 0),
        Column::numbers("interval", "s", 2),
        Column::numbers("control", "× fork", 0),
        Column::numbers(BOOK_COLUMN, "s", 6),
        Column::numbers(BOOK_COLUMN, "× fork", 0),
    ]
}

fn row(row: &StevensRow) -> Vec<String> {
    vec![
        row.book.map(|book| book.number.to_string()).unwrap_or_default(),
        row.book.map(|book| book.server.to_owned()).unwrap_or_default(),
        row.model.clone(),
        match row.void {
            Some(verdict) => name(verdict).to_owned(),
            None => if_known(row.cpu_us.map(|cpu_us| cpu_us.median), figure),
        },
        row.control_s.map(|of| or_zero(figure(of.median), Some(of.interval))).unwrap_or_default(),
        row.control_s.and_then(|control| known_range(control.interval, figure)).unwrap_or_default(),
        if_known(row.by_fork, thousandths),
        if_known(row.book.map(|book| book.seconds), |seconds| format!("{seconds:.2}")),
        if_known(row.book.map(|book| book.by_fork()), thousandths),
    ]
}

/// A tenth of fork's cost has three digits still.
pub(crate) fn thousandths(value: f64) -> String {
    let value = (value * 1e3).round() / 1e3;
    format!("{:.3}", if value == 0.0 { 0.0 } else { value }) // zero may have a sign
}

fn notes(table: &StevensTable) -> Vec<String> {
    let mut notes = vec![format!("The columns named {BOOK_COLUMN} are not from this run: {SOURCE}.")];
    if table.rows.iter().all(|row| row.control_s.is_none()) {
        notes.push(
            "Without rounds of loop that count there is nothing to measure process control from.".to_owned(),
        );
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{BOOK, CONNECTIONS};
    use crate::units::count;

    #[test]
    fn the_explanation_counts_the_connections_in_force() {
        assert!(EXPLANATION.contains(&count(CONNECTIONS)));
    }

    #[test]
    fn the_books_figures_are_theirs() {
        let figures = BOOK.map(|row| row.seconds.to_string());
        assert_eq!(figures, ["0", "20.9", "1.8", "2.07", "1.75", "2.58", "0.99", "1.93", "2.05"]);
    }
}
