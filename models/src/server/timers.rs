//! Time limits of many connections, at next to no cost for those that stay busy.
//!
//! A connection's deadline moves with every request, but its entry in the heap does not: when the entry comes up and
//! the deadline has moved on, it is put in again for then. So a busy connection costs one heap operation per time
//! limit, not per request.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Alarms by time, each for a key.
#[derive(Default)]
pub(crate) struct Timers {
    alarms: BinaryHeap<Reverse<(Instant, usize)>>,
}

impl Timers {
    /// Rings for `key` at `when`.
    pub(crate) fn set(&mut self, when: Instant, key: usize) {
        self.alarms.push(Reverse((when, key)));
    }

    /// When the next alarm rings.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.alarms.peek().map(|Reverse((when, _))| *when)
    }

    /// Takes out an alarm whose time has come: when it was set for, and its key.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(Instant, usize)> {
        if self.next()? > now {
            return None;
        }
        self.alarms.pop().map(|Reverse(alarm)| alarm)
    }
}

/// Which alarms are set for one connection: a far one, for its time limits, and a nearer one, for a wait it asked for.
/// As long as one of them rings in time no further one is set, so there are never more than these.
#[derive(Default)]
pub(crate) struct Alarms {
    far: Option<Instant>,
    near: Option<Instant>,
}

impl Alarms {
    /// Whether an alarm must be set to be told of `deadline`; notes it as set.
    pub(crate) fn need(&mut self, deadline: Instant) -> bool {
        if [self.far, self.near].into_iter().flatten().any(|alarm| alarm <= deadline) {
            return false; // that one rings early enough, and finds out
        }
        let place = if self.far.is_none() { &mut self.far } else { &mut self.near };
        *place = Some(deadline);
        true
    }

    /// Notes that an alarm rang; false if it is none of these, but of a connection that had the same key before.
    pub(crate) fn rang(&mut self, when: Instant) -> bool {
        let place = [&mut self.near, &mut self.far].into_iter().find(|alarm| **alarm == Some(when));
        place.is_some_and(|alarm| alarm.take().is_some())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_connection_that_waits_again_and_again_keeps_few_alarms() {
        let mut now = Instant::now();
        let (mut timers, mut alarms) = (Timers::default(), Alarms::default());
        for _ in 0..10_000 {
            for deadline in [now + Duration::from_secs(75), now + Duration::from_millis(1)] {
                if alarms.need(deadline) {
                    timers.set(deadline, 7);
                }
            }
            assert!(timers.alarms.len() <= 2);
            now += Duration::from_millis(1);
            let mut told = false;
            while let Some((when, _)) = timers.due(now) {
                told |= alarms.rang(when);
            }
            assert!(told, "the wait must end");
        }
    }

    #[test]
    fn an_alarm_of_somebody_else_is_not_taken_for_ours() {
        let now = Instant::now();
        let mut alarms = Alarms::default();
        assert!(alarms.need(now));
        assert!(!alarms.rang(now + Duration::from_secs(1)));
        assert!(alarms.rang(now));
        assert!(!alarms.rang(now));
    }

    #[test]
    fn alarms_ring_in_order_and_not_before_their_time() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut timers = Timers::default();
        timers.set(start + 2 * second, 7);
        timers.set(start + second, 8);
        assert_eq!(timers.next(), Some(start + second));
        assert_eq!(timers.due(start), None);
        assert_eq!(timers.due(start + 3 * second), Some((start + second, 8)));
        assert_eq!(timers.due(start + 3 * second), Some((start + 2 * second, 7)));
        assert_eq!(timers.due(start + 3 * second), None);
    }
}
