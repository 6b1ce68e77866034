//! Which cells are shown as they went: of each row one that counts, in the order of the ranks.

use super::bounds::first_and_last;
use super::cpu::label as label_of_row;
use super::parts::listed;
use crate::record::{Run, ServerCell};
use crate::summary::counted::Counted;
use crate::summary::row::is_again;
use crate::summary::servers::{Group, Row};
use crate::summary::{ServerRow, Setting, Suite, Summary, groups_of, label};

/// Pictures of single cells in a record, of a kind.
const CELLS: usize = 4;

/// One setting with a cell of each of its rows.
pub(super) struct Shown<'a> {
    pub(super) setting: Setting,
    /// What a row is called, and its last cell that counts and has what is asked for.
    pub(super) cells: Vec<(String, &'a ServerCell)>,
}

/// The settings in which some row has what `has` asks for.
pub(super) fn settings<'a>(run: &'a Run, summary: &Summary, has: fn(&ServerCell) -> bool) -> Vec<Shown<'a>> {
    let groups = groups_of(run);
    let shown = groups.iter().map(|(suite, group)| {
        let names = names(*suite, group, summary);
        let last = |row: &Row<'a>| {
            let counted = Counted::of(row).counted;
            counted.into_iter().filter(|cell| has(cell)).max_by_key(|cell| cell.round)
        };
        let cells = names.into_iter().filter_map(|(name, row)| Some((name, last(row)?)));
        Shown { setting: group.setting.clone(), cells: cells.collect() }
    });
    shown.filter(|shown| !shown.cells.is_empty()).collect()
}

/// A setting's rows with their names; those that are ranked first, in their order. What was measured twice stands there once.
fn names<'g, 'a>(suite: Suite, group: &'g Group<'a>, summary: &Summary) -> Vec<(String, &'g Row<'a>)> {
    let rows = || group.rows.iter().filter(|row| !is_again(row[0]));
    let of_model = |model: &str| rows().find(|row| label(&row[0].model, &row[0].options) == model);
    let table =
        summary.servers.iter().find(|table| suite == Suite::Servers && table.setting == group.setting);
    match table {
        Some(table) => {
            let named = |row: &ServerRow| Some((label_of_row(row), of_model(&row.model)?));
            table.rows.iter().filter(|row| !row.again).filter_map(named).collect()
        }
        None => rows().map(|row| (label(&row[0].model, &row[0].options), row)).collect(),
    }
}

/// Of the setting with most rows the first and the last ones, for pictures of which each shows one cell. The second is what is said
/// of those that are left out.
pub(super) fn few(settings: Vec<Shown<'_>>) -> Option<(Shown<'_>, Option<String>)> {
    let others = settings.len().saturating_sub(1);
    // Of equals the last: that with most connections or the highest rate.
    let Shown { setting, cells: all } = settings.into_iter().max_by_key(|shown| shown.cells.len())?;
    let cells = first_and_last(&all, CELLS);
    let is_left_out = |name: &str| cells.iter().all(|(kept, _)| kept != name);
    let left_out: Vec<&str> =
        all.iter().map(|(name, _)| name.as_str()).filter(|name| is_left_out(name)).collect();
    let names = (!left_out.is_empty()).then(|| {
        format!(
            "Only the first and the last rows are drawn; run.json has these as well: {}.",
            listed(&left_out)
        )
    });
    let settings = (others > 0).then(|| format!("Other settings of which run.json has the same: {others}."));
    let said = super::parts::paragraph([names, settings]);
    Some((Shown { setting, cells }, (!said.is_empty()).then_some(said)))
}
