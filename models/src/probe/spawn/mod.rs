//! What it costs to make something that runs a job, to let it end, and to know that it has.

use super::Probe;

mod thread;

/// In the order of listings.
pub(super) const PROBES: &[Probe] = &[thread::PROBE];
