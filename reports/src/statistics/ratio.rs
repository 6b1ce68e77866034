//! How much dearer one thing is than another: a ratio with its interval.
//!
//! Within a round the machine was in one state, so what is slow there is slow for both. So two rows of a run are compared
//! round by round, as R. A. Fisher's randomised blocks (The Design of Experiments, 1935), and the figure is the median of
//! the rounds' ratios. Where the state changed within a round, and that can be seen ([`distance`]), the cells before and
//! after are not compared. Two runs have no rounds in common: there it is the ratio of the medians.

use std::collections::BTreeMap;

use super::bootstrap::{Interval, of_difference, of_median};
use super::spread::median;
use crate::distance;

/// How much dearer one thing is than another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// One by the other: 1.1 is a tenth dearer.
    pub value: f64,
    /// Where that is, as far as the rounds tell.
    pub interval: Interval,
    /// From how many rounds: of two runs, of the one with fewer.
    pub rounds: usize,
}

/// A figure in one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    pub(crate) value: f64,
    /// How far apart the processors were meanwhile, in nanoseconds, where that is known.
    pub(crate) distance_ns: Option<f64>,
}

impl Reading {
    /// What `combine` makes of two readings that may be compared; it was read where the first one was.
    pub(crate) fn with(self, other: &Self, combine: impl Fn(f64, f64) -> Option<f64>) -> Option<Self> {
        let alike = distance::alike(self.distance_ns, other.distance_ns);
        let value = combine(self.value, other.value).filter(|_| alike)?;
        Some(Self { value, ..self })
    }
}

/// A figure's readings by round.
pub(crate) type ByRound = BTreeMap<u32, Reading>;

/// What `combine` makes of `one` and `other` in each round that has both, where they may be compared.
pub(crate) fn within_rounds(
    one: &ByRound,
    other: &ByRound,
    combine: impl Fn(f64, f64) -> Option<f64>,
) -> ByRound {
    let both = |(round, own): (&u32, &Reading)| Some((*round, own.with(other.get(round)?, &combine)?));
    one.iter().filter_map(both).collect()
}

/// The logarithms of `one` by `other` in each round that has both, where they may be compared.
pub(crate) fn logs_within_rounds(one: &ByRound, other: &ByRound) -> Vec<f64> {
    let positive = |value: f64| value > 0.0 && value.is_finite();
    let log = |one: f64, other: f64| (positive(one) && positive(other)).then(|| (one / other).ln());
    within_rounds(one, other, log).values().map(|reading| reading.value).collect()
}

impl Ratio {
    /// From the logarithms of ratios within rounds; none if there are none.
    pub(crate) fn of_logs(logs: &[f64]) -> Option<Self> {
        let middle = median(logs.iter().copied())?;
        let interval = of_median(logs)?.map(f64::exp);
        Some(Self { value: middle.exp(), interval, rounds: logs.len() })
    }

    /// Of two samples that have nothing to do with each other: `one` by `other`. None if either is empty, or holds what
    /// is not positive.
    pub(crate) fn of_samples(one: &[f64], other: &[f64]) -> Option<Self> {
        let (one, other) = (logs(one)?, logs(other)?);
        let middle = median(one.iter().copied())? - median(other.iter().copied())?;
        let interval = of_difference(&one, &other)?.map(f64::exp);
        Some(Self { value: middle.exp(), interval, rounds: one.len().min(other.len()) })
    }
}

/// The logarithms of all values, which must be positive.
pub(crate) fn logs(values: &[f64]) -> Option<Vec<f64>> {
    let log = |value: &f64| (*value > 0.0 && value.is_finite()).then(|| value.ln());
    values.iter().map(log).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(value: f64) -> Reading {
        Reading { value, distance_ns: None }
    }

    fn rounds<const N: usize>(values: [f64; N]) -> ByRound {
        (1..).zip(values.map(reading)).collect()
    }

    #[test]
    fn a_ratio_is_taken_within_rounds_so_a_slow_round_does_not_count() {
        // The machine took ten times as long in round 2, for both.
        let (one, other) = (rounds([11.0, 110.0, 11.0]), rounds([10.0, 100.0, 10.0]));
        let ratio = Ratio::of_logs(&logs_within_rounds(&one, &other)).unwrap();
        for value in [ratio.value, ratio.interval.low, ratio.interval.high] {
            assert!((value - 1.1).abs() < 1e-12, "{value}");
        }
        assert_eq!((ratio.rounds, ratio.interval.coverage), (3, 0.75));
    }

    #[test]
    fn a_round_that_only_one_has_does_not_count() {
        let one = ByRound::from([(1, 2.0), (3, 4.0)].map(|(round, value)| (round, reading(value))));
        let other = [(2, 1.0), (3, 2.0), (4, 1.0)].map(|(round, value)| (round, reading(value)));
        assert_eq!(logs_within_rounds(&one, &ByRound::from(other)), [2.0_f64.ln()]);
    }

    #[test]
    fn a_round_in_which_the_processors_were_moved_between_the_two_does_not_count() {
        let at = |values: [(f64, f64); 3]| -> ByRound {
            let reading = |(value, distance)| Reading { value, distance_ns: Some(distance) };
            (1..).zip(values.map(reading)).collect()
        };
        let one = at([(5.0, 140.0), (7.0, 210.0), (7.0, 211.0)]);
        let other = at([(4.0, 135.0), (4.0, 140.0), (5.6, 210.0)]);
        let logs = logs_within_rounds(&one, &other);
        assert_eq!(logs.len(), 2, "round 2 says more of the machine than of the two");
        assert!(logs.iter().all(|log| (log - 1.25_f64.ln()).abs() < 1e-12), "{logs:?}");
    }

    #[test]
    fn a_figure_of_zero_has_no_ratio() {
        assert!(logs_within_rounds(&rounds([0.0]), &rounds([1.0])).is_empty());
        assert!(logs_within_rounds(&rounds([1.0]), &rounds([0.0])).is_empty());
        assert_eq!(Ratio::of_samples(&[1.0], &[0.0]), None);
    }

    #[test]
    fn two_runs_are_compared_by_their_medians() {
        let ratio = Ratio::of_samples(&[2.0, 4.0, 8.0], &[1.0, 2.0, 4.0]).unwrap();
        assert!((ratio.value - 2.0).abs() < 1e-12);
        assert!((ratio.interval.low - 0.5).abs() < 1e-12 && (ratio.interval.high - 8.0).abs() < 1e-12);
    }
}
