//! The two runtimes, tokio and may, as the server and the executor of each start and use them.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::Duration;

use may::coroutine;
use tokio::runtime::{Builder, Runtime};

use crate::options::{Kind, Options, Spec};

/// The option of every model with a fixed number of threads that the processors have to share.
pub(crate) const WORKERS: Spec =
    Spec { key: "workers", kind: Kind::Number(256), help: "threads that run them", default: "one per core" };

/// As many workers as the option says, one for each processor unless it is given.
pub(crate) fn workers(options: &Options) -> usize {
    options.number(WORKERS.key).unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}

/// A tokio runtime with so many worker threads, which poll tasks from now on. With one worker it is the kind that has
/// no thread of its own, and polls while somebody blocks on it: nothing is then locked or stolen between workers.
///
/// # Errors
/// The system has no thread or descriptor for it. Where it has one thread but not all, tokio goes on with fewer.
pub(crate) fn tokio(workers: usize) -> io::Result<Runtime> {
    let mut builder = if workers == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(workers).thread_name("worker").enable_io().enable_time();
    // tokio panics where it is refused its first thread.
    let built = panic::catch_unwind(AssertUnwindSafe(|| builder.build()));
    built.unwrap_or_else(|_| Err(io::Error::other("it was refused its first thread")))
}

/// The bounds of a coroutine's stack: below, the lab's own code would not fit.
pub(crate) const STACK: Kind = Kind::Bytes(32 * 1024, 1 << 26);

/// Says how may is to run. It is one per process: it starts when it is first used, and never ends.
pub(crate) fn configure_may(workers: usize, stack_bytes: usize) {
    let config = may::config();
    config.set_workers(workers);
    config.set_stack_size(stack_bytes / size_of::<usize>()); // in words
    config.set_worker_pin(false); // the process may have been bound to fewer cores than may counts
}

/// Parks a coroutine for a while. may wakes it on the one thread that keeps the time for all, where it would go on until
/// it parks again, beside the workers or in the way of other sleepers; giving way once brings it back to a worker.
pub(crate) fn sleep(time: Duration) {
    coroutine::sleep(time);
    coroutine::yield_now();
}

/// Lets other coroutines through, those included whose sockets are ready. may's own yield does not look for these; the
/// shortest sleep does.
pub(crate) fn turn() {
    sleep(Duration::from_nanos(1));
}
