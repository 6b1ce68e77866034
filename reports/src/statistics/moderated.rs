//! Whether differences can be chance, for all pairs of a table: the moderated t statistic.
//!
//! Source: G. K. Smyth, Linear Models and Empirical Bayes Methods for Assessing Differential Expression in Microarray
//! Experiments, Statistical Applications in Genetics and Molecular Biology 3 (2004), sections 3 and 6.2. His case is ours:
//! many comparisons, each of a few values. The variance of three values is hardly known, and a test that takes each pair's
//! own (or only the signs of its differences) finds nothing once it is corrected for 120 pairs. So each pair's variance is
//! drawn towards the one that is usual in the table:
//!
//! ```text
//! s~^2 = (d0 s0^2 + d s^2) / (d0 + d),   t = mean / (s~ / sqrt(n)),   with d0 + d degrees of freedom
//! ```
//!
//! where `s^2` is the variance of the pair's `n` log ratios, `d = n - 1`, and `s0^2` the variance pooled over all pairs. Its
//! weight `d0` comes, as Smyth has it, from how far the pairs' variances themselves lie apart: much where the rows are
//! about equally noisy, little where they are not. Two things bound it here:
//!
//! * Smyth's genes are independent and pairs of rows are not: `m` rows over `n` rounds hold `(m - 1)(n - 1)` degrees of
//!   freedom beside the rows' and rounds' means, however many pairs are made of them, and `d0 + d` never goes beyond that.
//!   Of two rows it is `d`, and this is Student's test.
//! * `d0` is at most `4 d`: a pair's own rounds keep a fifth of the say. In simulated tables of sixteen rows and three
//!   rounds, one row five times as noisy as the others, this keeps false alarms at one table in eighteen; without it they
//!   came in every tenth. The tests below try both that and what is found.

use statrs::function::gamma::digamma;

use super::student::{Moments, two_sided_p};

/// No two runs are trusted to agree better than that, as a share of the figure: a few rounds that agree by chance must
/// not prove anything.
pub(crate) const LEAST_SD: f64 = 0.001;

/// How many times a pair's own degrees of freedom the variance that is usual in the table may be worth.
const WORTH_AT_MOST: f64 = 4.0;

/// For each pair, of which the logarithms of its ratios within rounds are given, how likely it is to lie so far from 1 by
/// chance alone. `rows` is how many rows the pairs are of. A pair with fewer than two rounds can't be told apart: 1.
pub(crate) fn p_values(pairs: &[Vec<f64>], rows: usize) -> Vec<f64> {
    let moments: Vec<Option<Moments>> = pairs.iter().map(|logs| Moments::of(logs)).collect();
    let known = || moments.iter().flatten();
    let own = known().map(degrees).fold(0.0, f64::max);
    let prior = Prior::of(known(), own * (rows as f64 - 2.0).clamp(0.0, WORTH_AT_MOST));
    moments.iter().map(|moments| moments.as_ref().map_or(1.0, |moments| prior.p_value(moments))).collect()
}

/// What is usual in a table.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Prior {
    /// The usual variance.
    variance: f64,
    /// How many degrees of freedom it is worth beside a pair's own.
    degrees: f64,
}

impl Prior {
    /// The variance pooled over `pairs`, and Smyth's estimate of its worth from the moments of their logarithms; worth at
    /// most `most`.
    fn of<'a>(pairs: impl Iterator<Item = &'a Moments>, most: f64) -> Self {
        let pairs: Vec<(f64, f64)> = pairs.map(|pair| (variance(pair), degrees(pair) / 2.0)).collect();
        if pairs.len() < 2 || most <= 0.0 {
            return Self { variance: 0.0, degrees: 0.0 };
        }
        let n = pairs.len() as f64;
        let halves: f64 = pairs.iter().map(|(_, half)| half).sum();
        let pooled = pairs.iter().map(|(variance, half)| variance * half).sum::<f64>() / halves;
        let logs = pairs.iter().map(|(variance, half)| variance.ln() - digamma(*half) + half.ln());
        let logs: Vec<f64> = logs.collect();
        let mean = logs.iter().sum::<f64>() / n;
        let apart = logs.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let by_chance = pairs.iter().map(|(_, half)| trigamma(*half)).sum::<f64>() / n;
        let worth = if apart > by_chance { 2.0 * inverse_trigamma(apart - by_chance) } else { most };
        Self { variance: pooled, degrees: worth.min(most) }
    }

    fn p_value(&self, pair: &Moments) -> f64 {
        let degrees = self.degrees + degrees(pair);
        let drawn = (self.degrees * self.variance + (pair.n - 1.0) * variance(pair)) / degrees;
        two_sided_p(pair.mean / (drawn / pair.n).sqrt(), degrees)
    }
}

fn degrees(pair: &Moments) -> f64 {
    pair.n - 1.0
}

fn variance(pair: &Moments) -> f64 {
    pair.variance.max(LEAST_SD * LEAST_SD)
}

/// The second derivative of the logarithm of the gamma function, for positive `x`: Abramowitz and Stegun, 6.4.12, once the
/// recurrence 6.4.6 has made `x` large.
fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 10.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = square * (1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square / 30.0)));
    sum + 1.0 / x + square / 2.0 + series / x
}

/// Where [`trigamma`] is `y`. It falls all the way, so halving finds it; what lies beyond the ends makes no difference.
fn inverse_trigamma(y: f64) -> f64 {
    let (mut low, mut high) = (1e-3_f64, 1e6_f64);
    for _ in 0..100 {
        let middle = (low * high).sqrt();
        if trigamma(middle) > y { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::super::SIGNIFICANCE;
    use super::super::holm::adjusted;
    use super::*;

    #[test]
    fn trigamma_is_what_is_known_of_it() {
        assert!((trigamma(1.0) - PI * PI / 6.0).abs() < 1e-12);
        assert!((trigamma(0.5) - PI * PI / 2.0).abs() < 1e-12);
        for x in [0.1, 1.0, 4.5, 30.0] {
            assert!((inverse_trigamma(trigamma(x)) - x).abs() < 1e-9 * x);
        }
    }

    #[test]
    fn two_rows_are_compared_by_students_test() {
        let logs = vec![0.02, 0.05, 0.01, 0.04];
        let moments = Moments::of(&logs).unwrap();
        let t = moments.mean / (moments.variance / 4.0).sqrt();
        assert_eq!(p_values(&[logs], 2), [two_sided_p(t, 3.0)]);
    }

    #[test]
    fn rounds_that_agree_by_chance_prove_nothing() {
        let p = p_values(&[vec![0.000_2; 3]], 2);
        assert!(p[0] > SIGNIFICANCE, "{p:?}");
    }

    #[test]
    fn one_round_tells_nothing_apart() {
        assert_eq!(p_values(&[vec![0.5], vec![]], 3), [1.0, 1.0]);
    }

    /// Rows over rounds, each with its own cost and noise, both as shares, under noise of the round that all rows share.
    fn table(random: &mut fastrand::Rng, rows: &[(f64, f64)], rounds: usize) -> Vec<Vec<f64>> {
        let shared: Vec<f64> = (0..rounds).map(|_| 0.2 * normal(random)).collect();
        let value = |random: &mut fastrand::Rng, (cost, noise): (f64, f64), shared: f64| {
            cost.ln() + shared + noise * normal(random)
        };
        rows.iter().map(|row| shared.iter().map(|shared| value(random, *row, *shared)).collect()).collect()
    }

    /// Box and Muller (1958).
    fn normal(random: &mut fastrand::Rng) -> f64 {
        (-2.0 * (1.0 - random.f64()).ln()).sqrt() * (2.0 * PI * random.f64()).cos()
    }

    /// Holm's p-value of every pair of rows.
    fn compare(table: &[Vec<f64>]) -> Vec<(usize, usize, f64)> {
        let pairs: Vec<(usize, usize)> =
            (0..table.len()).flat_map(|one| (one + 1..table.len()).map(move |other| (one, other))).collect();
        let logs = |&(one, other): &(usize, usize)| {
            table[one].iter().zip(&table[other]).map(|(one, other)| one - other).collect::<Vec<_>>()
        };
        let p = adjusted(&p_values(&pairs.iter().map(logs).collect::<Vec<_>>(), table.len()));
        pairs.into_iter().zip(p).map(|((one, other), p)| (one, other, p)).collect()
    }

    /// In which part of the tables some pair of equal rows is called different.
    fn false_alarms(rows: &[(f64, f64)], rounds: usize, seed: u64) -> f64 {
        let mut random = fastrand::Rng::with_seed(seed);
        let trials = 1_000;
        let alarms = (0..trials)
            .filter(|_| compare(&table(&mut random, rows, rounds)).iter().any(|pair| pair.2 < SIGNIFICANCE))
            .count();
        alarms as f64 / f64::from(trials)
    }

    /// The level, and three standard errors of a thousand trials.
    const ALARMS_AT_MOST: f64 = SIGNIFICANCE + 0.021;

    #[test]
    fn among_equal_rows_one_table_in_twenty_shows_a_difference_at_most() {
        for rounds in [3, 5, 9] {
            for rows in [2, 3, 16] {
                let alarms = false_alarms(&vec![(1.0, 0.03); rows], rounds, 7);
                assert!(alarms <= ALARMS_AT_MOST, "{rows} rows, {rounds} rounds: {alarms}");
            }
        }
    }

    #[test]
    fn rows_that_are_unequally_noisy_raise_no_more_alarms() {
        for rounds in [3, 5, 9] {
            let mut rows = vec![(1.0, 0.02); 16];
            rows[3].1 = 0.10;
            rows[9].1 = 0.05;
            let alarms = false_alarms(&rows, rounds, 11);
            assert!(alarms <= ALARMS_AT_MOST, "{rounds} rounds: {alarms}");
        }
    }

    /// In which part of the tables the row that is a tenth dearer is told from every other one.
    fn found(rounds: usize, noise: f64) -> f64 {
        let mut random = fastrand::Rng::with_seed(5);
        let mut rows = vec![(1.0, noise); 16];
        rows[0].0 = 1.1;
        let trials = 300;
        let all = |table: &Vec<Vec<f64>>| {
            compare(table).iter().filter(|pair| pair.0 == 0).all(|pair| pair.2 < SIGNIFICANCE)
        };
        let found = (0..trials).filter(|_| all(&table(&mut random, &rows, rounds))).count();
        found as f64 / f64::from(trials)
    }

    #[test]
    fn a_tenth_under_three_percent_of_noise_is_found_in_nine_rounds() {
        let found = found(9, 0.03);
        assert!(found > 0.95, "{found}");
    }

    #[test]
    fn three_rounds_find_a_tenth_under_one_percent_of_noise() {
        let found = found(3, 0.01);
        assert!(found > 0.95, "{found}");
    }
}
