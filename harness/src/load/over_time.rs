//! How latencies were distributed in each slice of the window: a grid of counters, made before the load begins, in which each
//! reply adds one.

use std::time::{Duration, Instant};

use reports::record::OverTime;

use super::tally::Window;

/// How many slices a window has at most.
const SLICES_AT_MOST: u32 = 40;
/// How long a slice is at least: of a few thousand requests a second it then has some tens.
const SLICE_AT_LEAST: Duration = Duration::from_millis(25);
/// Each doubling of latency has two classes, 1 to 1.5 and 1.5 to 2, so that the class of a time is in its two highest bits.
const PER_DOUBLING: usize = 2;
/// Doublings of a microsecond, up to 16.8 s.
const DOUBLINGS: usize = 24;
/// The first class is what took less than a microsecond.
const CLASSES: usize = 1 + PER_DOUBLING * DOUBLINGS;

/// The counters of one thread, or of all.
pub(super) struct Grid {
    opens: Instant,
    slice: Duration,
    replies: Vec<[u64; CLASSES]>,
}

impl Grid {
    pub(super) fn new(window: Window) -> Self {
        let length = window.closes.saturating_duration_since(window.opens);
        let fit = length.as_nanos() / SLICE_AT_LEAST.as_nanos();
        let slices = u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, SLICES_AT_MOST);
        // Rounded up, so that the last moment of the window is in its last slice.
        let slice = (length / slices + Duration::from_nanos(1)).max(Duration::from_nanos(1));
        Self { opens: window.opens, slice, replies: vec![[0; CLASSES]; slices as usize] }
    }

    /// A reply that came in the window and took so long.
    pub(super) fn add(&mut self, received: Instant, took: Duration) {
        let since = received.saturating_duration_since(self.opens).as_nanos() as u64;
        let slice = (since / self.slice.as_nanos() as u64) as usize;
        let last = self.replies.len() - 1;
        self.replies[slice.min(last)][class(took)] += 1;
    }

    /// Adds what another thread has counted in the same window.
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, others) in self.replies.iter_mut().zip(&other.replies) {
            for (mine, others) in mine.iter_mut().zip(others) {
                *mine += others;
            }
        }
    }

    /// As the record has it: from the first class that has a reply to the last one. None without any reply.
    pub(super) fn recorded(&self) -> Option<OverTime> {
        let used = |class: usize| self.replies.iter().any(|slice| slice[class] > 0);
        let first = (0..CLASSES).find(|class| used(*class))?;
        let last = (first..CLASSES).rev().find(|class| used(*class))?;
        let replies = self.replies.iter().map(|slice| {
            let end = (first..=last).rev().find(|class| slice[*class] > 0).map_or(first, |class| class + 1);
            slice[first..end].to_vec()
        });
        Some(OverTime {
            slice_s: self.slice.as_secs_f64(),
            bounds_us: (first..=last).map(upper_bound_us).collect(),
            replies: replies.collect(),
        })
    }
}

/// The class that a time belongs to.
fn class(took: Duration) -> usize {
    let halves = (took.as_nanos() / 500) as u64; // half microseconds: the second highest bit is that of the halves
    let Some(doublings) = halves.checked_ilog2().and_then(|log| log.checked_sub(1)) else { return 0 };
    let upper_half = (halves >> doublings) & 1;
    (1 + PER_DOUBLING * doublings as usize + upper_half as usize).min(CLASSES - 1)
}

/// Where a class ends, in microseconds; the bound itself is in the next one.
fn upper_bound_us(class: usize) -> f64 {
    let Some(above) = class.checked_sub(1) else { return 1.0 };
    let begins = (1_u64 << (above / PER_DOUBLING)) as f64;
    if above % PER_DOUBLING == 0 { begins * 1.5 } else { begins * 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn window(length: Duration) -> Window {
        Window::after(Instant::now(), Duration::ZERO, length, Duration::ZERO)
    }

    #[test]
    fn each_time_is_in_the_class_that_ends_above_it_and_not_in_the_one_before() {
        for nanoseconds in [0, 999, 1_000, 1_499, 1_500, 1_999, 2_000, 2_999, 3_000, 77_777, 9_999_999_999] {
            let class = class(Duration::from_nanos(nanoseconds));
            let us = nanoseconds as f64 / 1e3;
            assert!(us < upper_bound_us(class), "{us} us is in class {class}");
            assert!(class == 0 || us >= upper_bound_us(class - 1), "{us} us is in class {class}");
        }
        assert_eq!(class(Duration::from_secs(3_600)), CLASSES - 1);
    }

    #[test]
    fn a_window_has_forty_slices_unless_they_would_be_too_short() {
        let slices = |length| Grid::new(window(length)).replies.len();
        assert_eq!([slices(2_000 * MS), slices(500 * MS), slices(10 * MS)], [40, 20, 1]);
    }

    #[test]
    fn a_reply_is_counted_in_its_slice_and_class_and_classes_without_any_are_left_out() {
        let window = window(100 * MS);
        let mut grid = Grid::new(window);
        grid.add(window.opens, Duration::from_micros(10));
        grid.add(window.opens + 99 * MS, Duration::from_micros(10));
        let mut other = Grid::new(window);
        other.add(window.opens + 99 * MS, Duration::from_micros(13));
        grid.merge(&other);
        let seen = grid.recorded().unwrap();
        assert_eq!(seen.bounds_us, [12.0, 16.0]);
        assert_eq!(seen.replies, [vec![1], vec![], vec![], vec![1, 1]]);
    }

    #[test]
    fn without_a_reply_there_is_nothing_to_record() {
        assert_eq!(Grid::new(window(100 * MS)).recorded(), None);
    }
}
