//! Comparison in shuffled blocks: every row once a block, ratios within blocks, and an A/A row as the yardstick.
//!
//! A machine drifts: a neighbour wakes, a clock steps down. Rows measured close together drift together, so a
//! ratio is taken within one block only, and the order within it is shuffled. How far two copies of the same
//! thing then still differ (the A/A row) is how small a difference can be before it means nothing.

use reports::Spread;

/// Fewest blocks from which a difference is told. Two copies of one server pass for different when the middle of
/// one's ratios lies beyond all of the other's, to one side: with five blocks that happens about once in forty
/// comparisons, with three once in ten, with nine once in a thousand.
pub const FEWEST: usize = 5;

/// Whether a row differs from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// By more than the base differs from itself.
    Told,
    /// No more than the base differs from itself.
    NotTold,
    /// There are fewer than [`FEWEST`] blocks in which both can be compared with the base.
    TooFewBlocks,
}

/// One measure of several rows over several blocks: `[block][row]`, none where the cell is void. Row 0 is the base.
#[derive(Debug, Clone, Default)]
pub struct Blocks(pub Vec<Vec<Option<f64>>>);

impl Blocks {
    /// A row's values.
    pub fn values(&self, row: usize) -> Vec<f64> {
        self.0.iter().filter_map(|block| block[row]).collect()
    }

    /// A row's ratios to the base, from the blocks in which both are there.
    pub fn ratios(&self, row: usize) -> Vec<f64> {
        self.0.iter().filter_map(|block| Some(block[row]? / block[0]?)).collect()
    }

    /// Whether a row's median ratio is further from 1 than any ratio of the A/A row is, upwards or downwards.
    pub fn difference(&self, row: usize, again: usize) -> Difference {
        let (ratios, noise) = (self.ratios(row), self.ratios(again));
        let (Some(ratio), Some(noise)) = (Spread::of(ratios.iter().copied()), Spread::of(noise)) else {
            return Difference::TooFewBlocks;
        };
        if ratios.len().min(self.ratios(again).len()) < FEWEST {
            Difference::TooFewBlocks
        } else if away_from_one(ratio.median) > away_from_one(noise.min).max(away_from_one(noise.max)) {
            Difference::Told
        } else {
            Difference::NotTold
        }
    }
}

/// How far a ratio is from 1, the same for 2 and for a half.
fn away_from_one(ratio: f64) -> f64 {
    ratio.ln().abs()
}

/// The numbers below `rows` in random order.
pub fn shuffled(rows: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    fastrand::shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of a base at 1, a row at these values, and an A/A row at those.
    fn blocks(row: &[f64], again: &[f64]) -> Blocks {
        let block = |(row, again): (&f64, &f64)| vec![Some(1.0), Some(*row), Some(*again)];
        Blocks(row.iter().zip(again).map(block).collect())
    }

    #[test]
    fn ratios_are_taken_within_blocks() {
        let drifting = Blocks(vec![vec![Some(1.0), Some(2.0)], vec![Some(10.0), Some(20.0)]]);
        assert_eq!(drifting.ratios(1), [2.0, 2.0]);
    }

    #[test]
    fn a_void_cell_takes_its_block_out_of_the_ratios_only_where_it_is_needed() {
        let blocks = Blocks(vec![
            vec![Some(1.0), Some(2.0), Some(3.0)],
            vec![Some(1.0), None, Some(4.0)],
            vec![None, Some(7.0), Some(5.0)],
        ]);
        assert_eq!(blocks.ratios(1), [2.0]);
        assert_eq!(blocks.ratios(2), [3.0, 4.0]);
        assert_eq!(blocks.values(1), [2.0, 7.0]);
    }

    #[test]
    fn a_difference_within_the_spread_of_two_copies_is_not_told() {
        let again = [0.95, 1.0, 1.02, 1.0, 1.0];
        assert_eq!(blocks(&[1.04; 5], &again).difference(1, 2), Difference::NotTold);
        assert_eq!(blocks(&[0.96; 5], &again).difference(1, 2), Difference::NotTold);
    }

    #[test]
    fn a_difference_beyond_the_spread_of_two_copies_is_told_both_ways() {
        let again = [0.95, 1.0, 1.02, 1.0, 1.0];
        assert_eq!(blocks(&[1.06; 5], &again).difference(1, 2), Difference::Told);
        assert_eq!(blocks(&[0.94; 5], &again).difference(1, 2), Difference::Told);
    }

    #[test]
    fn few_blocks_tell_no_difference() {
        assert_eq!(blocks(&[9.0; 4], &[1.0; 4]).difference(1, 2), Difference::TooFewBlocks);
        assert_eq!(Blocks::default().difference(1, 2), Difference::TooFewBlocks);
    }

    #[test]
    fn a_shuffled_block_has_every_row_once() {
        let mut order = shuffled(9);
        order.sort_unstable();
        assert_eq!(order, (0..9).collect::<Vec<_>>());
    }
}
