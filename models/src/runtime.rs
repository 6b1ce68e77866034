//! The two runtimes, tokio and may, as the server and the executor of each start and use them; and how many threads
//! this process has.

use std::fs;
use std::io;
use std::sync::Mutex;
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
/// The system has no descriptor for it, or not all the threads and one more, for what blocks.
pub(crate) fn tokio(workers: usize) -> io::Result<Runtime> {
    let mut builder = if workers == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    // Refused a thread, tokio goes on with fewer in silence, or panics and waits for ever for those it has.
    has_threads(workers + 1)?;
    builder.worker_threads(workers).thread_name("worker").enable_io().enable_time().build()
}

/// Makes sure that the system has so many more threads for this process, by making them and letting them go.
fn has_threads(number: usize) -> io::Result<()> {
    let before = threads()?;
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock();
        let wait = || drop(gate.lock());
        let made = (0..number).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, wait).map(drop));
        drop(closed);
        made
    })?;
    // Should one be very slow to go, it is still too many only where the limit is just reached.
    come_down_to(before).map(drop)
}

/// How many threads this process has.
fn threads() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

/// Whether this process comes to have no more than so many threads, within a while. One that has been joined is
/// listed until the kernel has put it away.
pub(crate) fn come_down_to(number: usize) -> io::Result<bool> {
    const TRIES: u32 = 4_000;
    for _ in 0..TRIES {
        if threads()? <= number {
            return Ok(true);
        }
        thread::sleep(Duration::from_micros(50));
    }
    Ok(false)
}

/// The bounds of a coroutine's stack: below, the lab's own code would not fit.
pub(crate) const STACK: Kind = Kind::Bytes(32 * 1024, 1 << 26);

/// Says how may is to run. It is one per process, starts with its first coroutine and never ends.
///
/// # Errors
/// The system has not all the threads for it.
pub(crate) fn may(options: &Options, stack_bytes: usize) -> io::Result<()> {
    let config = ::may::config();
    config.set_workers(workers(options));
    config.set_stack_size(options.number("stack").unwrap_or(stack_bytes) / size_of::<usize>()); // in words
    config.set_worker_pin(false); // the process may have been bound to fewer cores than may counts
    has_threads(workers(options) + 1) // one keeps the time. Refused one of them, may panics
}

/// Parks a coroutine for a while. may wakes it on the one thread that keeps the time for all, where it would go on
/// until it parks again, beside the workers or in the way of other sleepers; giving way once brings it back to a
/// worker.
pub(crate) fn sleep(time: Duration) {
    coroutine::sleep(time);
    coroutine::yield_now();
}

/// Lets other coroutines through, those included whose sockets are ready. may's own yield does not look for these;
/// the shortest sleep does.
pub(crate) fn turn() {
    sleep(Duration::from_nanos(1));
}
