//! `insertion`: each number in turn moves down among those before it, which are in order already.
//!
//! Some `n^2 / 4` comparisons and moves, and no more than `n` where all are in order: good at few numbers, and at those that are
//! almost sorted. Library sorts end with it for that.

use super::InSteps;

#[derive(Default)]
pub(super) struct Insertion {
    /// So many are in order among themselves.
    at: usize,
}

impl InSteps for Insertion {
    fn go_on(&mut self, numbers: &mut [u32], steps: usize) -> bool {
        let mut done = 0;
        while self.at < numbers.len() {
            if done >= steps {
                return false;
            }
            let number = numbers[self.at];
            let mut place = self.at;
            while place > 0 && numbers[place - 1] > number {
                numbers[place] = numbers[place - 1];
                place -= 1;
            }
            numbers[place] = number;
            done += 1 + self.at - place;
            self.at += 1;
        }
        true
    }
}
