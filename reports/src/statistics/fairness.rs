//! How evenly something is shared out: one figure, and the curve behind it.
//!
//! Source: R. Jain, D. Chiu and W. Hawe, A Quantitative Measure of Fairness and Discrimination for Resource Allocation in Shared
//! Computer Systems, DEC Research Report TR-301 (1984); M. O. Lorenz, Methods of Measuring the Concentration of Wealth,
//! Publications of the American Statistical Association 9 (1905).

/// Jain's index: 1 where all have the same, `1 / n` where one of `n` has all. None of nobody, or where there is nothing to share.
pub(crate) fn jain(shares: &[f64]) -> Option<f64> {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    (squares > 0.0).then(|| sum * sum / (shares.len() as f64 * squares))
}

/// Lorenz's curve: which part of all the first so many have, of those with least first; both in parts of 1. None where there is
/// nothing to share.
pub(crate) fn lorenz(shares: &[f64]) -> Option<Vec<(f64, f64)>> {
    let all: f64 = shares.iter().sum();
    let mut ascending = shares.to_vec();
    ascending.sort_by(f64::total_cmp);
    let mut sum = 0.0;
    let number = shares.len() as f64;
    let points = (1..).zip(ascending).map(|(place, share)| {
        sum += share;
        (f64::from(place) / number, sum / all)
    });
    (all > 0.0).then(|| std::iter::once((0.0, 0.0)).chain(points).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jains_index_is_that_of_the_report() {
        // Of 100 a fifth share evenly and the others get nothing: then the index is that fifth.
        let mut shares = vec![0.0; 80];
        shares.extend([1.0; 20]);
        assert!((jain(&shares).unwrap() - 0.2).abs() < 1e-12);
        assert!((jain(&[3.0; 7]).unwrap() - 1.0).abs() < 1e-12);
        // By hand: 6 squared by 3 times 14.
        assert!((jain(&[1.0, 2.0, 3.0]).unwrap() - 36.0 / 42.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_neither_fair_nor_unfair() {
        assert_eq!((jain(&[]), jain(&[0.0, 0.0])), (None, None));
        assert_eq!((lorenz(&[]), lorenz(&[0.0])), (None, None));
    }

    #[test]
    fn the_curve_begins_with_those_that_have_least() {
        let curve = lorenz(&[3.0, 1.0, 4.0, 0.0]).unwrap();
        assert_eq!(curve, [(0.0, 0.0), (0.25, 0.0), (0.5, 0.125), (0.75, 0.5), (1.0, 1.0)]);
    }
}
