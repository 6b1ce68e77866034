//! What it costs to make something that runs a job, to let it end, and to know that it has.
//!
//! Read `fork.rs` first, and `vfork.rs` beside it; then `thread.rs` with `pthread.rs`, and last what the kernel knows
//! nothing of: `coroutine.rs` and `task.rs`.

use super::Probe;

mod child;
mod coroutine;
mod fork;
mod fork_exec;
mod pool;
mod posix_spawn;
mod process_pool;
mod pthread;
mod scoped;
mod task;
mod thread;
mod touched;
mod vfork;

/// In the order of listings.
pub(super) const PROBES: &[Probe] = &[
    fork::PROBE,
    vfork::PROBE,
    fork_exec::PROBE,
    posix_spawn::PROBE,
    process_pool::PROBE,
    thread::PROBE,
    pthread::PROBE,
    scoped::PROBE,
    pool::PROBE,
    coroutine::PROBE,
    task::PROBE,
    task::HERE,
];
