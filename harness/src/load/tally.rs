//! What one thread of the generator has counted, and the sum over all of them.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use reports::record::Errors;

/// The longest latency that is told apart; longer ones read as this.
const LONGEST: Duration = Duration::from_secs(60);

/// The measured window, the same for all threads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) opens: Instant,
    pub(super) closes: Instant,
}

impl Window {
    pub(super) fn after(begin: Instant, warm_up: Duration, duration: Duration) -> Self {
        let opens = begin + warm_up;
        Self { opens, closes: opens + duration }
    }

    /// Whether this moment is in the window. The opening edge is, the closing edge is not.
    pub(super) fn holds(self, moment: Instant) -> bool {
        self.opens <= moment && moment < self.closes
    }
}

/// Why a connection was given up.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) class: Class,
    /// One sentence for the row's reason.
    pub(super) why: String,
}

impl Failure {
    pub(super) fn new(class: Class, why: impl Into<String>) -> Self {
        Self { class, why: why.into() }
    }
}

/// The classes of [`Errors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Connect,
    Reset,
    Timeout,
    Short,
    Wrong,
}

/// Processor time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    pub(super) user: Duration,
    pub(super) system: Duration,
}

impl Cpu {
    /// What the calling thread has used so far: `RUSAGE_THREAD` of getrusage(2).
    pub(super) fn of_this_thread() -> nix::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
        Ok(Self { user: duration(usage.user_time()), system: duration(usage.system_time()) })
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
        }
    }
}

fn duration(time: TimeVal) -> Duration {
    Duration::new(time.tv_sec().unsigned_abs(), time.tv_usec().unsigned_abs() as u32 * 1000)
}

/// What has been counted.
pub(super) struct Tally {
    pub(super) requests_in_all: u64,
    pub(super) connects: u64,
    pub(super) connections_served: usize,
    pub(super) errors: Errors,
    pub(super) first_error: Option<(Instant, String)>,
    /// One value for each reply in the window: its length is their count.
    pub(super) latency_ns: Histogram<u64>,
    /// What the window cost.
    pub(super) cpu: Cpu,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            requests_in_all: 0,
            connects: 0,
            connections_served: 0,
            errors: Errors::default(),
            first_error: None,
            latency_ns: Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3)
                .expect("1 ns to a minute with three digits is a valid histogram"),
            cpu: Cpu::default(),
        }
    }

    /// A whole and right reply, to a request sent at `sent`.
    pub(super) fn replied(&mut self, window: Window, sent: Instant, received: Instant) {
        self.requests_in_all += 1;
        if window.holds(received) {
            let latency = received.saturating_duration_since(sent);
            self.latency_ns.saturating_record(latency.as_nanos() as u64);
        }
    }

    /// Counts a failure, and keeps its words if it is the first.
    pub(super) fn failed(&mut self, failure: Failure) {
        let count = match failure.class {
            Class::Connect => &mut self.errors.connect,
            Class::Reset => &mut self.errors.reset,
            Class::Timeout => &mut self.errors.timeout,
            Class::Short => &mut self.errors.short,
            Class::Wrong => &mut self.errors.wrong,
        };
        *count += 1;
        self.first_error.get_or_insert_with(|| (Instant::now(), failure.why));
    }

    /// Adds what another thread has counted.
    pub(super) fn merge(&mut self, other: Self) {
        self.requests_in_all += other.requests_in_all;
        self.connects += other.connects;
        self.connections_served += other.connections_served;
        self.errors.connect += other.errors.connect;
        self.errors.reset += other.errors.reset;
        self.errors.timeout += other.errors.timeout;
        self.errors.short += other.errors.short;
        self.errors.wrong += other.errors.wrong;
        self.first_error =
            self.first_error.take().into_iter().chain(other.first_error).min_by_key(|(at, _)| *at);
        self.latency_ns.add(&other.latency_ns).expect("all threads keep histograms of one shape");
        self.cpu.user += other.cpu.user;
        self.cpu.system += other.cpu.system;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_reply_counts_where_its_last_byte_falls() {
        let begin = Instant::now();
        let window = Window::after(begin, 10 * MS, 10 * MS);
        let mut tally = Tally::new();
        for (sent, received) in [(0, 9), (0, 10), (9, 19), (19, 20)] {
            tally.replied(window, begin + sent * MS, begin + received * MS);
        }
        assert_eq!(tally.requests_in_all, 4);
        assert_eq!(tally.latency_ns.len(), 2);
        assert!(tally.latency_ns.min() >= 9_990_000, "a request from the warm-up is timed in full");
    }

    #[test]
    fn a_latency_above_a_minute_reads_as_a_minute() {
        let begin = Instant::now();
        let window = Window::after(begin, Duration::ZERO, 200 * LONGEST);
        let mut tally = Tally::new();
        tally.replied(window, begin, begin + 100 * LONGEST);
        let off = tally.latency_ns.max() as f64 / LONGEST.as_nanos() as f64;
        assert!((0.99..1.2).contains(&off), "{off}");
    }

    #[test]
    fn the_first_error_of_all_threads_is_kept() {
        let (mut sum, mut other) = (Tally::new(), Tally::new());
        other.failed(Failure::new(Class::Reset, "early"));
        other.failed(Failure::new(Class::Reset, "later"));
        sum.failed(Failure::new(Class::Wrong, "last"));
        sum.merge(other);
        assert_eq!(sum.first_error.unwrap().1, "early");
        assert_eq!((sum.errors.reset, sum.errors.wrong), (2, 1));
    }
}
