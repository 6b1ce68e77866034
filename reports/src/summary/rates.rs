//! One model at several offered rates: up to which one it keeps up.
//!
//! The knee is the last offered rate before the first that was not answered in full, as far as a window tells, or at which the
//! slow replies are dominated by waiting: what waits for its turn grows without bound as a server comes near its limit. A rate
//! that was kept up with beyond such a one was luck. Only rates that count are looked at: where the load generator was the
//! limit, the latency is the generator's as well.

use super::ceiling::Ends;
use super::counted::Counted;
use super::row::{self, Estimate, Obstacle, ServerRow, Standing};
use super::servers::{Group, Row, ServerTable};
use super::setting::Setting;
use super::sweep::{Sweep, full_name, sweeps};
use crate::record::{Latency, Offered, ServerCell, Verdict};
use crate::statistics::median;

/// The part of the offered requests that must have been answered: what was under way at the window's edges, and a random
/// schedule's own variation, come to less than a hundredth.
pub const ACHIEVED: f64 = 0.99;
/// The p99 may be at most so many times as long as at the lowest rate that counts.
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
    /// What late replies were told by; none where nothing was known of it at the lowest rate that counts.
    pub judged_by: Option<Percentile>,
}

impl RateRow {
    /// The lowest rate that counts, which the others are compared with.
    pub fn base(&self) -> Option<&RateStep> {
        self.steps.iter().flatten().find(|step| step.counts())
    }
}

/// How slow the slow replies are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Percentile {
    /// 99 in 100 were at most as slow.
    P99,
    /// 9 in 10 were.
    P90,
    /// Half of them were.
    P50,
}

/// One model at one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct RateStep {
    /// Requests a second offered.
    pub rate: f64,
    /// The part of the requests due in the window that were answered, then or soon after; none where nothing counts. Where the
    /// record does not say what became of them, the replies in the window by the offered rate, 1 at most.
    pub answered: Option<f64>,
    /// Those that left in the window by those due in it, 1 at most: less where requests had to wait for a connection. None
    /// where the record does not say.
    pub left: Option<f64>,
    /// How slow replies were, from when a request should have left.
    pub latency_us: Latencies,
    /// All figures.
    pub row: ServerRow,
}

/// Percentiles over the rounds, each absent unless all rounds have it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Latencies {
    /// Half of the replies were at most as slow.
    pub p50: Option<Estimate>,
    /// 99 in 100 were.
    pub p99: Option<Estimate>,
    /// 999 in 1,000 were.
    pub p999: Option<Estimate>,
}

impl Latencies {
    fn of(cells: &[&ServerCell]) -> Self {
        let over_rounds = |figure: fn(&Latency) -> Option<f64>| {
            let all =
                cells.iter().map(|cell| figure(cell.latency_us.as_ref()?)).collect::<Option<Vec<_>>>()?;
            Estimate::of(all)
        };
        Self {
            p50: over_rounds(|us| Some(us.p50)),
            p99: over_rounds(|us| us.p99),
            p999: over_rounds(|us| us.p999),
        }
    }
}

impl RateStep {
    /// The part of the requests that left and were answered, whichever is less.
    pub fn achieved(&self) -> Option<f64> {
        self.answered.map(|answered| answered.min(self.left.unwrap_or(1.0)))
    }

    /// A percentile from when a request should have left, in microseconds.
    pub fn late_us(&self, percentile: Percentile) -> Option<f64> {
        let latency = self.row.latency_us?;
        match percentile {
            Percentile::P99 => latency.p99,
            Percentile::P90 => latency.p90,
            Percentile::P50 => Some(latency.p50),
        }
    }

    /// Whether its figures are the server's own.
    pub fn counts(&self) -> bool {
        !self.row.client_bound && !matches!(self.row.standing, Standing::Unranked(Obstacle::Void(_)))
    }

    /// Whether the server failed at it, which says something of the server; a disturbed rate says nothing.
    fn failed(&self) -> bool {
        self.row.standing == Standing::Unranked(Obstacle::Void(Verdict::Errors))
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
    /// To this one, the highest that counts.
    AtLeast(f64),
    /// Not even to this one, the lowest that counts.
    Below(f64),
    /// No rate counts.
    Unknown,
}

/// All sweeps of rates among `groups`.
pub(crate) fn tables<'s, 'a: 's>(groups: impl Iterator<Item = &'s Group<'a>>, ends: Ends) -> Vec<RateSweep> {
    let open = groups.filter(|group| group.setting.rate.is_some());
    let sweeps = sweeps(open, |setting| setting.rate = None, 2);
    sweeps.into_iter().map(|sweep| table(sweep, ends)).collect()
}

fn table(sweep: Sweep<'_, '_>, ends: Ends) -> RateSweep {
    let rates: Vec<f64> = sweep.steps.iter().filter_map(|group| group.setting.rate).collect();
    let rows = sweep.models(full_name).into_iter().map(|(model, rows)| {
        let steps = rows.iter().zip(&rates).map(|(row, rate)| row.map(|row| step(row, *rate, ends)));
        let steps: Vec<Option<RateStep>> = steps.collect();
        let known: Vec<&RateStep> = steps.iter().flatten().collect();
        let judged_by = judged_by(&known);
        RateRow { model, knee: knee(&known, judged_by), judged_by, steps }
    });
    let mut rows: Vec<RateRow> = rows.collect();
    rows.sort_by(|one, other| height(other.knee).total_cmp(&height(one.knee)));
    RateSweep { setting: sweep.setting, rates, rows }
}

fn step(cells: &Row<'_>, rate: f64, ends: Ends) -> RateStep {
    let row = row::row(cells, ends);
    let counted = Counted::of(cells).counted;
    let share = |part: fn(&Offered) -> u64| {
        let of = |offered: &Offered| (offered.due > 0).then(|| part(offered) as f64 / offered.due as f64);
        let shares = counted.iter().map(|cell| of(cell.offered.as_ref()?)).collect::<Option<Vec<f64>>>()?;
        median(shares).map(|share| share.min(1.0))
    };
    // Replies in the window are also to what was due before it.
    let replies = || row.rate.map(|replies| (replies.median / rate).min(1.0));
    RateStep {
        rate,
        answered: share(|offered| offered.due.saturating_sub(offered.unanswered)).or_else(replies),
        left: share(|offered| offered.left),
        latency_us: Latencies::of(&counted),
        row,
    }
}

/// The highest percentile that is known at the lowest rate that counts and at each that was answered in full; what was not
/// needs no latency to be beyond the knee.
fn judged_by(steps: &[&RateStep]) -> Option<Percentile> {
    let counted = || steps.iter().filter(|step| step.counts());
    let in_full = |step: &&&RateStep| step.achieved().is_some_and(|achieved| achieved >= ACHIEVED);
    let all = |percentile: &Percentile| {
        let known = |step: &&RateStep| step.late_us(*percentile).is_some();
        counted().next().is_some_and(known) && counted().filter(in_full).all(known)
    };
    [Percentile::P99, Percentile::P90, Percentile::P50].into_iter().find(all)
}

/// Where no latency is known, what was answered decides alone.
fn knee(steps: &[&RateStep], judged_by: Option<Percentile>) -> Knee {
    let late_us = |step: &RateStep| step.late_us(judged_by?);
    let Some(base) = steps.iter().find(|step| step.counts()) else { return Knee::Unknown };
    let keeps_up = |step: &RateStep| {
        let late = late_us(step).zip(late_us(base)).is_some_and(|(late, usual)| late > LATER * usual);
        step.achieved().is_some_and(|achieved| achieved >= ACHIEVED) && !late
    };
    let telling = steps.iter().filter(|step| step.counts() || step.failed());
    let mut last = None;
    for step in telling {
        if step.failed() || !keeps_up(step) {
            return last.map_or(Knee::Below(step.rate), Knee::At);
        }
        last = Some(step.rate);
    }
    last.map_or(Knee::Unknown, Knee::AtLeast)
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
