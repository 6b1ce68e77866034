//! The sample in each form, and what every form says of a run.

use insta::assert_snapshot;
use reports::document::Document;
use reports::record::Run;
use reports::terminal::Charset;
use reports::{csv, html, markdown};

use crate::found::{document, on_terminal};
use crate::sample::{self, run_of, server, servers_cell};
use crate::tasks::sweep;

#[test]
fn terminal_of_80_columns() {
    assert_snapshot!(on_terminal(&document(), 80, Charset::Utf8));
}

#[test]
fn terminal_of_120_columns() {
    assert_snapshot!(on_terminal(&document(), 120, Charset::Utf8));
}

#[test]
fn terminal_of_ascii() {
    assert_snapshot!(on_terminal(&document(), 80, Charset::Ascii));
}

#[test]
fn the_markdown() {
    assert_snapshot!(markdown::draw(&document()));
}

/// The page without what stands in `assets/`.
#[test]
fn the_html() {
    let mut page = html::draw(&document()).unwrap();
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let from = page.find(start).unwrap() + start.len();
        let to = from + page[from..].find(end).unwrap();
        page.replace_range(from..to, "");
    }
    assert_snapshot!(page);
}

#[test]
fn an_empty_run_is_one_sentence_and_no_table() {
    let run = Run { cells: Vec::new(), complete: false, planned: 40, ..sample::run() };
    let document = Document::of(&run);
    let sentence = "This run holds no cells of its 40 planned cells, so there is nothing to show.";
    assert_eq!(document.warnings, [sentence]);
    assert!(document.tables.is_empty());
    assert!(on_terminal(&document, 80, Charset::Utf8).starts_with(&format!("{sentence}\n\nHost: ")));
    let (markdown, html) = (markdown::draw(&document), html::draw(&document).unwrap());
    assert!(markdown.contains(sentence) && !markdown.contains("| ---"), "{markdown}");
    assert!(html.contains(sentence) && !html.contains("<table"), "{html}");
}

#[test]
fn an_interrupted_run_says_so_everywhere() {
    let document = Document::of(&Run { complete: false, planned: 1_000, ..sample::run() });
    let sentence = "This run is not complete: it holds 52 of its 1,000 planned cells.";
    let pages = [
        on_terminal(&document, 200, Charset::Utf8),
        markdown::draw(&document),
        html::draw(&document).unwrap(),
    ];
    for page in pages {
        assert!(page.contains(sentence), "{page}");
    }
}

#[test]
fn the_host_and_the_command_stand_in_every_report() {
    let facts = [
        "Example CPU @ 2.50GHz, 2 cores, Linux 6.8.0, 8.00 GiB of memory",
        "concur run --connections 64,1 --out",
        "concur 0.1.0",
        "2026-01-31T12:00:00Z",
        "server on core 0, load generator on core 1",
        "40 valid, 3 client-bound, 1 unstable, 5 errors, 3 unsupported of 52 cells",
    ];
    let document = document();
    let pages = [
        on_terminal(&document, 200, Charset::Utf8),
        markdown::draw(&document),
        html::draw(&document).unwrap(),
    ];
    for page in pages {
        for fact in facts {
            assert!(page.contains(fact), "{fact} is not in {page}");
        }
    }
}

#[test]
fn ranks_are_explained_where_there_are_some_and_intervals_everywhere() {
    let (with, without) = (document(), Document::of(&sweep()));
    assert!(with.legend.contains("rank") && !without.legend.contains("rank"));
    assert!(without.legend.contains('±'), "{}", without.legend);
    let explains = |document: &Document| {
        document.explanations.iter().filter(|it| it.text.contains("Intervals: ±")).count()
    };
    assert_eq!((explains(&with), explains(&without)), (0, 1), "the servers' own explanation has it");
}

#[test]
fn a_record_of_thousands_of_cells_is_drawn_in_every_form() {
    let names: Vec<String> = (0..100).map(|number| format!("model{number}")).collect();
    let cells = (1..=50).flat_map(|round| {
        names.iter().zip(1..).map(move |(name, number)| {
            servers_cell(server(name, round, 8.0 + number as f64 / 10.0, number + u64::from(round)))
        })
    });
    let run = run_of(cells.collect());
    let document = Document::of(&run);
    assert_eq!(document.tables[0].rows.len(), 100);
    assert!(html::draw(&document).unwrap().contains("model99"));
    assert!(on_terminal(&document, 120, Charset::Utf8).contains("model99"));
    assert_eq!(String::from_utf8(csv::draw(&run).unwrap()).unwrap().lines().count(), 5_001);
}
