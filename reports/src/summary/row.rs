//! One server over all its rounds.

use super::ceiling::{Ceiling, Ends, is_on_one};
use super::counted::{Counted, remarks, verdict};
use super::{Remark, Rounds, distinct, gravest, label};
use crate::distance;
use crate::record::{Calls, Cost, Errors, Latency, ServerCell, Verdict};
use crate::statistics::bootstrap::of_median;
use crate::statistics::ratio::{ByRound, Reading};
use crate::statistics::{Interval, Ratio, median, spread};

/// One model over all its rounds.
///
/// Figures are medians over the valid rounds; where no round is valid and some are client-bound, over those. Of a round that
/// was measured again the last attempt that was not disturbed counts. Figures are absent where nothing counts or nothing was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerRow {
    /// The model with its options: `epoll:trigger=edge`.
    pub model: String,
    /// Whether it is the second of an A/A pair: the model of the row above it measured once more.
    pub again: bool,
    /// Its rank, or why it has none.
    pub standing: Standing,
    /// How much dearer it is than the first ranked row, within rounds; none for that row and for those not ranked.
    pub ratio: Option<Ratio>,
    /// Whether the load generator was the limit, so that the rate is a lower bound.
    pub client_bound: bool,
    /// How many rounds the figures are taken from.
    pub rounds: Rounds,
    /// Requests a second.
    pub rate: Option<Estimate>,
    /// Those by what the load generator asks for at the most; none where it had more than one processor.
    pub ceiling_share: Option<f64>,
    /// Each percentile's median over the rounds, in microseconds; absent unless all rounds have it. In an open loop timed
    /// from when a request should have left.
    pub latency_us: Option<Latency>,
    /// In an open loop: the same from when it did leave.
    pub uncorrected_latency_us: Option<Latency>,
    /// In an open loop: how late the generator was.
    pub lag_us: Option<Latency>,
    /// The same of those who ask for something else.
    pub beside_latency_us: Option<Latency>,
    /// Processor time of the server's process tree per request, in microseconds.
    pub cpu_us: Option<Estimate>,
    /// The same of each round that counts, in their order.
    pub cpu_us_by_round: Vec<f64>,
    /// That by the floor's.
    pub floor_share: Option<f64>,
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
    /// The part of them that was involuntary, from 0 to 1; absent where the kinds are not known apart.
    pub involuntary_share: Option<f64>,
    /// System calls per request.
    pub calls_per_request: Option<f64>,
    /// Those of them that change what an epoll instance watches.
    pub epoll_ctls_per_request: Option<f64>,
    /// What went wrong, over all rounds, whether or not they count.
    pub errors: Errors,
    /// What the cells say beside their figures.
    pub remarks: Vec<Remark>,
    /// The rounds whose figures are far from the others'; they count all the same.
    pub outliers: Vec<Outlier>,
}

/// A figure over rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The middle round's.
    pub median: f64,
    /// Where the median is, as far as the rounds tell.
    pub interval: Interval,
}

impl Estimate {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        Some(Self { median: median(values.iter().copied())?, interval: of_median(&values)? })
    }

    /// In a unit that is so many times as large.
    pub(crate) fn by(self, unit: f64) -> Self {
        Self { median: self.median / unit, interval: self.interval.map(|value| value / unit) }
    }
}

/// A round that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlier {
    /// Which one.
    pub round: u32,
    /// By what.
    pub figure: Figure,
    /// What it was there.
    pub value: f64,
    /// What it usually was.
    pub median: f64,
}

/// What a round can stand out by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// CPU time per request, in microseconds.
    CpuPerRequest,
    /// Requests a second.
    Rate,
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
    /// It is another row's model measured once more, to see how far that is from itself.
    Again,
}

/// Sums one row up; `cells` differ in nothing but their round and attempt.
pub(crate) fn row(cells: &[&ServerCell], ends: Ends) -> ServerRow {
    let first = cells[0];
    let sorted = Counted::of(cells);
    let counted = &sorted.counted;
    let cost = |figure: fn(&Cost) -> Option<u64>| {
        let values = counted.iter().filter_map(|cell| cell.server.as_ref().and_then(figure));
        median(values.map(|value| value as f64))
    };
    let counted_calls = |figure: fn(&Calls) -> Option<f64>| {
        median(counted.iter().filter_map(|cell| cell.calls.as_ref().and_then(figure)))
    };
    let rate = Estimate::of(counted.iter().map(|cell| cell.requests_per_second));
    let cpu_us_over_rounds = Estimate::of(counted.iter().filter_map(|cell| cpu_us(cell)));
    let on_one = !counted.is_empty() && counted.iter().all(|cell| is_on_one(cell));
    let share = |figure: Option<Estimate>, of: Option<f64>| {
        figure.zip(of.filter(|of| *of > 0.0)).map(|(figure, of)| figure.median / of)
    };
    ServerRow {
        model: label(&first.model, &first.options),
        again: is_again(first),
        standing: standing(&sorted, is_again(first)),
        ratio: None,
        client_bound: counted.first().is_some_and(|cell| cell.verdict == Verdict::ClientBound),
        rounds: sorted.rounds(),
        rate,
        ceiling_share: share(rate, ends.ceiling.filter(|_| on_one).map(Ceiling::per_second)),
        latency_us: latency(counted, |cell| cell.latency_us.as_ref()),
        uncorrected_latency_us: latency(counted, |cell| cell.uncorrected_latency_us.as_ref()),
        lag_us: latency(counted, |cell| cell.lag_us.as_ref()),
        beside_latency_us: latency(counted, |cell| cell.beside.as_ref()?.latency_us.as_ref()),
        cpu_us: cpu_us_over_rounds,
        cpu_us_by_round: cpu_by_round(cells).into_values().map(|reading| reading.value).collect(),
        floor_share: share(cpu_us_over_rounds, ends.cpu_us),
        user_share: median(
            counted.iter().filter_map(|cell| cell.server.and_then(|cost| Some(cost.user_s? / cost.cpu_s()?))),
        ),
        pss_peak_bytes: cost(|cost| cost.pss_peak_bytes),
        processes_peak: cost(|cost| cost.processes_peak),
        threads_peak: cost(|cost| cost.threads_peak),
        switches_per_request: median(counted.iter().filter_map(|cell| switches_per_request(cell))),
        involuntary_share: median(counted.iter().filter_map(|cell| involuntary_share(&cell.server?))),
        calls_per_request: counted_calls(|calls| of_requests(calls, calls.syscalls)),
        epoll_ctls_per_request: counted_calls(|calls| of_requests(calls, calls.epoll_ctls?)),
        errors: errors(cells),
        remarks: remarks(cells),
        outliers: outliers(counted),
    }
}

/// Whether it is of the second of an A/A pair.
pub(crate) fn is_again(cell: &ServerCell) -> bool {
    cell.copy.is_some_and(|copy| copy > 1)
}

/// The CPU time per request of each round that counts, in microseconds.
pub(crate) fn cpu_by_round(cells: &[&ServerCell]) -> ByRound {
    let reading = |cell: &ServerCell| Some(Reading { value: cpu_us(cell)?, distance_ns: distance_ns(cell) });
    let counted = Counted::of(cells).counted;
    counted.iter().filter_map(|cell| Some((cell.round, reading(cell)?))).collect()
}

/// How far apart the processors of its server and of its generator were.
pub(crate) fn distance_ns(cell: &ServerCell) -> Option<f64> {
    distance::of(&cell.noise?)
}

/// The verdict on a row none of whose cells counts.
pub(crate) fn void(cells: &[&ServerCell]) -> Verdict {
    gravest_of(&Counted::of(cells).last)
}

fn gravest_of(cells: &[&ServerCell]) -> Verdict {
    gravest(cells.iter().map(|cell| verdict(cell)))
}

/// A row that is not held back by anything is ranked, at a place that is found later.
fn standing(sorted: &Counted<'_>, again: bool) -> Standing {
    let Some(first) = sorted.counted.first() else {
        return Standing::Unranked(Obstacle::Void(gravest_of(&sorted.last)));
    };
    let counted = &sorted.counted;
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
    } else if again {
        Standing::Unranked(Obstacle::Again)
    } else if measured == 1 {
        Standing::Unranked(Obstacle::SingleRound)
    } else {
        Standing::Ranked(Rank { place: 0, shared: false })
    }
}

/// CPU time per request, in microseconds.
pub(crate) fn cpu_us(cell: &ServerCell) -> Option<f64> {
    per_request(cell, cell.server?.cpu_s()? * 1e6)
}

/// The peak of the proportional set size, in KiB.
pub(crate) fn pss_peak_kib(cell: &ServerCell) -> Option<f64> {
    Some(cell.server?.pss_peak_bytes? as f64 / 1_024.0)
}

fn switches_per_request(cell: &ServerCell) -> Option<f64> {
    per_request(cell, cell.server?.switches()? as f64)
}

fn involuntary_share(cost: &Cost) -> Option<f64> {
    let (voluntary, involuntary) = (cost.voluntary_switches?, cost.involuntary_switches?);
    (voluntary + involuntary > 0).then(|| involuntary as f64 / (voluntary + involuntary) as f64)
}

fn per_request(cell: &ServerCell, value: f64) -> Option<f64> {
    (cell.requests > 0).then(|| value / cell.requests as f64)
}

fn of_requests(calls: &Calls, number: u64) -> Option<f64> {
    (calls.requests > 0).then(|| number as f64 / calls.requests as f64)
}

/// The medians of each percentile that all of `cells` have: one that only the longest rounds have is not theirs.
pub(crate) fn latency(
    cells: &[&ServerCell],
    of: impl Fn(&ServerCell) -> Option<&Latency>,
) -> Option<Latency> {
    let all: Vec<&Latency> = cells.iter().map(|cell| of(cell)).collect::<Option<_>>()?;
    let over_rounds = |figure: fn(&Latency) -> Option<f64>| {
        median(all.iter().map(|latency| figure(latency)).collect::<Option<Vec<f64>>>()?)
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

/// The rounds that are far from the others, by what the row is ranked by and by its rate.
fn outliers(cells: &[&ServerCell]) -> Vec<Outlier> {
    let far = |figure, value: fn(&ServerCell) -> Option<f64>| {
        let rounds: Vec<(u32, f64)> =
            cells.iter().filter_map(|cell| Some((cell.round, value(cell)?))).collect();
        let values: Vec<f64> = rounds.iter().map(|(_, value)| *value).collect();
        let usual = median(values.iter().copied()).unwrap_or_default();
        let far = spread::outliers(&values).into_iter();
        far.map(move |index| Outlier {
            round: rounds[index].0,
            figure,
            value: rounds[index].1,
            median: usual,
        })
        .collect::<Vec<_>>()
    };
    let mut found = far(Figure::CpuPerRequest, cpu_us);
    found.extend(far(Figure::Rate, |cell| Some(cell.requests_per_second)));
    found
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
