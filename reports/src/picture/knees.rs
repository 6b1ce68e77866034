//! Latency against offered rate, to the knee: how long replies take as a server comes near its limit.

use super::bounds::first_and_last;
use super::parts::{axis, estimated, lines, measured, overlap, paragraph};
use super::{Area, Lines, On, Picture, Point, Scale, Series};
use crate::document::title::{self, Open};
use crate::summary::{Estimate, Knee, Latencies, RateRow, RateStep, RateSweep};
use crate::units::{figure, latency};

/// Models with a picture of their own.
const MODELS: usize = 4;

/// The percentiles that are drawn, by name.
type Named = (&'static str, fn(&Latencies) -> Option<Estimate>);
const PERCENTILES: [Named; 3] = [("p50", |us| us.p50), ("p99", |us| us.p99), ("p99.9", |us| us.p999)];
/// A p50 that is lower by less than this part of itself is no lower one.
const FALLS_BY: f64 = 0.1;

pub(super) fn pictures(sweeps: &[RateSweep]) -> Vec<Picture> {
    let all = sweeps.iter().filter_map(all_models);
    let each = sweeps.iter().flat_map(|sweep| {
        let rows = first_and_last(&sweep.rows, MODELS);
        rows.iter().filter_map(|row| one_model(sweep, row)).collect::<Vec<_>>()
    });
    all.chain(each).collect()
}

fn points(row: &RateRow, of: fn(&Latencies) -> Option<Estimate>) -> Vec<Point> {
    let counted = row.steps.iter().flatten().filter(|step| step.counts());
    counted.filter_map(|step| Some(estimated(step.rate, of(&step.latency_us)?))).collect()
}

fn drawing(series: Vec<Series>, areas: Vec<Area>) -> Lines {
    Lines {
        x: axis("offered rate", "requests/s", Scale::Linear),
        y: axis("latency", "µs", Scale::Logarithmic),
        series,
        areas,
    }
}

/// The slow replies of all models; none of fewer than two.
fn all_models(sweep: &RateSweep) -> Option<Picture> {
    let series = sweep.rows.iter().filter_map(|row| measured(&row.model, points(row, |us| us.p99)));
    let series: Vec<Series> = series.collect();
    let title = format!("p99 by offered rate: {}", title::of(&sweep.setting, Open::Rate));
    let (first, last) = (sweep.rows.first()?, sweep.rows.last()?);
    let notice = paragraph([
        Some(keeps_up(first)),
        (first.model != last.model).then(|| keeps_up(last)),
        Some("Where a line turns up for good, requests come faster than they are served, and each waits for all before it.".to_owned()),
    ]);
    (series.len() > 1).then(|| lines("p99-by-rate", title, notice, drawing(series, Vec::new())))?
}

fn keeps_up(row: &RateRow) -> String {
    let model = &row.model;
    match row.knee {
        Knee::At(rate) => {
            format!("{model} keeps up to {} requests/s and no longer at the next rate.", figure(rate))
        }
        Knee::AtLeast(rate) => {
            format!("{model} keeps up to {} requests/s, the highest rate that counts.", figure(rate))
        }
        Knee::Below(rate) => {
            format!("{model} does not keep up with {} requests/s, the lowest rate that counts.", figure(rate))
        }
        Knee::Unknown => format!("{model} has no rate that counts."),
    }
}

fn one_model(sweep: &RateSweep, row: &RateRow) -> Option<Picture> {
    let series = PERCENTILES.iter().filter_map(|(name, of)| measured(name, points(row, *of)));
    let beyond = match row.knee {
        Knee::At(rate) | Knee::Below(rate) => Some(rate),
        Knee::AtLeast(_) | Knee::Unknown => None,
    };
    let beyond = beyond.map(|from| Area { name: "beyond the knee".to_owned(), on: On::X, from, to: None });
    let setting = title::of(&sweep.setting, Open::Rate);
    let title = format!("Latency by offered rate: {}, {setting}", row.model);
    let notice = paragraph([Some(keeps_up(row)), at_the_knee(row), falls(row)]);
    lines("latency-by-rate", title, notice, drawing(series.collect(), beyond.into_iter().collect()))
}

/// The rates that count up to the knee, or where there is none all of them.
fn up_to_the_knee(row: &RateRow) -> impl DoubleEndedIterator<Item = &RateStep> {
    let until = match row.knee {
        Knee::At(rate) | Knee::AtLeast(rate) => rate,
        Knee::Below(_) | Knee::Unknown => f64::INFINITY,
    };
    row.steps.iter().flatten().filter(move |step| step.counts() && step.rate <= until)
}

/// Why half of the replies are there sooner at a higher rate, where they are and it is more than the rounds differ by.
fn falls(row: &RateRow) -> Option<String> {
    let known = up_to_the_knee(row).filter_map(|step| Some((step.rate, step.latency_us.p50?)));
    let known: Vec<(f64, Estimate)> = known.collect();
    let (slow, first) = known.first()?;
    let (fast, least) = known.iter().min_by(|one, other| one.1.median.total_cmp(&other.1.median))?;
    let is_lower = least.median < (1.0 - FALLS_BY) * first.median && !overlap(*first, *least);
    is_lower.then(|| {
        format!(
            "The p50 falls, from {} at {} requests/s to {} at {}: where requests are rare, a server or a client that sleeps between them \
             must be woken first, and a processor that was idle wakes slowly.",
            latency(first.median),
            figure(*slow),
            latency(least.median),
            figure(*fast)
        )
    })
}

/// What the percentiles are at the lowest rate and at the knee, or where there is none at the highest.
fn at_the_knee(row: &RateRow) -> Option<String> {
    let base = row.base()?;
    let last = up_to_the_knee(row).next_back().unwrap_or(base);
    if (base.rate - last.rate).abs() < f64::EPSILON {
        return Some(format!("At {} requests/s it takes {}.", figure(base.rate), percentiles(base)?));
    }
    let said = format!(
        "At {} requests/s it takes {}, at {} {}.",
        figure(base.rate),
        percentiles(base)?,
        figure(last.rate),
        percentiles(last)?
    );
    let rises =
        base.latency_us.p99.zip(last.latency_us.p99).is_some_and(|(us, there)| there.median > us.median);
    Some(if matches!(row.knee, Knee::At(_)) && rises {
        format!("{said} Near the limit the slow replies tell first, as they waited for others.")
    } else {
        said
    })
}

/// `75.0 µs (p50), 300 µs (p99), 900 µs (p99.9)`, of those that are known.
fn percentiles(step: &RateStep) -> Option<String> {
    step.latency_us.p50?;
    let known = PERCENTILES.iter().filter_map(|(name, of)| Some((name, of(&step.latency_us)?.median)));
    Some(known.map(|(name, us)| format!("{} ({name})", latency(us))).collect::<Vec<_>>().join(", "))
}
