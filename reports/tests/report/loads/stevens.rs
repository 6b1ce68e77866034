//! Stevens' comparison: what process control costs, beside the book's figures.

use reports::document::Document;
use reports::record::Cell;
use reports::summary::{BOOK, Summary};
use reports::table::Column;

use super::{changed, close, server, summary};
use crate::sample::loads;

#[test]
fn process_control_is_what_a_server_costs_beyond_the_loop_within_rounds() {
    let table = &summary().stevens[0];
    let row = |model: &str| table.rows.iter().find(|row| row.model == model).unwrap();
    // 200 µs for each of 5,000 connections is a second, whatever the rounds have in common.
    let fork = row("fork").control_s.unwrap();
    close(fork.median, 1.0);
    close(fork.interval.low, 1.0);
    close(row("loop").control_s.unwrap().median, 0.0);
    close(row("thread").by_fork.unwrap(), 0.1);
    close(row("epoll").control_s.unwrap().median, 0.02);
}

#[test]
fn stevens_table_says_how_many_connections_there_were_and_that_the_books_figures_are_unchecked() {
    let run = changed(|cell| {
        let is_loop = matches!(cell, Cell::Stevens(cell) if cell.model == "loop");
        if is_loop {
            server(cell).connections = 1; // one client at a time, as in the book
        }
    });
    let document = Document::of(&run);
    let found = document.tables.iter().find(|table| table.title.contains("Stevens"));
    let table = found.unwrap();
    assert!(table.title.ends_with("5 connections at once, a new one for each request"), "{}", table.title);
    let books: Vec<String> = table.columns.iter().map(Column::heading).collect();
    assert_eq!(books[7..], ["book (unchecked) (s)", "book (unchecked) (× fork)"]);
}

#[test]
fn each_server_stands_beside_its_kind_in_the_book() {
    let table = &summary().stevens[0];
    let books: Vec<_> =
        table.rows.iter().map(|row| (row.model.as_str(), row.book.map(|book| book.number))).collect();
    let expected = [
        ("loop", Some(0)),
        ("fork", Some(1)),
        ("prefork:accept=shared,workers=15", Some(2)),
        ("prefork:accept=flock,workers=15", Some(3)),
        ("thread", Some(6)),
        ("thread-pool:workers=15", Some(8)),
        ("epoll", None),
    ];
    assert_eq!(books, expected);
    close(BOOK[6].by_fork(), 0.99 / 20.90);
}

#[test]
fn without_the_loop_there_is_no_process_control_and_a_note_says_so() {
    let mut run = loads::run();
    run.cells.retain(|cell| cell.server().is_none_or(|cell| cell.model != "loop"));
    let table = &Summary::of(&run).stevens[0];
    assert!(table.rows.iter().all(|row| row.control_s.is_none() && row.by_fork.is_none()));
    let document = Document::of(&run);
    let table = document.tables.iter().find(|table| table.title.contains("Stevens")).unwrap();
    assert!(table.notes.iter().any(|note| note.contains("Without rounds of loop")));
}
