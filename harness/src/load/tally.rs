//! What one thread of the generator has counted, and the sum over all of them.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use reports::record::Errors;

use super::cpu::Cpu;
use super::latencies::{Latencies, add, histogram, nanoseconds, record};
use super::over_time::Grid;

/// The measured window, the same for all threads, and what lies around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) begins: Instant,
    pub(super) opens: Instant,
    pub(super) closes: Instant,
    /// When the epilogue is over.
    pub(super) ends: Instant,
}

impl Window {
    pub(super) fn after(begin: Instant, warm_up: Duration, duration: Duration, epilogue: Duration) -> Self {
        let opens = begin + warm_up;
        let closes = opens + duration;
        Self { begins: begin, opens, closes, ends: closes + epilogue }
    }

    /// Whether this moment is in the window. The opening edge is, the closing edge is not.
    pub(super) fn holds(self, moment: Instant) -> bool {
        self.opens <= moment && moment < self.closes
    }
}

/// The moments of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// When it should have left by the schedule of an open loop; none if no schedule asks for it.
    pub(super) due: Option<Instant>,
    /// When it could have left: it was due, and a connection was free.
    pub(super) ready: Instant,
    /// When its first byte was written.
    pub(super) left: Instant,
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

/// What has become of the requests that a schedule asked for in the window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kept {
    /// Those that were due in it and have left, or never will.
    pub(super) due: u64,
    /// Those that left in it, whenever they were due.
    pub(super) left: u64,
    /// Those due in it whose reply is waited for.
    pub(super) awaited: u64,
    /// Those due in it that nobody waits for any more.
    pub(super) unanswered: u64,
}

/// What has been counted.
pub(super) struct Tally {
    pub(super) window: Window,
    /// Replies in the window.
    pub(super) requests: u64,
    pub(super) requests_after: u64,
    pub(super) requests_in_all: u64,
    pub(super) connects: u64,
    pub(super) connections_served: usize,
    pub(super) errors: Errors,
    pub(super) first_error: Option<(Instant, String)>,
    pub(super) latencies: Latencies,
    pub(super) over_time: Grid,
    /// Replies in the window on each measured connection that carries many requests, once the load is over.
    pub(super) connection_requests: Vec<u64>,
    pub(super) lag: Option<Histogram<u64>>,
    pub(super) beside: Option<Histogram<u64>>,
    pub(super) kept: Kept,
    /// What the window cost.
    pub(super) cpu: Cpu,
}

impl Tally {
    pub(super) fn new(window: Window, open_loop: bool, beside: bool) -> Self {
        Self {
            window,
            requests: 0,
            requests_after: 0,
            requests_in_all: 0,
            connects: 0,
            connections_served: 0,
            errors: Errors::default(),
            first_error: None,
            latencies: Latencies::new(open_loop),
            over_time: Grid::new(window),
            connection_requests: Vec::new(),
            lag: open_loop.then(histogram),
            beside: beside.then(histogram),
            kept: Kept::default(),
            cpu: Cpu::NONE,
        }
    }

    /// Whether requests leave by a schedule.
    pub(super) fn is_open_loop(&self) -> bool {
        self.lag.is_some()
    }

    /// A request of a schedule leaves, or could leave but for the server.
    pub(super) fn leaves(&mut self, asked: &Asked, now: Instant) {
        let Some(due) = asked.due else { return };
        self.kept.left += u64::from(self.window.holds(now));
        if self.window.holds(due) {
            self.kept.due += 1;
            self.kept.awaited += 1;
            if let Some(lag) = &mut self.lag {
                record(lag, now.saturating_duration_since(asked.ready));
            }
        }
    }

    /// A whole and right reply to a measured request.
    pub(super) fn replied(&mut self, asked: &Asked, received: Instant) {
        self.requests_in_all += 1;
        let in_window = self.window.holds(received);
        if in_window {
            self.requests += 1;
            let since = asked.due.unwrap_or(asked.left);
            self.over_time.add(received, received.saturating_duration_since(since));
        } else if self.window.closes <= received && received < self.window.ends {
            self.requests_after += 1;
        }
        match (asked.due, &mut self.latencies.uncorrected) {
            (Some(due), Some(uncorrected)) => {
                if self.window.holds(due) {
                    self.kept.awaited -= 1;
                    record(&mut self.latencies.latency, received.saturating_duration_since(due));
                    record(uncorrected, received.saturating_duration_since(asked.left));
                }
            }
            (_, None) if in_window => {
                record(&mut self.latencies.latency, received.saturating_duration_since(asked.left));
            }
            // What an open loop asks beside its schedule, to open a connection, is no part of its figures.
            (None, Some(_)) | (_, None) => {}
        }
    }

    /// A whole and right reply to somebody who asks for something else.
    pub(super) fn replied_beside(&mut self, asked: &Asked, received: Instant) {
        if let Some(beside) = self.beside.as_mut().filter(|_| self.window.holds(received)) {
            record(beside, received.saturating_duration_since(asked.left));
        }
    }

    /// The reply to a request of a schedule won't come: its connection failed, which is counted as such.
    pub(super) fn lost(&mut self, due: Instant) {
        self.kept.awaited -= u64::from(self.window.holds(due));
    }

    /// A request of a schedule goes back to it, as if it had not left; only in the lag it was counted.
    pub(super) fn given_back(&mut self, due: Instant, left: Instant) {
        self.lost(due);
        self.kept.due -= u64::from(self.window.holds(due));
        self.kept.left = self.kept.left.saturating_sub(u64::from(self.window.holds(left)));
    }

    /// A request of a schedule that left has waited in vain until `now`.
    pub(super) fn unanswered(&mut self, due: Instant, now: Instant) {
        self.lost(due);
        self.waited(due, 1, now);
    }

    /// So many requests of a schedule, all of them due about `due`, could not leave until `now`.
    pub(super) fn never_sent(&mut self, due: Instant, count: u64, now: Instant) {
        if self.window.holds(due) {
            self.kept.due += count;
            self.waited(due, count, now);
        }
    }

    fn waited(&mut self, due: Instant, count: u64, now: Instant) {
        if self.window.holds(due) {
            self.kept.unanswered += count;
            let waited = nanoseconds(now.saturating_duration_since(due));
            self.latencies.latency.saturating_record_n(waited, count);
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
        self.requests += other.requests;
        self.requests_after += other.requests_after;
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
        self.latencies.add(&other.latencies);
        self.over_time.merge(&other.over_time);
        self.connection_requests.extend(other.connection_requests);
        for (mine, others) in [(&mut self.lag, other.lag), (&mut self.beside, other.beside)] {
            if let (Some(mine), Some(others)) = (mine, others) {
                add(mine, &others);
            }
        }
        self.kept.due += other.kept.due;
        self.kept.left += other.kept.left;
        self.kept.unanswered += other.kept.unanswered;
        self.cpu = self.cpu.plus(other.cpu);
    }
}

#[cfg(test)]
mod tests {
    use super::super::latencies::LONGEST;
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    const NONE: Duration = Duration::ZERO;

    fn closed(window: Window) -> Tally {
        Tally::new(window, false, false)
    }

    fn asked(due: Option<Instant>, left: Instant) -> Asked {
        Asked { due, ready: due.unwrap_or(left), left }
    }

    #[test]
    fn a_reply_counts_where_its_last_byte_falls() {
        let begin = Instant::now();
        let mut tally = closed(Window::after(begin, 10 * MS, 10 * MS, 5 * MS));
        for (sent, received) in [(0, 9), (0, 10), (9, 19), (19, 20), (19, 24), (24, 25)] {
            tally.replied(&asked(None, begin + sent * MS), begin + received * MS);
        }
        assert_eq!((tally.requests_in_all, tally.requests, tally.requests_after), (6, 2, 2));
        assert_eq!(tally.latencies.latency.len(), 2);
        assert!(tally.latencies.latency.min() >= 9_990_000, "a request from the warm-up is timed in full");
    }

    #[test]
    fn in_an_open_loop_a_latency_belongs_to_where_its_request_was_due() {
        let begin = Instant::now();
        let mut tally = Tally::new(Window::after(begin, 10 * MS, 10 * MS, NONE), true, false);
        for (due, left, received) in [(9, 11, 12), (10, 12, 15), (19, 25, 29), (20, 21, 22)] {
            let asked = asked(Some(begin + due * MS), begin + left * MS);
            tally.leaves(&asked, begin + left * MS);
            tally.replied(&asked, begin + received * MS);
        }
        let Kept { due, left, awaited, .. } = tally.kept;
        assert_eq!((tally.requests, due, left, awaited), (2, 2, 2, 0));
        let of = |histogram: &Histogram<u64>| (histogram.min() / 1_000_000, histogram.max() / 1_000_000);
        assert_eq!(of(&tally.latencies.latency), (4, 10)); // a value reads as the least of its bucket: just below 5
        assert_eq!(of(tally.latencies.uncorrected.as_ref().unwrap()), (2, 4));
        assert_eq!(of(tally.lag.as_ref().unwrap()), (1, 6));
    }

    #[test]
    fn what_waited_in_vain_is_in_the_latencies_with_the_time_it_waited() {
        let begin = Instant::now();
        let mut tally = Tally::new(Window::after(begin, NONE, 10 * MS, NONE), true, false);
        tally.leaves(&asked(Some(begin), begin), begin);
        tally.unanswered(begin, begin + 500 * MS);
        tally.never_sent(begin, 3, begin + 500 * MS);
        tally.never_sent(begin + 10 * MS, 1, begin + 500 * MS);
        let Kept { due, awaited, unanswered, .. } = tally.kept;
        assert_eq!((due, awaited, unanswered, tally.latencies.latency.len()), (4, 0, 4, 4));
        assert!(tally.latencies.latency.min() >= 499_000_000);
    }

    #[test]
    fn a_latency_above_a_minute_reads_as_a_minute() {
        let begin = Instant::now();
        let mut tally = closed(Window::after(begin, NONE, 200 * LONGEST, NONE));
        tally.replied(&asked(None, begin), begin + 100 * LONGEST);
        let off = tally.latencies.latency.max() as f64 / LONGEST.as_nanos() as f64;
        assert!((0.99..1.2).contains(&off), "{off}");
    }

    #[test]
    fn the_first_error_of_all_threads_is_kept() {
        let window = Window::after(Instant::now(), NONE, MS, NONE);
        let (mut sum, mut other) = (closed(window), closed(window));
        other.failed(Failure::new(Class::Reset, "early"));
        other.failed(Failure::new(Class::Reset, "later"));
        sum.failed(Failure::new(Class::Wrong, "last"));
        sum.merge(other);
        assert_eq!(sum.first_error.unwrap().1, "early");
        assert_eq!((sum.errors.reset, sum.errors.wrong), (2, 1));
    }
}
