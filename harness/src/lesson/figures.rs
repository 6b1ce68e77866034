//! What the steps of a lesson came to, in this very run.

use reports::figure;
use serde::Serialize;

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Millionths of a second.
    #[serde(rename = "us")]
    Microseconds,
    /// Bytes of memory.
    #[serde(rename = "bytes")]
    Bytes,
}

impl Unit {
    /// A figure of this unit, as people read it.
    pub fn write(self, value: f64) -> String {
        let (unit, scale) = self.shown();
        format!("{} {unit}", figure(value / scale))
    }

    /// Two of them, as the ends of a range.
    pub fn write_range(self, least: f64, greatest: f64) -> String {
        let (unit, scale) = self.shown();
        format!("{} .. {} {unit}", figure(least / scale), figure(greatest / scale))
    }

    /// The unit that people read, and how much of ours it is.
    fn shown(self) -> (&'static str, f64) {
        match self {
            Self::Seconds => ("s", 1.0),
            Self::Microseconds => ("µs", 1.0),
            Self::Bytes => ("KiB", 1024.0),
        }
    }
}

/// What a step came to: once for each time that it was run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Of all of them.
    pub unit: Unit,
    /// In the order they came.
    pub values: Vec<f64>,
    /// The one in the middle; of an even number the mean of the two there.
    pub median: f64,
    /// The least of them.
    pub least: f64,
    /// The greatest of them.
    pub greatest: f64,
}

impl Figure {
    /// Of so many values; none of none.
    pub fn of(unit: Unit, values: Vec<f64>) -> Option<Self> {
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let (&least, &greatest) = sorted.first().zip(sorted.last())?;
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Some(Self { unit, values, median, least, greatest })
    }
}

/// What all steps came to that came to anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures(Vec<(&'static str, Figure)>);

impl Figures {
    /// Adds what a step came to once more, in the next round.
    pub fn add(&mut self, step: &'static str, unit: Unit, value: f64) {
        let mut values = self.of(step).map(|figure| figure.values.clone()).unwrap_or_default();
        values.push(value);
        self.forget(step);
        self.0.extend(Figure::of(unit, values).map(|figure| (step, figure)));
    }

    /// Drops what a step came to.
    pub fn forget(&mut self, step: &str) {
        self.0.retain(|(name, _)| *name != step);
    }

    /// What a step came to; none if it came to nothing.
    pub fn of(&self, step: &str) -> Option<&Figure> {
        self.0.iter().find(|(name, _)| *name == step).map(|(_, figure)| figure)
    }

    /// How many times as much one step came to as another, in the same unit: the median of the ratios within rounds, in which
    /// the machine did the same beside them.
    pub fn ratio(&self, of: &str, by: &str) -> Option<f64> {
        let (of, by) = (self.of(of)?, self.of(by)?);
        let within = of.values.iter().zip(&by.values).map(|(of, by)| within_a_round(*of, *by));
        let ratio = Figure::of(of.unit, within.collect())?.median;
        (of.unit == by.unit && ratio.is_finite()).then_some(ratio)
    }
}

/// What is not more than nothing, as memory that others gave back meanwhile, is nothing: the other one is then far more.
fn within_a_round(of: f64, by: f64) -> f64 {
    match (of > 0.0, by > 0.0) {
        (true, true) => of / by,
        (true, false) => f64::INFINITY,
        (false, _) => 0.0,
    }
}

/// Figures of whole seconds, for tests.
#[cfg(test)]
pub(super) fn seconds(steps: &[(&'static str, f64)]) -> Figures {
    let mut figures = Figures::default();
    for (step, value) in steps {
        figures.add(step, Unit::Seconds, *value);
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_of_its_repeats_with_their_range() {
        let of = |values: &[f64]| {
            Figure::of(Unit::Seconds, values.to_vec()).map(|it| (it.median, it.least, it.greatest))
        };
        assert_eq!(of(&[3.0, 1.0, 2.5]), Some((2.5, 1.0, 3.0)));
        assert_eq!(of(&[4.0, 1.0]), Some((2.5, 1.0, 4.0)));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_ratio_is_of_two_steps_in_one_unit() {
        let mut figures = seconds(&[("line", 4.0), ("threads", 2.0), ("never", 0.0)]);
        figures.add("memory", Unit::Bytes, 4096.0);
        assert_eq!(figures.ratio("line", "threads"), Some(2.0));
        for (of, by) in [("line", "memory"), ("line", "never"), ("line", "nothing")] {
            assert_eq!(figures.ratio(of, by), None, "{of}, {by}");
        }
    }

    #[test]
    fn a_ratio_is_taken_within_rounds_and_its_median_counts() {
        // The machine became slower from round to round, alike for both but once: the ratio of the medians is 4/3.
        let mut figures = Figures::default();
        for (line, threads) in [(2.0, 1.0), (4.0, 2.0), (8.0, 4.0), (2.0, 4.0), (6.0, 3.0)] {
            figures.add("line", Unit::Seconds, line);
            figures.add("threads", Unit::Seconds, threads);
        }
        assert_eq!(figures.ratio("line", "threads"), Some(2.0));
        assert_eq!(figures.of("line").unwrap().values, [2.0, 4.0, 8.0, 2.0, 6.0]);
        figures.forget("line");
        assert_eq!(figures.ratio("line", "threads"), None);
    }

    #[test]
    fn a_round_in_which_one_came_to_nothing_is_one_of_the_ends() {
        let mut figures = Figures::default();
        for (of, by) in [(8.0, -1.0), (8.0, 2.0), (-1.0, -1.0)] {
            figures.add("threads", Unit::Bytes, of);
            figures.add("tasks", Unit::Bytes, by);
        }
        assert_eq!(figures.ratio("threads", "tasks"), Some(4.0));
    }

    #[test]
    fn people_read_a_figure_with_its_unit() {
        let written = [Unit::Seconds, Unit::Microseconds, Unit::Bytes].map(|unit| unit.write(2048.0));
        assert_eq!(written, ["2,048 s", "2,048 µs", "2.00 KiB"]);
        assert_eq!(Unit::Bytes.write_range(1024.0, 1536.0), "1.00 .. 1.50 KiB");
    }
}
