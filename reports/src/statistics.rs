//! From the rounds' values to one figure: the median, with the least and the greatest beside it.

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
        let upper = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[upper]
        } else {
            f64::midpoint(values[upper - 1], values[upper])
        };
        Some(Self { median, min, max })
    }

    /// Whether the two ranges share a value, so that the rounds do not tell the two apart.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.min <= other.max && other.min <= self.max
    }
}

/// The median of `values`; none if there are none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    Spread::of(values).map(|spread| spread.median)
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
    fn ranges_that_touch_overlap() {
        let range = |min, max| Spread { median: min, min, max };
        assert!(range(1.0, 2.0).overlaps(&range(2.0, 3.0)));
        assert!(range(2.0, 3.0).overlaps(&range(1.0, 2.0)));
        assert!(range(1.0, 9.0).overlaps(&range(2.0, 3.0)));
        assert!(!range(1.0, 1.9).overlaps(&range(2.0, 3.0)));
        assert!(!range(2.0, 3.0).overlaps(&range(1.0, 1.9)));
    }
}
