//! Threads that serve together: all until the server is to stop, and none without the others.

use std::any::Any;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender};

use super::shutdown::Shutdown;
use super::{ServeError, trouble};

/// How long after the grace one of them may take to notice it, before it is ended with the process.
const LAST_CALL: Duration = Duration::from_secs(1);

/// Runs each worker in a thread of its own, called by the name and a number, until the shutdown is requested and all are done. If one fails, the others are
/// asked to stop and its error is given: clients who are its business would wait in vain.
pub(super) fn run_all<W>(
    name: &str,
    workers: impl Iterator<Item = W>,
    shutdown: &Arc<Shutdown>,
) -> Result<(), ServeError>
where
    W: FnOnce() -> Result<(), ServeError> + Send + 'static,
{
    let (ended, ends) = crossbeam_channel::unbounded(); // one message a worker
    let mut outcome = Ok(());
    for (number, work) in workers.enumerate() {
        if let Err(error) = start(format!("{name} {number}"), work, shutdown, ended.clone()) {
            shutdown.request();
            outcome = Err(ServeError::io("start a worker's thread (try fewer workers)", error));
            break;
        }
    }
    drop(ended);
    shutdown.wait()?;
    let deadline = Instant::now() + shutdown.grace() + LAST_CALL;
    loop {
        match ends.recv_deadline(deadline) {
            Ok(end) => outcome = outcome.and(end),
            Err(RecvTimeoutError::Disconnected) => return outcome,
            Err(RecvTimeoutError::Timeout) => {
                trouble::report("a worker was still busy after its grace: cut off"); // with the process
                return outcome;
            }
        }
    }
}

fn start(
    name: String,
    work: impl FnOnce() -> Result<(), ServeError> + Send + 'static,
    shutdown: &Arc<Shutdown>,
    ended: Sender<Result<(), ServeError>>,
) -> io::Result<()> {
    let shutdown = Arc::clone(shutdown);
    let run = move || {
        let end = panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)));
        if end.is_err() {
            shutdown.request();
        }
        let _ = ended.send(end); // unless nobody waits any more
    };
    thread::Builder::new().name(name).spawn(run).map(drop)
}

fn panicked(panic: &(dyn Any + Send)) -> ServeError {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    ServeError::io("go on in one of the workers", io::Error::other(format!("it panicked: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Work = Box<dyn FnOnce() -> Result<(), ServeError> + Send>;

    /// What a worker does that has nobody to serve.
    fn quiet(shutdown: &Arc<Shutdown>) -> Work {
        let shutdown = Arc::clone(shutdown);
        Box::new(move || Ok(shutdown.wait()?))
    }

    fn run_with(bad: Work) -> String {
        let shutdown = Shutdown::by_hand(Duration::from_secs(30)).unwrap();
        let workers: [Work; 3] = [quiet(&shutdown), bad, quiet(&shutdown)];
        let error = run_all("worker", workers.into_iter(), &shutdown).unwrap_err();
        assert!(shutdown.requested());
        error.to_string()
    }

    #[test]
    fn a_worker_that_fails_stops_the_whole_server() {
        let refuse = || Err(ServeError::io("wait", io::Error::other("no more")));
        assert_eq!(run_with(Box::new(refuse)), "can't wait: no more");
    }

    #[test]
    fn a_worker_that_panics_stops_the_whole_server() {
        let error = run_with(Box::new(|| panic!("a broken invariant")));
        assert_eq!(error, "can't go on in one of the workers: it panicked: a broken invariant");
    }

    #[test]
    fn a_worker_that_never_ends_is_not_waited_for_beyond_the_grace() {
        let shutdown = Shutdown::by_hand(Duration::from_millis(10)).unwrap();
        let (stuck, until) = crossbeam_channel::bounded::<()>(0);
        let busy: Work = Box::new(move || {
            let _ = until.recv();
            Ok(())
        });
        shutdown.request();
        run_all("worker", [busy, quiet(&shutdown)].into_iter(), &shutdown).unwrap();
        drop(stuck); // until here it was busy
    }
}
