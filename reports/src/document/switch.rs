//! What going from one that runs to another costs, and what one that sleeps holds, in words.

use super::Section;
use super::probe_grid::Grid;
use super::probes::{estimate, section};
use crate::summary::{ProbeRow, ProbeSuite, ProbeTable};
use crate::units::grouped;

/// The operation that is a time, as in the record.
pub(crate) const SWITCH: &str = "switch";
/// The operation that is no time.
pub(crate) const SLEEP: &str = "sleep";

/// All tables of the suite.
pub(super) fn sections(tables: &[ProbeTable]) -> Vec<Section> {
    let own = || tables.iter().filter(|table| table.suite == ProbeSuite::Switch);
    let mut sections: Vec<Section> =
        own().filter(|table| table.operation != SLEEP).map(|table| section(title(table), table)).collect();
    let sleeping: Vec<&ProbeTable> = own().filter(|table| table.operation == SLEEP).collect();
    if !sleeping.is_empty() {
        let heading = |table: &ProbeTable| format!("{} asleep", grouped(table.number.unwrap_or(0)));
        let grid = Grid { tables: sleeping, heading, unit: "KiB each", text: kibibytes };
        sections.push(Section { table: grid.table("Memory of each that sleeps, among so many".to_owned()) });
    }
    sections
}

/// What was timed.
pub(crate) fn title(table: &ProbeTable) -> String {
    match table.operation.as_str() {
        SWITCH => "Going from one that runs to another".to_owned(),
        other => format!("Switch: {other}"),
    }
}

/// What each holds, and of how many where there was room for fewer.
fn kibibytes(row: &ProbeRow) -> String {
    let fewer = row.number_reached.map(|number| format!(" ({})", grouped(number)));
    format!("{}{}", estimate(row.bytes_each.map(|bytes| bytes.by(1_024.0))), fewer.unwrap_or_default())
}
