//! `selection`: the least of the numbers that are left is looked for and put in front of them.
//!
//! Always `n^2 / 2` comparisons, whatever the order, and at most `n` changes: good where moving is dear.

use super::InSteps;

#[derive(Default)]
pub(super) struct Selection {
    /// All before this are in their places.
    at: usize,
}

impl InSteps for Selection {
    fn go_on(&mut self, numbers: &mut [u32], steps: usize) -> bool {
        let mut done = 0;
        while self.at + 1 < numbers.len() {
            if done >= steps {
                return false;
            }
            done += numbers.len() - self.at;
            let mut least = self.at;
            for other in self.at + 1..numbers.len() {
                if numbers[other] < numbers[least] {
                    least = other;
                }
            }
            numbers.swap(self.at, least);
            self.at += 1;
        }
        true
    }
}
