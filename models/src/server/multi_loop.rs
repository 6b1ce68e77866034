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

use std::sync::Arc;

use workloads::Service;

use super::epoll::EpollSet;
use super::reactor::{Parts, Reactor};
use super::readiness::Trigger;
use super::{Model, ServeError, Shutdown, Start, Transport, socket, team};
use crate::options::{Options, Spec};
use crate::runtime;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "multi-loop",
    family: "multiplexing",
    summary: "an epoll loop per core; the kernel deals new clients out between them",
    room: super::many,
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
    team::run_all("loop", parts.into_iter().map(|parts| one_loop(parts, service, shutdown)), shutdown)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unix_path_has_room_for_one_loop_only() {
        let options = |text: &str| text.parse::<crate::options::Choice>().unwrap().options;
        assert!(lacks(&options("multi-loop:workers=2"), Transport::Unix).unwrap().contains("workers=1"));
        assert_eq!(lacks(&options("multi-loop:workers=1"), Transport::Unix), None);
        assert_eq!(lacks(&options("multi-loop:workers=2"), Transport::Tcp), None);
    }
}
