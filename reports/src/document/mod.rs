//! The document: everything a report says, in texts, built once from a record and drawn in several ways.

mod facts;
mod notes;
mod server_notes;
mod servers;
mod tasks;
mod title;

use serde::Serialize;

use crate::chart::Chart;
use crate::record::Run;
use crate::summary::Summary;
use crate::table::Table;

/// What stands in the place of a rank that is not given.
const UNRANKED: &str = "–";

/// A report in texts. None of them is escaped: that is up to whoever draws it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// What it is.
    pub title: String,
    /// What must be known before any figure is read, one sentence each: that the run is not complete, say.
    pub warnings: Vec<String>,
    /// Where, how and when it was measured.
    pub facts: Vec<Fact>,
    /// The tables.
    pub sections: Vec<Section>,
    /// What the columns mean, one paragraph for each kind of table.
    pub explanations: Vec<String>,
}

/// One thing to know about the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub name: &'static str,
    /// What it is.
    pub value: String,
    /// Whether it is to be drawn as code: a command.
    pub code: bool,
}

/// A table with what goes with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// The table.
    pub table: Table,
    /// Its main figure as bars.
    pub chart: Option<Chart>,
}

impl Document {
    /// Puts the report on `run` into words.
    pub fn of(run: &Run) -> Self {
        let summary = Summary::of(run);
        let server_section = |table| servers::section(table, summary.threshold);
        let mut sections: Vec<Section> = summary.servers.iter().map(server_section).collect();
        sections
            .extend(tasks::sections(&summary.tasks).into_iter().map(|table| Section { table, chart: None }));
        let explanations = [
            (!summary.servers.is_empty()).then_some(servers::EXPLANATION),
            (!summary.tasks.is_empty()).then_some(tasks::EXPLANATION),
        ];
        Self {
            title: "Concurrency models compared".to_owned(),
            warnings: facts::warnings(run),
            facts: facts::facts(run),
            sections,
            explanations: explanations.into_iter().flatten().map(str::to_owned).collect(),
        }
    }
}
