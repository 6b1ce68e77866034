//! The gallery's record, and everything that is drawn from it: `samples/`.

use std::error::Error;
use std::path::{Path, PathBuf};

use reports::document::Document;
use reports::language::Language;
use reports::record::Run;
use reports::terminal::{self, Charset, Terminal};
use reports::{csv, html, markdown, trace};

/// Where it stands.
pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// A form of a record: the name of its file, and what is in it.
pub(crate) type Form = (&'static str, Vec<u8>);

/// Every form of a record, by the name of its file.
pub(crate) fn forms(run: &Run) -> Result<Vec<Form>, Box<dyn Error>> {
    let english = Document::of(run);
    let chinese = english.clone().translated(Language::Chinese);
    let text =
        |document| terminal::draw(document, Terminal { width: 80, charset: Charset::Utf8 }).into_bytes();
    let mut forms = vec![
        ("report.html", html::draw_both(&english, Language::English)?.into_bytes()),
        ("report.md", markdown::draw(&english).into_bytes()),
        ("report.zh.md", markdown::draw(&chinese).into_bytes()),
        ("report.txt", text(&english)),
        ("report.zh.txt", text(&chinese)),
        ("cells.csv", csv::draw(run)?),
    ];
    forms.extend(trace::draw(run)?.map(|bytes| ("trace.json", bytes)));
    Ok(forms)
}

/// A record in JSON with a line for each cell, so that it is short and can still be compared line by line.
pub(crate) fn in_lines(run: &Run) -> serde_json::Result<String> {
    let cells = run.cells.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    let head = serde_json::to_string_pretty(&Run { cells: Vec::new(), ..run.clone() })?;
    let head = head.trim_end().trim_end_matches('}').trim_end().trim_end_matches("[]").to_owned();
    Ok(format!("{head}[\n{}\n]}}\n", cells.join(",\n")))
}
