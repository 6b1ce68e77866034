//! What going from one that runs to another costs, and what one that sleeps holds, in words.

use super::probe_grid::Grid;
use super::probes::{self, estimate};
use crate::summary::{ProbeRow, ProbeSuite, ProbeTable};
use crate::table::Table;
use crate::units::grouped;

/// The operation that is a time, as in the record.
pub(crate) const SWITCH: &str = "switch";
/// The operation that is no time.
pub(crate) const SLEEP: &str = "sleep";

/// All tables of the suite.
pub(super) fn tables(probes: &[ProbeTable]) -> Vec<Table> {
    let own = probes.iter().filter(|probe| probe.suite == ProbeSuite::Switch);
    let (sleeping, timed): (Vec<&ProbeTable>, Vec<_>) = own.partition(|probe| probe.operation == SLEEP);
    let mut tables: Vec<Table> = timed.iter().map(|probe| probes::table(title(probe), probe)).collect();
    if !sleeping.is_empty() {
        let heading = |table: &ProbeTable| format!("{} asleep", grouped(table.number.unwrap_or(0)));
        let grid = Grid { tables: sleeping, heading, unit: "KiB each", text: kibibytes };
        tables.push(grid.table("Memory of each that sleeps, among so many".to_owned()));
    }
    tables
}

/// What was timed.
pub(crate) fn title(table: &ProbeTable) -> String {
    named(&table.operation)
}

/// The same of an operation.
pub(crate) fn named(operation: &str) -> String {
    match operation {
        SWITCH => "Going from one that runs to another".to_owned(),
        other => format!("Switch: {other}"),
    }
}

/// What each holds, and of how many where there was room for fewer.
fn kibibytes(row: &ProbeRow) -> String {
    let fewer = row.number_reached.map(|number| format!(" ({})", grouped(number)));
    format!("{}{}", estimate(row.bytes_each.map(|bytes| bytes.by(1_024.0))), fewer.unwrap_or_default())
}
