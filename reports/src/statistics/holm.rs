//! Many questions at once: Holm's step-down, which keeps the chance of even one false "different" in a whole table
//! below the level that a single question has.
//!
//! Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6 (1979).
//! It asks nothing of how the questions hang together: pairs of a table share rows, so they do.

/// Each p-value adjusted for all of them, in the order given: one below the level is a difference.
pub(crate) fn adjusted(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&one, &other| values[one].total_cmp(&values[other]));
    let mut adjusted = vec![1.0; values.len()];
    let mut least = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        // One that is no difference stops all after it, so none may come out below the one before.
        least = least.max(values[index] * (values.len() - rank) as f64).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_weighed_by_how_many_are_left() {
        let adjusted = adjusted(&[0.01, 0.04, 0.03, 0.005]);
        for (value, expected) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((value - expected).abs() < 1e-12, "{value} is not {expected}");
        }
    }

    #[test]
    fn no_values_stay_none() {
        assert!(adjusted(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn an_adjusted_value_is_between_its_own_and_bonferronis(
            values in prop::collection::vec(0.0..=1.0_f64, 1..40)
        ) {
            for (value, adjusted) in values.iter().zip(adjusted(&values)) {
                prop_assert!(*value <= adjusted && adjusted <= 1.0);
                prop_assert!(adjusted <= (value * values.len() as f64).min(1.0) + 1e-12);
            }
        }

        #[test]
        fn the_order_stays(values in prop::collection::vec(0.0..=1.0_f64, 2..40)) {
            let adjusted = adjusted(&values);
            for one in 0..values.len() {
                for other in 0..values.len() {
                    prop_assert!(values[one] > values[other] || adjusted[one] <= adjusted[other]);
                }
            }
        }
    }
}
