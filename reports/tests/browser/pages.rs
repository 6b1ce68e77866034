//! The pages that are tried: of a record, of two runs, of a series.

use std::path::PathBuf;

use reports::document::Document;
use reports::html;
use reports::language::Language;
use reports::record::{Cell, Run};
use reports::summary::{Series, Versus};
use tempfile::TempDir;

use crate::sample;

/// A page in a directory of its own.
pub(crate) struct Page {
    _directory: TempDir,
    path: PathBuf,
}

impl Page {
    /// The page of the record that has something for every picture.
    pub(crate) fn of_a_record() -> Self {
        Self::of(&Document::of(&sample::course::run()), Language::English)
    }

    /// That of any document, which is in English, in a language.
    pub(crate) fn of(document: &Document, language: Language) -> Self {
        let page = html::draw_both(document, language).expect("the page can be drawn");
        let directory = tempfile::tempdir().expect("the directory for temporary files can be written");
        let path = directory.path().join("report.html");
        std::fs::write(&path, page).expect("the page can be written");
        Self { _directory: directory, path }
    }

    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.path.display())
    }
}

/// Two runs against each other, with all that the pages of both have.
pub(crate) fn comparison() -> Document {
    let (old, new) = (sample::loads::run(), slower(sample::loads::run(), 1.3));
    Document::versus_with_both(&Versus::of(&old, &new), &old, &new)
}

/// Four runs, of which the third is a step.
pub(crate) fn series() -> Document {
    let runs = [1.0, 1.0, 1.25, 1.25].iter().enumerate().map(|(day, factor)| {
        let started = format!("2026-02-{:02}T12:00:00Z", day + 1);
        (format!("day-{}", day + 1), Run { started, ..slower(sample::loads::run(), *factor) })
    });
    let runs: Vec<(String, Run)> = runs.collect();
    Document::series(&Series::of(&runs).expect("these are runs of the same"))
}

/// The run with servers that cost so many times as much.
fn slower(mut run: Run, factor: f64) -> Run {
    for cell in &mut run.cells {
        let (Cell::Servers(cell) | Cell::Idle(cell) | Cell::Stevens(cell)) = cell else { continue };
        let Some(cost) = &mut cell.server else { continue };
        (cost.user_s, cost.system_s) = (cost.user_s.map(|s| s * factor), cost.system_s.map(|s| s * factor));
    }
    run
}
