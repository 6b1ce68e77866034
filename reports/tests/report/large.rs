//! A record of 5,000 cells: every form of it is drawn and stays of a size that can be read and sent. How long that takes is
//! `benches/benches/report.rs`'s to say, and how much memory `memory.rs`'s.

#[path = "../sample/large.rs"]
pub(crate) mod record;

use std::collections::BTreeSet;

use reports::document::Document;
use reports::language::Language;
use reports::summary::{Series, Versus};
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, markdown};

use crate::gallery;

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
fn two_large_records_and_a_series_of_them_become_pages_of_bounded_size() {
    let (old, new) = (record::run(4), record::run(5));
    let versus = Versus::of(&old, &new);
    let runs = [("a", &old), ("b", &new), ("c", &old)].map(|(name, run)| (name.to_owned(), run.clone()));
    let series = Document::series(&Series::of(&runs).unwrap());
    for document in [Document::versus_with_both(&versus, &old, &new), series] {
        for language in [Language::English, Language::Chinese] {
            let page = html::draw_both(&document, language).unwrap();
            assert!(page.len() < PAGE_AT_MOST, "{}: {} bytes", document.title, page.len());
        }
    }
}

/// Titles of what is on a page, and of what it says that it has no room for.
fn titles(page: &str) -> (BTreeSet<String>, Vec<String>) {
    let between = |begin: &str, end: &str| -> Vec<String> {
        page.split(begin).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.to_owned())).collect()
    };
    let headings = between("<h3 id=\"", "</h3>");
    let headings = headings.iter().filter_map(|heading| Some(heading.split_once('>')?.1.to_owned()));
    let list = page.rsplit_once("the record has what they are drawn from").map_or("", |(_, rest)| rest);
    let list = list.split_once("</ul>").map_or("", |(list, _)| list);
    let left_out = list.split("<li>").skip(1).filter_map(|rest| Some(rest.split_once("</li>")?.0.to_owned()));
    (headings.collect(), left_out.collect())
}

#[test]
fn of_two_runs_a_page_shows_what_both_have_of_both_or_of_none() {
    let gallery = gallery::record();
    let document = Document::versus_with_both(&Versus::of(&gallery, &gallery), &gallery, &gallery);
    let page = html::draw_both(&document, Language::English).unwrap();
    assert!(page.len() < PAGE_AT_MOST, "{} bytes", page.len());
    let (shown, left_out) = titles(&page);
    let earlier: Vec<&String> = shown.iter().filter(|title| title.ends_with(" (earlier run)")).collect();
    let later = |title: &str| title.replace(" (earlier run)", " (later run)");
    assert!(earlier.len() > 10 && earlier.iter().all(|title| shown.contains(&later(title))), "{shown:#?}");
    assert_eq!(shown.iter().filter(|title| title.ends_with(" (later run)")).count(), earlier.len());
    // Each pair has a line of its own.
    let figures = page.split("<figure class=\"picture").skip(1).filter_map(|rest| rest.split_once('>'));
    let figures: Vec<&str> = figures.map(|(attributes, _)| attributes).collect();
    let of = |which: &str| figures.iter().filter(|it| it.ends_with(&format!("-{which}\""))).count();
    let begin = figures.iter().filter(|it| it.starts_with(" begins\"")).count();
    assert_eq!((of("earlier"), of("later")), (begin, begin), "{figures:#?}");
    assert!(begin > 4, "{figures:#?}");
    // Nothing is left out in silence.
    let all = document.tables.len() + document.pictures.len();
    assert!(!left_out.is_empty() && shown.len() + left_out.len() == all, "{all}: {left_out:#?}");
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
