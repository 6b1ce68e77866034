//! One model at several offered rates: up to which one it keeps up.
//!
//! The knee is the highest offered rate that was answered in full, as far as a window tells, and at which the slow replies
//! are not yet dominated by waiting: what waits for its turn grows without bound as a server comes near its limit.

use super::row::{self, Obstacle, ServerRow, Standing};
use super::servers::{Group, Row, ServerTable};
use super::setting::Setting;
use super::sweep::{Sweep, full_name, sweeps};
use crate::record::Floor;

/// The part of the offered requests that must have been answered: what was under way at the window's edges, and a random
/// schedule's own variation, come to less than a hundredth.
pub const ACHIEVED: f64 = 0.99;
/// The p99 may be at most so many times as long as at the lowest rate.
pub const LATER: f64 = 10.0;

/// All models at several rates.
#[derive(Debug, Clone, PartialEq)]
pub struct RateSweep {
    /// What else they were measured in.
    pub setting: Setting,
    /// Requests a second offered, in ascending order.
    pub rates: Vec<f64>,
    /// One row for each model, those with the highest knee first.
    pub rows: Vec<RateRow>,
}

/// One model at several rates.
#[derive(Debug, Clone, PartialEq)]
pub struct RateRow {
    /// The model with its options.
    pub model: String,
    /// What it did at each rate that it was offered.
    pub steps: Vec<Option<RateStep>>,
    /// Up to where it keeps up.
    pub knee: Knee,
}

/// One model at one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct RateStep {
    /// Requests a second offered.
    pub rate: f64,
    /// Those answered by those offered; none where nothing counts.
    pub achieved: Option<f64>,
    /// All figures.
    pub row: ServerRow,
}

impl RateStep {
    /// The p99 from when a request should have left, in microseconds.
    pub fn p99_us(&self) -> Option<f64> {
        self.row.latency_us.and_then(|latency| latency.p99)
    }

    /// Whether nothing of it counts.
    pub fn is_void(&self) -> bool {
        matches!(self.row.standing, Standing::Unranked(Obstacle::Void(_)))
    }
}

impl RateSweep {
    /// Whether models were offered rates of their own, so that a rate alone has too few of them for a ranking.
    pub fn is_sparse(&self) -> bool {
        let models = |index: usize| self.rows.iter().filter(|row| row.steps[index].is_some()).count();
        (0..self.rates.len()).any(|index| models(index) < 2)
    }

    /// Whether `table` is at one of its rates.
    pub fn holds(&self, table: &ServerTable) -> bool {
        table.setting.rate.is_some() && Setting { rate: None, ..table.setting.clone() } == self.setting
    }
}

/// Up to which rate a model keeps up, in requests a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Knee {
    /// To this one, and no longer at the next.
    At(f64),
    /// To this one, the highest that was offered, or the highest that the load generator could offer.
    AtLeast(f64),
    /// Not even to the lowest.
    Below(f64),
    /// Nothing is known of it.
    Unknown,
}

/// All sweeps of rates among `groups`.
pub(crate) fn tables<'s, 'a: 's>(
    groups: impl Iterator<Item = &'s Group<'a>>,
    floor: Option<Floor>,
) -> Vec<RateSweep> {
    let open = groups.filter(|group| group.setting.rate.is_some());
    let sweeps = sweeps(open, |setting| setting.rate = None, 2);
    sweeps.into_iter().map(|sweep| table(sweep, floor)).collect()
}

fn table(sweep: Sweep<'_, '_>, floor: Option<Floor>) -> RateSweep {
    let rates: Vec<f64> = sweep.steps.iter().filter_map(|group| group.setting.rate).collect();
    let rows = sweep.models(full_name).into_iter().map(|(model, rows)| {
        let steps = rows.iter().zip(&rates).map(|(row, rate)| row.map(|row| step(row, *rate, floor)));
        let steps: Vec<Option<RateStep>> = steps.collect();
        RateRow { model, knee: knee(&steps.iter().flatten().collect::<Vec<_>>()), steps }
    });
    let mut rows: Vec<RateRow> = rows.collect();
    rows.sort_by(|one, other| height(other.knee).total_cmp(&height(one.knee)));
    RateSweep { setting: sweep.setting, rates, rows }
}

fn step(row: &Row<'_>, rate: f64, floor: Option<Floor>) -> RateStep {
    let row = row::row(row, floor);
    RateStep { rate, achieved: row.rate.map(|achieved| achieved.median / rate), row }
}

/// Where the p99 is not known, at the lowest rate or at this one, what was answered decides alone.
fn knee(steps: &[&RateStep]) -> Knee {
    let usual = steps.iter().find_map(|step| step.p99_us());
    let keeps_up = |step: &&RateStep| {
        let late = step.p99_us().zip(usual).is_some_and(|(p99_us, usual)| p99_us > LATER * usual);
        step.achieved.is_some_and(|achieved| achieved >= ACHIEVED) && !late
    };
    let Some(first) = steps.iter().find(|step| !step.is_void()) else { return Knee::Unknown };
    let Some(last) = steps.iter().rposition(keeps_up) else { return Knee::Below(first.rate) };
    match steps.get(last + 1) {
        Some(next) if !next.row.client_bound => Knee::At(steps[last].rate),
        _ => Knee::AtLeast(steps[last].rate),
    }
}

fn height(knee: Knee) -> f64 {
    match knee {
        // Who went as far and may go on stands before who was seen to stop there.
        Knee::AtLeast(rate) => rate * 1.000_001,
        Knee::At(rate) => rate,
        Knee::Below(_) => 0.0,
        Knee::Unknown => -1.0,
    }
}
