//! Times an operation again and again until time is up.

use std::time::{Duration, Instant};

use super::Trouble;

/// A part of the time that does not count: caches and pages come to where they are used.
const WARM_UP: f64 = 0.1;
/// No more samples are kept than that, so that what they take stays small.
const AT_MOST: usize = 1_000_000;
/// A run that is cut short by its time has at least so many.
const AT_LEAST: usize = 10;

/// How long an operation took.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Sorted.
    ns: Vec<f64>,
    /// How many operations are in one sample, which is their mean.
    pub operations_each: u32,
}

impl Samples {
    /// Times `operation` for about `time`, `operations_each` times together: so many that reading the clock, some 20 to 40 ns,
    /// is a small part of it.
    ///
    /// # Errors
    /// The operation's own.
    pub fn take(
        time: Duration,
        operations_each: u32,
        mut operation: impl FnMut() -> Result<(), Trouble>,
    ) -> Result<Self, Trouble> {
        let mut stopwatch = Stopwatch::start(time, operations_each);
        while stopwatch.goes_on() {
            for _ in 0..operations_each {
                operation()?;
            }
            stopwatch.lap();
        }
        Ok(stopwatch.stop())
    }

    /// The same samples, where each operation that was timed was in truth so many alike: there and back is two ways.
    #[must_use]
    pub fn each_was(self, operations: u32) -> Self {
        let ns = self.ns.into_iter().map(|ns| ns / f64::from(operations)).collect();
        Self { ns, operations_each: self.operations_each * operations }
    }

    /// Of times in nanoseconds, each the mean of so many operations.
    pub fn of(mut ns: Vec<f64>, operations_each: u32) -> Self {
        ns.sort_unstable_by(f64::total_cmp);
        Self { ns, operations_each }
    }

    /// The same samples, where only this share of the operations (above 0, at most 1) did what they are timed for.
    #[must_use]
    pub(crate) fn where_only(self, share: f64) -> Self {
        let ns = self.ns.into_iter().map(|ns| ns / share).collect();
        Self { ns, ..self }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ns.is_empty()
    }

    /// The least that `share` of the samples (from 0 to 1) are at most, in nanoseconds; none of none.
    pub fn quantile_ns(&self, share: f64) -> Option<f64> {
        let place = (share * self.ns.len() as f64).ceil().max(1.0) as usize - 1;
        self.ns.get(place.min(self.ns.len().saturating_sub(1))).copied()
    }

    /// The arithmetic mean in nanoseconds; none of none.
    pub fn mean_ns(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.ns.iter().sum::<f64>() / self.ns.len() as f64)
    }
}

/// What takes samples where no closure can: around an `.await`, or where who measures is resumed from elsewhere.
pub(crate) struct Stopwatch {
    ns: Vec<f64>,
    operations_each: u32,
    counting_from: Instant,
    until: Instant,
    before: Instant,
}

impl Stopwatch {
    /// Starts it, for about `time`; each lap is of so many operations.
    pub(crate) fn start(time: Duration, operations_each: u32) -> Self {
        let now = Instant::now();
        Self {
            ns: Vec::new(),
            operations_each,
            counting_from: now + time.mul_f64(WARM_UP),
            until: now + time,
            before: now,
        }
    }

    /// Whether there is to be one more lap.
    pub(crate) fn goes_on(&self) -> bool {
        (self.before < self.until || self.ns.len() < AT_LEAST) && self.ns.len() < AT_MOST
    }

    /// A lap is over, and the next one begins.
    pub(crate) fn lap(&mut self) {
        let now = Instant::now();
        if self.before >= self.counting_from {
            self.ns.push((now - self.before).as_nanos() as f64 / f64::from(self.operations_each));
        }
        self.before = now;
    }

    /// What came of it.
    pub(crate) fn stop(self) -> Samples {
        Samples::of(self.ns, self.operations_each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let samples = Samples::of(vec![4.0, 1.0, 3.0, 2.0], 1);
        let at = |share| samples.quantile_ns(share).unwrap();
        assert_eq!((at(0.0), at(0.5), at(0.51), at(1.0)), (1.0, 2.0, 3.0, 4.0));
        assert_eq!(samples.mean_ns(), Some(2.5));
        assert_eq!((Samples::default().quantile_ns(0.5), Samples::default().mean_ns()), (None, None));
    }

    #[test]
    fn there_and_back_is_two_ways() {
        let ways = Samples::of(vec![4.0, 6.0], 10).each_was(2);
        assert_eq!(
            (ways.quantile_ns(0.5), ways.quantile_ns(1.0), ways.operations_each),
            (Some(2.0), Some(3.0), 20)
        );
    }

    #[test]
    fn there_are_some_samples_however_short_the_time_and_an_error_ends_it() {
        let mut times = 0;
        let samples = Samples::take(Duration::ZERO, 3, || {
            times += 1;
            Ok(())
        });
        assert_eq!((samples.unwrap().len(), times), (AT_LEAST, 3 * AT_LEAST));
        let failing = Samples::take(Duration::from_secs(1), 1, || Err(Trouble::Failed("no".to_owned())));
        assert_eq!(failing, Err(Trouble::Failed("no".to_owned())));
    }
}
