//! The same thing twice: how far apart two rows may be before they are different.
//!
//! A server that is measured twice in a setting differs from itself by whatever a run is unsure of: where its memory came to
//! lie, what the machine did meanwhile. A difference that is no greater says nothing of the servers.

use serde::Serialize;

use super::Suite;
use super::servers::{self, Group};
use super::setting::Setting;
use super::versus::BETWEEN_RUNS;
use crate::statistics::Ratio;
use crate::statistics::bootstrap::of_median;

/// No difference below this is one, however alike the same thing twice came out: 1%.
pub const LEAST: f64 = 1.01;

/// One server that was measured twice in one setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    /// The server.
    pub model: String,
    /// Where.
    pub setting: Setting,
    /// Its second row's CPU time per request by its first row's, within rounds.
    pub ratio: Ratio,
    /// The far end of that ratio's interval, as a logarithm without its sign.
    pub(crate) far_end: f64,
}

impl Again {
    /// From the logarithms of the ratios within rounds; none below two rounds, which say nothing of the spread.
    pub(crate) fn of(model: &str, setting: &Setting, logs: &[f64]) -> Option<Self> {
        let far_end = far_end(logs)?;
        let ratio = Ratio::of_logs(logs)?;
        Some(Self { model: model.to_owned(), setting: setting.clone(), ratio, far_end })
    }
}

/// The far end of the interval of ratios within rounds, given as logarithms; none below two rounds.
pub(crate) fn far_end(logs: &[f64]) -> Option<f64> {
    Some(of_median(logs).filter(|_| logs.len() > 1)?.far_end())
}

/// How far from 1 a ratio must be to be a difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Threshold {
    /// As a ratio: 1.05 for 5%, dearer or cheaper. Never below [`LEAST`].
    pub ratio: f64,
    /// How many servers were measured twice for it; with none it is [`LEAST`].
    pub pairs: usize,
    /// How far these were from themselves, which may be less than what is taken; 1 with none.
    pub apart: f64,
    /// Whether they were measured in the very setting, and not in others that are alike.
    pub here: bool,
}

impl Threshold {
    /// The far end of the interval of what was measured twice, pooled over all of it as its quadratic mean, as standard
    /// deviations are; at least [`LEAST`].
    pub(crate) fn of(far_ends: impl Iterator<Item = f64>, here: bool) -> Self {
        let (number, squares) = far_ends.fold((0, 0.0), |(n, sum), far_end| (n + 1, sum + far_end.powi(2)));
        let apart = (squares / f64::from(number.max(1_u32))).sqrt().exp();
        Self { ratio: apart.max(LEAST), pairs: number as usize, apart, here }
    }

    /// The same for two runs, which differ in more than what is seen within one.
    pub(crate) fn between_runs(self) -> Self {
        Self { ratio: self.ratio * BETWEEN_RUNS, ..self }
    }

    /// Of two runs' thresholds the larger one; what was measured twice goes before what was not.
    pub(crate) fn or_larger(self, other: Self) -> Self {
        if self.apart > other.apart || other.pairs == 0 { self } else { other }
    }

    /// Whether `ratio` is farther from 1 than the same thing was from itself.
    pub fn is_exceeded_by(&self, ratio: f64) -> bool {
        ratio > self.ratio || ratio < 1.0 / self.ratio
    }
}

/// What was measured twice in a run.
pub(crate) struct Pairs(Vec<(Suite, Again)>);

impl Pairs {
    pub(crate) fn of(groups: &[(Suite, Group<'_>)]) -> Self {
        let pairs =
            groups.iter().flat_map(|(suite, group)| servers::again(group).into_iter().map(|it| (*suite, it)));
        Self(pairs.collect())
    }

    /// What counts as a difference in `setting`: by the pair that was measured there; without one by all of the same suite
    /// and pace. What a server costs at a few requests a second, or with a new connection for each, is so much less steady
    /// that it says nothing of a closed loop.
    pub(crate) fn threshold(&self, suite: Suite, setting: &Setting) -> Threshold {
        let with = |alike: fn(&Setting, &Setting) -> bool| {
            self.0.iter().filter(move |(other, pair)| *other == suite && alike(&pair.setting, setting))
        };
        let own = |one: &Setting, other: &Setting| one.key() == other.key();
        let here = with(own).next().is_some();
        let pairs = with(if here { own } else { same_pace });
        Threshold::of(pairs.map(|(_, pair)| pair.far_end), here)
    }
}

/// Whether the same thing decides when a request leaves: the last reply, a pause after it, or a schedule.
fn same_pace(one: &Setting, other: &Setting) -> bool {
    let pace = |of: &Setting| (of.rate.is_some(), of.shape.think_us.is_some());
    pace(one) == pace(other)
}
