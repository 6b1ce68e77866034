//! One model at several numbers of connections: what each costs then.

use super::ceiling::Ends;
use super::counted::Counted;
use super::row::{self, Obstacle, ServerRow, Standing, pss_peak_kib};
use super::servers::{Group, Row};
use super::setting::Setting;
use super::sweep::{Sweep, name_without_usual_workers, sweeps};
use crate::record::ServerCell;
use crate::statistics::Line;

/// All models at several numbers of connections.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionSweep {
    /// What else they were measured in.
    pub setting: Setting,
    /// The numbers of connections, in ascending order.
    pub connections: Vec<usize>,
    /// The models, the cheapest at most connections first.
    pub rows: Vec<ConnectionRow>,
}

/// One model at several numbers of connections.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRow {
    /// The model with its options.
    pub model: String,
    /// Its row at each number.
    pub steps: Vec<Option<ServerRow>>,
    /// The peak of its memory in KiB over connections, through all rounds that served every connection; none unless measured at
    /// two numbers.
    pub memory: Option<Line>,
}

/// All sweeps of connections among `groups`.
pub(crate) fn tables<'s, 'a: 's>(
    groups: impl Iterator<Item = &'s Group<'a>>,
    ends: Ends,
) -> Vec<ConnectionSweep> {
    let sweeps = sweeps(groups, |setting| setting.connections = 0, 2);
    sweeps.into_iter().map(|sweep| table(&sweep, ends)).collect()
}

fn table(sweep: &Sweep<'_, '_>, ends: Ends) -> ConnectionSweep {
    let rows = sweep.models(name_without_usual_workers).into_iter().map(|(model, rows)| {
        let memory = memory(&rows, |cell| cell.connections);
        let steps = rows.into_iter().map(|row| row.map(|row| row::row(row, ends))).collect();
        ConnectionRow { model, steps, memory }
    });
    let mut rows: Vec<ConnectionRow> = rows.collect();
    rows.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
    let connections = sweep.steps.iter().map(|group| group.setting.connections).collect();
    ConnectionSweep { setting: sweep.setting.clone(), connections, rows }
}

/// The line of memory in KiB over `connections`; what left connections waiting did not hold them all.
pub(crate) fn memory(rows: &[Option<&Row<'_>>], connections: fn(&ServerCell) -> usize) -> Option<Line> {
    let counted = rows.iter().flatten().flat_map(|row| Counted::of(row).counted);
    let served =
        counted.filter(|cell| cell.connections_served.is_none_or(|served| served >= cell.connections));
    let points = served.filter_map(|cell| Some((connections(cell) as f64, pss_peak_kib(cell)?)));
    Line::through(&points.collect::<Vec<_>>())
}

/// CPU time per request at the greatest number of connections that served all of them.
fn cost(row: &ConnectionRow) -> f64 {
    let fair = |step: &&ServerRow| !matches!(step.standing, Standing::Unranked(Obstacle::Starved { .. }));
    let last = row.steps.last().and_then(Option::as_ref).filter(fair);
    last.and_then(|step| step.cpu_us).map_or(f64::INFINITY, |cpu_us| cpu_us.median)
}
