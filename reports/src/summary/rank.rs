//! Who is cheaper than whom, and who can't be told apart.
//!
//! Two rows differ if both hold: chance alone would show such a difference somewhere in the table with a probability below
//! 5% ([`moderated`], corrected for all pairs by [`holm`]), and it is greater than what the same server measured twice
//! differs from itself by ([`Threshold`]).

use std::cmp::Ordering;

use super::again::Threshold;
use super::row::Rank;
use crate::statistics::ratio::{ByRound, logs_within_rounds};
use crate::statistics::{Ratio, SIGNIFICANCE, holm, median, moderated};

/// Which of some rows differ from which.
pub(crate) struct Differences {
    rows: usize,
    /// For each pair, the earlier row first: whether the later one is dearer or cheaper; none where they can't be told apart.
    different: Vec<Option<Ordering>>,
}

impl Differences {
    /// Compares each of `rows` with each.
    pub(crate) fn among(rows: &[&ByRound], threshold: Threshold) -> Self {
        let mut logs = Vec::with_capacity(rows.len() * rows.len().saturating_sub(1) / 2);
        for (index, one) in rows.iter().enumerate() {
            logs.extend(rows[index + 1..].iter().map(|other| logs_within_rounds(other, one)));
        }
        let p_values = holm::adjusted(&moderated::p_values(&logs, rows.len()));
        let beyond = |logs: &[f64]| {
            let log = median(logs.iter().copied()).filter(|log| threshold.is_exceeded_by(log.exp()))?;
            Some(log.total_cmp(&0.0))
        };
        let different = logs.iter().zip(p_values).map(|(logs, p)| beyond(logs).filter(|_| p < SIGNIFICANCE));
        Self { rows: rows.len(), different: different.collect() }
    }

    /// Whether `one` is dearer or cheaper than another row; none where they can't be told apart.
    pub(crate) fn between(&self, one: usize, other: usize) -> Option<Ordering> {
        if one < other {
            return self.between(other, one).map(Ordering::reverse);
        }
        // Before the pairs of row `other` come those of all rows above it, each one pair shorter than the last.
        let before = other * self.rows - other * (other + 1) / 2;
        self.different[before + one - other - 1]
    }

    /// The rows in an order in which none follows one that is dearer than it. They come ordered by their medians, and stay so
    /// unless these are of rounds that can't be compared: then what was seen within rounds goes before.
    pub(crate) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let dearer = order.iter().position(|other| self.between(row, *other) == Some(Ordering::Less));
            order.insert(dearer.unwrap_or(row), row);
        }
        order
    }

    /// The place of each row, from 1, where the rows are in order. A row that does not differ from the first row of a
    /// place shares it. It is compared with the first row and not with its neighbour, else a chain of small steps would
    /// put the first and the last of a table in one place. But of the first row too few rounds may be known that can be
    /// compared: what differs from more than half of a place's rows has no share in it either.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut places = Vec::with_capacity(self.rows);
        let mut first = 0;
        for row in 0..self.rows {
            let differing = (first..row).filter(|other| self.between(row, *other).is_some()).count();
            let from_first = row > first && self.between(row, first).is_some();
            if from_first || 2 * differing > row - first {
                first = row;
            }
            places.push(first + 1);
        }
        places
    }
}

/// The rows in order, each with its rank: they come ordered by their medians.
pub(crate) fn ranked(rows: &[&ByRound], threshold: Threshold) -> Vec<(usize, Rank)> {
    let order = Differences::among(rows, threshold).order();
    let in_order: Vec<&ByRound> = order.iter().map(|row| rows[*row]).collect();
    let places = Differences::among(&in_order, threshold).places();
    let is_shared = |place| places.iter().filter(|other| **other == place).count() > 1;
    let rank = |place: &usize| Rank { place: *place, shared: is_shared(*place) };
    order.into_iter().zip(places.iter().map(rank)).collect()
}

/// How much dearer each row is than the first one, within rounds; none for the first itself.
pub(crate) fn ratios_to_first(rows: &[&ByRound]) -> Vec<Option<Ratio>> {
    let ratio = |row: &&ByRound| Ratio::of_logs(&logs_within_rounds(row, rows[0]));
    rows.iter().enumerate().map(|(index, row)| if index == 0 { None } else { ratio(row) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::ratio::Reading;

    const NO_LESS_THAN: Threshold = Threshold { ratio: 1.05, pairs: 1, apart: 1.05, here: true };

    fn rows(costs: &[f64]) -> Vec<ByRound> {
        // 0.2% of noise, another one in each row.
        let noise = |row: usize, round: u32| 1.0 + 0.002 * f64::from((row as u32 * 7 + round * 5) % 3);
        let row = |(row, cost): (usize, &f64)| {
            (1..=5).map(|round| (round, reading(cost * noise(row, round), None))).collect()
        };
        costs.iter().enumerate().map(row).collect()
    }

    fn reading(value: f64, distance_ns: Option<f64>) -> Reading {
        Reading { value, distance_ns }
    }

    fn places(costs: &[f64], threshold: Threshold) -> Vec<usize> {
        let rows = rows(costs);
        Differences::among(&rows.iter().collect::<Vec<_>>(), threshold).places()
    }

    #[test]
    fn a_difference_within_what_the_same_thing_differs_by_is_none() {
        assert_eq!(places(&[10.0, 10.4, 11.0], NO_LESS_THAN), [1, 1, 3]);
        assert_eq!(
            places(&[10.0, 10.4, 11.0], Threshold { ratio: 1.01, pairs: 0, apart: 1.0, here: false }),
            [1, 2, 3]
        );
    }

    #[test]
    fn rows_are_compared_with_the_first_of_their_place() {
        assert_eq!(places(&[10.0, 10.4, 10.8, 11.2], NO_LESS_THAN), [1, 1, 3, 3]);
    }

    #[test]
    fn a_difference_that_may_be_chance_is_none() {
        let rows = [[10.0, 14.0, 9.0], [14.0, 13.0, 12.0]]
            .map(|costs| -> ByRound { (1..).zip(costs.map(|cost| reading(cost, None))).collect() });
        assert_eq!(Differences::among(&[&rows[0], &rows[1]], NO_LESS_THAN).places(), [1, 1]);
    }

    #[test]
    fn every_pair_is_found_at_its_own_place() {
        let rows = rows(&[10.0, 10.1, 20.0, 20.1, 40.0]);
        let differences = Differences::among(&rows.iter().collect::<Vec<_>>(), NO_LESS_THAN);
        for one in 0..5 {
            for other in (0..5).filter(|other| *other != one) {
                let expected = Some((one / 2).cmp(&(other / 2))).filter(|order| order.is_ne());
                assert_eq!(differences.between(one, other), expected, "{one} and {other}");
            }
        }
        assert_eq!(differences.order(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_is_cheaper_within_rounds_goes_before_what_has_the_smaller_median() {
        // The processors were near each other in some rounds and far in others, where all costs half as much again. The first
        // row's median is one of the near rounds, the second's one of the far ones, though it is a tenth cheaper.
        let row = |cost: f64, far: [bool; 5]| -> ByRound {
            let at = |far| if far { reading(cost * 1.5, Some(210.0)) } else { reading(cost, Some(140.0)) };
            (1..).zip(far.map(at)).collect()
        };
        let rows = [
            row(10.0, [false, false, false, true, true]),
            row(9.0, [false, false, true, true, true]),
            row(30.0, [false, false, false, true, true]),
        ];
        let differences = Differences::among(&rows.each_ref(), NO_LESS_THAN);
        assert_eq!(differences.order(), [1, 0, 2]);
    }

    #[test]
    fn a_first_row_of_which_little_is_known_does_not_hold_all_others_in_its_place() {
        // It met its processors near each other, all others in every round but one far apart.
        let row = |cost: f64, far: [bool; 5]| -> ByRound {
            let at = |far| if far { reading(cost * 1.5, Some(210.0)) } else { reading(cost, Some(140.0)) };
            (1..).zip(far.map(at)).collect()
        };
        let mostly_far = [true, true, true, true, false];
        let rows = [
            row(10.0, [false; 5]),
            row(10.1, mostly_far),
            row(10.2, mostly_far),
            row(20.0, mostly_far),
            row(20.1, mostly_far),
        ];
        let differences = Differences::among(&rows.each_ref(), NO_LESS_THAN);
        assert_eq!(differences.between(3, 0), None, "one round in common");
        assert_eq!(differences.places(), [1, 1, 1, 4, 4]);
    }

    #[test]
    fn no_rows_have_no_places() {
        assert!(Differences::among(&[], NO_LESS_THAN).places().is_empty());
        assert_eq!(places(&[1.0], NO_LESS_THAN), [1]);
    }
}
