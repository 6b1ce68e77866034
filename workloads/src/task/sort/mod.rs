//! `bubble`, `selection`, `insertion`, `quick`, `library-sort`: the same numbers sorted in five ways.
//!
//! All sort one array, the same for every job, shuffled from a fixed seed. The first three take time that grows with the
//! square of its length, and `quick` and the library with `n log n`: so these sort it again and again, each time
//! from the shuffled order, to be as long a job. How often says how much faster they are.
//!
//! Source: the course notes' chapter on sorting; D. E. Knuth, The Art of Computer Programming, volume 3, 5.2.

mod bubble;
mod insertion;
mod quick;
mod selection;

use std::sync::Arc;

use super::pieces::{InPieces, Pieces};
use super::{Family, Run, Size, Task};
use crate::session::Value;

/// How many numbers there are. The library sorts them in some 100 us, which is one step: its call can't be cut.
const NUMBERS: u32 = 4_000;
/// What their order follows from.
const SEED: u64 = 1962; // when Hoare's "Quicksort" was printed
/// After so many comparisons or moves a step is long enough: some 50 to 100 us.
const STEP: usize = 50_000;

/// One way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Neighbours in the wrong order change places, pass after pass.
    Bubble,
    /// The least of what is left goes to its place.
    Selection,
    /// Each number moves down to its place among those before it.
    Insertion,
    /// What is less than a pivot goes to its left, and both sides are sorted alike.
    Quick,
    /// What a program would call: `slice::sort_unstable`.
    Library,
}

/// Sorts the numbers so many times.
#[derive(Debug, Clone)]
pub struct Sort {
    /// In which way.
    pub algorithm: Algorithm,
    /// How often.
    pub times: u32,
    shuffled: Arc<[u32]>,
}

impl Sort {
    /// Sorts in this way, so many times.
    pub fn new(algorithm: Algorithm, times: u32) -> Self {
        Self { algorithm, times, shuffled: shuffled(NUMBERS) }
    }

    /// As many times as make a job of this size.
    pub fn of(algorithm: Algorithm, size: Size) -> Self {
        let times = match algorithm {
            Algorithm::Bubble => size.choose(30, 2),
            Algorithm::Selection => size.choose(40, 2),
            Algorithm::Insertion => size.choose(150, 10),
            Algorithm::Quick => size.choose(2_000, 125),
            Algorithm::Library => size.choose(6_000, 400),
        };
        Self::new(algorithm, times)
    }
}

impl Task for Sort {
    fn name(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Bubble => "bubble",
            Algorithm::Selection => "selection",
            Algorithm::Insertion => "insertion",
            Algorithm::Quick => "quick",
            Algorithm::Library => "library-sort",
        }
    }

    fn family(&self) -> Family {
        Family::Cpu
    }

    fn summary(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Bubble => "sorts 4,000 numbers 30 times (short: twice) by changing neighbours",
            Algorithm::Selection => "sorts the same numbers 40 times (short: twice) by looking for the least",
            Algorithm::Insertion => {
                "sorts the same numbers 150 times (short: 10) by moving each to its place"
            }
            Algorithm::Quick => "sorts the same numbers 2,000 times (short: 125) by Hoare's quicksort",
            Algorithm::Library => "sorts the same numbers 6,000 times (short: 400) by the library's call",
        }
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        InPieces::start(Sorting {
            algorithm: self.algorithm,
            shuffled: Arc::clone(&self.shuffled),
            left: self.times,
            sum: 0,
            now: None,
        })
    }

    /// The sorted numbers are 0, 1, 2 and so on, so it needs no sorting to know their checksum.
    fn expected(&self) -> Value {
        let n = Value::from(NUMBERS);
        // The sum of i (i + 1) from 0 to n - 1.
        (Value::from(self.times)).wrapping_mul((n - 1) * n * (n + 1) / 3)
    }
}

/// A sort that can stop and go on.
trait InSteps: Send {
    /// Goes on until so many comparisons or moves are done, or a little more; true once all is in order.
    fn go_on(&mut self, numbers: &mut [u32], steps: usize) -> bool;
}

/// The library's call, which is one step however long it takes.
struct InOneStep;

impl InSteps for InOneStep {
    fn go_on(&mut self, numbers: &mut [u32], _: usize) -> bool {
        numbers.sort_unstable();
        true
    }
}

impl Algorithm {
    fn start(self, length: usize) -> Box<dyn InSteps> {
        match self {
            Self::Bubble => Box::new(bubble::Bubble::start(length)),
            Self::Selection => Box::new(selection::Selection::default()),
            Self::Insertion => Box::new(insertion::Insertion::default()),
            Self::Quick => Box::new(quick::Quick::start(length)),
            Self::Library => Box::new(InOneStep),
        }
    }
}

/// A job: the numbers as they stand now, and what the times before came to.
struct Sorting {
    algorithm: Algorithm,
    shuffled: Arc<[u32]>,
    left: u32,
    sum: Value,
    now: Option<(Vec<u32>, Box<dyn InSteps>)>,
}

impl Pieces for Sorting {
    fn go_on(&mut self) -> Option<Value> {
        if self.left == 0 {
            return Some(self.sum);
        }
        let start = || (self.shuffled.to_vec(), self.algorithm.start(self.shuffled.len()));
        let (numbers, sort) = self.now.get_or_insert_with(start);
        if sort.go_on(numbers, STEP) {
            self.sum = self.sum.wrapping_add(checksum(numbers));
            self.now = None;
            self.left -= 1;
        }
        None
    }
}

/// A sum in which each number counts by its place, so that another order comes to another one.
fn checksum(numbers: &[u32]) -> Value {
    (1..).zip(numbers).fold(0, |sum: Value, (place, number)| {
        sum.wrapping_add(Value::wrapping_mul(place, Value::from(*number)))
    })
}

/// The numbers from 0 on, shuffled: each place changes with one of those up to it (Fisher and Yates), drawn by Knuth's
/// generator (MMIX), whose upper bits are the random ones.
fn shuffled(length: u32) -> Arc<[u32]> {
    let mut numbers: Vec<u32> = (0..length).collect();
    let mut state = SEED;
    for last in (1..numbers.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        numbers.swap(last, (state >> 33) as usize % (last + 1));
    }
    numbers.into()
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    const ALL: [Algorithm; 5] =
        [Algorithm::Bubble, Algorithm::Selection, Algorithm::Insertion, Algorithm::Quick, Algorithm::Library];

    /// What comes of numbers in steps of so many comparisons or moves.
    fn sorted(algorithm: Algorithm, numbers: &[u32], steps: usize) -> Vec<u32> {
        let mut numbers = numbers.to_vec();
        let mut sort = algorithm.start(numbers.len());
        while !sort.go_on(&mut numbers, steps) {}
        numbers
    }

    #[test]
    fn every_way_sorts_whatever_it_is_given_however_long_its_steps() {
        let shuffled = shuffled(300);
        let falling: Vec<u32> = (0..300).rev().collect();
        let rising: Vec<u32> = (0..300).collect();
        let twins: Vec<u32> = shuffled.iter().map(|number| number / 7).collect();
        for numbers in [&[][..], &[5], &[2, 1], &[1, 1, 1], &shuffled, &falling, &rising, &twins] {
            let mut expected = numbers.to_vec();
            expected.sort_unstable();
            for algorithm in ALL {
                for steps in [1, 10, 1_000, usize::MAX] {
                    assert_eq!(sorted(algorithm, numbers, steps), expected, "{algorithm:?}, {steps} a step");
                }
            }
        }
    }

    #[test]
    fn a_long_sort_is_cut_into_steps() {
        let shuffled = shuffled(NUMBERS);
        for algorithm in [Algorithm::Bubble, Algorithm::Selection, Algorithm::Insertion, Algorithm::Quick] {
            let mut numbers = shuffled.to_vec();
            let mut sort = algorithm.start(numbers.len());
            let mut steps = 1;
            while !sort.go_on(&mut numbers, STEP) {
                steps += 1;
            }
            // n log2 n is the least there is to do; the slow three take a quarter to half of n squared.
            let least = if algorithm == Algorithm::Quick { 2 } else { 4_000 * 4_000 / 4 / (STEP + 4_000) };
            assert!(steps >= least, "{algorithm:?} took {steps} steps");
        }
    }

    #[test]
    fn every_job_comes_to_its_checksum() {
        for algorithm in ALL {
            let task = Sort::new(algorithm, 2);
            assert_eq!(value(&task).unwrap(), task.expected(), "{algorithm:?}");
        }
    }

    #[test]
    fn what_is_expected_is_the_checksum_of_the_numbers_in_order() {
        let in_order: Vec<u32> = (0..NUMBERS).collect();
        assert_eq!(Sort::new(Algorithm::Quick, 3).expected(), 3 * checksum(&in_order));
    }

    #[test]
    fn another_order_has_another_checksum() {
        assert_ne!(checksum(&[0, 1, 2, 3]), checksum(&[0, 2, 1, 3]));
        assert_ne!(checksum(&shuffled(NUMBERS)), Sort::new(Algorithm::Quick, 1).expected());
    }

    #[test]
    fn the_numbers_are_all_there_and_far_from_sorted() {
        let shuffled = shuffled(NUMBERS);
        let falls = shuffled.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert!((1_800..2_200).contains(&falls), "{falls} of 3,999 neighbours stand in the wrong order");
        let mut sorted = shuffled.to_vec();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..NUMBERS));
    }

    #[test]
    fn a_job_that_sorts_nothing_comes_to_nothing() {
        assert_eq!(value(&Sort::new(Algorithm::Bubble, 0)).unwrap(), 0);
    }
}
