//! What grows with what: a line through points by least squares, and how sure its slope is.
//!
//! Source: N. R. Draper and H. Smith, Applied Regression Analysis (1998), chapter 1: the interval of the slope is its
//! standard error by Student's t with two degrees of freedom less than points.

use super::SIGNIFICANCE;
use super::bootstrap::Interval;
use super::student::critical;

/// `y = base + slope x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Where `x` is zero.
    pub base: f64,
    /// By how much `y` grows with each `x`.
    pub slope: f64,
    /// Where the slope is, as far as the points tell; unknown below three points.
    pub interval: Option<Interval>,
}

impl Line {
    /// The line through `points` that is as little off as can be; none unless they have two different `x`.
    pub(crate) fn through(points: &[(f64, f64)]) -> Option<Self> {
        Self::weighted(points, |_| 1.0)
    }

    /// The same by the share of each `y` that it is off: for what is the less sure the greater it is, of which the greatest would
    /// else decide alone.
    pub(crate) fn by_share(points: &[(f64, f64)]) -> Option<Self> {
        Self::weighted(points, |y| y.powi(-2))
    }

    fn weighted(points: &[(f64, f64)], weight: fn(f64) -> f64) -> Option<Self> {
        let sum = |part: &dyn Fn(f64, f64) -> f64| -> f64 {
            points.iter().map(|&(x, y)| weight(y) * part(x, y)).sum()
        };
        let all = sum(&|_, _| 1.0);
        let (x_mean, y_mean) = (sum(&|x, _| x) / all, sum(&|_, y| y) / all);
        let squares = sum(&|x, _| (x - x_mean).powi(2));
        if squares.is_nan() || squares <= 0.0 {
            return None;
        }
        let slope = sum(&|x, y| (x - x_mean) * (y - y_mean)) / squares;
        let base = y_mean - slope * x_mean;
        let degrees = points.len() as f64 - 2.0;
        let interval = (degrees >= 1.0).then(|| {
            let left = sum(&|x, y| (y - base - slope * x).powi(2));
            let reach = critical(SIGNIFICANCE, degrees) * (left / degrees / squares).sqrt();
            Interval { low: slope - reach, high: slope + reach, coverage: 1.0 - SIGNIFICANCE }
        });
        Some(Self { base, slope, interval })
    }

    /// What `y` is at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.base + self.slope * x
    }

    /// Which part of the variance of `points` this line explains, from 0 to 1; none where they do not vary.
    pub(crate) fn r_squared(&self, points: &[(f64, f64)]) -> Option<f64> {
        let mean = points.iter().map(|(_, y)| y).sum::<f64>() / points.len() as f64;
        let all: f64 = points.iter().map(|(_, y)| (y - mean).powi(2)).sum();
        let left: f64 = points.iter().map(|(x, y)| (y - self.at(*x)).powi(2)).sum();
        (all > 0.0).then(|| (1.0 - left / all).max(0.0))
    }

    /// Where this line comes to lie above `other`: the `x` where they meet, if this one grows faster. Below zero it lay
    /// above from the start.
    pub fn meets(&self, other: &Self) -> Option<f64> {
        (self.slope > other.slope).then(|| (other.base - self.base) / (self.slope - other.slope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points_on_a_line_is_that_line() {
        let points: Vec<(f64, f64)> = (0..5).map(|x| (f64::from(x), 3.0 + 2.0 * f64::from(x))).collect();
        let line = Line::through(&points).unwrap();
        assert!((line.base - 3.0).abs() < 1e-9 && (line.slope - 2.0).abs() < 1e-9);
        assert!((line.at(10.0) - 23.0).abs() < 1e-9);
        let interval = line.interval.unwrap();
        assert!((interval.high - interval.low).abs() < 1e-6);
    }

    #[test]
    fn the_slopes_interval_is_that_of_the_textbook() {
        // By hand: slope 0.6, base 2.2, residual sum of squares 2.4 over 3 degrees of freedom, sum of squares of x 10.
        let line = Line::through(&[(1.0, 2.0), (2.0, 4.0), (3.0, 5.0), (4.0, 4.0), (5.0, 5.0)]).unwrap();
        assert!((line.slope - 0.6).abs() < 1e-9 && (line.base - 2.2).abs() < 1e-9);
        let reach = 3.182_446 * 0.08_f64.sqrt();
        assert!((line.interval.unwrap().high - 0.6 - reach).abs() < 1e-5);
    }

    #[test]
    fn by_share_a_large_value_that_is_off_bends_the_line_no_more_than_a_small_one() {
        let points = [(0.0, 100.0), (10.0, 200.0), (20.0, 300.0), (1_000.0, 13_100.0)];
        assert!(Line::through(&points).unwrap().base < 90.0);
        let line = Line::by_share(&points).unwrap();
        assert!((90.0..110.0).contains(&line.base) && (9.0..12.0).contains(&line.slope), "{line:?}");
        let straight: Vec<(f64, f64)> = points.iter().map(|(x, _)| (*x, 100.0 + 10.0 * x)).collect();
        assert!((Line::by_share(&straight).unwrap().slope - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_line_explains_the_part_of_the_textbook() {
        // By hand, with the points above: 2.4 of 6 are left.
        let points = [(1.0, 2.0), (2.0, 4.0), (3.0, 5.0), (4.0, 4.0), (5.0, 5.0)];
        let line = Line::through(&points).unwrap();
        assert!((line.r_squared(&points).unwrap() - 0.6).abs() < 1e-9);
        assert_eq!(line.r_squared(&[(1.0, 2.0), (2.0, 2.0)]), None);
    }

    #[test]
    fn points_at_one_place_have_no_line() {
        assert_eq!(Line::through(&[(1.0, 2.0), (1.0, 3.0)]), None);
        assert_eq!(Line::through(&[]), None);
    }

    #[test]
    fn two_points_say_nothing_of_how_sure_they_are() {
        assert_eq!(Line::through(&[(0.0, 1.0), (1.0, 2.0)]).unwrap().interval, None);
    }

    #[test]
    fn lines_meet_where_the_steeper_one_overtakes() {
        let line = |base, slope| Line { base, slope, interval: None };
        assert_eq!(line(1.0, 2.0).meets(&line(3.0, 1.0)), Some(2.0));
        assert_eq!(line(1.0, 1.0).meets(&line(3.0, 1.0)), None);
    }
}
