//! Tables of loads that vary: sweeps, idle connections, Stevens' comparison.

mod idle;
mod rates;
mod stevens;

use insta::assert_snapshot;
use reports::document::Document;
use reports::record::{Cell, Run, ServerCell};
use reports::summary::Summary;
use reports::table::Table;
use reports::terminal::{self, Charset, Terminal};
use reports::{html, markdown};

use crate::sample::loads;

fn summary() -> Summary {
    Summary::of(&loads::run())
}

fn close(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-6 * expected.abs().max(1.0), "{value} is not {expected}");
}

fn table(start: &str) -> Table {
    let document = Document::of(&loads::run());
    let found = document.tables.iter().find(|table| table.title.starts_with(start));
    found.expect("there is such a table").clone()
}

/// The record with its cells changed.
fn changed(change: impl Fn(&mut Cell)) -> Run {
    let mut run = loads::run();
    run.cells.iter_mut().for_each(change);
    run
}

fn server(cell: &mut Cell) -> &mut ServerCell {
    match cell {
        Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => cell,
        Cell::Tasks(_) | Cell::Spawn(_) | Cell::Switch(_) | Cell::Ipc(_) => {
            panic!("there are only servers in this sample")
        }
    }
}

#[test]
fn the_terminal() {
    let document = Document::of(&loads::run());
    assert_snapshot!(terminal::draw(&document, Terminal { width: 120, charset: Charset::Utf8 }));
}

#[test]
fn the_markdown() {
    assert_snapshot!(markdown::draw(&Document::of(&loads::run())));
}

#[test]
fn the_html_has_every_table_of_the_markdown() {
    let document = Document::of(&loads::run());
    let page = html::draw(&document).unwrap();
    assert_eq!(page.matches("<table class=\"rows\"").count(), document.tables.len());
    assert!(page.contains("What idle connections cost") && page.contains("Stevens"));
}

#[test]
fn a_pool_with_a_worker_for_each_connection_is_one_row_of_a_sweep() {
    let sweeps = summary().connections;
    assert_eq!((sweeps.len(), &sweeps[0].connections[..]), (1, &[1, 16, 64][..]));
    let names: Vec<&str> = sweeps[0].rows.iter().map(|row| row.model.as_str()).collect();
    assert_eq!(names, ["epoll", "io-uring", "poll", "loop", "thread-pool"]);
    let pool = table("By connections").rows.into_iter().find(|row| row[0] == "thread-pool").unwrap();
    assert!(!pool[1].is_empty() && !pool[2].is_empty(), "{pool:?}");
}

#[test]
fn a_server_that_starves_connections_is_not_shown_as_cheap() {
    let row = table("By connections").rows.into_iter().find(|row| row[0] == "loop").unwrap();
    assert_eq!(row[2], "served 1");
}
