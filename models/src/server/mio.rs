//! mio: the thin portable layer below tokio, over epoll here and kqueue elsewhere.
//!
//! **What the kernel does.** As for `epoll:trigger=edge`: mio registers every socket edge-triggered, so what is ready
//! is told once and the program must remember what it has left. That holds for the listener too, which a server on
//! bare epoll would rather keep level-triggered.
//!
//! **Good at** being the same on every system, at the price of epoll: there is hardly a line between its calls and the
//! kernel's. Events carry a token of the program's choice, and no callback or task hides the loop.
//! **Bad at** forgiving: whoever stops reading before a call says `WouldBlock` may wait for ever. mio asks that a
//! socket be deregistered before it is closed, a call that epoll can do without. As with all multiplexing, one thread
//! serves all.
//!
//! Source: the documentation of crate mio, "Portability" at `Poll`; epoll(7).

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use ::mio::event::Event;
use ::mio::unix::SourceFd;
use ::mio::{Events, Poll, Token};
use socket2::Socket;

use super::readiness::{Interest, Readiness, Ready, Trigger};
use super::{Model, ServeError, Start, reactor, trouble};

/// How many ready sockets one wait hands over at most; the rest come with the next.
const EVENTS: usize = 512;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "mio",
    family: "multiplexing",
    summary: "one thread over mio, the portable layer below tokio: edges of epoll, kqueue and others",
    room: super::many,
    options: &[],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let poll = Poll::new().map_err(|source| ServeError::io("make a mio poll", source))?;
    reactor::run(Mio { poll, events: Events::with_capacity(EVENTS) }, start)
}

struct Mio {
    poll: Poll,
    events: Events,
}

impl Readiness for Mio {
    fn trigger(&self) -> Trigger {
        Trigger::Edge
    }

    fn watch(&mut self, socket: &Arc<Socket>, key: usize, _: Interest) -> io::Result<()> {
        let everything = ::mio::Interest::READABLE | ::mio::Interest::WRITABLE | ::mio::Interest::PRIORITY;
        self.poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), Token(key), everything)
    }

    fn change(&mut self, _: &Arc<Socket>, _: usize, _: Interest) -> io::Result<()> {
        Ok(()) // it is watched for everything already
    }

    fn forget(&mut self, socket: &Socket, _: usize) {
        if let Err(error) = self.poll.registry().deregister(&mut SourceFd(&socket.as_raw_fd())) {
            trouble::report(error); // it is closed right after, which takes it out as well
        }
    }

    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        ready.clear();
        match self.poll.poll(&mut self.events, limit) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        ready.extend(self.events.iter().map(what_happened));
        Ok(())
    }
}

fn what_happened(event: &Event) -> Ready {
    Ready {
        key: event.token().0,
        readable: event.is_readable(),
        writable: event.is_writable(),
        broken: event.is_error() || event.is_write_closed(),
        more_behind: event.is_read_closed() || event.is_priority(),
    }
}
