//! Latency by percentile on an axis of nines: how slow the slow replies are, from when requests should have left and from when they did.
//!
//! Source: G. Tene, How NOT to Measure Latency (2013), who names what the uncorrected line hides coordinated omission.

use super::parts::{axis, lines, measured, paragraph, point, reference};
use super::shown::{self, Shown};
use super::{Lines, Picture, Scale};
use crate::document::title::{self, Open};
use crate::record::{Curve, Run, ServerCell};
use crate::summary::Summary;
use crate::units::latency;

pub(super) fn pictures(run: &Run, summary: &Summary) -> Vec<Picture> {
    let settings = shown::settings(run, summary, |cell| cell.curve.is_some());
    settings.iter().filter_map(picture).collect()
}

/// Below so many times the uncorrected latency the corrected one tells nothing new.
const HIDES: f64 = 1.05;

/// A model's curve.
type Own<'a> = (&'a str, &'a Curve);

fn picture(shown: &Shown<'_>) -> Option<Picture> {
    let curve = |(name, cell): &'_ (String, &'_ ServerCell)| Some((name.clone(), cell.curve.clone()?));
    let curves: Vec<(String, Curve)> = shown.cells.iter().filter_map(curve).collect();
    let own: Vec<Own<'_>> = curves.iter().map(|(name, curve)| (name.as_str(), curve)).collect();
    let series = own.iter().flat_map(|(name, curve)| {
        let corrected = curve.points.iter().map(|at| point(at.percentile, at.us));
        let uncorrected = curve.points.iter().filter_map(|at| Some(point(at.percentile, at.uncorrected_us?)));
        let uncorrected: Vec<_> = uncorrected.collect();
        let reference =
            (!uncorrected.is_empty()).then(|| reference(format!("{name}, uncorrected"), uncorrected));
        measured(name, corrected.collect()).into_iter().chain(reference)
    });
    let drawing = Lines {
        x: axis("percentile", "%", Scale::Nines),
        y: axis("latency", "µs", Scale::Logarithmic),
        series: series.collect(),
        areas: Vec::new(),
    };
    let title = format!("Latency by percentile: {}", title::of(&shown.setting, Open::Nothing));
    let correction = if shown.setting.rate.is_some() { hidden(&own) } else { Some(CLOSED.to_owned()) };
    lines("latency-by-percentile", title, paragraph([tails(&own), correction]), drawing)
}

const CLOSED: &str = "In a closed loop a client asks again only when it was answered, so a stall keeps away the very requests that would \
                      have met it, and there is no schedule to correct by.";

/// The last percentile that all curves have, and who is fastest and slowest there.
fn tails(own: &[Own<'_>]) -> Option<String> {
    let (_, first) = own.first()?;
    let value = |curve: &Curve, percentile: f64| {
        curve.points.iter().find(|at| same(at.percentile, percentile)).map(|at| at.us)
    };
    let common = first.points.iter().rev().map(|at| at.percentile);
    let mut common =
        common.filter(|percentile| own.iter().all(|(_, curve)| value(curve, *percentile).is_some()));
    let percentile = common.next()?;
    let known = own.iter().filter_map(|(name, curve)| Some((*name, value(curve, percentile)?)));
    let known: Vec<(&str, f64)> = known.collect();
    let by = |one: &&(&str, f64), other: &&(&str, f64)| one.1.total_cmp(&other.1);
    let (fastest, slowest) = (known.iter().min_by(by)?, known.iter().max_by(by)?);
    Some(if known.len() == 1 {
        format!("{} in 100 replies of {} took at most {}.", nines(percentile), fastest.0, latency(fastest.1))
    } else {
        format!(
            "{} in 100 replies of {} took at most {}, those of {} at most {}.",
            nines(percentile),
            fastest.0,
            latency(fastest.1),
            slowest.0,
            latency(slowest.1)
        )
    })
}

/// A percentile with two digits of what is left to 100.
fn nines(percentile: f64) -> String {
    let left = (100.0 - percentile).max(1e-9).log10().floor();
    let decimals = (1.0 - left).clamp(0.0, 9.0) as usize;
    let text = format!("{percentile:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

/// Where the uncorrected line hides most.
fn hidden(own: &[Own<'_>]) -> Option<String> {
    let all = own.iter().flat_map(|(name, curve)| curve.points.iter().map(move |at| (*name, at)));
    let known = all.filter_map(|(name, at)| Some((name, at, at.uncorrected_us?)));
    let (name, at, uncorrected) =
        known.max_by(|one, other| (one.1.us - one.2).total_cmp(&(other.1.us - other.2)))?;
    let (percentile, late, left) = (nines(at.percentile), latency(at.us), latency(uncorrected));
    Some(if at.us < HIDES * uncorrected {
        format!(
            "The dashed lines, timed from when requests did leave, lie on the others: where they differ most, at p{percentile} of {name}, it is \
             {left} and not {late}, so hardly a request waited for a free connection."
        )
    } else {
        format!(
            "Timed from when requests should have left, {name} took {late} at p{percentile}, from when they did {left}. The difference is \
             the time that requests waited for a free connection, which the dashed line leaves out (coordinated omission)."
        )
    })
}
