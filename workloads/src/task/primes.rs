//! `primes`: the course notes' job, which sums all primes below 100,000 in the slowest honest way.

use super::{Family, OneStep, Run, Task};
use crate::session::Value;

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

impl Task for Primes {
    fn name(&self) -> &'static str {
        "primes"
    }

    fn family(&self) -> Family {
        Family::Cpu
    }

    fn summary(&self) -> &'static str {
        "sums all primes below 100,000 by trial division by every smaller number"
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        let below = self.below;
        OneStep::compute(move || sum(primes(below)))
    }

    /// From a sieve, which shares no step with the job.
    fn expected(&self) -> Value {
        sum(sieve(self.below).into_iter())
    }
}

fn sum(primes: impl Iterator<Item = u32>) -> Value {
    primes.map(u64::from).sum()
}

fn primes(below: u32) -> impl Iterator<Item = u32> {
    (2..below).filter(|&number| is_prime(number))
}

fn is_prime(number: u32) -> bool {
    let mut divisor = 2;
    while divisor < number {
        if number.is_multiple_of(divisor) {
            return false;
        }
        divisor += 1;
    }
    true
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

    #[test]
    fn trial_division_finds_what_the_sieve_finds() {
        assert_eq!(primes(30).collect::<Vec<_>>(), [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]);
        assert!(primes(5_000).eq(sieve(5_000)));
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
