//! `quick`: what is less than a pivot goes to its left, what is greater to its right, and both sides are sorted alike.
//!
//! Some `1.4 n log2 n` comparisons. The pivot is the number in the middle, so that numbers which are in order already are
//! its best case and not its worst. Where others call themselves, a list here holds the ranges that are left, so that the
//! sort can stop between any two of them; the shorter side is done first, so the list stays short (Sedgewick).
//!
//! Source: C. A. R. Hoare, Quicksort, The Computer Journal 5 (1962); R. Sedgewick, Implementing Quicksort Programs,
//! Communications of the ACM 21 (1978).

use std::iter;
use std::ops::Range;

use super::InSteps;

pub(super) struct Quick {
    left: Vec<Range<usize>>,
}

impl Quick {
    pub(super) fn start(length: usize) -> Self {
        Self { left: iter::once(0..length).collect() }
    }
}

impl InSteps for Quick {
    fn go_on(&mut self, numbers: &mut [u32], steps: usize) -> bool {
        let mut done = 0;
        while let Some(range) = self.left.pop() {
            if range.len() < 2 {
                continue;
            }
            done += range.len();
            let middle = range.start + partition(&mut numbers[range.clone()]);
            let (one, other) = (range.start..middle, middle..range.end);
            let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
            self.left.extend([longer, shorter]);
            if done >= steps {
                return false;
            }
        }
        true
    }
}

/// Hoare's partition: two look for each other from both ends, and change what stands on the wrong side. Gives where the right
/// side begins: at 1 at least, and before the end. There must be two numbers.
fn partition(numbers: &mut [u32]) -> usize {
    let pivot = numbers[(numbers.len() - 1) / 2];
    let (mut left, mut right) = (0, numbers.len() - 1);
    loop {
        while numbers[left] < pivot {
            left += 1;
        }
        while numbers[right] > pivot {
            right -= 1;
        }
        if left >= right {
            return right + 1;
        }
        numbers.swap(left, right);
        left += 1;
        right -= 1;
    }
}
