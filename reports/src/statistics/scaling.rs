//! How speed-up grows with what runs at once: Amdahl's law and Gunther's.
//!
//! ```text
//! Amdahl:   S(n) = n / (1 + s (n - 1))                          s: the share that only one can do at a time
//! Gunther:  S(n) = n / (1 + sigma (n - 1) + kappa n (n - 1))    sigma: contention, kappa: coherency
//! ```
//!
//! Gunther's (the Universal Scalability Law) has Amdahl's in it, with what each pair has to settle between them on top: so its
//! speed-up can fall again, beyond `n = sqrt((1 - sigma) / kappa)`.
//!
//! Both are linear in their parameters once they are turned over: `n / S - 1` is `s (n - 1)`, or `sigma (n - 1) + kappa n (n - 1)`.
//! So they are fitted by linear least squares through the origin, as Gunther does, within `0 <= s, sigma <= 1` and `kappa >= 0`.
//! Each point is weighted by `(S / n)^2`: the squares that are made least are then those of `S / S(n) - 1`, how far
//! the speed-up is from the law as a share of it. Where the best fit lies outside the bounds, the best one at the bounds is taken:
//! the sum of squares is convex, so it lies there.
//!
//! Source: G. M. Amdahl, Validity of the Single Processor Approach to Achieving Large Scale Computing Capabilities, AFIPS
//! Conference Proceedings 30 (1967); N. J. Gunther, Guerrilla Capacity Planning (2007), chapters 4 to 6.

use std::collections::BTreeSet;

/// Below so many different numbers at once nothing is fitted: two say nothing of a law with two parameters.
pub(crate) const NUMBERS_AT_LEAST: usize = 3;

/// What was reached with so many at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// How many were under way at once.
    pub(crate) at_once: usize,
    /// How much faster that was than one.
    pub(crate) speed_up: f64,
}

/// Amdahl's law as it fits best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Amdahl {
    /// The share of the work that only one can do at a time, 0 to 1.
    pub(crate) serial: f64,
    /// How far the points are from it: the root of the mean square, as a share of what it says.
    pub(crate) residual: f64,
}

/// Gunther's law as it fits best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gunther {
    /// Contention: the share that they wait for each other, 0 to 1.
    pub(crate) sigma: f64,
    /// Coherency: what each pair costs.
    pub(crate) kappa: f64,
    /// How far the points are from it, as for [`Amdahl`].
    pub(crate) residual: f64,
}

impl Amdahl {
    /// Fits the law; none with fewer than [`NUMBERS_AT_LEAST`] numbers.
    pub(crate) fn fit(points: &[Point]) -> Option<Self> {
        let terms = terms(points)?;
        let serial = best(&terms, |term| term.x, |term| term.y).clamp(0.0, 1.0);
        Some(Self { serial, residual: residual(&terms, serial, 0.0) })
    }
}

impl Gunther {
    /// Fits the law; none with fewer than [`NUMBERS_AT_LEAST`] numbers.
    pub(crate) fn fit(points: &[Point]) -> Option<Self> {
        let terms = terms(points)?;
        let kappa_with =
            |sigma: f64| best(&terms, |term| term.pairs, |term| term.y - sigma * term.x).max(0.0);
        let within = |(sigma, kappa): &(f64, f64)| (0.0..=1.0).contains(sigma) && *kappa >= 0.0;
        let alone = best(&terms, |term| term.x, |term| term.y).clamp(0.0, 1.0);
        let at_the_bounds = [(0.0, kappa_with(0.0)), (1.0, kappa_with(1.0)), (alone, 0.0)];
        let with_residual = |(sigma, kappa)| Self { sigma, kappa, residual: residual(&terms, sigma, kappa) };
        let inside = both(&terms).filter(within).map(with_residual);
        let least = || {
            at_the_bounds
                .map(with_residual)
                .into_iter()
                .min_by(|one, other| one.residual.total_cmp(&other.residual))
        };
        inside.or_else(least)
    }

    /// With how many at once the speed-up is greatest; none where it grows for ever.
    pub(crate) fn peak(&self) -> Option<f64> {
        (self.kappa > 0.0).then(|| ((1.0 - self.sigma) / self.kappa).sqrt().max(1.0))
    }
}

/// The speed-up that Gunther's law gives `n` at once; with a `kappa` of nought it is Amdahl's.
pub(crate) fn speed_up(sigma: f64, kappa: f64, n: f64) -> f64 {
    n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

/// A point as the laws are linear in: `y = sigma x + kappa pairs`, weighted.
struct Term {
    x: f64,
    pairs: f64,
    y: f64,
    weight: f64,
}

/// None unless there are enough numbers; what is no speed-up is left out.
fn terms(points: &[Point]) -> Option<Vec<Term>> {
    let points: Vec<&Point> = points
        .iter()
        .filter(|point| point.at_once > 0 && point.speed_up > 0.0 && point.speed_up.is_finite())
        .collect();
    let numbers: BTreeSet<usize> = points.iter().map(|point| point.at_once).collect();
    let term = |point: &&Point| {
        let n = point.at_once as f64;
        let share = point.speed_up / n;
        Term { x: n - 1.0, pairs: n * (n - 1.0), y: 1.0 / share - 1.0, weight: share * share }
    };
    (numbers.len() >= NUMBERS_AT_LEAST).then(|| points.iter().map(term).collect())
}

/// The factor with which `x` comes nearest to `y`.
fn best(terms: &[Term], x: impl Fn(&Term) -> f64, y: impl Fn(&Term) -> f64) -> f64 {
    let sum =
        |product: &dyn Fn(&Term) -> f64| terms.iter().map(|term| term.weight * product(term)).sum::<f64>();
    sum(&|term| x(term) * y(term)) / sum(&|term| x(term) * x(term))
}

/// Both factors at once, by the normal equations; none if the terms don't tell them apart.
fn both(terms: &[Term]) -> Option<(f64, f64)> {
    let sum = |product: fn(&Term) -> f64| terms.iter().map(|term| term.weight * product(term)).sum::<f64>();
    let (xx, xp, pp) =
        (sum(|term| term.x * term.x), sum(|term| term.x * term.pairs), sum(|term| term.pairs * term.pairs));
    let (xy, py) = (sum(|term| term.x * term.y), sum(|term| term.pairs * term.y));
    let determinant = xx * pp - xp * xp;
    (determinant > 0.0).then(|| ((xy * pp - py * xp) / determinant, (py * xx - xy * xp) / determinant))
}

fn residual(terms: &[Term], sigma: f64, kappa: f64) -> f64 {
    let square = |term: &Term| term.weight * (term.y - sigma * term.x - kappa * term.pairs).powi(2);
    (terms.iter().map(square).sum::<f64>() / terms.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn law(sigma: f64, kappa: f64, n: usize) -> f64 {
        speed_up(sigma, kappa, n as f64)
    }

    /// Points on Gunther's law.
    fn curve(sigma: f64, kappa: f64, numbers: &[usize]) -> Vec<Point> {
        numbers.iter().map(|&at_once| Point { at_once, speed_up: law(sigma, kappa, at_once) }).collect()
    }

    #[test]
    fn amdahls_own_points_give_his_share_back() {
        for serial in [0.0, 0.05, 0.5, 1.0] {
            let fit = Amdahl::fit(&curve(serial, 0.0, &[1, 2, 4, 8])).unwrap();
            assert!((fit.serial - serial).abs() < 1e-9 && fit.residual < 1e-9, "{serial}: {fit:?}");
        }
    }

    #[test]
    fn the_figures_of_gunthers_book_come_out() {
        // Guerrilla Capacity Planning, 5.3: rays a second of a ray tracer on an SGI Origin 2000, by processors.
        let rays = [(1, 20.0), (4, 78.0), (8, 130.0), (12, 170.0), (16, 190.0), (20, 200.0)];
        let more = [(24, 210.0), (28, 230.0), (32, 260.0), (48, 280.0), (64, 310.0)];
        let points: Vec<Point> = rays
            .into_iter()
            .chain(more)
            .map(|(at_once, rate)| Point { at_once, speed_up: rate / 20.0 })
            .collect();
        // His own fit has no weights: sigma 0.0500 and kappa 0.000005.
        let equal = terms(&points).unwrap().into_iter().map(|term| Term { weight: 1.0, ..term });
        let (sigma, kappa) = both(&equal.collect::<Vec<_>>()).unwrap();
        assert!((sigma - 0.05).abs() < 1e-4 && (kappa - 5e-6).abs() < 1e-6, "{sigma}, {kappa}");
        // With them the points at which most was lost have less of a say.
        let fit = Gunther::fit(&points).unwrap();
        assert!((fit.sigma - sigma).abs() < 0.01 && fit.residual < 0.06, "{fit:?}");
    }

    #[test]
    fn a_speed_up_that_falls_again_has_its_peak_where_the_law_says() {
        let fit = Gunther::fit(&curve(0.1, 0.01, &[1, 2, 4, 8, 16])).unwrap();
        assert!((fit.peak().unwrap() - 90.0_f64.sqrt()).abs() < 1e-6, "{fit:?}");
        assert_eq!(Gunther { sigma: 0.5, kappa: 0.0, residual: 0.0 }.peak(), None);
    }

    #[test]
    fn what_is_faster_than_in_proportion_is_fitted_at_the_bound() {
        let points = [(1, 1.0), (2, 2.2), (4, 4.5)].map(|(at_once, speed_up)| Point { at_once, speed_up });
        let fit = Gunther::fit(&points).unwrap();
        assert_eq!((fit.sigma, fit.kappa), (0.0, 0.0));
        assert!(fit.residual > 0.05, "it says that the law does not fit: {fit:?}");
        assert!(Amdahl::fit(&points).unwrap().serial <= 0.0);
    }

    #[test]
    fn what_loses_by_company_is_all_contention_and_the_rest_coherency() {
        let points =
            [(1, 1.0), (2, 0.4), (4, 0.3), (8, 0.2)].map(|(at_once, speed_up)| Point { at_once, speed_up });
        let fit = Gunther::fit(&points).unwrap();
        assert!(fit.sigma <= 1.0 && fit.kappa > 0.0, "{fit:?}");
        assert!(Amdahl::fit(&points).unwrap().serial >= 1.0);
    }

    #[test]
    fn two_numbers_however_often_measured_have_no_law() {
        let points = curve(0.1, 0.0, &[1, 2, 2, 2]);
        assert_eq!((Amdahl::fit(&points), Gunther::fit(&points)), (None, None));
    }

    proptest! {
        #[test]
        fn gunthers_own_points_give_his_parameters_back(sigma in 0.0..0.9_f64, kappa in 0.0..0.1_f64) {
            let fit = Gunther::fit(&curve(sigma, kappa, &[1, 2, 4, 8])).unwrap();
            prop_assert!((fit.sigma - sigma).abs() < 1e-6 && (fit.kappa - kappa).abs() < 1e-6, "{fit:?}");
        }

        #[test]
        fn no_other_parameters_fit_better(
            noise in prop::collection::vec(0.8..1.25_f64, 5), sigma in 0.0..1.0_f64, kappa in 0.0..0.2_f64
        ) {
            let mut points = curve(0.3, 0.02, &[1, 2, 3, 4, 8]);
            points.iter_mut().zip(noise).for_each(|(point, noise)| point.speed_up *= noise);
            let fit = Gunther::fit(&points).unwrap();
            prop_assert!(fit.residual <= residual(&terms(&points).unwrap(), sigma, kappa) + 1e-12);
        }
    }
}
