//! The same thing twice: how far apart two rows may be before they are different.
//!
//! A server that is measured twice in a setting differs from itself by whatever a run is unsure of: where its memory came to
//! lie, what the machine did meanwhile. A difference that is no greater says nothing of the servers.

use serde::Serialize;

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
        let far_end = of_median(logs).filter(|_| logs.len() > 1)?.far_end();
        let ratio = Ratio::of_logs(logs)?;
        Some(Self { model: model.to_owned(), setting: setting.clone(), ratio, far_end })
    }
}

/// How far from 1 a ratio must be to be a difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Threshold {
    /// As a ratio: 1.05 for 5%, dearer or cheaper.
    pub ratio: f64,
    /// How many servers were measured twice for it; with none it is [`LEAST`].
    pub pairs: usize,
}

impl Threshold {
    /// The far end of the interval of what was measured twice, pooled over all of it as its quadratic mean, as standard
    /// deviations are; at least [`LEAST`].
    pub(crate) fn of(pairs: &[Again]) -> Self {
        let squares: f64 = pairs.iter().map(|pair| pair.far_end.powi(2)).sum();
        let pooled = (squares / pairs.len().max(1) as f64).sqrt();
        Self { ratio: pooled.exp().max(LEAST), pairs: pairs.len() }
    }

    /// The same for two runs, which differ in more than what is seen within one.
    pub(crate) fn between_runs(self) -> Self {
        Self { ratio: self.ratio * BETWEEN_RUNS, ..self }
    }

    /// Whether `ratio` is farther from 1 than the same thing was from itself.
    pub fn is_exceeded_by(&self, ratio: f64) -> bool {
        ratio > self.ratio || ratio < 1.0 / self.ratio
    }
}
