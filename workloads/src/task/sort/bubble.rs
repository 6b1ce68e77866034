//! `bubble`: whoever stands before a smaller neighbour changes places with it, pass after pass.
//!
//! After a pass the greatest number of those left has come to its place at the end, as a bubble rises. A pass that changed nothing
//! is the last one. Some `n^2 / 2` comparisons and `n^2 / 4` changes: good at numbers that are in order already, bad at all others.

use super::InSteps;

pub(super) struct Bubble {
    /// From here on all numbers are in their places.
    end: usize,
}

impl Bubble {
    pub(super) fn start(length: usize) -> Self {
        Self { end: length }
    }

    /// One pass; true if it changed something.
    fn pass(&self, numbers: &mut [u32]) -> bool {
        let mut changed = false;
        for right in 1..self.end {
            if numbers[right - 1] > numbers[right] {
                numbers.swap(right - 1, right);
                changed = true;
            }
        }
        changed
    }
}

impl InSteps for Bubble {
    fn go_on(&mut self, numbers: &mut [u32], steps: usize) -> bool {
        let mut done = 0;
        while self.end > 1 {
            if done >= steps {
                return false;
            }
            done += self.end;
            if !self.pass(numbers) {
                return true;
            }
            self.end -= 1;
        }
        true
    }
}
