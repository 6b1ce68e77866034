//! The two runtimes, tokio and may, as the server and the executor of each start and use them.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::thread::{self, JoinHandle};
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
/// The system has no descriptor for it, or not all the threads and one more, for what blocks.
pub(crate) fn tokio(workers: usize) -> io::Result<Runtime> {
    let mut builder = if workers == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(workers).thread_name("worker").enable_io().enable_time();
    // tokio panics where it is refused its first thread. Where it is refused others, it says nothing, and what they
    // were to do waits for ever; but whoever can have one more has had all of these.
    let built = panic::catch_unwind(AssertUnwindSafe(|| builder.build()));
    let runtime = built.unwrap_or_else(|_| Err(io::Error::other("it was refused a thread")))?;
    let one_more = thread::Builder::new().spawn(|| ());
    match one_more.map(JoinHandle::join) {
        Ok(_) => Ok(runtime),
        Err(error) => {
            runtime.shutdown_background();
            Err(error)
        }
    }
}

/// The bounds of a coroutine's stack: below, the lab's own code would not fit.
pub(crate) const STACK: Kind = Kind::Bytes(32 * 1024, 1 << 26);

/// Starts may, with as many workers as the option says. It is one per process, and never ends.
///
/// # Errors
/// The system has no thread for it.
pub(crate) fn start_may(options: &Options, stack_bytes: usize) -> io::Result<()> {
    let config = may::config();
    config.set_workers(workers(options));
    config.set_stack_size(options.number("stack").unwrap_or(stack_bytes) / size_of::<usize>()); // in words
    config.set_worker_pin(false); // the process may have been bound to fewer cores than may counts
    // It starts with its first coroutine, and panics where it is refused a thread.
    match panic::catch_unwind(|| may::go!(|| ()).join()) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(io::Error::other("it was refused a thread")),
    }
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
