//! When the requests of an open loop are due: one thread's share of the schedule, and the requests that came back unsent.
//!
//! Nothing is stored of what is late: the due time of the next request that has not left is all there is, and it lags.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use fastrand::Rng;
use reports::record::Schedule;

/// Into so many parts at most the requests that were never sent are counted: an overload of an hour must not take
/// minutes to sum up.
const PARTS_AT_MOST: u64 = 1_000_000;

/// The distances between one thread's requests.
enum Spacing {
    /// They stand on one grid for all threads, of which each has every so manieth point.
    Constant { origin: Instant, gap_s: f64, next: u64 },
    /// Independent threads of random distances are random distances again when laid over each other.
    Poisson { gap_s: f64, random: Rng },
}

/// One thread's schedule.
pub(super) struct Agenda {
    spacing: Spacing,
    /// When the next request of the schedule is due; none before it has begun.
    next: Option<Instant>,
    /// Due times of requests whose connection ended in order before they were answered, the earliest first.
    returned: VecDeque<Instant>,
    /// Nothing leaves that is due then or later.
    until: Instant,
}

/// Which part of a schedule a thread has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Its number, from 0.
    pub(super) thread: usize,
    /// Of how many.
    pub(super) threads: usize,
}

impl Agenda {
    /// A schedule of `rate` requests a second over all threads, on a grid that begins at `origin`. At most `room` requests can
    /// come back at once.
    pub(super) fn new(
        (rate, schedule, seed): (f64, Schedule, u64),
        part: Part,
        origin: Instant,
        until: Instant,
        room: usize,
    ) -> Self {
        let gap_s = part.threads as f64 / rate;
        let spacing = match schedule {
            Schedule::Constant => {
                let offset = Duration::from_secs_f64(part.thread as f64 / rate);
                Spacing::Constant { origin: origin + offset, gap_s, next: 0 }
            }
            Schedule::Poisson => {
                // Threads get sequences of their own; the seed is mixed well by the generator itself.
                let seed = seed.wrapping_add((part.thread as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
                Spacing::Poisson { gap_s, random: Rng::with_seed(seed) }
            }
        };
        Self { spacing, next: None, returned: VecDeque::with_capacity(room), until }
    }

    /// Begins with the first request that is due at `now` or later.
    pub(super) fn begin(&mut self, now: Instant) {
        if let Spacing::Constant { origin, gap_s, next } = &mut self.spacing {
            *next = (now.saturating_duration_since(*origin).as_secs_f64() / *gap_s).ceil() as u64;
        }
        self.next = Some(self.spacing.after(now));
    }

    pub(super) fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    /// No request leaves any more that is due at `moment` or later.
    pub(super) fn end(&mut self, moment: Instant) {
        self.until = self.until.min(moment);
    }

    /// When the next request is due that has not left, if there is one.
    pub(super) fn due(&self) -> Option<Instant> {
        self.returned.front().copied().or(self.next).filter(|due| *due < self.until)
    }

    /// Takes the next request if it is due by `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<Instant> {
        let due = self.due().filter(|due| *due <= now)?;
        if self.returned.pop_front().is_none() {
            self.next = Some(self.spacing.after(due));
        }
        Some(due)
    }

    /// A request that was taken could not be put to anybody, through nobody's fault: it is to leave as soon as it can.
    pub(super) fn give_back(&mut self, due: Instant) {
        let place = self.returned.partition_point(|other| *other <= due);
        self.returned.insert(place, due);
    }

    /// Calls `each` with the due time and the number of all requests that are due before `until` and have not left.
    /// Of very many some stand for their neighbours, at equal distances.
    pub(super) fn never_sent(mut self, mut each: impl FnMut(Instant, u64)) {
        let returned = std::mem::take(&mut self.returned);
        returned.into_iter().filter(|due| *due < self.until).for_each(|due| each(due, 1));
        let Some(next) = self.next.filter(|next| *next < self.until) else { return };
        let gap_s = self.spacing.gap_s();
        let left_s = self.until.saturating_duration_since(next).as_secs_f64();
        let count = (left_s / gap_s).ceil().max(1.0) as u64;
        let parts = count.min(PARTS_AT_MOST);
        for part in 0..parts {
            let (begin, end) = (count * part / parts, count * (part + 1) / parts);
            let due = next + Duration::from_secs_f64(begin as f64 * gap_s);
            each(due, end - begin);
        }
    }
}

impl Spacing {
    fn gap_s(&self) -> f64 {
        match self {
            Self::Constant { gap_s, .. } | Self::Poisson { gap_s, .. } => *gap_s,
        }
    }

    /// The due time after this one.
    fn after(&mut self, due: Instant) -> Instant {
        match self {
            // From the origin each time, so that no rounding adds up.
            Self::Constant { origin, gap_s, next } => {
                let moment = *origin + Duration::from_secs_f64(*next as f64 * *gap_s);
                *next += 1;
                moment
            }
            Self::Poisson { gap_s, random } => {
                due + Duration::from_secs_f64(-(1.0 - random.f64()).ln() * *gap_s)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn agenda(rate: f64, schedule: Schedule, part: Part, origin: Instant) -> Agenda {
        let mut agenda = Agenda::new((rate, schedule, 7), part, origin, origin + 1_000 * SECOND, 4);
        agenda.begin(origin);
        agenda
    }

    const ALONE: Part = Part { thread: 0, threads: 1 };

    fn dues(agenda: &mut Agenda, until: Instant) -> Vec<Instant> {
        std::iter::from_fn(|| agenda.take(until)).collect()
    }

    #[test]
    fn threads_share_one_grid() {
        let origin = Instant::now();
        let mut all = Vec::new();
        for thread in 0..3 {
            let part = Part { thread, threads: 3 };
            all.extend(dues(&mut agenda(300.0, Schedule::Constant, part, origin), origin + SECOND));
        }
        all.sort_unstable();
        assert_eq!(all.len(), 301, "both ends of the second are on the grid");
        let gaps = all.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64());
        assert!(gaps.into_iter().all(|gap| (gap - 1.0 / 300.0).abs() < 1e-8));
    }

    #[test]
    fn a_constant_schedule_does_not_drift() {
        let origin = Instant::now();
        let mut agenda = agenda(3_000.0, Schedule::Constant, ALONE, origin);
        let last = dues(&mut agenda, origin + 100 * SECOND).pop().unwrap();
        assert!((origin + 100 * SECOND) - last < Duration::from_nanos(10));
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_spread_of_an_exponential() {
        let origin = Instant::now();
        let mut agenda = agenda(1_000.0, Schedule::Poisson, ALONE, origin);
        let dues = dues(&mut agenda, origin + 100 * SECOND);
        let gaps: Vec<f64> = dues.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // 100,000 gaps: the mean is known to 0.3%, the deviation to 0.5%, one sigma each; the seed is fixed.
        assert!((mean - 1e-3).abs() < 1e-5, "{mean}");
        assert!((variance.sqrt() - 1e-3).abs() < 2e-5, "{variance}");
    }

    #[test]
    fn a_seed_gives_the_same_schedule_again_and_each_thread_its_own() {
        let origin = Instant::now();
        let first = |thread| {
            let part = Part { thread, threads: 2 };
            dues(&mut agenda(100.0, Schedule::Poisson, part, origin), origin + SECOND)
        };
        assert_eq!(first(0), first(0));
        assert_ne!(first(0)[..5], first(1)[..5]);
    }

    #[test]
    fn what_came_back_leaves_before_what_is_due_later() {
        let origin = Instant::now();
        let mut agenda = agenda(10.0, Schedule::Constant, ALONE, origin);
        let taken = dues(&mut agenda, origin + SECOND / 4);
        assert_eq!(taken.len(), 3);
        agenda.give_back(taken[1]);
        agenda.give_back(taken[0]);
        assert_eq!(dues(&mut agenda, origin + SECOND / 4), taken[..2]);
    }

    #[test]
    fn what_never_left_is_counted_whole() {
        let origin = Instant::now();
        for rate in [10.0, 3_000_000.0] {
            let mut agenda = agenda(rate, Schedule::Constant, ALONE, origin);
            let taken = agenda.take(origin).unwrap();
            agenda.give_back(taken);
            agenda.end(origin + SECOND);
            let (mut calls, mut count) = (0, 0);
            agenda.never_sent(|due, number| {
                assert!(due < origin + SECOND);
                calls += 1;
                count += number;
            });
            assert!((count as f64 - rate).abs() <= 1.0, "{count}");
            assert!(calls <= PARTS_AT_MOST + 1);
        }
    }

    #[test]
    fn nothing_is_due_after_the_end() {
        let origin = Instant::now();
        let mut agenda = agenda(10.0, Schedule::Constant, ALONE, origin);
        agenda.end(origin + SECOND / 2);
        assert_eq!(dues(&mut agenda, origin + 10 * SECOND).len(), 5);
        assert_eq!(agenda.due(), None);
    }
}
