//! From the rounds' values to one figure: the median, with the least and the greatest beside it; and what stands out.
//!
//! Source for what stands out: B. Iglewicz and D. C. Hoaglin, How to Detect and Handle Outliers (1993): values whose
//! distance from the median is more than 3.5 times the median of those distances, scaled to a standard deviation.

/// What several rounds came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The middle value; of an even number of values the mean of the two in the middle.
    pub median: f64,
    /// The least value.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
}

impl Spread {
    /// The spread of `values`; none if there are none. What is not a finite number is no measurement and is
    /// left out.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        Some(Self { median: middle(&values), min, max })
    }
}

/// The median of `values`; none if there are none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    Spread::of(values).map(|spread| spread.median)
}

/// The median of a sorted slice that is not empty.
pub(crate) fn middle(sorted: &[f64]) -> f64 {
    let upper = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[upper] } else { f64::midpoint(sorted[upper - 1], sorted[upper]) }
}

/// From the median of distances to a standard deviation, where values are normally distributed.
const SCALE: f64 = 1.4826;
/// So many scaled distances from the median a value stands out.
const FAR: f64 = 3.5;
/// With fewer values two that agree by chance would make any third stand out.
const FEWEST: usize = 5;
/// What is nearer to the median than this share of it stands out in no eye.
const NEAR: f64 = 0.01;

/// Which of `values` stand out, by their index.
pub(crate) fn outliers(values: &[f64]) -> Vec<usize> {
    let Some(middle) = median(values.iter().copied()).filter(|_| values.len() >= FEWEST) else {
        return Vec::new();
    };
    let distance = |value: f64| (value - middle).abs();
    let Some(usual) = median(values.iter().map(|value| distance(*value))) else { return Vec::new() };
    let limit = (FAR * SCALE * usual).max(NEAR * middle.abs());
    (0..values.len()).filter(|&index| distance(values[index]) > limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_number_of_values_has_one_in_the_middle() {
        let spread = Spread::of([5.0, 1.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.0, min: 1.0, max: 5.0 });
    }

    #[test]
    fn an_even_number_of_values_has_its_median_between_the_two_in_the_middle() {
        assert_eq!(median([8.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn no_values_have_no_median() {
        assert_eq!(median([]), None);
        assert_eq!(median([f64::NAN]), None);
    }

    #[test]
    fn what_is_far_from_where_most_are_stands_out() {
        assert_eq!(outliers(&[10.0, 10.2, 9.9, 13.0, 10.1]), [3]);
        assert_eq!(outliers(&[10.0, 10.2, 9.9, 10.3, 10.1]), [0; 0]);
    }

    #[test]
    fn of_values_that_agree_almost_wholly_the_next_one_does_not_stand_out() {
        assert_eq!(outliers(&[10.0, 10.0, 10.0, 10.05, 10.0]), [0; 0]);
    }

    #[test]
    fn of_few_values_none_stands_out() {
        assert_eq!(outliers(&[10.0, 10.01, 10.02, 99.0]), [0; 0]);
    }
}
