//! One thing varied and all else the same: how settings become the columns of one table.

use std::collections::{BTreeMap, BTreeSet};

use super::servers::{Group, Row};
use super::setting::Setting;
use super::{label, row};

/// Settings that differ in one thing only.
pub(crate) struct Sweep<'s, 'a> {
    /// What they have in common; the thing itself is cleared.
    pub(crate) setting: Setting,
    /// The settings in ascending order of it, each thing once.
    pub(crate) steps: Vec<&'s Group<'a>>,
}

/// What of `groups` differs in one thing only, which `clear` takes out of a setting; at least `fewest` of them.
pub(crate) fn sweeps<'s, 'a>(
    groups: impl Iterator<Item = &'s Group<'a>>,
    clear: fn(&mut Setting),
    fewest: usize,
) -> Vec<Sweep<'s, 'a>> {
    let mut sweeps: BTreeMap<_, Sweep<'s, 'a>> = BTreeMap::new();
    for group in groups {
        let mut setting = group.setting.clone();
        clear(&mut setting);
        let sweep = sweeps.entry(setting.key()).or_insert_with(|| Sweep { setting, steps: Vec::new() });
        sweep.steps.push(group);
    }
    let mut sweeps: Vec<_> =
        sweeps.into_values().filter(|sweep: &Sweep<'_, '_>| sweep.steps.len() >= fewest).collect();
    for sweep in &mut sweeps {
        sweep.steps.sort_by_key(|group| group.setting.key());
    }
    sweeps
}

/// What a row is called in a table of several settings.
pub(crate) type Name = fn(&Setting, &Row<'_>) -> String;

/// A model with its row at each step that has it.
pub(crate) type Model<'s, 'a> = (String, Vec<Option<&'s Row<'a>>>);

impl<'s, 'a> Sweep<'s, 'a> {
    /// Each model, in the order of their names. `name` may leave out what changes from step to step.
    pub(crate) fn models(&self, name: Name) -> Vec<Model<'s, 'a>> {
        let rows = self.steps.iter().flat_map(|group| first_rows(group).map(|row| name(&group.setting, row)));
        let names: BTreeSet<String> = rows.collect();
        let rows_of = |wanted: &str| self.steps.iter().map(|group| find(group, name, wanted)).collect();
        names.iter().map(|wanted| (wanted.clone(), rows_of(wanted))).collect()
    }
}

/// All rows but the second ones of A/A pairs.
fn first_rows<'s, 'a>(group: &'s Group<'a>) -> impl Iterator<Item = &'s Row<'a>> {
    group.rows.iter().filter(|row| !row::is_again(row[0]))
}

fn find<'s, 'a>(group: &'s Group<'a>, name: Name, wanted: &str) -> Option<&'s Row<'a>> {
    first_rows(group).find(|row| name(&group.setting, row) == wanted)
}

/// The model with all its options.
pub(crate) fn full_name(_: &Setting, row: &Row<'_>) -> String {
    label(&row[0].model, &row[0].options)
}

/// The harness gives a pool a worker for each connection where nobody says how many, up to so many.
const WORKERS_AT_MOST: usize = 256;

/// The model with its options but for such workers: with a worker for each connection a pool is the same model however many
/// there are.
pub(crate) fn name_without_usual_workers(setting: &Setting, row: &Row<'_>) -> String {
    let shape = &setting.shape;
    let beside = [shape.idle_connections, shape.slow_connections, shape.beside_connections];
    let connections = setting.connections + beside.iter().flatten().sum::<usize>();
    let usual = format!("workers={}", connections.min(WORKERS_AT_MOST));
    let options: Vec<&str> = row[0].options.split(',').filter(|option| *option != usual).collect();
    label(&row[0].model, &options.join(","))
}
