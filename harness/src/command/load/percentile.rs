//! Percentiles that somebody asked for: given where there are enough replies, and else what would do.

use std::time::Duration;

use hdrhistogram::Histogram;
use reports::grouped;
use reports::record::VALUES_ABOVE;
use serde::Serialize;

use crate::cli::Load as Arguments;
use crate::failure::Usage;
use crate::load::{Load, Pace};

/// One percentile of the latencies.
#[derive(Debug, Serialize)]
pub(super) struct Percentile {
    /// Which: 99.99.
    percent: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_us: Option<f64>,
    /// Why there is none, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Percentile {
    pub(super) fn text(&self) -> String {
        match (self.latency_us, &self.reason) {
            (Some(us), _) => format!("p{} {us:.0} us", self.percent),
            (None, reason) => reason.clone().unwrap_or_default(),
        }
    }
}

/// Refuses percentiles that are none, and those that a load of this rate can't have enough requests for.
pub(super) fn check(arguments: &Arguments, load: &Load) -> anyhow::Result<()> {
    for &percent in &arguments.percentile {
        if !(percent > 0.0 && percent < 100.0) {
            return Err(Usage::error(format!("--percentile can't be {percent}; try 99.9")));
        }
        let Pace::Open { rate, .. } = load.pace else { continue };
        let due = rate * load.duration.as_secs_f64();
        let needed = needed(percent);
        if due.is_finite() && due > 0.0 && due + 0.5 < needed as f64 {
            return Err(Usage::error(format!(
                "p{percent} needs {} replies, and {rate} requests a second for {} are {}; try --duration {}",
                grouped(needed),
                humantime::format_duration(load.duration),
                grouped(due as u64),
                long_enough(needed as f64 / rate),
            )));
        }
    }
    Ok(())
}

/// A percentile of what was recorded in nanoseconds over a window of this length.
pub(super) fn of(nanoseconds: &Histogram<u64>, percent: f64, window: Duration) -> Percentile {
    let (there, needed) = (nanoseconds.len(), needed(percent));
    if there >= needed {
        let us = nanoseconds.value_at_percentile(percent) as f64 / 1e3;
        return Percentile { percent, latency_us: Some(us), reason: None };
    }
    let remedy = match there {
        0 => String::new(),
        // A tenth more, since no two loads come to the same.
        _ => format!(
            "; try --duration {}",
            long_enough(1.1 * window.as_secs_f64() * needed as f64 / there as f64)
        ),
    };
    let reason = format!("p{percent} needs {} replies and there were {}", grouped(needed), grouped(there));
    Percentile { percent, latency_us: None, reason: Some(reason + &remedy) }
}

/// How many replies there must be, so that enough lie above the percentile.
fn needed(percent: f64) -> u64 {
    // A little less, since 1 - 0.9999 is not quite 0.0001.
    (VALUES_ABOVE / (1.0 - percent / 100.0) - 1e-3).ceil() as u64
}

/// So many seconds as somebody would type them: whole ones, and whole minutes where they are many.
fn long_enough(seconds: f64) -> humantime::FormattedDuration {
    let seconds = seconds.ceil().max(1.0) as u64;
    let whole = if seconds > 120 { seconds.div_ceil(60) * 60 } else { seconds };
    humantime::format_duration(Duration::from_secs(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: u64) -> Histogram<u64> {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=values).for_each(|value| histogram.record(value * 1_000).unwrap());
        histogram
    }

    #[test]
    fn ten_values_must_lie_above_a_percentile() {
        for (percent, count) in [(50.0, 20), (90.0, 100), (99.0, 1_000), (99.9, 10_000), (99.99, 100_000)] {
            assert_eq!(needed(percent), count, "{percent}");
        }
    }

    #[test]
    fn a_percentile_with_enough_values_is_given_in_microseconds() {
        let us = of(&histogram(1_000), 99.0, Duration::from_secs(1)).latency_us.unwrap();
        assert!((us - 990.0).abs() < 2.0, "{us}");
    }

    #[test]
    fn a_sample_that_is_too_small_is_told_with_what_would_do() {
        let percentile = of(&histogram(4_000), 99.99, Duration::from_secs(5));
        assert_eq!(percentile.latency_us, None);
        assert_eq!(percentile.text(), "p99.99 needs 100,000 replies and there were 4,000; try --duration 3m");
    }
}
