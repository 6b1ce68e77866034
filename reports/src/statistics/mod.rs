//! From the rounds' values to what may be said of them: how large, how sure, and whether two things differ.
//!
//! All figures that are compared are positive and their noise is a share of them, so what is compared is the natural
//! logarithm of ratios: there 10% dearer and 10% cheaper are equally far from the same.
//!
//! * [`spread`]: the median with the least and the greatest value, and what stands out.
//! * [`bootstrap`]: an interval around a median.
//! * [`ratio`]: how much dearer one thing is than another, within rounds or of two runs.
//! * [`moderated`]: whether a difference can be chance, for all pairs of a table.
//! * [`holm`]: how many such questions were asked at once.
//! * [`fairness`]: how evenly something is shared out.
//! * [`line`]: what grows with what.
//! * [`scaling`]: how speed-up grows with what runs at once.
//! * [`student`]: the distribution that the last ones stand on.

pub(crate) mod bootstrap;
pub(crate) mod fairness;
pub(crate) mod holm;
pub(crate) mod line;
pub(crate) mod moderated;
pub(crate) mod ratio;
pub(crate) mod scaling;
pub(crate) mod spread;
pub(crate) mod student;

pub use bootstrap::Interval;
pub use line::Line;
pub use ratio::Ratio;
pub use spread::Spread;

pub(crate) use spread::{median, middle};

/// A difference counts as one if chance alone would show it in at most this share of all tables.
pub(crate) const SIGNIFICANCE: f64 = 0.05;
