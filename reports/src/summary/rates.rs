//! One model at several offered rates: up to which one it keeps up.
//!
//! The knee is the highest offered rate that was answered in full, as far as a window tells, and at which the slow replies
//! are not yet dominated by waiting: what waits for its turn grows without bound as a server comes near its limit.

use super::counted::Counted;
use super::row::{self, latency};
use super::servers::{Group, Row};
use super::setting::Setting;
use super::sweep::{full_name, sweeps};
use crate::record::Verdict;
use crate::statistics::median;

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
    /// What it did at each rate.
    pub steps: Vec<Option<RateStep>>,
    /// Up to where it keeps up.
    pub knee: Knee,
}

/// One model at one rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RateStep {
    /// Nothing of it counts; this is the gravest of its verdicts.
    Void(Verdict),
    /// What it did.
    Figures {
        /// Requests answered by those offered.
        achieved: f64,
        /// From when a request should have left, in microseconds.
        p99_us: Option<f64>,
        /// Whether the load generator was the limit.
        client_bound: bool,
    },
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
pub(crate) fn tables<'s, 'a: 's>(groups: impl Iterator<Item = &'s Group<'a>>) -> Vec<RateSweep> {
    let open = groups.filter(|group| group.setting.rate.is_some());
    let sweeps = sweeps(open, |setting| setting.rate = None, 2);
    let table = |sweep: super::sweep::Sweep<'_, '_>| {
        let rates: Vec<f64> = sweep.steps.iter().filter_map(|group| group.setting.rate).collect();
        let rows = sweep.models(full_name).into_iter().map(|(model, rows)| {
            let steps: Vec<Option<RateStep>> =
                rows.iter().zip(&rates).map(|(row, rate)| row.map(|row| step(row, *rate))).collect();
            RateRow { model, knee: knee(&steps, &rates), steps }
        });
        let mut rows: Vec<RateRow> = rows.collect();
        rows.sort_by(|one, other| height(other.knee).total_cmp(&height(one.knee)));
        RateSweep { setting: sweep.setting, rates, rows }
    };
    sweeps.into_iter().map(table).collect()
}

fn step(row: &Row<'_>, rate: f64) -> RateStep {
    let counted = Counted::of(row).counted;
    let Some(achieved) = median(counted.iter().map(|cell| cell.requests_per_second / rate)) else {
        return RateStep::Void(row::void(row));
    };
    RateStep::Figures {
        achieved,
        p99_us: latency(&counted, |cell| cell.latency_us.as_ref()).and_then(|latency| latency.p99),
        client_bound: counted.iter().any(|cell| cell.verdict == Verdict::ClientBound),
    }
}

/// Where the p99 is not known, at the lowest rate or at this one, what was answered decides alone.
fn knee(steps: &[Option<RateStep>], rates: &[f64]) -> Knee {
    let known: Vec<(f64, RateStep)> =
        rates.iter().zip(steps).filter_map(|(rate, step)| Some((*rate, (*step)?))).collect();
    let usual = known.iter().find_map(|(_, step)| match step {
        RateStep::Figures { p99_us, .. } => *p99_us,
        RateStep::Void(_) => None,
    });
    let keeps_up = |step: &RateStep| match step {
        RateStep::Void(_) => false,
        RateStep::Figures { achieved, p99_us, .. } => {
            let late = p99_us.zip(usual).is_some_and(|(p99_us, usual)| p99_us > LATER * usual);
            *achieved >= ACHIEVED && !late
        }
    };
    let Some(first) = known.first() else { return Knee::Unknown };
    let Some(last) = known.iter().rposition(|(_, step)| keeps_up(step)) else {
        let measured = known.iter().any(|(_, step)| matches!(step, RateStep::Figures { .. }));
        return if measured { Knee::Below(first.0) } else { Knee::Unknown };
    };
    match known.get(last + 1) {
        None | Some((_, RateStep::Figures { client_bound: true, .. })) => Knee::AtLeast(known[last].0),
        Some(_) => Knee::At(known[last].0),
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
