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
        let mut ns = Vec::new();
        let begun = Instant::now();
        let counting_from = begun + time.mul_f64(WARM_UP);
        let until = begun + time;
        let mut before = Instant::now();
        while (before < until || ns.len() < AT_LEAST) && ns.len() < AT_MOST {
            for _ in 0..operations_each {
                operation()?;
            }
            let now = Instant::now();
            if before >= counting_from {
                ns.push((now - before).as_nanos() as f64 / f64::from(operations_each));
            }
            before = now;
        }
        Ok(Self::of(ns, operations_each))
    }

    /// Of times in nanoseconds, each the mean of so many operations.
    pub fn of(mut ns: Vec<f64>, operations_each: u32) -> Self {
        ns.sort_unstable_by(f64::total_cmp);
        Self { ns, operations_each }
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
