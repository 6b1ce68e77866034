//! The document: everything a report says, in texts, built once from a record and drawn in several ways.

mod brief;
mod conclusion;
mod connections;
mod facts;
pub(crate) mod idle;
mod interpreters;
pub(crate) mod ipc;
mod notes;
pub(crate) mod notes_form;
mod probe_grid;
pub(crate) mod probes;
mod rates;
mod scaling;
mod series;
mod server_notes;
pub(crate) mod servers;
pub(crate) mod spawn;
pub(crate) mod stevens;
pub(crate) mod switch;
mod tally;
mod tasks;
mod timed;
pub(crate) mod title;
pub mod torture;
pub(crate) mod versus;

use std::borrow::Cow;

pub use brief::Brief;
pub use conclusion::{Belief, Conclusion};
use serde::Serialize;

use crate::language::Language;
use crate::picture::{self, Picture};
use crate::record::Run;
use crate::summary::{Series, ServerTable, Summary, Versus};
use crate::table::Table;

/// What stands in the place of a rank that is not given.
const UNRANKED: &str = "–";

/// What a reader of a run's tables needs at once, of figures.
const FIGURES: &str = "Figures are medians over the rounds that count; ± is how far the interval reaches.";
/// The same, of servers in tables without ranks.
const RATES: &str =
    "Figures are medians over the rounds that count; ≥ is a lower bound, ± how far the interval reaches.";
/// The same, where a table has ranks.
const RANKS: &str = "Figures are medians over the rounds that count. Rows that share a rank, marked =, are about \
the same as the first of them; – is not ranked, ≥ is a lower bound, ± how far the interval reaches.";

/// What an interval is, where no explanation of servers says so.
const INTERVALS: &str = "Intervals: ± reaches to the farther end of the interval around a median, rounded up; where an interval has a column, that has both \
ends. Of two to five rounds it is their range, which holds the true median in 50% of all cases with two rounds, 75% with three, 88% with four and 94% with \
five; from six on it is the percentile bootstrap's, of 95%. One round has none. A disturbed cell is measured again, and the last attempt counts.";

/// A report in texts. None of them is escaped: that is up to whoever draws it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Document {
    /// The language of all its texts.
    pub language: Language,
    /// The files that lie beside its page.
    pub files: Vec<&'static str>,
    /// What it is.
    pub title: String,
    /// What it comes to, one for each suite: who won, by how much, and whether to believe it.
    pub conclusions: Vec<Conclusion>,
    /// The table that the first of these is about, in short.
    pub brief: Option<Brief>,
    /// What must be known before any figure is read, one sentence each: that the run is not complete, say.
    pub warnings: Vec<String>,
    /// Where, how and when it was measured.
    pub facts: Vec<Fact>,
    /// The tables.
    pub tables: Vec<Table>,
    /// Which of these rank what the run compares, as places among them: a page begins with them.
    pub leading: Vec<usize>,
    /// What a table can't show.
    pub pictures: Vec<Picture>,
    /// Which tables and pictures are one thing of two runs: a page shows both or neither.
    pub pairs: Pairs,
    /// What a reader of the tables needs at once, where the explanations have no room.
    pub legend: &'static str,
    /// What the columns mean, one for each kind of table.
    pub explanations: Vec<Explanation>,
}

/// What stands of an earlier run and right behind it of a later one, as places in the document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Pairs {
    /// Among the tables.
    pub tables: Vec<[usize; 2]>,
    /// Among the pictures.
    pub pictures: Vec<[usize; 2]>,
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

/// What one kind of table means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What it is about, and what holds for all of it.
    pub text: &'static str,
    /// What single columns mean, in their order.
    pub columns: Cow<'static, [&'static str]>,
}

impl Document {
    /// Puts into words how a run differs from an earlier one.
    pub fn versus(versus: &Versus) -> Self {
        versus::document(versus)
    }

    /// The same, with all that the reports on both runs show.
    pub fn versus_with_both(versus: &Versus, old: &Run, new: &Run) -> Self {
        versus::with_both(versus, old, new)
    }

    /// Puts into words what several runs came to, one after another.
    pub fn series(series: &Series) -> Self {
        series::document(series)
    }

    /// The tables in the order of reading: that first which the first conclusion is about, then those that rank what the run
    /// compares.
    pub fn in_order(&self) -> impl Iterator<Item = &Table> {
        let first = self.brief.as_ref().map(|brief| brief.whole);
        let leading = self.leading.iter().copied().filter(move |place| Some(*place) != first);
        let others = (0..self.tables.len()).filter(move |place| !self.leading.contains(place));
        let others = others.filter(move |place| Some(*place) != first);
        first.into_iter().chain(leading).chain(others).filter_map(|place| self.tables.get(place))
    }

    /// The conclusions before the table that they are about, and those behind it.
    pub fn conclusions_around(&self) -> (&[Conclusion], &[Conclusion]) {
        let after = self.brief.as_ref().map_or(self.conclusions.len(), |brief| brief.after);
        self.conclusions.split_at(after.min(self.conclusions.len()))
    }

    /// All of it that is neither a table nor a picture.
    pub(crate) fn without_tables_and_pictures(&self) -> Self {
        Self {
            language: self.language,
            files: self.files.clone(),
            title: self.title.clone(),
            conclusions: self.conclusions.clone(),
            warnings: self.warnings.clone(),
            facts: self.facts.clone(),
            legend: self.legend,
            explanations: self.explanations.clone(),
            ..Self::default()
        }
    }

    /// Puts the report on `run` into words.
    pub fn of(run: &Run) -> Self {
        let summary = Summary::of(run);
        let paragraph = |text| Explanation { text, columns: Cow::Borrowed(&[]) };
        // Where models had rates of their own, a table for each would have but one row.
        let has_room_in_a_sweep =
            |table: &&ServerTable| summary.rates.iter().any(|sweep| sweep.is_sparse() && sweep.holds(table));
        let servers = summary.servers.iter().filter(|table| !has_room_in_a_sweep(table));
        let mut tables: Vec<Table> = servers.map(servers::table).collect();
        tables.extend(summary.connections.iter().map(connections::table));
        tables.extend(summary.rates.iter().flat_map(rates::tables));
        tables.extend(summary.idle.iter().flat_map(idle::tables));
        tables.extend(summary.stevens.iter().map(stevens::table));
        tables.extend(tasks::tables(&summary.tasks, &summary.scaling, &summary.lossless));
        tables.extend(notes_form::table(&summary.tasks, &summary.interpreters));
        tables.extend(interpreters::tables(&summary.interpreters));
        tables.extend(spawn::tables(&summary.probes, summary.touched.as_ref()));
        tables.extend(switch::tables(&summary.probes));
        tables.extend(ipc::tables(&summary.probes));
        tables.extend(torture::tables(&run.torture));
        let ranked = tables.iter().any(has_ranks);
        let conclusions = conclusion::all(run, &summary);
        let without_servers = summary.servers.is_empty() && !tables.is_empty();
        let explanations = [
            (!summary.servers.is_empty()).then_some(servers::EXPLANATION),
            (!summary.connections.is_empty()).then_some(paragraph(connections::EXPLANATION)),
            (!summary.rates.is_empty()).then_some(rates::EXPLANATION),
            (!summary.idle.is_empty()).then_some(paragraph(idle::EXPLANATION)),
            (!summary.stevens.is_empty()).then_some(paragraph(stevens::EXPLANATION)),
            (!summary.tasks.is_empty()).then_some(paragraph(tasks::EXPLANATION)),
            summary.scaling.iter().any(|row| row.laws.is_some()).then_some(paragraph(scaling::EXPLANATION)),
            (!summary.interpreters.is_empty()).then_some(paragraph(interpreters::EXPLANATION)),
            (!summary.probes.is_empty()).then_some(probes::EXPLANATION),
            (!run.torture.is_empty()).then_some(paragraph(torture::EXPLANATION)),
            (without_servers && !run.cells.is_empty()).then_some(paragraph(INTERVALS)),
        ];
        Self {
            language: Language::English,
            files: vec!["run.json", "cells.csv", "report.md"],
            title: "Concurrency models compared".to_owned(),
            brief: Brief::of(&conclusions, &tables, &summary),
            conclusions,
            warnings: facts::warnings(run),
            facts: facts::facts(run),
            leading: leading(&tables, &summary),
            tables,
            pictures: picture::all(run, &summary),
            pairs: Pairs::default(),
            legend: match (ranked, without_servers) {
                (true, _) => RANKS,
                (false, false) => RATES,
                (false, true) => FIGURES,
            },
            explanations: explanations.into_iter().flatten().collect(),
        }
    }
}

fn has_ranks(table: &Table) -> bool {
    table.columns.iter().any(|column| column.is_rank)
}

/// The tables that have ranks: first the one that the conclusion on servers is about.
fn leading(tables: &[Table], summary: &Summary) -> Vec<usize> {
    let main = conclusion::main_setting(summary).map(|setting| title::of(setting, title::Open::Nothing));
    let is_main = |index: &usize| main.as_ref() == Some(&tables[*index].title);
    let mut leading: Vec<usize> = (0..tables.len()).filter(|index| has_ranks(&tables[*index])).collect();
    leading.sort_by_key(|index| !is_main(index));
    leading
}
