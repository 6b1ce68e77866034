//! The servers: one table for each setting, its rows ranked by CPU time per request.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::again::{Again, Pairs, Threshold};
use super::ceiling::Ends;
use super::counted::Counted;
use super::rank::{self, ratios_to_first};
use super::row::{self, Obstacle, ServerRow, Standing};
use super::setting::Setting;
use super::{Suite, label};
use crate::distance;
use crate::record::ServerCell;
use crate::statistics::ratio::{ByRound, logs_within_rounds};

/// All models in one setting: the ranked ones first, by CPU time per request; then those that have figures but
/// no rank; then the others. The second row of what was measured twice stands below its first.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerTable {
    /// What they were compared in.
    pub setting: Setting,
    /// One row for each model and its options.
    pub rows: Vec<ServerRow>,
    /// What was measured twice here.
    pub again: Vec<Again>,
    /// How far from 1 a ratio must be to be a difference here.
    pub threshold: Threshold,
    /// Between which distances the processors of server and load generator were moved, in nanoseconds, from one counted cell
    /// to another; none if they were equally far apart all along. Medians then are of different states, ratios are not.
    pub moved_ns: Option<[f64; 2]>,
}

/// The cells of one row: they differ in nothing but their round and attempt.
pub(crate) type Row<'a> = Vec<&'a ServerCell>;

/// All rows of one setting.
pub(crate) struct Group<'a> {
    pub(crate) setting: Setting,
    pub(crate) rows: Vec<Row<'a>>,
}

/// Groups cells by setting, then by model, options and copy.
pub(crate) fn groups<'a>(cells: &[&'a ServerCell]) -> Vec<Group<'a>> {
    let mut settings: BTreeMap<_, BTreeMap<_, Row<'a>>> = BTreeMap::new();
    for &cell in cells {
        let row = (&cell.model, &cell.options, cell.copy.unwrap_or(1));
        settings.entry(Setting::of(cell).key()).or_default().entry(row).or_default().push(cell);
    }
    let group = |rows: BTreeMap<_, Row<'a>>| {
        let rows: Vec<Row<'a>> = rows.into_values().collect();
        Some(Group { setting: Setting::of(rows.first()?.first()?), rows })
    };
    settings.into_values().filter_map(group).collect()
}

/// What was measured twice in one setting.
pub(crate) fn again(group: &Group<'_>) -> Vec<Again> {
    let twice = |row: &Row<'_>| {
        let second = row[0];
        let is_first = |other: &&Row<'_>| {
            let first = other[0];
            !row::is_again(first) && (&first.model, &first.options) == (&second.model, &second.options)
        };
        let first = group.rows.iter().find(is_first).filter(|_| row::is_again(second))?;
        let logs = logs_within_rounds(&row::cpu_by_round(row), &row::cpu_by_round(first));
        Again::of(&label(&second.model, &second.options), &group.setting, &logs)
    };
    group.rows.iter().filter_map(twice).collect()
}

/// Sums a setting up and ranks its rows.
pub(crate) fn table(group: &Group<'_>, pairs: &Pairs, ends: Ends) -> ServerTable {
    let threshold = pairs.threshold(Suite::Servers, &group.setting);
    let summed = group.rows.iter().map(|cells| (row::row(cells, ends), row::cpu_by_round(cells)));
    let (again_rows, mut rows): (Vec<_>, Vec<_>) = summed.partition(|(row, _)| row.again);
    rows.sort_by(|(one, _), (other, _)| order(one, other));
    rank(&mut rows, threshold);
    let mut rows: Vec<ServerRow> = rows.into_iter().map(|(row, _)| row).collect();
    for (row, _) in again_rows {
        let place = rows.iter().rposition(|other| other.model == row.model);
        rows.insert(place.map_or(rows.len(), |place| place + 1), row);
    }
    ServerTable {
        setting: group.setting.clone(),
        rows,
        again: again(group),
        threshold,
        moved_ns: moved_ns(&group.rows),
    }
}

/// The least and the greatest distance that counted cells met, if they are not alike.
fn moved_ns(rows: &[Row<'_>]) -> Option<[f64; 2]> {
    let distances = rows.iter().flat_map(|row| Counted::of(row).counted).filter_map(row::distance_ns);
    let ends = distances.map(|ns| [ns, ns]).reduce(|[least, most], [ns, _]| [least.min(ns), most.max(ns)])?;
    let [least, most] = ends.map(Some);
    (!distance::alike(least, most)).then_some(ends)
}

/// Ranked rows, then rows with figures, then the others; within each by CPU time per request, then by name.
fn order(one: &ServerRow, other: &ServerRow) -> Ordering {
    let group = |row: &ServerRow| match row.standing {
        Standing::Ranked(_) => 0,
        Standing::Unranked(Obstacle::Void(_)) => 2,
        Standing::Unranked(_) => 1,
    };
    let cpu_us = |row: &ServerRow| row.cpu_us.map_or(f64::INFINITY, |cpu_us| cpu_us.median);
    group(one)
        .cmp(&group(other))
        .then(cpu_us(one).total_cmp(&cpu_us(other)))
        .then_with(|| one.model.cmp(&other.model))
}

/// Gives the ranked rows, which come first and in the order of their medians, their places, and how much dearer they are than
/// the first of all.
fn rank(rows: &mut [(ServerRow, ByRound)], threshold: Threshold) {
    let ranked = rows.iter().take_while(|(row, _)| matches!(row.standing, Standing::Ranked(_))).count();
    let order = rank::ranked(&readings(&rows[..ranked]), threshold);
    let in_order: Vec<_> = order.iter().map(|(row, _)| rows[*row].clone()).collect();
    rows[..ranked].clone_from_slice(&in_order);
    let ratios = ratios_to_first(&readings(&rows[..ranked]));
    for ((row, _), ((_, rank), ratio)) in rows.iter_mut().zip(order.into_iter().zip(ratios)) {
        row.standing = Standing::Ranked(rank);
        row.ratio = ratio;
    }
}

fn readings(rows: &[(ServerRow, ByRound)]) -> Vec<&ByRound> {
    rows.iter().map(|(_, by_round)| by_round).collect()
}
