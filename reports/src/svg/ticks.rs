//! At which numbers of an axis its ticks stand.
//!
//! On a linear axis they stand at 1, 2 or 5 times a power of ten, the nearest to an even share of it. Source: P. S. Heckbert,
//! Nice Numbers for Graph Labels, Graphics Gems (1990). On a logarithmic one they stand at powers of ten, and where these are few
//! at 2 and 5 times them as well; of percentiles at 0, 50, 90, 99, 99.9 and so on.

use super::scale::unfolded;
use crate::picture::Scale;

/// Some `wanted` numbers, or as many as are nice, between two ends that are [`unfolded`].
pub(super) fn between(scale: Scale, low: f64, high: f64, wanted: usize) -> Vec<f64> {
    match scale {
        Scale::Linear => linear(low, high, wanted),
        Scale::Logarithmic => logarithmic(low, high, wanted),
        Scale::Nines => nines(low, high),
    }
}

/// 1, 2, 5 or 10 times a power of ten: the nearest to `value`, or the least that is not below it.
pub(super) fn nice(value: f64, round: bool) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let part = value / power;
    let limits = if round { [1.5, 3.0, 7.0] } else { [1.0, 2.0, 5.0].map(|limit| limit + 1e-9) };
    let steps = [1.0, 2.0, 5.0];
    let step = limits.iter().zip(steps).find(|(limit, _)| part < **limit).map_or(10.0, |(_, step)| step);
    step * power
}

fn linear(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let step = nice((high - low) / wanted.max(1) as f64, true);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|index| index as f64 * step).collect()
}

fn logarithmic(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let parts: &[f64] =
        if high - low < 1.0 || (high - low <= 3.0 && wanted > 3) { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let (first, last) = (low.floor() as i32, high.ceil() as i32);
    let all = (first..=last).flat_map(|power| parts.iter().map(move |part| part * 10_f64.powi(power)));
    let within = |value: &f64| (low - 1e-9..=high + 1e-9).contains(&value.log10());
    let all: Vec<f64> = all.filter(within).collect();
    let every = all.len().div_ceil(wanted.max(1) * 2).max(1);
    all.into_iter().step_by(every).collect()
}

/// 0, 50, 90, 99, 99.9 and so on.
fn nines(low: f64, high: f64) -> Vec<f64> {
    let more = (1..=9).map(|number| 100.0 - 10_f64.powi(2 - number));
    let all = [0.0, 50.0].into_iter().chain(more);
    all.filter(|value| (low - 1e-6..=high + 1e-6).contains(&unfolded(Scale::Nines, *value))).collect()
}
