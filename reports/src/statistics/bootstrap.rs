//! An interval around a median of rounds: the percentile bootstrap.
//!
//! Source: B. Efron, Bootstrap Methods: Another Look at the Jackknife, Annals of Statistics 7 (1979): draw as many values
//! as there are, with replacement, take their median, and do so again and again; the middle 95% of these medians are
//! the interval. The draws follow from a fixed seed, so the same record always gives the same report.
//!
//! Below six values that interval is simply the least to the greatest, and it is taken as such. How often that range
//! holds the true median is then known exactly, whatever the distribution, since each value is below it with
//! probability one half: H. A. David and H. N. Nagaraja, Order Statistics (2003), 7.1. With three values that is 75%,
//! with five 94%: an interval that must not be sold as one of 95%, so it carries its coverage with it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The part of the medians that is to be in the interval.
const LEVEL: f64 = 0.95;
/// How often is drawn: the ends of the interval then lie within a percent or so of its width where they belong.
const DRAWS: usize = 2_000;
/// Below so many values the interval is their range.
const FEW: usize = 6;
/// What the draws follow from.
const SEED: u64 = 1979;
/// Of so many different numbers of values the draws are kept.
const KEPT: usize = 64;

/// Where a figure is, as far as the rounds tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// In which part of all cases such an interval holds the true value, from 0 to 1: exact where it is the range of
    /// all values, else what it is made for.
    pub coverage: f64,
}

impl Interval {
    /// The same of values `f` takes to, which must not fall where they grow.
    pub(crate) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { low: f(self.low), high: f(self.high), ..self }
    }

    /// How far it reaches from `value`, which it holds, to either side at most, as a share of `value`; none where it is of one
    /// value, which says nothing of the spread.
    pub(crate) fn reach(&self, value: f64) -> Option<f64> {
        let far = (self.high - value).max(value - self.low);
        self.is_known().then_some(far / value.abs()).filter(|share| share.is_finite())
    }

    /// Whether the value may be nought, or on either side of it: how far it reaches from there is then no share of anything.
    pub(crate) fn holds_zero(&self) -> bool {
        self.is_known() && self.low <= 0.0 && self.high >= 0.0 && self.low < self.high
    }

    /// Whether it is of more than one value.
    pub(crate) fn is_known(&self) -> bool {
        self.coverage > 0.0
    }

    /// The end that is farther from zero, without its sign.
    pub(crate) fn far_end(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }
}

/// The interval around the median of `values`; none if there are none.
pub(crate) fn of_median(values: &[f64]) -> Option<Interval> {
    if values.len() < FEW {
        return range(values);
    }
    let values = sorted(values);
    quantiles(drawn(values.len(), SEED).iter().map(|middle| middle.of(&values)).collect())
}

/// The interval around the difference of the medians of two samples that have nothing to do with each other: `one` less
/// `other`; none if one of them is empty.
///
/// Where both are small, it goes from the least difference to the greatest: the two ranges hold their medians
/// independently, so the coverage is at least the product of theirs.
pub(crate) fn of_difference(one: &[f64], other: &[f64]) -> Option<Interval> {
    if one.len() < FEW || other.len() < FEW {
        let (one, other) = (of_median(one)?, of_median(other)?);
        return Some(Interval {
            low: one.low - other.high,
            high: one.high - other.low,
            coverage: one.coverage * other.coverage,
        });
    }
    let (one, other) = (sorted(one), sorted(other));
    // Of another seed, or two samples of one length would be drawn alike.
    let (first, second) = (drawn(one.len(), SEED), drawn(other.len(), SEED + 1));
    let difference = |(first, second): (&Middle, &Middle)| first.of(&one) - second.of(&other);
    quantiles(first.iter().zip(second.iter()).map(difference).collect())
}

/// Which of the values in ascending order stand in the middle of a draw: one, or two of which the mean is taken.
#[derive(Debug, Clone, Copy)]
struct Middle {
    lower: usize,
    upper: usize,
}

impl Middle {
    fn of(self, sorted: &[f64]) -> f64 {
        f64::midpoint(sorted[self.lower], sorted[self.upper])
    }
}

/// What was drawn, by how many values and which seed.
type Draws = BTreeMap<(usize, u64), Rc<[Middle]>>;

thread_local! {
    /// What was drawn of so many values with such a seed. A record has thousands of figures of as many rounds each, and drawing
    /// for every one of them took most of the time that a report takes. A run's rows have few different numbers of rounds.
    static DRAWN: RefCell<Draws> = const { RefCell::new(BTreeMap::new()) };
}

/// The draws: which values stand in the middle does not depend on what they are.
fn drawn(number: usize, seed: u64) -> Rc<[Middle]> {
    let draw = || {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut places = vec![0; number];
        (0..DRAWS).map(|_| draw(&mut places, &mut random)).collect()
    };
    DRAWN.with_borrow_mut(|kept| {
        if kept.len() >= KEPT && !kept.contains_key(&(number, seed)) {
            kept.clear();
        }
        Rc::clone(kept.entry((number, seed)).or_insert_with(draw))
    })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// In which part of all cases the range from the `k`-th least to the `k`-th greatest of `n` values holds the median of
/// what they come from: the binomial probability that at least `k` of them lie on either side.
pub(crate) fn order_coverage(n: usize, k: usize) -> f64 {
    let mut term = 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX)); // all on one side
    let mut outside = 0.0;
    for below in 0..k.min(n) {
        outside += term;
        term *= (n - below) as f64 / (below + 1) as f64;
    }
    (1.0 - 2.0 * outside).max(0.0)
}

fn range(values: &[f64]) -> Option<Interval> {
    let least = values.iter().copied().reduce(f64::min)?;
    let greatest = values.iter().copied().reduce(f64::max)?;
    Some(Interval { low: least, high: greatest, coverage: order_coverage(values.len(), 1) })
}

/// The median of as many values as there are, drawn with replacement into `drawn`.
/// Draws as many places as there are values, with replacement.
fn draw(places: &mut [usize], random: &mut fastrand::Rng) -> Middle {
    let number = places.len();
    places.fill_with(|| random.usize(..number));
    let (below, upper, _) = places.select_nth_unstable(number / 2);
    let lower = below.iter().copied().max().filter(|_| number.is_multiple_of(2));
    Middle { lower: lower.unwrap_or(*upper), upper: *upper }
}

fn quantiles(mut medians: Vec<f64>) -> Option<Interval> {
    if !medians.iter().any(|median| median.is_finite()) {
        return None; // what is not a number has no place
    }
    let outside = ((1.0 - LEVEL) / 2.0 * medians.len() as f64).floor() as usize;
    let last = medians.len() - 1 - outside;
    let (below, high, _) = medians.select_nth_unstable_by(last, f64::total_cmp);
    let high = *high;
    let (_, low, _) = below.select_nth_unstable_by(outside, f64::total_cmp);
    Some(Interval { low: *low, high, coverage: LEVEL })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::spread::median;
    use super::*;

    #[test]
    fn an_interval_reaches_as_far_as_its_farther_end_and_one_value_has_none() {
        let reach = of_median(&[9.0, 10.0, 14.0]).unwrap().reach(10.0).unwrap();
        assert!((reach - 0.4).abs() < 1e-12, "{reach}");
        assert_eq!(of_median(&[10.0]).unwrap().reach(10.0), None);
    }

    #[test]
    fn the_range_of_few_rounds_has_its_exact_coverage() {
        for (rounds, coverage) in [(1, 0.0), (2, 0.5), (3, 0.75), (4, 0.875), (5, 0.9375)] {
            let values: Vec<f64> = (0..rounds).map(f64::from).collect();
            let interval = Interval { low: 0.0, high: f64::from(rounds) - 1.0, coverage };
            assert_eq!(of_median(&values), Some(interval));
        }
    }

    #[test]
    fn inner_order_statistics_cover_as_the_binomial_distribution_says() {
        // Of nine values at least two on either side: 1 - 2 (1 + 9) / 512.
        assert!((order_coverage(9, 2) - (1.0 - 20.0 / 512.0)).abs() < 1e-12);
        assert!((order_coverage(9, 3) - (1.0 - 92.0 / 512.0)).abs() < 1e-12);
    }

    #[test]
    fn the_range_of_five_rounds_holds_the_median_as_often_as_it_says() {
        let mut random = fastrand::Rng::with_seed(1);
        let trials = 20_000;
        let holds = (0..trials)
            .filter(|_| {
                let values: Vec<f64> = (0..5).map(|_| random.f64() - 0.5).collect();
                let interval = of_median(&values).unwrap();
                interval.low <= 0.0 && 0.0 <= interval.high
            })
            .count();
        let share = holds as f64 / f64::from(trials);
        assert!((share - 0.9375).abs() < 0.007, "{share}"); // four standard errors
    }

    #[test]
    fn the_bootstrap_of_nine_rounds_holds_the_median_about_as_often_as_it_is_made_for() {
        let mut random = fastrand::Rng::with_seed(2);
        let trials = 500;
        let holds = (0..trials)
            .filter(|_| {
                let values: Vec<f64> = (0..9).map(|_| random.f64() - 0.5).collect();
                let interval = of_median(&values).unwrap();
                interval.low <= 0.0 && 0.0 <= interval.high
            })
            .count();
        let share = holds as f64 / f64::from(trials);
        assert!((0.9..=0.99).contains(&share), "{share}");
    }

    #[test]
    fn two_samples_that_lie_apart_differ_by_no_less_than_the_gap() {
        let interval = of_difference(&[5.0, 6.0, 7.0], &[1.0, 2.0]).unwrap();
        assert_eq!(interval, Interval { low: 3.0, high: 6.0, coverage: 0.375 });
    }

    #[test]
    fn the_middle_of_a_draw_is_its_median() {
        for number in [6, 7, 10, 11] {
            let values: Vec<f64> = (0..number).map(|place| f64::from(place).exp()).collect();
            let mut random = fastrand::Rng::with_seed(SEED);
            for middle in drawn(values.len(), SEED).iter() {
                let again = (0..number).map(|_| values[random.usize(..values.len())]);
                assert_eq!(median(again), Some(middle.of(&values)));
            }
        }
    }

    #[test]
    fn however_many_intervals_there_are_no_more_is_drawn_than_once_for_a_number_of_values() {
        let first = drawn(9, SEED);
        for number in FEW..=FEW + 3 * KEPT {
            drawn(number, SEED);
            assert!(DRAWN.with_borrow(|kept| kept.len() <= KEPT));
        }
        let again = drawn(9, SEED);
        assert!(first.iter().zip(again.iter()).all(|(one, other)| one.upper == other.upper));
        assert!(Rc::ptr_eq(&again, &drawn(9, SEED)));
    }

    #[test]
    fn the_order_of_the_rounds_does_not_matter() {
        let mut values = [10.0, 11.0, 9.5, 12.0, 10.5, 10.1, 9.9];
        let interval = of_median(&values);
        values.reverse();
        assert_eq!(of_median(&values), interval);
    }

    #[test]
    fn two_samples_of_one_length_are_drawn_independently() {
        // Drawn alike, the difference of two samples that differ by a constant would have no spread at all.
        let one = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let interval = of_difference(&one, &one.map(|value| value - 10.0)).unwrap();
        assert!(interval.low < 9.0 && interval.high > 11.0, "{interval:?}");
    }

    #[test]
    fn nothing_has_no_interval() {
        assert_eq!(of_median(&[]), None);
        assert_eq!(of_difference(&[1.0], &[]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn an_interval_holds_the_median_and_lies_within_the_range(
            values in prop::collection::vec(-1e3..1e3_f64, 1..12)
        ) {
            let interval = of_median(&values).unwrap();
            let middle = median(values.iter().copied()).unwrap();
            prop_assert!(interval.low <= middle && middle <= interval.high);
            let range = range(&values).unwrap();
            prop_assert!(range.low <= interval.low && interval.high <= range.high);
        }

        #[test]
        fn an_interval_moves_with_its_values(values in prop::collection::vec(0.0..1e3_f64, 6..12)) {
            let moved: Vec<f64> = values.iter().map(|value| value + 4096.0).collect();
            let (one, other) = (of_median(&values).unwrap(), of_median(&moved).unwrap());
            prop_assert!((other.low - one.low - 4096.0).abs() < 1e-6);
            prop_assert!((other.high - one.high - 4096.0).abs() < 1e-6);
        }
    }
}
