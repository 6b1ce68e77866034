//! What has room on a terminal, and what goes first.

use reports::document::Document;
use reports::terminal::{self, Charset, Terminal};

use crate::found::{document, on_terminal, table};
use crate::sample::{run_of, server, servers_cell};
use crate::tasks::sweep;

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 72, 80, 100, 120, 160, 250] {
        let pages = [document(), Document::of(&sweep())].map(|it| on_terminal(&it, width, Charset::Utf8));
        for line in pages.iter().flat_map(|page| page.lines()) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn intervals_stay_where_the_terminal_is_narrow() {
    for width in [80, 120, 200] {
        let table = table(&document(), "echo");
        let page = terminal::draw_table(&table, Terminal { width, charset: Charset::Utf8 });
        assert!(page.contains("8.20 ±3%") && page.contains("70,262 ±14%"), "{page}");
    }
}

#[test]
fn long_names_of_many_models_leave_room_for_the_figures_in_80_columns() {
    let names =
        ["prefork:accept=reuseport,workers=64", "thread-pool:queue=1024,workers=64", "fork:reap=double-fork"];
    let names = names.into_iter().chain(["python-process", "python-gevent", "epoll", "multi-loop:workers=2"]);
    let cells = names.flat_map(|name| (1..=3).map(move |round| (name, round)));
    let cells = cells.map(|(name, round)| servers_cell(server(name, round, 1_630.0, 20 + u64::from(round))));
    let document = Document::of(&run_of(cells.collect()));
    let page =
        terminal::draw_table(&table(&document, "echo"), Terminal { width: 80, charset: Charset::Utf8 });
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    for heading in ["rank", "model", "CPU/req", "rate", "p50", "p99", "errors"] {
        assert!(page.lines().nth(2).unwrap().contains(heading), "{heading} is not in {page}");
    }
    for part in ["prefork:", "accept=reuseport,", "workers=64", "reap=double-fork", "python-process"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn a_terminal_with_room_shows_every_column() {
    let page = on_terminal(&document(), 250, Charset::Utf8);
    assert!(!page.contains("No room here"), "{page}");
    assert!(page.contains("thread-pool:queue=1024,workers=4  "), "{page}");
}

#[test]
fn the_least_important_columns_go_first() {
    let table = table(&document(), "http");
    let page = terminal::draw_table(&table, Terminal { width: 80, charset: Charset::Utf8 });
    for heading in ["rank", "model", "CPU/req", "rate", "p50", "p99", "memory", "errors"] {
        assert!(page.lines().nth(3).unwrap().contains(heading), "{heading} is not in {page}");
    }
    let left_out = "No room here, but in a wider terminal: interval (µs), interval (req/s), of\n  ceiling, processes (peak)";
    assert!(page.contains(left_out), "{page}");
}

#[test]
fn an_ascii_terminal_gets_ascii() {
    let page = on_terminal(&document(), 80, Charset::Ascii);
    assert!(page.is_ascii());
    assert!(page.contains(">= 76,923 +-13%"), "{page}");
}
