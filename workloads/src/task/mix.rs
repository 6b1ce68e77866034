//! `mix`: a job that computes, waits and writes to a disk in turn, as most programs do.

use std::num::NonZeroU64;
use std::time::Duration;

use super::count::count_in;
use super::disk::Disk;
use super::{Family, Run, Size, Step, Task};
use crate::session::Value;

/// Turn after turn: computes for a few milliseconds, waits as for somebody else, writes some lines to a disk and reads them
/// back. The value is the sum of what all steps came to.
///
/// It counts as IO: less than half of a turn is computing, and what an executor can gain lies in having one job compute while
/// another waits. Who blocks a shared thread with a wait or a disk loses more here than at either alone.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    /// How many turns there are.
    pub turns: u32,
    /// In how many steps of some 100 us each turn computes.
    pub computes: u32,
    /// How long it waits in each.
    pub wait: Duration,
    /// How many lines it writes in each, brought to the disk once.
    pub lines: u64,
}

impl Mix {
    /// For a job of this size.
    pub fn of(size: Size) -> Self {
        Self { turns: size.choose(20, 3), computes: 20, wait: Duration::from_millis(3), lines: 200 }
    }

    fn disk(&self) -> Disk {
        Disk { lines: self.lines, batch: NonZeroU64::MAX }
    }
}

/// How far one step counts: see [`count_in`].
const COUNT: u64 = 100_000;

impl Task for Mix {
    fn name(&self) -> &'static str {
        "mix"
    }

    fn family(&self) -> Family {
        Family::Io
    }

    fn summary(&self) -> &'static str {
        "computes for some 2 ms, waits for 3 ms and writes 200 lines to a disk, 20 times (short: 3)"
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        Box::new(Mixing { task: *self, turns: 0, done: 0, sum: 0 })
    }

    fn expected(&self) -> Value {
        let computed = 3 * COUNT * Value::from(self.computes);
        Value::from(self.turns) * (computed + self.disk().expected())
    }
}

struct Mixing {
    task: Mix,
    /// How many turns are over.
    turns: u32,
    /// How many steps of this turn are.
    done: u32,
    sum: Value,
}

impl Run for Mixing {
    fn next(&mut self, last: Option<Value>) -> Step {
        self.sum += last.unwrap_or(0);
        if self.turns == self.task.turns {
            return Step::Done(self.sum);
        }
        let step = self.done;
        self.done += 1;
        if step < self.task.computes {
            return Step::Compute(Box::new(|| count_in(COUNT)));
        }
        if step == self.task.computes {
            return Step::Wait(self.task.wait);
        }
        (self.turns, self.done) = (self.turns + 1, 0);
        let disk = self.task.disk();
        Step::Disk(Box::new(move || disk.in_a_file()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    fn small(turns: u32) -> Mix {
        Mix { turns, computes: 2, wait: Duration::from_micros(10), lines: 5 }
    }

    #[test]
    fn a_job_comes_to_the_sum_of_what_it_counted_and_read_back() {
        for turns in [0, 1, 3] {
            let sum = u64::from(turns) * (2 * 300_000 + 15);
            assert_eq!(small(turns).expected(), sum);
            assert_eq!(value(&small(turns)).unwrap(), sum);
        }
    }

    #[test]
    fn a_turn_computes_then_waits_then_writes() {
        let mut run = small(1).start(0);
        let mut kinds = Vec::new();
        let mut last = None;
        loop {
            last = match run.next(last) {
                Step::Compute(work) => {
                    kinds.push("compute");
                    Some(work())
                }
                Step::Wait(_) => {
                    kinds.push("wait");
                    None
                }
                Step::Disk(work) => {
                    kinds.push("disk");
                    Some(work().unwrap())
                }
                Step::Done(_) => break,
            };
        }
        assert_eq!(kinds, ["compute", "compute", "wait", "disk"]);
    }
}
