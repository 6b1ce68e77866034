//! Whatever bytes lie where a record and its journal should be: they are read or refused. What was read is the same once it
//! was written and read again, and whatever figures it holds, every report on it is drawn.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use reports::document::Document;
use reports::language::Language;
use reports::record::Run;
use reports::summary::{Series, Versus};
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, journal, markdown, trace};
use tempfile::TempDir;

/// Records of more cells than this are read, but not drawn: it would take too long to be tried often.
const MOST_CELLS: usize = 40;

/// Tries any bytes: up to the first NUL, which no JSON holds, they are the record, and behind it the journal.
pub(crate) fn check(bytes: &[u8]) {
    static DIRECTORY: LazyLock<TempDir> =
        LazyLock::new(|| tempfile::tempdir().expect("a temporary directory"));
    let directory = DIRECTORY.path();
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let record = parts.next().unwrap_or_default();
    let journal = parts.next().unwrap_or_default();
    fs::write(directory.join(reports::RECORD), record).expect("room for a record");
    fs::write(directory.join(journal::JOURNAL), journal).expect("room for a journal");
    match Run::read(directory) {
        Ok(run) => {
            comes_back_the_same(&run, directory);
            if run.cells.len() <= MOST_CELLS {
                is_drawn(&run);
            }
        }
        // One sentence, whatever the bytes were.
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn comes_back_the_same(run: &Run, directory: &Path) {
    let copy = directory.join("copy.json");
    run.write(&copy).expect("what was read can be written");
    assert_eq!(&Run::read(&copy).expect("what was written can be read"), run);
}

fn is_drawn(run: &Run) {
    let document = Document::of(run);
    draw(&document);
    html::draw(&document).expect("a page");
    csv::draw(run).expect("cells");
    trace::draw(run).expect("a trace");
    let versus = Versus::of(run, run);
    draw(&Document::versus(&versus));
    if let Some(series) = Series::of(&[("one".into(), run.clone()), ("two".into(), run.clone())]) {
        draw(&Document::series(&series));
    }
}

fn draw(document: &Document) {
    for (width, charset) in [(80, Charset::Utf8), (20, Charset::Ascii)] {
        terminal::draw(document, Terminal { width, charset });
    }
    markdown::draw(&document.clone().translated(Language::Chinese));
}
