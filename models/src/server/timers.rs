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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
