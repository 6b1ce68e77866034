//! Starting a tokio runtime, for the server and the executor of that name.

use std::io;
use std::panic::{self, AssertUnwindSafe};

use tokio::runtime::{Builder, Runtime};

/// A runtime with so many worker threads, which poll tasks from now on. With one worker it is the kind that has no
/// thread of its own, and polls while somebody blocks on it: nothing is then locked or stolen between workers.
///
/// # Errors
/// The system has no thread or descriptor for it. Where it has one thread but not all, tokio goes on with fewer.
pub(crate) fn start(workers: usize) -> io::Result<Runtime> {
    let mut builder = if workers == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(workers).thread_name("worker").enable_io().enable_time();
    // tokio panics where it is refused its first thread.
    let built = panic::catch_unwind(AssertUnwindSafe(|| builder.build()));
    built.unwrap_or_else(|_| Err(io::Error::other("it was refused its first thread")))
}
