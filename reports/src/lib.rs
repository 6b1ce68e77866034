//! From a record to something to read.
//!
//! The lab measures, and what it measured stands in a [record]: `run.json`. This crate knows nothing of servers or
//! loads. It takes a record, whoever wrote it, and says what it shows, in four steps that each can be used alone:
//!
//! 1. [`Run::read`](record::Run::read) reads the record, or says in a sentence why it can't be read.
//! 2. [`Summary`](summary::Summary) goes from cells to rows. Cells that differ only in their round become one row
//!    with medians. Only cells whose verdict is `valid` count, and only rows that the rounds tell apart get
//!    different ranks. It holds numbers.
//! 3. [`Document`] puts that into words: tables, notes, the machine, the command. It holds texts,
//!    each made once, so that no two reports can differ in a figure.
//! 4. [`terminal`], [`markdown`] and [`html`] draw the document, each escaping what it must; [`csv`] gives the cells
//!    as they are, and [`trace`] their timelines, for Perfetto.
//!
//! ```
//! use reports::document::Document;
//! use reports::record::{Cell, Cost, Host, Run, SCHEMA, ServerCell};
//! use reports::terminal::{self, Charset, Terminal};
//!
//! let cell = |model: &str, round, user_s| {
//!     Cell::Servers(Box::new(ServerCell {
//!         model: model.into(),
//!         workload: "echo".into(),
//!         transport: "tcp".into(),
//!         connections: 16,
//!         keep_alive: true,
//!         round,
//!         requests: 100_000,
//!         requests_per_second: 50_000.0,
//!         server: Some(Cost { user_s: Some(user_s), system_s: Some(0.0), ..Cost::default() }),
//!         ..ServerCell::default()
//!     }))
//! };
//! let run = Run {
//!     schema: SCHEMA,
//!     concur: "0.1.0".into(),
//!     command: vec!["concur".into(), "run".into()],
//!     started: "2026-01-31T12:00:00Z".into(),
//!     complete: true,
//!     planned: 4,
//!     seed: None,
//!     host: Host::default(),
//!     floor: None,
//!     notes: Vec::new(),
//!     torture: Vec::new(),
//!     cells: vec![cell("fork", 1, 2.1), cell("epoll", 1, 0.9), cell("epoll", 2, 0.8), cell("fork", 2, 2.0)],
//! };
//! let page = terminal::draw(&Document::of(&run), Terminal { width: 80, charset: Charset::Utf8 });
//! // What it comes to is said first; in the table stand the rank, the model, and 8.5 µs of CPU time per request: the median of
//! // 9 and 8.
//! assert!(page.starts_with("Servers: epoll needs the least CPU per request, 8.50 µs"), "{page}");
//! assert!(page.lines().any(|line| line.trim_start().starts_with("1  epoll  8.50 ±6%")), "{page}");
//! ```

use std::path::Path;

use document::Document;
use language::Language;
use record::Run;
pub use storage::{RECORD, ReadError, WriteError, records_in};

pub mod course_notes;
pub mod csv;
pub mod distance;
pub mod document;
pub mod html;
pub mod journal;
pub mod language;
pub mod markdown;
pub mod picture;
pub mod record;
pub mod schema;
mod statistics;
mod storage;
pub mod summary;
pub mod svg;
pub mod table;
pub mod terminal;
mod text;
pub mod trace;
mod units;

pub use statistics::{Interval, Line, Ratio, Spread};
pub use units::{figure, grouped, latency};

/// Writes `report.md`, `report.html` and `cells.csv` into `directory`, which is made if it is not there. Each is
/// whole or, if this fails, as it was before.
pub fn write_all(run: &Run, directory: &Path) -> Result<(), WriteError> {
    write_all_in(Language::English, run, directory)
}

/// The same in `language`; the cells stay as they are, since programs read them.
pub fn write_all_in(language: Language, run: &Run, directory: &Path) -> Result<(), WriteError> {
    let cells = csv::draw(run)?;
    let mut document = Document::of(run);
    let lies_elsewhere = !directory.join(RECORD).exists();
    document.files.retain(|file| *file != RECORD || !lies_elsewhere);
    write_document(&document, language, directory)?;
    storage::replace(&directory.join("cells.csv"), &cells)
}

/// Writes `report.md` and `report.html` of any document, which is in English, in `language` into `directory`, as [`write_all`] does.
pub fn write_document(document: &Document, language: Language, directory: &Path) -> Result<(), WriteError> {
    let files = [
        ("report.md", markdown::draw(&document.clone().translated(language)).into_bytes()),
        ("report.html", html::draw_both(document, language)?.into_bytes()),
    ];
    std::fs::create_dir_all(directory)
        .map_err(|cause| WriteError::Refused { path: directory.to_owned(), cause })?;
    files.iter().try_for_each(|(name, bytes)| storage::replace(&directory.join(name), bytes))
}

/// The same of a comparison of two runs, the earlier one first, with both records and their cells beside it, which its page links to.
pub fn write_comparison(
    document: &Document,
    language: Language,
    runs: [&Run; 2],
    directory: &Path,
) -> Result<(), WriteError> {
    write_document(document, language, directory)?;
    for (run, name) in runs.into_iter().zip(["earlier", "later"]) {
        run.write(&directory.join(format!("{name}.json")))?;
        storage::replace(&directory.join(format!("{name}.csv")), &csv::draw(run)?)?;
    }
    Ok(())
}
