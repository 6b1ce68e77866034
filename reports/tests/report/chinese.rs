//! That a report in Chinese is one.

mod latin;
mod lint;
mod words;

use std::collections::BTreeSet;

use insta::assert_snapshot;
use reports::document::Document;
use reports::language::{Language, dictionary};
use reports::picture::Drawing;
use reports::record::{Cell, Run};
use reports::table::Column;
use reports::terminal::{self, Charset, Terminal};
use reports::{html, markdown};

use crate::sample;

fn chinese() -> Document {
    Document::of(&sample::run()).translated(Language::Chinese)
}

#[test]
fn a_report_in_chinese_on_a_terminal() {
    assert_snapshot!(terminal::draw(&chinese(), Terminal { width: 100, charset: Charset::Utf8 }));
}

#[test]
fn a_report_in_chinese_as_markdown() {
    assert_snapshot!(markdown::draw(&chinese()));
}

/// The record with reasons as the harness gives them, in the place of its own.
fn with_reasons(run: Run) -> Run {
    let mut run = Run { notes: Vec::new(), ..run };
    let steal = "the machine was disturbed: the hypervisor gave 12% of the time to others";
    for (index, cell) in run.cells.iter_mut().enumerate() {
        let (reason, said) = match cell {
            Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell) => (&mut cell.reason, steal),
            Cell::Tasks(cell) => (&mut cell.reason, "1 of 10 jobs failed; job 3 came to 1 instead of 9592"),
            Cell::Spawn(cell) | Cell::Switch(cell) | Cell::Ipc(cell) => (&mut cell.reason, steal),
        };
        if reason.is_some() || index % 7 == 0 {
            *reason = Some(said.to_owned());
        }
    }
    run
}

#[test]
fn nothing_in_a_report_stays_english() {
    let document = Document::of(&with_reasons(sample::run())).translated(Language::Chinese);
    let found = lint::english(&markdown::draw(&document));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_line_in_chinese_is_wider_than_the_terminal() {
    for width in [80, 120] {
        let page = terminal::draw(&chinese(), Terminal { width, charset: Charset::Utf8 });
        for line in page.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{line}");
        }
    }
}

#[test]
fn columns_without_room_are_listed_with_chinese_marks() {
    let page = terminal::draw(&chinese(), Terminal { width: 80, charset: Charset::Utf8 });
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("这里放不下")).collect();
    assert!(listed.iter().any(|line| line.contains('、')), "{listed:?}");
    assert!(listed.iter().all(|line| !line.contains(", ")), "{listed:?}");
}

#[test]
fn a_page_says_its_language() {
    let page = html::draw(&chinese()).unwrap();
    assert!(page.contains(r#"<html lang="zh-CN">"#), "{}", &page[..200]);
    let english = html::draw(&Document::of(&sample::run())).unwrap();
    assert!(english.contains(r#"<html lang="en">"#));
}

#[test]
fn figures_and_names_are_the_same_in_both_languages() {
    let (english, chinese) = (Document::of(&sample::run()), chinese());
    for (one, other) in english.tables.iter().zip(&chinese.tables) {
        for (one, other) in one.rows.iter().zip(&other.rows) {
            let figures = |row: &[String]| {
                let is_figure = |text: &&String| !text.contains(char::is_alphabetic);
                row.iter().filter(is_figure).cloned().collect::<Vec<_>>()
            };
            assert_eq!(figures(one), figures(other));
        }
    }
}

#[test]
fn every_row_of_a_timeline_says_what_it_is_in_chinese() {
    let document = Document::of(&sample::course::run()).translated(Language::Chinese);
    let tracks = document.pictures.iter().filter_map(|picture| match &picture.drawing {
        Drawing::Tracks(tracks) => Some(tracks),
        _ => None,
    });
    let labels: Vec<&str> =
        tracks.flat_map(|tracks| tracks.rows.iter().map(|row| row.label.as_str())).collect();
    assert!(labels.len() > 2, "{labels:?}");
    let says = |label: &&str| ["进程 ", "线程 ", "协程 "].iter().any(|kind| label.starts_with(kind));
    assert!(labels.iter().all(says), "{labels:?}");
}

#[test]
fn no_two_columns_of_a_table_have_one_heading() {
    for table in Document::of(&sample::course::run()).translated(Language::Chinese).tables {
        let headings: Vec<String> = table.columns.iter().map(Column::heading).collect();
        let distinct: BTreeSet<&String> = headings.iter().collect();
        assert_eq!(distinct.len(), headings.len(), "{headings:?}");
    }
}

#[test]
fn what_another_version_said_stays_as_it_is() {
    let run = Run { notes: vec!["Zebras were counted as well.".to_owned()], ..sample::run() };
    let document = Document::of(&run).translated(Language::Chinese);
    assert!(document.facts.iter().any(|fact| fact.value == "Zebras were counted as well."));
}

#[test]
fn a_dictionary_has_the_texts_of_a_document() {
    let document = Document::of(&sample::run());
    let titles = document.tables.iter().map(|table| table.title.as_str());
    let found = dictionary(titles.clone());
    assert!(titles.into_iter().all(|title| found.contains_key(title)), "{found:#?}");
}
