//! Programs started on a processor of their own.

use anyhow::{Context as _, Result};
use harness::measure::placement::Bound;

/// The processor that servers run on.
pub const SERVER: usize = 0;
/// The processor that load generators run on.
pub const LOAD: usize = 1;

/// Does `work` with this thread bound to `processor`, and then frees it. A process started meanwhile inherits the
/// binding (`sched_setaffinity(2)`), and so do all its threads and children.
pub fn on<T>(processor: usize, work: impl FnOnce() -> T) -> Result<T> {
    let _bound = Bound::to(&[processor])
        .with_context(|| format!("processor {processor} can't be had; the comparison needs 0 and 1"))?;
    Ok(work())
}
