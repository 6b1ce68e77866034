//! What going from one that runs to another costs, and what one that sleeps holds, in words.

use super::Section;
use super::probe_grid::Grid;
use super::probes::section;
use crate::summary::{ProbeRow, ProbeSuite, ProbeTable};
use crate::units::{figure, grouped};

/// The operation that is no time.
const SLEEP: &str = "sleep";

/// All tables of the suite.
pub(super) fn sections(tables: &[ProbeTable]) -> Vec<Section> {
    let own = || tables.iter().filter(|table| table.suite == ProbeSuite::Switch);
    let mut sections: Vec<Section> =
        own().filter(|table| table.operation != SLEEP).map(|table| section(title(table), table)).collect();
    let sleeping: Vec<&ProbeTable> = own().filter(|table| table.operation == SLEEP).collect();
    if !sleeping.is_empty() {
        let heading = |table: &ProbeTable| format!("{} asleep", grouped(table.number.unwrap_or(0)));
        let reached =
            sleeping.iter().flat_map(|table| table.rows.iter().filter_map(|row| reached(table, row)));
        let reached = reached.collect();
        let grid = Grid { tables: sleeping, heading, unit: "KiB each", text: kibibytes };
        sections.push(Section {
            table: grid.table("Memory of each that sleeps, among so many".to_owned(), reached),
            chart: None,
        });
    }
    sections
}

fn title(table: &ProbeTable) -> String {
    match table.operation.as_str() {
        "switch" => "Going from one that runs to another".to_owned(),
        other => format!("Switch: {other}"),
    }
}

fn kibibytes(row: &ProbeRow) -> String {
    row.bytes_each.map(|bytes| figure(bytes.median / 1_024.0)).unwrap_or_default()
}

/// That a machine had room for fewer.
fn reached(table: &ProbeTable, row: &ProbeRow) -> Option<String> {
    let (asked, reached) =
        (table.number?, row.number_reached.filter(|reached| Some(*reached) != table.number)?);
    Some(format!("{}: there were {} and not {} of them.", row.label(), grouped(reached), grouped(asked)))
}
