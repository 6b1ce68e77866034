//! polling: one crate over the event interfaces of many systems, one-shot on all of them.
//!
//! **What the kernel does.** On Linux there is an epoll set below, with `EPOLLONESHOT`: an event is told once, and then
//! the socket is watched for nothing until it is watched anew. So every event is paid for twice, with the wait that
//! tells of it and the `epoll_ctl` that asks for the next. In return nothing is told that nobody asked for: several
//! threads may share one set without two of them getting the same socket, which is what the executors smol and
//! async-io build on it.
//!
//! **Good at** running everywhere: epoll, kqueue, event ports, IOCP, poll. One-shot is what all of them can do.
//! **Bad at** the cost of a wait: beside the epoll set the crate keeps a timer (timerfd), for time limits finer than a
//! millisecond, and an eventfd for waking it from other threads. It sets and reads and arms both anew at each wait, four
//! calls besides the wait itself. As with all multiplexing, one thread serves all.
//!
//! Source: the documentation of crate polling, at `Poller`; epoll(7) and `epoll_ctl(2)`, `EPOLLONESHOT`.

#![allow(unsafe_code, reason = "Poller::add trusts its caller to take a socket out before closing it")]

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use ::polling::{Event, Events, Poller};
use socket2::Socket;

use super::readiness::{Interest, Readiness, Ready, Trigger, WatchList};
use super::{Model, ServeError, Start, reactor, trouble};

/// How many ready sockets one wait hands over at most; the rest come with the next.
const EVENTS: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "polling",
    family: "multiplexing",
    summary: "one thread over the portable crate polling: each event is told once and then asked for anew",
    room: super::many,
    options: &[],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let poller = Poller::new().map_err(|source| ServeError::io("make a poller", source))?;
    reactor::run(
        Polling { poller, events: Events::with_capacity(EVENTS), added: WatchList::default() },
        start,
    )
}

struct Polling {
    poller: Poller, // first, so that it goes before the sockets if a server ends by an error
    events: Events,
    /// Keeps every added socket open until it is taken out.
    added: WatchList,
}

impl Readiness for Polling {
    fn trigger(&self) -> Trigger {
        Trigger::OneShot
    }

    fn watch(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        // SAFETY: a socket must be taken out before it is closed. `added` holds on to it from now on, and lets go only
        // in `forget`, after it was taken out, or after the poller itself has gone.
        unsafe { self.poller.add(&**socket, event(interest, key)) }?;
        self.added.set(socket, key, interest);
        Ok(())
    }

    fn change(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        self.poller.modify(&**socket, event(interest, key))
    }

    fn forget(&mut self, socket: &Socket, key: usize) {
        if let Err(error) = self.poller.delete(socket) {
            trouble::report(error); // it is not in the set then
        }
        self.added.remove(key);
    }

    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        self.events.clear();
        ready.clear();
        self.poller.wait(&mut self.events, limit)?; // goes on by itself after a signal
        ready.extend(self.events.iter().map(|event| Ready {
            key: event.key,
            readable: event.readable,
            writable: event.writable,
            broken: event.is_interrupt() || event.is_err() == Some(true),
            more_behind: false,
        }));
        Ok(())
    }
}

fn event(interest: Interest, key: usize) -> Event {
    match interest {
        Interest::Nothing => Event::none(key),
        Interest::Read => Event::readable(key),
        Interest::Write => Event::writable(key),
    }
}
