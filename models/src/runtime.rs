//! The two runtimes, tokio and may, as the server and the executor of each start and use them; and how many threads
//! this process has.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use may::coroutine::{self, JoinHandle};
use may::go;
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
pub(crate) fn has_threads(number: usize) -> io::Result<()> {
    /// So many were had before: nobody need look again.
    static HAD: AtomicUsize = AtomicUsize::new(0);
    if number <= HAD.load(Ordering::Relaxed) {
        return Ok(());
    }
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
    come_down_to(before)?;
    HAD.fetch_max(number, Ordering::Relaxed);
    Ok(())
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

/// Says how may is to run, and starts the clock of its coroutines. It is one per process, starts with its first coroutine and
/// never ends.
///
/// # Errors
/// The system has not all the threads for it.
pub(crate) fn may(options: &Options, stack_bytes: usize) -> io::Result<()> {
    let config = ::may::config();
    config.set_workers(workers(options));
    config.set_stack_size(options.number("stack").unwrap_or(stack_bytes) / size_of::<usize>()); // in words
    config.set_worker_pin(false); // the process may have been bound to fewer cores than may counts
    has_threads(workers(options) + 2)?; // two keep the time, may's and ours. Refused one of its own, may panics
    clock::start()
}

/// The one worker that a coroutine always runs on.
///
/// may hands a coroutine that parks on a socket over to that socket's worker, and looks at the socket once more after
/// that. Were the coroutine parked by another worker, it could by then have gone on over there, ended, and freed what is
/// looked at. So may is built without its work stealing, a coroutine begins where its socket belongs, and whoever wakes it
/// does so from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home(usize);

impl Home {
    /// The worker of a socket: may deals descriptors out by their numbers.
    pub(crate) fn of(socket: &impl AsRawFd) -> Self {
        Self(socket.as_raw_fd().unsigned_abs() as usize)
    }

    /// Some worker; the next number has the next one.
    pub(crate) fn number(number: usize) -> Self {
        Self(number)
    }

    /// Starts a coroutine there.
    ///
    /// # Errors
    /// There is no memory for its stack: may panics then, before anything has begun.
    pub(crate) fn start<T: Send + 'static>(
        self,
        begin: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<JoinHandle<T>> {
        let start = || go!(coroutine::Builder::new().id(self.0), begin);
        let no_memory = |_| Err(io::Error::from(io::ErrorKind::OutOfMemory));
        panic::catch_unwind(AssertUnwindSafe(start)).unwrap_or_else(no_memory)
    }

    /// Parks the coroutine that calls for a while. may's own sleep would wake it on the thread that keeps the time.
    pub(crate) fn sleep(self, time: Duration) {
        clock::wake_after(time, self, coroutine::current());
        coroutine::park();
    }

    /// Lets other coroutines through, those included whose sockets are ready. may's own yield does not look for these;
    /// but what is started by number waits until its worker has.
    pub(crate) fn turn(self) {
        let me = coroutine::current();
        if self.start(move || me.unpark()).is_ok() {
            coroutine::park();
        }
    }
}

/// Who keeps the time for parked coroutines: one thread, which is started with may.
mod clock {
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
    use std::sync::{Mutex, PoisonError};
    use std::thread;
    use std::time::{Duration, Instant};

    use may::coroutine::Coroutine;

    use super::Home;

    /// The way to the clock; none before it was started.
    static CLOCK: Mutex<Option<Sender<Alarm>>> = Mutex::new(None);

    /// Starts the clock, unless it runs already.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub(super) fn start() -> io::Result<()> {
        let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
        if clock.is_none() {
            let (sender, alarms) = mpsc::channel();
            thread::Builder::new().name("clock".to_owned()).spawn(move || keep_time(&alarms))?;
            *clock = Some(sender);
        }
        Ok(())
    }

    /// Wakes a coroutine at its home, a while from now.
    pub(super) fn wake_after(time: Duration, home: Home, sleeper: Coroutine) {
        let alarm = Alarm { when: Instant::now() + time, home, sleeper };
        let clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
        match &*clock {
            Some(clock) => drop(clock.send(alarm)), // it never ends, and so hears of it
            None => alarm.ring(), // a coroutine whose may was not started by `may`: better too early than never
        }
    }

    struct Alarm {
        when: Instant,
        home: Home,
        sleeper: Coroutine,
    }

    impl Alarm {
        fn ring(self) {
            let Self { home, sleeper, .. } = self;
            let _ = home.start(move || sleeper.unpark());
        }
    }

    /// Rings each alarm when it is due. Never ends: the sender is in a static.
    fn keep_time(alarms: &Receiver<Alarm>) {
        let mut set: BTreeMap<(Instant, u64), Alarm> = BTreeMap::new();
        let mut number = 0;
        loop {
            let now = Instant::now();
            while let Some(entry) = set.first_entry().filter(|entry| entry.key().0 <= now) {
                entry.remove().ring();
            }
            let heard = match set.first_key_value() {
                Some(((when, _), _)) => alarms.recv_timeout(when.saturating_duration_since(now)),
                None => alarms.recv().map_err(RecvTimeoutError::from),
            };
            match heard {
                Ok(alarm) => {
                    number += 1; // two may be for the same moment
                    set.insert((alarm.when, number), alarm);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
