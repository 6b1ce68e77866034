//! What a terminal shows: nothing wider than it is, nothing it does not know, colours only where they are asked for.

use crate::sample::{self, loads, probes};
use reports::document::Document;
use reports::language::Language;
use reports::table::{Column, Marks, Table};
use reports::terminal::{self, Charset, Colours, Terminal};
use unicode_width::UnicodeWidthStr;

const ESCAPE: char = '\u{1b}';

/// Every kind of table there is.
fn documents() -> [Document; 3] {
    [sample::run(), loads::run(), probes::run()].map(|run| Document::of(&run))
}

fn terminal(width: usize) -> Terminal {
    Terminal { width, charset: Charset::Utf8 }
}

fn table(columns: Vec<Column>, rows: &[&[&str]]) -> Table {
    let row = |row: &&[&str]| row.iter().map(|text| (*text).to_owned()).collect();
    Table { title: "A table".to_owned(), columns, rows: rows.iter().map(row).collect(), notes: Vec::new() }
}

/// A ranked table with bars.
fn ranked() -> Table {
    let bars = Marks::bars([Some(4.0), Some(8.0), None]);
    let columns =
        vec![Column::rank(0), Column::words("model", 0), Column::numbers("CPU", "µs", 0).with(bars)];
    table(columns, &[&["1", "epoll", "4.00"], &["2", "fork", "8.00"], &["–", "select", "errors"]])
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for document in documents() {
        for width in [20, 30, 40, 60, 80, 100, 120, 200] {
            for charset in [Charset::Utf8, Charset::Ascii] {
                let page = terminal::draw(&document, Terminal { width, charset });
                for line in page.lines() {
                    assert!(line.width() <= width, "{width}: {} in {line}", line.width());
                }
            }
        }
    }
}

#[test]
fn a_wider_terminal_leaves_no_less_in() {
    for document in documents() {
        for table in &document.tables {
            let left_out = |width| {
                let page = terminal::draw_table(table, terminal(width));
                let note = page.split("No room here").nth(1).unwrap_or_default().to_owned();
                note.matches(',').count() + usize::from(!note.is_empty())
            };
            let numbers = [60, 80, 120, 200].map(left_out);
            assert!(numbers.is_sorted_by(|narrow, wide| narrow >= wide), "{numbers:?}: {}", table.title);
        }
    }
}

#[test]
fn ascii_has_only_ascii() {
    for document in documents() {
        for colours in [Colours::Off, Colours::On] {
            let page =
                terminal::draw_with(&document, Terminal { width: 200, charset: Charset::Ascii }, colours);
            assert!(page.is_ascii(), "{:?}", page.lines().find(|line| !line.is_ascii()));
        }
    }
}

#[test]
fn without_colours_there_is_no_escape() {
    for document in documents() {
        assert!(!terminal::draw(&document, terminal(120)).contains(ESCAPE));
    }
}

#[test]
fn colours_say_nothing_that_the_texts_do_not() {
    for document in documents() {
        let coloured = terminal::draw_with(&document, terminal(120), Colours::On);
        assert_eq!(without_escapes(&coloured), terminal::draw(&document, terminal(120)));
    }
}

#[test]
fn the_first_place_is_bold_and_what_is_not_ranked_is_dim() {
    let page = terminal::draw_table_in(Language::English, &ranked(), terminal(60), Colours::On);
    let line = |name| page.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("epoll").contains("\u{1b}[1m"), "{page:?}");
    assert!(line("select").contains("\u{1b}[2m"), "{page:?}");
    assert!(!line("fork").contains(ESCAPE), "{page:?}");
}

#[test]
fn warnings_are_coloured_line_by_line() {
    let warning = "This run is not complete. ".repeat(5);
    let document = Document {
        warnings: vec![warning],
        conclusions: Vec::new(),
        facts: Vec::new(),
        tables: Vec::new(),
        ..documents()[0].clone()
    };
    let page = terminal::draw_with(&document, terminal(40), Colours::On);
    let lines: Vec<&str> = page.lines().filter(|line| !line.is_empty()).collect();
    assert!(
        lines.len() > 2 && lines.iter().all(|line| line.starts_with(ESCAPE) && line.ends_with('m')),
        "{page:?}"
    );
}

#[test]
fn a_bar_stands_beside_its_figure() {
    let page = terminal::draw_table(&ranked(), terminal(38));
    let rows: Vec<&str> = page.lines().skip(5).collect();
    assert_eq!(
        rows,
        ["   1  epoll     4.00  ████████", "   2  fork      8.00  ████████████████", "   –  select  errors"],
        "{page}"
    );
    let ascii = terminal::draw_table(&ranked(), Terminal { width: 38, charset: Charset::Ascii });
    assert!(ascii.contains("4.00  ########\n"), "{ascii}");
}

#[test]
fn bars_are_the_first_to_go() {
    let page = terminal::draw_table(&ranked(), terminal(22));
    assert!(page.contains("errors") && !page.contains('█'), "{page}");
}

#[test]
fn a_sparkline_shows_how_a_rows_figures_go() {
    let rows = [vec![Some(1.0), Some(4.0), Some(8.0)], vec![Some(100.0), None, Some(100.0)]];
    let columns =
        vec![Column::words("model", 0).with(Marks::sparks("growth", rows)), Column::numbers("last", "", 0)];
    let page = terminal::draw_table(&table(columns, &[&["fork", "8"], &["epoll", "100"]]), terminal(40));
    let lines: Vec<&str> = page.lines().skip(2).collect();
    assert_eq!(lines[0], "model  growth  last");
    assert_eq!(lines[2..], ["fork   ▁▄█        8", "epoll  █ █      100"]);
}

#[test]
fn wide_characters_keep_their_columns_in_line() {
    let columns = vec![Column::words("模型", 0), Column::numbers("每个请求", "微秒", 0)];
    let page =
        terminal::draw_table(&table(columns, &[&["事件循环", "8.20"], &["fork", "82.0"]]), terminal(40));
    let widths: Vec<usize> = page.lines().skip(5).map(UnicodeWidthStr::width).collect();
    assert_eq!(widths, [18, 18], "{page}");
}

/// A text without its `ESC [ ... m` sequences.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split(ESCAPE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}
