//! From histograms to a curve over percentiles.

use hdrhistogram::Histogram;
use reports::record::{Curve, CurvePoint, VALUES_ABOVE};

/// The percentiles of a curve. From 90 on four for each further nine, so that it is smooth where each nine is as wide as the
/// one before.
const PERCENTILES: [f64; 30] = [
    0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 75.0, 80.0, 85.0, 90.0, 92.5, 95.0, 97.5, 99.0, 99.25,
    99.5, 99.75, 99.9, 99.925, 99.95, 99.975, 99.99, 99.9925, 99.995, 99.9975, 99.999, 99.9995, 99.9999,
];
/// Below, a percentile is given of however few values, as the median is.
const ALWAYS_TO: f64 = 50.0;

/// The curve of latencies recorded in nanoseconds, as far as there are enough values; none without any.
pub(super) fn curve(latency: &Histogram<u64>, uncorrected: Option<&Histogram<u64>>) -> Option<Curve> {
    let uncorrected = uncorrected.filter(|histogram| !histogram.is_empty());
    let us = |histogram: &Histogram<u64>, percentile| {
        histogram.value_at_quantile(quantile(percentile)) as f64 / 1e3
    };
    let known = |percentile: &&f64| {
        let above = latency.len() as f64 * (1.0 - quantile(**percentile));
        **percentile <= ALWAYS_TO || above + 1e-6 >= VALUES_ABOVE
    };
    let points = PERCENTILES.iter().take_while(known).map(|percentile| CurvePoint {
        percentile: *percentile,
        us: us(latency, *percentile),
        uncorrected_us: uncorrected.map(|histogram| us(histogram, *percentile)),
    });
    (!latency.is_empty()).then(|| Curve { points: points.collect() })
}

/// The same as a part of one. 99.9 divided by 100 is not the number that is written 0.999, and may be another value's.
fn quantile(percentile: f64) -> f64 {
    (percentile * 1e6).round() / 1e8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::latency;

    fn histogram(values: u64) -> Histogram<u64> {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=values).for_each(|value| histogram.record(value * 1_000).unwrap());
        histogram
    }

    fn at(curve: &Curve, percentile: f64) -> Option<f64> {
        curve
            .points
            .iter()
            .find(|point| point.percentile.total_cmp(&percentile).is_eq())
            .map(|point| point.us)
    }

    #[test]
    fn where_both_have_a_percentile_the_curve_and_the_record_agree() {
        for values in [1, 99, 1_000, 10_007, 123_456] {
            let (histogram, latency) = (histogram(values), latency(&histogram(values)).unwrap());
            let curve = curve(&histogram, None).unwrap();
            assert_eq!(at(&curve, 50.0), Some(latency.p50));
            let both =
                [(90.0, latency.p90), (99.0, latency.p99), (99.9, latency.p999), (99.99, latency.p9999)];
            for (percentile, us) in both {
                assert_eq!(at(&curve, percentile), us, "{percentile} of {values}");
            }
        }
    }

    #[test]
    fn a_curve_goes_as_far_as_there_are_values_and_never_falls() {
        let last =
            |values| curve(&histogram(values), None).unwrap().points.last().unwrap().percentile.to_string();
        assert_eq!([last(1), last(100), last(10_000), last(100_000)], ["50", "90", "99.9", "99.99"]);
        let curve = curve(&histogram(10_000), None).unwrap();
        let rises = |pair: &[CurvePoint]| pair[0].us <= pair[1].us && pair[0].percentile < pair[1].percentile;
        assert!(curve.points.windows(2).all(rises));
    }

    #[test]
    fn the_uncorrected_curve_lies_beside_it_where_there_is_one() {
        let point = curve(&histogram(100), Some(&histogram(10))).unwrap().points[5];
        let near = |us: f64, value: f64| (us - value).abs() < 0.1;
        assert!(near(point.us, 50.0) && near(point.uncorrected_us.unwrap(), 5.0), "{point:?}");
    }

    #[test]
    fn without_a_reply_there_is_no_curve() {
        assert_eq!(curve(&Histogram::new(3).unwrap(), None), None);
    }
}
