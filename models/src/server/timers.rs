//! Time limits of many connections, at next to no cost for those that stay busy.
//!
//! A connection's deadline moves with every request, but its alarm does not: when the alarm rings and the deadline has
//! moved on, it is set again for then. So a busy connection costs one heap operation per time limit, not per request.
//! A connection that leaves leaves its alarm to the next one with its key.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Alarms by time, each for a key.
#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, usize)>>,
    of_key: Vec<Alarms>,
}

/// Which alarms are set for one key: a far one, for its time limits, and a nearer one, for a wait it asked for.
#[derive(Clone, Copy, Default)]
struct Alarms {
    far: Option<Instant>,
    near: Option<Instant>,
}

impl Timers {
    /// Sees to it that an alarm for `key` rings at `deadline` or before. As long as one is set that does, no further one
    /// is: so there are never more than two for a key that waits again and again, and few that nearer ones replaced.
    pub(crate) fn set(&mut self, deadline: Instant, key: usize) {
        if self.of_key.len() <= key {
            self.of_key.resize_with(key + 1, Alarms::default);
        }
        let alarms = &mut self.of_key[key];
        if [alarms.far, alarms.near].into_iter().flatten().any(|alarm| alarm <= deadline) {
            return; // whoever hears that one will find out that it was too early, and set it again
        }
        let place = if alarms.far.is_none() { &mut alarms.far } else { &mut alarms.near };
        *place = Some(deadline);
        self.heap.push(Reverse((deadline, key)));
        if self.heap.len() > self.most_entries() {
            self.forget_replaced();
        }
    }

    /// Two for each key, and as many again that were replaced by nearer ones and not yet forgotten.
    fn most_entries(&self) -> usize {
        4 * self.of_key.len().max(16)
    }

    /// Throws out alarms that nearer ones have replaced: done seldom enough to cost next to nothing per alarm.
    fn forget_replaced(&mut self) {
        let of_key = &self.of_key;
        self.heap.retain(|Reverse((when, key))| {
            let Alarms { far, near } = of_key[*key];
            far == Some(*when) || near == Some(*when)
        });
    }

    /// When the next alarm rings.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((when, _))| *when)
    }

    /// The key of an alarm whose time has come, which is then no longer set. Its deadline may have moved on.
    pub(crate) fn due(&mut self, now: Instant) -> Option<usize> {
        while self.next()? <= now {
            let Reverse((when, key)) = self.heap.pop()?;
            let alarms = &mut self.of_key[key];
            let set = [&mut alarms.near, &mut alarms.far].into_iter().find(|alarm| **alarm == Some(when));
            if set.and_then(Option::take).is_some() {
                return Some(key);
            } // else a nearer one has taken its place
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn alarms_ring_in_order_and_not_before_their_time() {
        let start = Instant::now();
        let mut timers = Timers::default();
        timers.set(start + 2 * SECOND, 7);
        timers.set(start + SECOND, 8);
        assert_eq!(timers.next(), Some(start + SECOND));
        assert_eq!(timers.due(start), None);
        assert_eq!(timers.due(start + 3 * SECOND), Some(8));
        assert_eq!(timers.due(start + 3 * SECOND), Some(7));
        assert_eq!(timers.due(start + 3 * SECOND), None);
    }

    #[test]
    fn an_alarm_that_rings_early_enough_serves_for_later_deadlines_too() {
        let start = Instant::now();
        let mut timers = Timers::default();
        for seconds in 75..100 {
            timers.set(start + seconds * SECOND, 7);
        }
        assert_eq!(timers.heap.len(), 1);
        assert_eq!(timers.due(start + 80 * SECOND), Some(7));
    }

    #[test]
    fn a_nearer_deadline_is_kept_whatever_else_is_set() {
        let start = Instant::now();
        let mut timers = Timers::default();
        for seconds in [75, 20, 5, 1] {
            timers.set(start + seconds * SECOND, 7);
            assert_eq!(timers.next(), Some(start + seconds * SECOND));
        }
        assert_eq!(timers.due(start + SECOND), Some(7));
        assert_eq!(timers.due(start + 30 * SECOND), None);
        assert_eq!(timers.due(start + 75 * SECOND), Some(7));
    }

    #[test]
    fn alarms_that_nearer_ones_replaced_do_not_pile_up() {
        let mut now = Instant::now();
        let mut timers = Timers::default();
        for _ in 0..10_000 {
            for seconds in [75.0, 20.0, 0.001] {
                timers.set(now + SECOND.mul_f64(seconds), 7);
            }
            assert!(timers.heap.len() <= timers.most_entries());
            now += SECOND / 1_000;
            assert_eq!(timers.due(now), Some(7), "the wait must end");
        }
    }

    #[test]
    fn a_connection_that_waits_again_and_again_keeps_few_alarms() {
        let mut now = Instant::now();
        let mut timers = Timers::default();
        for _ in 0..10_000 {
            timers.set(now + 75 * SECOND, 7);
            timers.set(now + SECOND / 1_000, 7);
            assert!(timers.heap.len() <= 2);
            now += SECOND / 1_000;
            assert_eq!(timers.due(now), Some(7), "the wait must end");
        }
    }
}
