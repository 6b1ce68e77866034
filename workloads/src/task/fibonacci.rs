//! `fibonacci`: the course notes' recursion, which calls itself twice and remembers nothing.

use std::hint::black_box;

use super::pieces::{InPieces, Pieces};
use super::{Family, Run, Size, Task};
use crate::session::Value;

/// What is found by one step's recursion: 35,421 calls, some 50 us. Above it the two calls are put on a list instead, so that
/// the job can stop in between; they are the same calls.
const AT_ONCE: u32 = 21;

/// Finds a number of Fibonacci's by naive recursion: `f(n) = f(n-1) + f(n-2)`.
///
/// It makes about 1.6 times as many calls for each `n` more, for a value that a loop of `n` additions would find: what grows
/// so can't be saved by more processors. Nothing but calls and a few words of stack, so it is a load on a processor alone.
#[derive(Debug, Clone, Copy)]
pub struct Fibonacci {
    /// Which number.
    pub n: u32,
}

impl Fibonacci {
    /// For a job of this size.
    pub fn of(size: Size) -> Self {
        Self { n: size.choose(38, 32) }
    }
}

impl Task for Fibonacci {
    fn name(&self) -> &'static str {
        "fibonacci"
    }

    fn family(&self) -> Family {
        Family::Cpu
    }

    fn summary(&self) -> &'static str {
        "finds the 38th number of Fibonacci's (short: the 32nd) by recursion that remembers nothing"
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        InPieces::start(Calls { left: vec![self.n], sum: 0 })
    }

    /// By a loop, which shares no step with the job.
    fn expected(&self) -> Value {
        (0..self.n).fold((0, 1), |(one, next): (Value, Value), _| (next, one + next)).0
    }
}

/// The calls that are left, and the sum of those that came back.
struct Calls {
    left: Vec<u32>,
    sum: Value,
}

impl Pieces for Calls {
    fn go_on(&mut self) -> Option<Value> {
        while let Some(n) = self.left.pop() {
            if n <= AT_ONCE {
                self.sum += fibonacci(n);
                return None;
            }
            self.left.extend([n - 1, n - 2]);
        }
        Some(self.sum)
    }
}

/// An optimiser makes a loop of one of the two calls; what it does not know of `n` keeps it from more.
fn fibonacci(n: u32) -> Value {
    if n < 2 { n.into() } else { fibonacci(black_box(n - 1)) + fibonacci(black_box(n - 2)) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    #[test]
    fn the_numbers_are_fibonaccis() {
        let numbers: Vec<Value> = (0..11).map(|n| Fibonacci { n }.expected()).collect();
        assert_eq!(numbers, [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55]);
        assert_eq!(Fibonacci::of(Size::Full).expected(), 39_088_169);
    }

    #[test]
    fn the_recursion_finds_what_the_loop_finds_within_a_step_and_over_many() {
        for n in [0, 1, 2, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, AT_ONCE + 4] {
            assert_eq!(value(&Fibonacci { n }).unwrap(), Fibonacci { n }.expected(), "n = {n}");
        }
    }
}
