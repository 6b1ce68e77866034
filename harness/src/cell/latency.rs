//! From a histogram to the percentiles of the record.

use hdrhistogram::Histogram;
use reports::record::{Latency, VALUES_ABOVE};

/// Percentiles of what was recorded in nanoseconds, as far as there are enough values for them; none without a reply.
pub(crate) fn latency(nanoseconds: &Histogram<u64>) -> Option<Latency> {
    let us = |nanoseconds: u64| nanoseconds as f64 / 1e3;
    let at = |quantile| us(nanoseconds.value_at_quantile(quantile));
    let known = |quantile| {
        let above = nanoseconds.len() as f64 * (1.0 - quantile);
        (above + 1e-6 >= VALUES_ABOVE).then(|| at(quantile)) // 1.0 - 0.99 is a little less than 0.01
    };
    (!nanoseconds.is_empty()).then(|| Latency {
        mean: nanoseconds.mean() / 1e3,
        p50: at(0.5),
        p90: known(0.9),
        p99: known(0.99),
        p999: known(0.999),
        p9999: known(0.9999),
        max: us(nanoseconds.max()),
    })
}
