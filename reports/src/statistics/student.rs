//! Student's t distribution, with degrees of freedom that need not be whole.
//!
//! Source: Student, The Probable Error of a Mean, Biometrika 6 (1908); as an incomplete beta function in Abramowitz and
//! Stegun, Handbook of Mathematical Functions, 26.7.1. Of two samples: B. L. Welch, The Generalization of "Student's"
//! Problem, Biometrika 34 (1947).

use statrs::function::beta::beta_reg;

/// How likely a value at least as far from zero as `t` is, by chance alone.
pub(crate) fn two_sided_p(t: f64, degrees: f64) -> f64 {
    let squared = t * t;
    if !squared.is_finite() || degrees.is_nan() || degrees <= 0.0 {
        return if squared.is_infinite() { 0.0 } else { 1.0 };
    }
    let share = degrees / (degrees + squared);
    if share >= 1.0 { 1.0 } else { beta_reg(degrees / 2.0, 0.5, share).clamp(0.0, 1.0) }
}

/// How far from zero a value is with probability `1 - p` at most.
pub(crate) fn critical(p: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided_p(high, degrees) > p && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if two_sided_p(middle, degrees) > p { low = middle } else { high = middle }
    }
    high
}

/// How likely two independent samples from the same place have means that lie at least as far apart; none below two
/// values each. `least_sd` is a standard deviation that neither is trusted to be below; `between_sd` that of what moves all
/// values of a sample together, so that their own spread does not show it. It is taken as known, and the degrees of freedom
/// are those of the samples all the same: that it is known must not make up for samples that are hardly known.
pub(crate) fn welch(one: &[f64], other: &[f64], least_sd: f64, between_sd: f64) -> Option<f64> {
    let (one, other) = (Moments::of(one)?, Moments::of(other)?);
    let part = |moments: &Moments| moments.variance.max(least_sd * least_sd) / moments.n;
    let (first, second) = (part(&one), part(&other));
    let degrees =
        (first + second).powi(2) / (first.powi(2) / (one.n - 1.0) + second.powi(2) / (other.n - 1.0));
    let whole = first + second + between_sd * between_sd;
    Some(two_sided_p((one.mean - other.mean) / whole.sqrt(), degrees))
}

/// A sample's number, mean and variance.
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl Moments {
    /// Those of `values`; none below two.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some(Self { n, mean, variance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 2e-4 * expected, "{value} is not {expected}");
    }

    #[test]
    fn critical_values_are_those_of_the_printed_tables() {
        for (p, degrees, expected) in
            [(0.05, 1.0, 12.7062), (0.05, 4.0, 2.7764), (0.01, 8.0, 3.3554), (0.05, 120.0, 1.9799)]
        {
            close(critical(p, degrees), expected);
            close(two_sided_p(expected, degrees), p);
        }
    }

    #[test]
    fn nothing_apart_is_always_chance_and_infinitely_apart_never() {
        assert_eq!((two_sided_p(0.0, 5.0), two_sided_p(f64::INFINITY, 5.0)), (1.0, 0.0));
        assert_eq!((two_sided_p(f64::NAN, 5.0), two_sided_p(3.0, 0.0)), (1.0, 1.0));
    }

    #[test]
    fn welch_takes_each_samples_own_spread() {
        // By hand: means 2 and 12, variances 1 and 100, t = 10 / sqrt(1/3 + 100/3), 2.04 degrees of freedom.
        let p = welch(&[1.0, 2.0, 3.0], &[2.0, 12.0, 22.0], 0.0, 0.0).unwrap();
        close(p, two_sided_p(10.0 / (101.0_f64 / 3.0).sqrt(), 101.0_f64.powi(2) / (0.5 + 5_000.0)));
        assert!((0.2..0.24).contains(&p), "{p}");
        assert_eq!(welch(&[1.0], &[2.0, 3.0], 0.0, 0.0), None);
    }

    #[test]
    fn what_moves_a_whole_sample_adds_to_both_spreads() {
        // By hand: variances 1 and 1, t = 10 / sqrt(2/3 + 4); 4 degrees of freedom as without it.
        let p = welch(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0], 0.0, 2.0).unwrap();
        close(p, two_sided_p(10.0 / (14.0_f64 / 3.0).sqrt(), 4.0));
    }
}
