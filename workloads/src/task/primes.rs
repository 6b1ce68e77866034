//! `primes`: the course notes' job, which sums all primes below 100,000 in the slowest honest way.

use super::{Family, Run, Size, Step, Task};
use crate::session::Value;

/// How many divisions one step does at most: some 100 us. Making a step costs a small part of one of them.
const DIVISIONS: u32 = 32_768;

/// Sums the primes below a bound, found by trial division by *every* smaller number until one divides.
///
/// The notes choose this for its cost, not for its wit: below 100,000 it takes some 455 million divisions and no
/// memory, so it is as pure a load on a processor as there is. The arithmetic is in `u32`, whose division is
/// cheaper than that of `u64` on many processors; only the sum needs more.
#[derive(Debug, Clone, Copy)]
pub struct Primes {
    /// Only smaller numbers are looked at.
    pub below: u32,
}

impl Default for Primes {
    fn default() -> Self {
        Self { below: 100_000 }
    }
}

impl Primes {
    /// For a job of this size.
    pub fn of(size: Size) -> Self {
        size.choose(Self::default(), Self { below: 22_000 })
    }
}

impl Task for Primes {
    fn name(&self) -> &'static str {
        "primes"
    }

    fn family(&self) -> Family {
        Family::Cpu
    }

    fn summary(&self) -> &'static str {
        "sums all primes below 100,000 (short: 22,000) by trial division by every smaller number"
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        Box::new(Search { below: self.below, at: Position { number: 2, divisor: 2 }, sum: 0 })
    }

    /// From a sieve, which shares no step with the job.
    fn expected(&self) -> Value {
        sieve(self.below).into_iter().map(Value::from).sum()
    }
}

/// A job: how far its search has come, and the sum of the primes found until there.
struct Search {
    below: u32,
    at: Position,
    sum: Value,
}

impl Run for Search {
    fn next(&mut self, last: Option<Value>) -> Step {
        if let Some(last) = last {
            self.at = Position::from(last);
            if self.at.divisor == self.at.number {
                self.sum += Value::from(self.at.number);
                self.at = Position::of(self.at.number + 1);
            }
        }
        if self.at.number >= self.below {
            return Step::Done(self.sum);
        }
        let (at, below) = (self.at, self.below);
        Step::Compute(Box::new(move || search(at, below, DIVISIONS).into()))
    }
}

/// How far a search has come: no smaller divisor divides this number. One that has come to the number itself has
/// found a prime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    number: u32,
    divisor: u32,
}

impl Position {
    /// Where a number's own search begins.
    fn of(number: u32) -> Self {
        Self { number, divisor: 2 }
    }
}

/// What a step comes to is one number.
impl From<Position> for Value {
    fn from(at: Position) -> Self {
        Self::from(at.number) << 32 | Self::from(at.divisor)
    }
}

impl From<Value> for Position {
    fn from(value: Value) -> Self {
        Self { number: (value >> 32) as u32, divisor: value as u32 }
    }
}

/// Goes on until a prime is found, so many divisions are done, or all numbers below the bound have been looked at.
fn search(mut at: Position, below: u32, mut divisions: u32) -> Position {
    while at.number < below && divisions > 0 {
        let end = at.number.min(at.divisor.saturating_add(divisions));
        let divisor = first_divisor(at.number, at.divisor, end);
        if divisor == end {
            return Position { divisor, ..at };
        }
        divisions -= divisor - at.divisor + 1;
        at = Position::of(at.number + 1);
    }
    at
}

/// The first divisor from `begin` on that divides the number, or `end` if none below that does.
fn first_divisor(number: u32, begin: u32, end: u32) -> u32 {
    let mut divisor = begin;
    while divisor < end && !number.is_multiple_of(divisor) {
        divisor += 1;
    }
    divisor
}

/// The sieve of Eratosthenes.
fn sieve(below: u32) -> Vec<u32> {
    let mut composite = vec![false; below as usize];
    let mut primes = Vec::new();
    for number in 2..below {
        if !composite[number as usize] {
            primes.push(number);
            composite.iter_mut().step_by(number as usize).for_each(|multiple| *multiple = true);
        }
    }
    primes
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    #[test]
    fn the_sum_and_the_number_of_primes_are_those_of_the_notes() {
        assert_eq!(Primes::default().expected(), 454_396_537);
        assert_eq!(sieve(100_000).len(), 9_592);
    }

    /// The primes that a search finds in steps of so many divisions.
    fn found(below: u32, divisions: u32) -> Vec<u32> {
        let mut primes = Vec::new();
        let mut at = Position::of(2);
        while at.number < below {
            at = search(at, below, divisions);
            if at.divisor == at.number {
                primes.push(at.number);
                at = Position::of(at.number + 1);
            }
        }
        primes
    }

    #[test]
    fn trial_division_finds_what_the_sieve_finds_however_long_its_steps() {
        assert_eq!(found(30, DIVISIONS), [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        for divisions in [1, 2, 100, DIVISIONS, u32::MAX] {
            assert_eq!(found(3_000, divisions), sieve(3_000), "{divisions} a step");
        }
    }

    #[test]
    fn a_step_does_no_more_divisions_than_it_may() {
        let prime = 99_991;
        let mut at = Position::of(prime);
        for step in 1..=3 {
            at = search(at, prime + 1, DIVISIONS);
            assert_eq!(at, Position { number: prime, divisor: 2 + step * DIVISIONS });
        }
    }

    #[test]
    fn a_position_goes_through_a_value_and_comes_back() {
        for at in [Position::of(2), Position { number: u32::MAX, divisor: u32::MAX - 1 }] {
            assert_eq!(Position::from(Value::from(at)), at);
        }
    }

    #[test]
    fn the_job_of_the_lab_comes_to_the_sum_of_the_notes() {
        assert_eq!(value(&Primes::default()).unwrap(), 454_396_537);
    }

    #[test]
    fn a_job_comes_to_the_sum() {
        for below in [0, 1, 2, 3, 5_000] {
            let task = Primes { below };
            assert_eq!(value(&task).unwrap(), task.expected(), "below {below}");
        }
        assert_eq!(Primes { below: 30 }.expected(), 129);
    }
}
