//! A loop per core: each an epoll loop of its own, with a listener of its own on the shared port.
//!
//! **What the kernel does.** `SO_REUSEPORT` lets several sockets listen on one port, each with a queue of its own. A new
//! client goes to one of them, chosen by a hash of the addresses and ports of both sides, and stays with that loop.
//! The loops share nothing: no lock, no queue, no wake-up from one to another.
//!
//! **Good at** all cores, with the low cost of an event loop on each. nginx, Envoy and Seastar are built like this.
//! **Bad at** evenness: the hash does not know who is busy. One loop may have more clients than another, and those who
//! share a loop with one that computes wait for it, although other loops are idle.
//!
//! Source: socket(7), `SO_REUSEPORT`; M. Kerrisk, "The `SO_REUSEPORT` socket option", LWN 2013.

use std::any::Any;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender};
use workloads::Service;

use super::epoll::EpollSet;
use super::reactor::{Parts, Reactor};
use super::readiness::Trigger;
use super::{Model, Room, ServeError, Shutdown, Start, Transport, socket, trouble};
use crate::options::{Options, Spec};
use crate::runtime;

/// How long after the grace a loop may take to notice it, before it is ended with the process.
const LAST_CALL: Duration = Duration::from_secs(1);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "multi-loop",
    family: "multiplexing",
    summary: "an epoll loop per core; the kernel deals new clients out between them",
    room: Room::Many,
    options: &[Spec { help: "loops, each with a thread and a listener of its own", ..runtime::WORKERS }],
    lacks,
    run,
};

fn lacks(options: &Options, transport: Transport) -> Option<String> {
    (transport == Transport::Unix && runtime::workers(options) > 1).then(|| {
        "only one listener can have a Unix socket's path, and each loop needs its own; use TCP, or workers=1".to_owned()
    })
}

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    let mut listeners = vec![listener];
    for _ in 1..runtime::workers(options) {
        let another = socket::listen_beside(&listeners[0], &service.limits());
        listeners
            .push(another.map_err(|source| ServeError::io("listen once more on the same port", source))?);
    }
    let parts = |listener| Parts::new(EpollSet::new(Trigger::Level)?, listener, shutdown);
    let parts = listeners.into_iter().map(parts).collect::<Result<Vec<_>, _>>()?;
    run_all(parts.into_iter().map(|parts| one_loop(parts, service, shutdown)), shutdown)
}

/// Serves the clients of one listener.
fn one_loop(
    parts: Parts<EpollSet>,
    service: &Arc<dyn Service>,
    shutdown: &Arc<Shutdown>,
) -> impl FnOnce() -> Result<(), ServeError> + Send + 'static {
    let (service, shutdown) = (Arc::clone(service), Arc::clone(shutdown));
    move || Reactor::new(parts, &*service, &shutdown)?.serve()
}

/// Runs each loop in a thread of its own until the shutdown is requested and all are done. If one fails, the others are
/// asked to stop and its error is given: the clients whom the kernel deals out to it would wait in vain.
fn run_all<L>(loops: impl Iterator<Item = L>, shutdown: &Arc<Shutdown>) -> Result<(), ServeError>
where
    L: FnOnce() -> Result<(), ServeError> + Send + 'static,
{
    let (ended, ends) = crossbeam_channel::unbounded(); // one message a loop
    let mut outcome = Ok(());
    for (number, serve) in loops.enumerate() {
        if let Err(error) = start(number, serve, shutdown, ended.clone()) {
            shutdown.request();
            outcome = Err(ServeError::io("start a loop's thread (try fewer workers)", error));
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
                trouble::report("a loop was still busy after its grace: cut off"); // with the process
                return outcome;
            }
        }
    }
}

fn start(
    number: usize,
    serve: impl FnOnce() -> Result<(), ServeError> + Send + 'static,
    shutdown: &Arc<Shutdown>,
    ended: Sender<Result<(), ServeError>>,
) -> io::Result<()> {
    let shutdown = Arc::clone(shutdown);
    let run = move || {
        let end = panic::catch_unwind(AssertUnwindSafe(serve)).unwrap_or_else(|panic| Err(panicked(&*panic)));
        if end.is_err() {
            shutdown.request();
        }
        let _ = ended.send(end); // unless nobody waits any more
    };
    thread::Builder::new().name(format!("loop {number}")).spawn(run).map(drop)
}

fn panicked(panic: &(dyn Any + Send)) -> ServeError {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    ServeError::io("go on in one of the loops", io::Error::other(format!("it panicked: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Loop = Box<dyn FnOnce() -> Result<(), ServeError> + Send>;

    /// What a loop does that has nobody to serve.
    fn quiet(shutdown: &Arc<Shutdown>) -> Loop {
        let shutdown = Arc::clone(shutdown);
        Box::new(move || Ok(shutdown.wait()?))
    }

    fn run_with(bad: Loop) -> String {
        let shutdown = Shutdown::by_hand(Duration::from_secs(30)).unwrap();
        let loops: [Loop; 3] = [quiet(&shutdown), bad, quiet(&shutdown)];
        let error = run_all(loops.into_iter(), &shutdown).unwrap_err();
        assert!(shutdown.requested());
        error.to_string()
    }

    #[test]
    fn a_loop_that_fails_stops_the_whole_server() {
        let refuse = || Err(ServeError::io("wait", io::Error::other("no more")));
        assert_eq!(run_with(Box::new(refuse)), "can't wait: no more");
    }

    #[test]
    fn a_loop_that_panics_stops_the_whole_server() {
        let error = run_with(Box::new(|| panic!("a broken invariant")));
        assert_eq!(error, "can't go on in one of the loops: it panicked: a broken invariant");
    }

    #[test]
    fn a_loop_that_never_ends_is_not_waited_for_beyond_the_grace() {
        let shutdown = Shutdown::by_hand(Duration::from_millis(10)).unwrap();
        let (stuck, until) = crossbeam_channel::bounded::<()>(0);
        let busy: Loop = Box::new(move || {
            let _ = until.recv();
            Ok(())
        });
        shutdown.request();
        run_all([busy, quiet(&shutdown)].into_iter(), &shutdown).unwrap();
        drop(stuck); // until here it was busy
    }

    #[test]
    fn a_unix_path_has_room_for_one_loop_only() {
        let options = |text: &str| text.parse::<crate::options::Choice>().unwrap().options;
        assert!(lacks(&options("multi-loop:workers=2"), Transport::Unix).unwrap().contains("workers=1"));
        assert_eq!(lacks(&options("multi-loop:workers=1"), Transport::Unix), None);
        assert_eq!(lacks(&options("multi-loop:workers=2"), Transport::Tcp), None);
    }
}
