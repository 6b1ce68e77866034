//! `counter-lock`, `counter-atomic`: all jobs add to one counter, which is where threads lose.
//!
//! Every job adds 1 again and again, under a lock or by one atomic instruction. Done by one thread, either takes some
//! nanoseconds. Done by several, the cache line with the counter (and the lock) goes from processor to processor, at some 50
//! to 100 ns a journey, and under a lock whoever finds it taken may sleep on a futex(2): two processors then do less than one.
//! What is shared and written by all makes work serial, however many do it: Amdahl's law at its worst, and beyond it, since
//! the journeys cost more the more take part (the coherency of Gunther's law).
//!
//! The counter is plain memory of this process. Jobs in processes of their own would each add to a copy, so the sum would be
//! one job's: an executor that shares no memory does not support this task. A mapping made before the fork would give them
//! one, at the price of a lesson: that processes share nothing is what sets them apart here. (How fast processes are over shared
//! memory is for the suite that measures their ways to talk.)
//!
//! Two things are checked. A job sees its own adds take effect: what it finds before an add is more than it left after
//! the one before. And in the end all jobs' adds must be in the sum, or one has overwritten another.
//!
//! Source: futex(7); "Is Parallel Programming Hard, And, If So, What Can You Do About It?", the book on kernel.org, chapter
//! 5, "Counting".

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::pieces::{InPieces, Pieces};
use super::{Family, Run, Size, Task};
use crate::session::Value;

/// How often one step adds: some 100 us where nobody else does.
const STEP: u64 = 5_000;

/// The counter of all jobs.
trait Counter: Send + Sync + 'static {
    /// The name of the task that adds to it.
    const NAME: &'static str;
    /// What that does, in a sentence.
    const SUMMARY: &'static str;

    /// Adds 1, and gives what was there before.
    fn add(&self) -> u64;

    /// Sets it to nothing, and gives what was there before.
    fn take(&self) -> u64;
}

impl Counter for Mutex<u64> {
    const NAME: &'static str = "counter-lock";
    const SUMMARY: &'static str =
        "adds 1 to a counter that all jobs share, under a lock, 40,000,000 times (short: 2,000,000)";

    fn add(&self) -> u64 {
        let mut counter = self.lock().unwrap_or_else(PoisonError::into_inner);
        *counter += 1;
        *counter - 1
    }

    fn take(&self) -> u64 {
        std::mem::take(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Relaxed: the counter orders nothing but itself.
impl Counter for AtomicU64 {
    const NAME: &'static str = "counter-atomic";
    const SUMMARY: &'static str =
        "adds 1 to a counter that all jobs share, as an atomic, 80,000,000 times (short: 5,000,000)";

    fn add(&self) -> u64 {
        self.fetch_add(1, Ordering::Relaxed)
    }

    fn take(&self) -> u64 {
        self.swap(0, Ordering::Relaxed)
    }
}

/// Adds 1 to a counter that all jobs share.
#[derive(Debug)]
pub struct Shared<C> {
    /// How often each job adds.
    pub adds: u64,
    counter: Arc<C>,
}

/// Under a lock.
pub type CounterLock = Shared<Mutex<u64>>;
/// By an atomic instruction.
pub type CounterAtomic = Shared<AtomicU64>;

impl<C: Default> Shared<C> {
    /// Jobs that add so often each, to a counter of their own.
    pub fn new(adds: u64) -> Self {
        Self { adds, counter: Arc::default() }
    }
}

impl CounterLock {
    /// For jobs of this size.
    pub fn of(size: Size) -> Self {
        Self::new(size.choose(40_000_000, 2_000_000))
    }
}

impl CounterAtomic {
    /// For jobs of this size.
    pub fn of(size: Size) -> Self {
        Self::new(size.choose(80_000_000, 5_000_000))
    }
}

impl<C: Counter> Task for Shared<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn family(&self) -> Family {
        Family::Cpu
    }

    fn summary(&self) -> &'static str {
        C::SUMMARY
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        let counter = Arc::clone(&self.counter);
        InPieces::start(Adding { counter, left: self.adds, seen: None, right: 0 })
    }

    fn expected(&self) -> Value {
        self.adds
    }

    fn shares_memory(&self) -> bool {
        true
    }

    /// Whether so many jobs' adds are in the counter. It begins anew.
    fn check(&self, jobs: usize) -> Result<(), String> {
        let (sum, expected) = (self.counter.take(), self.adds * jobs as u64);
        if sum == expected {
            return Ok(());
        }
        Err(format!(
            "the counter of all jobs came to {sum} instead of {expected}; look for adds that overwrote others, or went to \
             a copy"
        ))
    }
}

/// A job.
struct Adding<C> {
    counter: Arc<C>,
    left: u64,
    /// What its last add found.
    seen: Option<u64>,
    /// How many adds found more than the one before: all of them, if none was lost.
    right: Value,
}

impl<C: Counter> Pieces for Adding<C> {
    fn go_on(&mut self) -> Option<Value> {
        for _ in 0..self.left.min(STEP) {
            let found = Some(self.counter.add());
            self.right += Value::from(found > self.seen);
            self.seen = found;
        }
        self.left = self.left.saturating_sub(STEP);
        (self.left == 0).then_some(self.right)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::tests::value;
    use super::*;

    #[test]
    fn jobs_at_once_lose_no_add() {
        let tasks: [Box<dyn Task>; 2] =
            [Box::new(CounterLock::new(20_001)), Box::new(CounterAtomic::new(20_001))];
        for task in &tasks {
            let values: Vec<Value> = thread::scope(|scope| {
                let jobs: Vec<_> = (0..4).map(|_| scope.spawn(|| value(&**task).unwrap())).collect();
                jobs.into_iter().map(|job| job.join().unwrap()).collect()
            });
            assert_eq!(values, [20_001; 4], "{}", task.name());
            task.check(4).unwrap();
            task.check(0).unwrap(); // it has begun anew
        }
    }

    /// A counter that loses every third add, as two threads would that read and write it without a lock.
    #[derive(Default)]
    struct Careless(AtomicU64);

    impl Counter for Careless {
        const NAME: &'static str = "counter-lossy";
        const SUMMARY: &'static str = "loses adds";

        fn add(&self) -> u64 {
            let found = self.0.load(Ordering::Relaxed);
            self.0.store(if found % 3 == 2 { found - 1 } else { found + 1 }, Ordering::Relaxed);
            found
        }

        fn take(&self) -> u64 {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    #[test]
    fn a_lost_add_is_seen_by_the_job_and_in_the_sum() {
        let task = Shared::<Careless>::new(100);
        let mut run = task.start(0);
        let mut last = None;
        let value = loop {
            last = match run.next(last) {
                super::super::Step::Compute(work) => Some(work()),
                super::super::Step::Done(value) => break value,
                _ => unreachable!("it only computes"),
            };
        };
        assert!(value < 100, "{value}");
        assert!(task.check(1).unwrap_err().contains("instead of 100"));
    }
}
