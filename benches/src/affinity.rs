//! Programs started on a processor of their own.

use anyhow::{Context as _, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The processor that servers run on.
pub const SERVER: usize = 0;
/// The processor that load generators run on.
pub const LOAD: usize = 1;

const THIS_THREAD: Pid = Pid::from_raw(0);

/// Does `work` with this thread bound to `processor`, and then binds it as before. A process started meanwhile
/// inherits the binding (`sched_setaffinity(2)`), and so do all its threads and children.
pub fn on<T>(processor: usize, work: impl FnOnce() -> T) -> Result<T> {
    let before = sched_getaffinity(THIS_THREAD).context("can't read this thread's processors")?;
    let mut only = CpuSet::new();
    only.set(processor)?;
    sched_setaffinity(THIS_THREAD, &only)
        .with_context(|| format!("processor {processor} can't be had; the comparison needs 0 and 1"))?;
    let result = work();
    sched_setaffinity(THIS_THREAD, &before).context("can't bind this thread as before")?;
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_bound_as_before_afterwards() {
        let before = sched_getaffinity(THIS_THREAD).unwrap();
        let during = on(0, || sched_getaffinity(THIS_THREAD).unwrap()).unwrap();
        let bound: Vec<usize> = (0..CpuSet::count()).filter(|it| during.is_set(*it).unwrap()).collect();
        assert_eq!(bound, [0]);
        assert_eq!(sched_getaffinity(THIS_THREAD).unwrap(), before);
    }
}
