//! A record of 5,000 cells: every form of it is drawn and stays of a size that can be read and sent. How long that takes is
//! `benches/benches/report.rs`'s to say, and how much memory `memory.rs`'s.

#[path = "../sample/large.rs"]
pub(crate) mod record;

use reports::document::Document;
use reports::language::Language;
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, markdown};

/// In bytes: what a page has at most, however much there is in its record.
const PAGE_AT_MOST: usize = 400_000;
/// The same of a page that has everything in it.
const TEXT_AT_MOST: usize = 2 << 20;

#[test]
fn a_record_of_5000_cells_becomes_a_page_of_bounded_size() {
    let run = record::run(10);
    assert_eq!(run.cells.len(), 5_000);
    let document = Document::of(&run);
    let page = html::draw_both(&document, Language::English).unwrap();
    assert!(page.len() < PAGE_AT_MOST, "{} bytes", page.len());
    let markdown = markdown::draw(&document);
    assert!(markdown.len() < TEXT_AT_MOST, "{} bytes", markdown.len());
    let text = terminal::draw(&document, Terminal { width: 80, charset: Charset::Utf8 });
    assert!(text.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn a_page_grows_with_the_rows_and_not_with_the_rounds() {
    let size = |rounds| html::draw(&Document::of(&record::run(rounds))).unwrap().len();
    let (few, many) = (size(2), size(10));
    assert!(many < few + few / 5, "{few} and {many} bytes");
}

#[test]
fn every_cell_of_a_large_record_is_a_line_of_the_table_of_cells() {
    let run = record::run(10);
    let drawn = csv::draw(&run).unwrap();
    let reader = ::csv::Reader::from_reader(&drawn[..]);
    assert_eq!(reader.into_records().map(Result::unwrap).count(), 5_000);
}
