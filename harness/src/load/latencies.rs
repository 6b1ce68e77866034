//! Latencies in histograms of one shape, so that those of several threads can be added.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The longest latency that is told apart; longer ones read as this.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// The latencies of the measured requests, in nanoseconds.
pub(super) struct Latencies {
    pub(super) latency: Histogram<u64>,
    /// In an open loop: from when they did leave.
    pub(super) uncorrected: Option<Histogram<u64>>,
}

impl Latencies {
    pub(super) fn new(open_loop: bool) -> Self {
        Self { latency: histogram(), uncorrected: open_loop.then(histogram) }
    }

    pub(super) fn add(&mut self, other: &Self) {
        add(&mut self.latency, &other.latency);
        if let (Some(mine), Some(others)) = (&mut self.uncorrected, &other.uncorrected) {
            add(mine, others);
        }
    }

    pub(super) fn reset(&mut self) {
        self.latency.reset();
        if let Some(uncorrected) = &mut self.uncorrected {
            uncorrected.reset();
        }
    }
}

/// An empty histogram of the one shape that all have.
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_nanos() as u64, 3)
        .expect("1 ns to a minute with three digits is a valid histogram")
}

pub(super) fn add(mine: &mut Histogram<u64>, others: &Histogram<u64>) {
    mine.add(others).expect("all histograms have one shape");
}

/// Adds a time to a histogram.
pub(super) fn record(histogram: &mut Histogram<u64>, time: Duration) {
    histogram.saturating_record(nanoseconds(time));
}

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
