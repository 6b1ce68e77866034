//! `count`: the course notes' other CPU job, a loop with three additions a step.

use std::hint::black_box;

use super::{Family, Run, Size, Step, Task};
use crate::session::Value;

/// How far one step counts: some 100 us. Making a step costs a small part of one of them.
const STEP: u64 = 100_000;

/// Counts: each round of the loop adds one to three numbers.
///
/// An optimiser sees through such a loop and would replace it by a multiplication; [`black_box`] keeps every
/// addition. It does so by taking each number through memory, so a round costs a store and a load (a few
/// processor cycles) rather than the one cycle of a bare addition.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    /// How often the three additions are done.
    pub steps: u64,
}

impl Default for Count {
    /// As many as take a current processor a quarter to half a second.
    fn default() -> Self {
        Self { steps: 400_000_000 }
    }
}

impl Count {
    /// For a job of this size.
    pub fn of(size: Size) -> Self {
        size.choose(Self::default(), Self { steps: 20_000_000 })
    }
}

impl Task for Count {
    fn name(&self) -> &'static str {
        "count"
    }

    fn family(&self) -> Family {
        Family::Cpu
    }

    fn summary(&self) -> &'static str {
        "counts to 400 million in a loop with three additions a step (short: 20 million)"
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        Box::new(Counting { left: self.steps, sum: 0 })
    }

    fn expected(&self) -> Value {
        3 * self.steps
    }
}

struct Counting {
    left: u64,
    /// What the steps so far have come to.
    sum: Value,
}

impl Run for Counting {
    fn next(&mut self, last: Option<Value>) -> Step {
        self.sum += last.unwrap_or(0);
        if self.left == 0 {
            return Step::Done(self.sum);
        }
        let steps = self.left.min(STEP);
        self.left -= steps;
        Step::Compute(Box::new(move || count_in(steps)))
    }
}

/// Counts so far: 100,000 steps take some 100 us.
pub(super) fn count_in(steps: u64) -> Value {
    let (mut counter, mut x, mut y) = (0, 0, 0);
    while counter < steps {
        counter = black_box(counter + 1);
        x = black_box(x + 1);
        y = black_box(y + 1);
    }
    counter + x + y
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    #[test]
    fn a_job_comes_to_three_for_each_step() {
        for steps in [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP] {
            assert_eq!(value(&Count { steps }).unwrap(), 3 * steps);
        }
    }

    #[test]
    fn what_is_expected_follows_from_the_number_of_steps() {
        assert_eq!(Count::default().expected(), 1_200_000_000);
    }
}
