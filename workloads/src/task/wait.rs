//! `wait`: a job that asks something slow several times and does nothing itself.

use std::time::Duration;

use super::{Family, Run, Size, Step, Task};
use crate::session::Value;

/// Waits several times, as for the replies of a slow remote. The value is the number of waits.
///
/// It uses neither processor nor disk, so however many jobs there are, none need hinder another: what an
/// executor takes beyond one job's time is the executor's own. Each wait is long beside what wakes late: the timers of an async
/// runtime tick in whole milliseconds, and come up to two of them after their time.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// How often a job waits.
    pub times: u32,
    /// How long each time.
    pub each: Duration,
}

impl Default for Wait {
    fn default() -> Self {
        Self { times: 5, each: Duration::from_millis(50) }
    }
}

impl Wait {
    /// For a job of this size.
    pub fn of(size: Size) -> Self {
        size.choose(Self::default(), Self { times: 1, ..Self::default() })
    }
}

impl Task for Wait {
    fn name(&self) -> &'static str {
        "wait"
    }

    fn family(&self) -> Family {
        Family::Io
    }

    fn summary(&self) -> &'static str {
        "waits five times (short: once) for 50 ms, as for a slow remote"
    }

    fn start(&self, _: usize) -> Box<dyn Run> {
        Box::new(Waiting { task: *self, waited: 0 })
    }

    fn expected(&self) -> Value {
        self.times.into()
    }
}

struct Waiting {
    task: Wait,
    waited: u32,
}

impl Run for Waiting {
    fn next(&mut self, _: Option<Value>) -> Step {
        if self.waited == self.task.times {
            return Step::Done(self.waited.into());
        }
        self.waited += 1;
        Step::Wait(self.task.each)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::tests::value;
    use super::*;

    #[test]
    fn a_job_waits_as_often_and_as_long_as_it_says() {
        let task = Wait { times: 3, each: Duration::from_millis(2) };
        let begin = Instant::now();
        assert_eq!(value(&task).unwrap(), 3);
        assert!(begin.elapsed() >= Duration::from_millis(6));
    }

    #[test]
    fn a_job_of_no_waits_is_done_at_once() {
        assert_eq!(value(&Wait { times: 0, each: Duration::MAX }).unwrap(), 0);
    }
}
