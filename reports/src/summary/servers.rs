//! The servers: one table for each setting, its rows ranked by CPU time per request.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Remark, Rounds, distinct, gravest, label, remarks};
use crate::record::{Cost, Errors, Latency, ServerCell, Verdict};
use crate::statistics::{Spread, median};

/// What must be the same for two servers to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// What is served.
    pub workload: String,
    /// What is asked for.
    pub request: String,
    /// `tcp`.
    pub transport: String,
    /// How many connections are open at once.
    pub connections: usize,
    /// Whether a connection carries many requests.
    pub keep_alive: bool,
    /// Requests a second offered; none in a closed loop.
    pub rate: Option<f64>,
}

/// All models in one setting: the ranked ones first, by CPU time per request; then those that have figures but
/// no rank; then the others.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerTable {
    /// What they were compared in.
    pub setting: Setting,
    /// One row for each model and its options.
    pub rows: Vec<ServerRow>,
}

/// One model over all its rounds.
///
/// Figures are medians over the valid rounds; where no round is valid and some are client-bound, over those. They
/// are absent where nothing counts or nothing was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerRow {
    /// The model with its options: `epoll:trigger=edge`.
    pub model: String,
    /// Its rank, or why it has none.
    pub standing: Standing,
    /// Whether the load generator was the limit, so that the rate is a lower bound.
    pub client_bound: bool,
    /// How many rounds the figures are taken from.
    pub rounds: Rounds,
    /// Requests a second.
    pub rate: Option<Spread>,
    /// Each percentile's median over the rounds, in microseconds.
    pub latency_us: Option<Latency>,
    /// Processor time of the server's process tree per request, in microseconds.
    pub cpu_us: Option<Spread>,
    /// The part of that time spent in user mode, from 0 to 1.
    pub user_share: Option<f64>,
    /// The peak of the proportional set size.
    pub pss_peak_bytes: Option<f64>,
    /// The most processes at once.
    pub processes_peak: Option<f64>,
    /// The most threads at once.
    pub threads_peak: Option<f64>,
    /// Context switches per request, voluntary and involuntary together.
    pub switches_per_request: Option<f64>,
    /// What went wrong, over all rounds, whether or not they count.
    pub errors: Errors,
    /// What the cells say beside their figures.
    pub remarks: Vec<Remark>,
}

/// A row's rank, or why it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is ranked.
    Ranked(Rank),
    /// It is not.
    Unranked(Obstacle),
}

/// A place among the ranked rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// From 1. Rows that the rounds do not tell apart have the same place, and the next place is as much further.
    pub place: usize,
    /// Whether another row has the same place.
    pub shared: bool,
}

/// Why a row is not ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Nothing of it counts; this is the gravest of its verdicts.
    Void(Verdict),
    /// The load generator was the limit.
    ClientBound,
    /// So few of the connections were answered, in the round with the fewest; the others starved.
    Starved {
        /// Connections answered at least once.
        served: usize,
    },
    /// The server's CPU time was not measured.
    NoCpuTime,
    /// One round says nothing of the spread.
    SingleRound,
}

/// Groups `cells` by setting and model, sums each group up and ranks the rows.
pub(super) fn tables(cells: &[&ServerCell]) -> Vec<ServerTable> {
    let mut settings: BTreeMap<_, BTreeMap<_, Vec<&ServerCell>>> = BTreeMap::new();
    for &cell in cells {
        // Positive numbers have the same order as their bits.
        let rate = cell.rate.map(f64::to_bits);
        let asked = (&cell.workload, &cell.request);
        let setting = (asked, &cell.transport, !cell.keep_alive, cell.connections, rate);
        let model = (&cell.model, &cell.options);
        settings.entry(setting).or_default().entry(model).or_default().push(cell);
    }
    settings.into_values().filter_map(|models| table(&models.into_values().collect::<Vec<_>>())).collect()
}

fn table(models: &[Vec<&ServerCell>]) -> Option<ServerTable> {
    let first = *models.first()?.first()?;
    let setting = Setting {
        workload: first.workload.clone(),
        request: first.request.clone(),
        transport: first.transport.clone(),
        connections: first.connections,
        keep_alive: first.keep_alive,
        rate: first.rate,
    };
    let mut rows: Vec<ServerRow> = models.iter().map(|cells| row(cells)).collect();
    rows.sort_by(order);
    rank(&mut rows);
    Some(ServerTable { setting, rows })
}

fn row(cells: &[&ServerCell]) -> ServerRow {
    let first = cells[0];
    let counted = counted(cells);
    let cost = |figure: fn(&Cost) -> Option<u64>| {
        let values = counted.iter().filter_map(|cell| cell.server.as_ref().and_then(figure));
        median(values.map(|value| value as f64))
    };
    ServerRow {
        model: label(&first.model, &first.options),
        standing: standing(cells, &counted),
        client_bound: counted.first().is_some_and(|cell| cell.verdict == Verdict::ClientBound),
        rounds: Rounds {
            counted: distinct(counted.iter().map(|cell| cell.round)),
            all: distinct(cells.iter().map(|cell| cell.round)),
        },
        rate: Spread::of(counted.iter().map(|cell| cell.requests_per_second)),
        latency_us: latency(&counted),
        cpu_us: Spread::of(counted.iter().filter_map(|cell| cpu_us(cell))),
        user_share: median(
            counted.iter().filter_map(|cell| cell.server.and_then(|cost| Some(cost.user_s? / cost.cpu_s()?))),
        ),
        pss_peak_bytes: cost(|cost| cost.pss_peak_bytes),
        processes_peak: cost(|cost| cost.processes_peak),
        threads_peak: cost(|cost| cost.threads_peak),
        switches_per_request: median(counted.iter().filter_map(|cell| switches_per_request(cell))),
        errors: errors(cells),
        remarks: remarks(cells.iter().map(|cell| (cell.verdict, cell.reason.as_deref(), cell.round))),
    }
}

/// The cells that figures are taken from.
fn counted<'a>(cells: &[&'a ServerCell]) -> Vec<&'a ServerCell> {
    let with = |verdict| -> Vec<&'a ServerCell> {
        cells.iter().copied().filter(|cell| cell.verdict == verdict).collect()
    };
    let valid = with(Verdict::Valid);
    if valid.is_empty() { with(Verdict::ClientBound) } else { valid }
}

/// A row that is not held back by anything is ranked, at a place that [`rank`] finds.
fn standing(cells: &[&ServerCell], counted: &[&ServerCell]) -> Standing {
    let Some(first) = counted.first() else {
        return Standing::Unranked(Obstacle::Void(gravest(cells.iter().map(|cell| cell.verdict))));
    };
    let starved =
        |cell: &&&ServerCell| cell.connections_served.is_some_and(|served| served < cell.connections);
    let served = counted.iter().filter(starved).filter_map(|cell| cell.connections_served).min();
    let measured = distinct(counted.iter().filter(|cell| cpu_us(cell).is_some()).map(|cell| cell.round));
    if let Some(served) = served {
        Standing::Unranked(Obstacle::Starved { served })
    } else if first.verdict == Verdict::ClientBound {
        Standing::Unranked(Obstacle::ClientBound)
    } else if measured == 0 {
        Standing::Unranked(Obstacle::NoCpuTime)
    } else if measured == 1 {
        Standing::Unranked(Obstacle::SingleRound)
    } else {
        Standing::Ranked(Rank { place: 0, shared: false })
    }
}

fn cpu_us(cell: &ServerCell) -> Option<f64> {
    per_request(cell, cell.server?.cpu_s()? * 1e6)
}

fn switches_per_request(cell: &ServerCell) -> Option<f64> {
    let cost = cell.server?;
    per_request(cell, cost.switches()? as f64)
}

fn per_request(cell: &ServerCell, value: f64) -> Option<f64> {
    (cell.requests > 0).then(|| value / cell.requests as f64)
}

fn latency(cells: &[&ServerCell]) -> Option<Latency> {
    let over_rounds = |figure: fn(&Latency) -> Option<f64>| {
        median(cells.iter().filter_map(|cell| cell.latency_us.as_ref().and_then(figure)))
    };
    Some(Latency {
        mean: over_rounds(|latency| Some(latency.mean))?,
        p50: over_rounds(|latency| Some(latency.p50))?,
        p90: over_rounds(|latency| latency.p90),
        p99: over_rounds(|latency| latency.p99),
        p999: over_rounds(|latency| latency.p999),
        p9999: over_rounds(|latency| latency.p9999),
        max: over_rounds(|latency| Some(latency.max))?,
    })
}

fn errors(cells: &[&ServerCell]) -> Errors {
    cells.iter().fold(Errors::default(), |sum, cell| Errors {
        connect: sum.connect + cell.errors.connect,
        reset: sum.reset + cell.errors.reset,
        timeout: sum.timeout + cell.errors.timeout,
        short: sum.short + cell.errors.short,
        wrong: sum.wrong + cell.errors.wrong,
    })
}

/// Ranked rows, then rows with figures, then the others; within each by CPU time per request, then by name.
fn order(one: &ServerRow, other: &ServerRow) -> Ordering {
    let group = |row: &ServerRow| match row.standing {
        Standing::Ranked(_) => 0,
        Standing::Unranked(Obstacle::Void(_)) => 2,
        Standing::Unranked(_) => 1,
    };
    let cpu_us = |row: &ServerRow| row.cpu_us.map_or(f64::INFINITY, |spread| spread.median);
    group(one)
        .cmp(&group(other))
        .then(cpu_us(one).total_cmp(&cpu_us(other)))
        .then_with(|| one.model.cmp(&other.model))
}

/// Gives the ranked rows, which are in order, their places. A row whose range overlaps that of the first row of a place
/// shares it: with few rounds a difference of medians alone is not a difference. It is compared with the first row and
/// not with its neighbour, else a chain of small steps would put the first and the last of a table in one place.
fn rank(rows: &mut [ServerRow]) {
    let ranked = rows.iter().take_while(|row| matches!(row.standing, Standing::Ranked(_))).count();
    let spreads: Vec<Spread> = rows[..ranked].iter().filter_map(|row| row.cpu_us).collect();
    let mut start = 0;
    while start < spreads.len() {
        let tied = spreads[start..].iter().take_while(|spread| spread.overlaps(&spreads[start])).count();
        for row in &mut rows[start..start + tied] {
            row.standing = Standing::Ranked(Rank { place: start + 1, shared: tied > 1 });
        }
        start += tied;
    }
}
