//! What happened: as one record, and as tables.

use reports::document::torture;
use reports::record::{Endured, TortureRow};
use reports::terminal::draw_table_in;
use serde::Serialize;

use crate::appearance::{colours, terminal};
use crate::language;
use crate::torture::Settings;

/// All that happened, and what it follows from.
#[derive(Serialize)]
pub(super) struct Answer {
    /// The version of the lab.
    concur: &'static str,
    seconds: f64,
    patience_seconds: f64,
    grace_seconds: f64,
    at_once: usize,
    seed: u64,
    /// Somebody ended it before all had happened.
    pub(super) interrupted: bool,
    rows: Vec<TortureRow>,
    passed: usize,
    pub(super) failed: usize,
    not_applicable: usize,
}

impl Answer {
    pub(super) fn of(rows: Vec<TortureRow>, settings: Settings, interrupted: bool) -> Self {
        let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
        Self {
            concur: env!("CARGO_PKG_VERSION"),
            seconds: settings.time.as_secs_f64(),
            patience_seconds: settings.patience.as_secs_f64(),
            grace_seconds: settings.grace.as_secs_f64(),
            at_once: settings.at_once,
            seed: settings.seed,
            interrupted,
            passed: count(Endured::Passed),
            failed: count(Endured::Failed),
            not_applicable: count(Endured::NotApplicable),
            rows,
        }
    }

    /// As tables: of several servers one with a row for each, and then of each one with a row for each fault.
    pub(super) fn text(&self) -> String {
        let language = language::current();
        let drawn = torture::tables(&self.rows)
            .into_iter()
            .map(|table| draw_table_in(language, &table.translated(language), terminal(), colours()));
        drawn.collect::<Vec<_>>().join("\n")
    }
}
