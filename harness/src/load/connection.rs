//! One connection of the load generator: a state machine over one non-blocking socket.
//!
//! Readiness is edge-triggered (epoll(7), "Level-triggered and edge-triggered"), so what is not taken now is not
//! announced again. A connection therefore writes until the socket would block, and reads until it would block or
//! a read comes back short. A short read does not show an end of stream that stands behind the bytes; where
//! the event announced one, reading goes on to it.
//!
//! Every descriptor that closes goes through this file, so who ends up in `TIME_WAIT` is decided here: a server
//! that said it would close is heard to its end first, so it closes first and holds the state. A server that
//! did not say so gets a half-close (shutdown(2)) after the last reply, as a client that has nothing more to ask,
//! and is heard to its end as well: then the state, and with it a local port, is ours. On loopback Linux lends such
//! ports out again after a second (`tcp_tw_reuse` 2, ip-sysctl), which allows some 28,000 connections a second.
//! Resetting instead (`SO_LINGER` 0) would keep no state, but no well-behaved client does it, and the server
//! would be measured on its handling of errors.

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{SockAddr, Socket, Type};
use workloads::READ_BYTES;
use workloads::client::{Checker, Reply};

use super::tally::{Class, Failure, Tally, Window};

/// A little more than servers send at once, so that a reply of just that size is read short and needs no second
/// read to find the socket empty.
const BUFFER_BYTES: usize = READ_BYTES + 1024;

/// What all connections of one thread share.
pub(super) struct Shared<'a> {
    pub(super) request: &'a [u8],
    pub(super) keep_alive: bool,
    /// Whether connections are still being opened for the first time. Kept-alive ones then rest after their
    /// first reply: a server under load is slow to accept, and its backlog would overflow.
    pub(super) opening: bool,
    pub(super) window: Window,
    pub(super) tally: Tally,
    buffer: Box<[u8]>,
}

impl<'a> Shared<'a> {
    pub(super) fn new(request: &'a [u8], keep_alive: bool, window: Window) -> Self {
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Self { request, keep_alive, opening: true, window, tally: Tally::new(), buffer }
    }
}

/// What an event said, as far as a connection cares. By default it said nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Readiness {
    pub(super) readable: bool,
    /// The end of the stream or an error is behind whatever can be read.
    ended: bool,
}

impl From<&Event> for Readiness {
    fn from(event: &Event) -> Self {
        let ended = event.is_read_closed() || event.is_error();
        Self { readable: event.is_readable() || ended, ended }
    }
}

/// What has become of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on.
    Open,
    /// It has ended as it should.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No byte has been taken for sending yet.
    Connecting,
    /// A request is under way.
    Asking,
    /// A reply is whole, and the next request waits until all connections have been opened.
    Resting,
    /// The last reply is whole, and the server's end is awaited.
    Leaving,
}

/// One connection, from its connect to its end.
pub(super) struct Connection {
    socket: Socket,
    /// Whether it is a Unix socket.
    unix: bool,
    checker: Box<dyn Checker>,
    phase: Phase,
    /// When this phase or request began.
    since: Instant,
    /// How much of the request has been sent.
    sent: usize,
    /// Whether bytes of the present reply have come.
    reply_begun: bool,
    /// Whether this connection has brought a whole reply.
    answered: bool,
}

impl Connection {
    /// Begins to connect, without waiting for it. None: the queue of a Unix socket's server is full, and nothing has begun
    /// (connect(2), `EAGAIN`).
    pub(super) fn open(address: &SockAddr, checker: Box<dyn Checker>) -> io::Result<Option<Self>> {
        let socket = Socket::new(address.domain(), Type::STREAM.nonblocking().cloexec(), None)?;
        if !address.is_unix() {
            socket.set_nodelay(true)?;
        }
        match socket.connect(address) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && address.is_unix() => return Ok(None),
            Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => return Err(error),
            _ => {}
        }
        Ok(Some(Self {
            socket,
            unix: address.is_unix(),
            checker,
            phase: Phase::Connecting,
            since: Instant::now(),
            sent: 0,
            reply_begun: false,
            answered: false,
        }))
    }

    /// Closes the connection and gives its checker, ready for the next one.
    pub(super) fn close(self) -> Box<dyn Checker> {
        let mut checker = self.checker;
        checker.restart();
        checker
    }

    /// Sends the first request if the connection stands already, as it does at once on loopback, and asks for
    /// events from now on. Being told of room for writing as well costs nothing later over TCP: edge-triggered, it tells
    /// it only after a write that found no room. A Unix socket tells it whenever its peer has read, so it is asked only
    /// where a request might not fit.
    pub(super) fn start(
        &mut self,
        shared: &mut Shared<'_>,
        registry: &Registry,
        token: Token,
    ) -> Result<(), Failure> {
        self.send(shared)?;
        let always_fits =
            self.unix && self.socket.send_buffer_size().is_ok_and(|room| shared.request.len() < room / 4);
        let interest = if always_fits { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        registry
            .register(&mut SourceFd(&self.socket.as_raw_fd()), token, interest)
            .map_err(|error| Failure::new(Class::Connect, format!("could not watch a connection: {error}")))
    }

    /// Does what an event allows. Spurious events do no harm.
    pub(super) fn ready(&mut self, ready: Readiness, shared: &mut Shared<'_>) -> Result<Fate, Failure> {
        self.send(shared)?;
        if ready.readable { self.receive(ready.ended, shared) } else { Ok(Fate::Open) }
    }

    /// Ends a rest; the next request goes out with the next call of [`ready`](Self::ready).
    pub(super) fn wake(&mut self) {
        if self.phase == Phase::Resting {
            self.phase = Phase::Asking;
            self.sent = 0;
        }
    }

    /// Whether it has brought a whole reply.
    pub(super) fn answered(&self) -> bool {
        self.answered
    }

    /// What is overdue, if anything. `may_starve`: to wait for the very first reply, however long, is no failure.
    pub(super) fn overdue(&self, now: Instant, timeout: Duration, may_starve: bool) -> Option<Failure> {
        if now.saturating_duration_since(self.since) < timeout {
            return None;
        }
        match self.phase {
            Phase::Connecting => {
                Some(Failure::new(Class::Connect, format!("no connection came about within {timeout:?}")))
            }
            Phase::Resting => None,
            Phase::Asking if may_starve && !self.reply_begun => None,
            Phase::Asking => Some(Failure::new(Class::Timeout, format!("no whole reply within {timeout:?}"))),
            Phase::Leaving => Some(Failure::new(
                Class::Timeout,
                format!("the server did not close within {timeout:?} of its last reply"),
            )),
        }
    }

    /// Writes what is left of the request, until the socket would block. The first write tells whether the
    /// connection stands: while it does not, it would block, and if it never will, it fails with the reason.
    fn send(&mut self, shared: &mut Shared<'_>) -> Result<(), Failure> {
        while self.sent < shared.request.len() {
            let begun = (self.sent == 0).then(Instant::now);
            match rustix::net::send(&self.socket, &shared.request[self.sent..], SendFlags::NOSIGNAL) {
                Ok(count) => {
                    self.sent += count;
                    self.since = begun.unwrap_or(self.since);
                    if self.phase == Phase::Connecting {
                        self.phase = Phase::Asking;
                        shared.tally.connects += 1;
                    }
                }
                Err(rustix::io::Errno::AGAIN) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) if self.phase == Phase::Connecting => return Err(not_connected(&error.into())),
                Err(error) => return Err(broken("sending a request", &error.into())),
            }
        }
        Ok(())
    }

    /// Reads and checks. `ended`: the end or an error is known to be there, so no request is sent any more.
    fn receive(&mut self, ended: bool, shared: &mut Shared<'_>) -> Result<Fate, Failure> {
        loop {
            match rustix::net::recv(&self.socket, &mut *shared.buffer, RecvFlags::empty()) {
                Ok((0, _)) => return self.end(shared),
                Ok((count, _)) => {
                    let whole = self.arrived(count, ended, shared)?;
                    let drained = count < shared.buffer.len();
                    // After a whole reply the next one raises an event of its own.
                    if !ended && (drained || (whole && self.phase != Phase::Leaving)) {
                        return Ok(Fate::Open);
                    }
                }
                Err(rustix::io::Errno::AGAIN) => return Ok(Fate::Open),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(broken("waiting for a reply", &error.into())),
            }
        }
    }

    /// Checks the bytes just read, and after a whole reply goes on with the next request or leaves.
    fn arrived(&mut self, count: usize, ended: bool, shared: &mut Shared<'_>) -> Result<bool, Failure> {
        let received = Instant::now();
        if matches!(self.phase, Phase::Resting | Phase::Leaving) {
            return Err(too_much(count));
        }
        match self.checker.arrived(&shared.buffer[..count]) {
            Reply::More => {
                self.reply_begun = true;
                Ok(false)
            }
            Reply::Whole { used, .. } if used < count => Err(too_much(count - used)),
            Reply::Whole { closing, .. } => {
                self.replied(received, shared)?;
                if closing || ended {
                    self.leave(received);
                } else if shared.keep_alive && shared.opening {
                    self.phase = Phase::Resting;
                } else if shared.keep_alive {
                    self.sent = 0;
                    self.send(shared)?;
                } else {
                    self.leave(received);
                    self.socket
                        .shutdown(Shutdown::Write)
                        .map_err(|error| broken("closing after a reply", &error))?;
                }
                Ok(true)
            }
            Reply::Short => Err(cut_short()),
            Reply::Wrong(why) => Err(Failure::new(Class::Wrong, why)),
        }
    }

    fn replied(&mut self, received: Instant, shared: &mut Shared<'_>) -> Result<(), Failure> {
        if self.sent < shared.request.len() {
            return Err(Failure::new(Class::Wrong, "a whole reply came before the request was sent whole"));
        }
        shared.tally.replied(shared.window, self.since, received);
        self.reply_begun = false;
        self.answered = true;
        Ok(())
    }

    fn leave(&mut self, now: Instant) {
        self.phase = Phase::Leaving;
        self.since = now;
    }

    /// The server has sent its last byte.
    fn end(&mut self, shared: &mut Shared<'_>) -> Result<Fate, Failure> {
        if matches!(self.phase, Phase::Resting | Phase::Leaving) {
            return Ok(Fate::Ended);
        }
        if !self.reply_begun {
            // A server may close an idle connection while a request is on its way to it (RFC 9112, 9.5): that
            // is nobody's fault. To close before any reply is another matter.
            return if self.answered {
                Ok(Fate::Ended)
            } else {
                Err(Failure::new(Class::Short, "the server closed a new connection without a reply"))
            };
        }
        let received = Instant::now();
        match self.checker.ended() {
            Reply::Whole { .. } => self.replied(received, shared).map(|()| Fate::Ended),
            Reply::Wrong(why) => Err(Failure::new(Class::Wrong, why)),
            Reply::Short | Reply::More => Err(cut_short()),
        }
    }
}

/// A connect that failed, with what to try where that helps.
pub(super) fn not_connected(error: &io::Error) -> Failure {
    let hint = match error.kind() {
        ErrorKind::AddrNotAvailable => {
            "; closed connections hold their local ports for a while (TIME_WAIT): try keep-alive, or wait a minute"
        }
        ErrorKind::ConnectionRefused => "; nobody listens there",
        ErrorKind::NotFound => "; there is no socket at that path",
        _ => "",
    };
    Failure::new(Class::Connect, format!("could not connect: {error}{hint}"))
}

fn broken(doing: &str, error: &io::Error) -> Failure {
    Failure::new(Class::Reset, format!("the connection broke while {doing}: {error}"))
}

fn too_much(bytes: usize) -> Failure {
    Failure::new(Class::Wrong, format!("{bytes} bytes came that belong to no reply"))
}

fn cut_short() -> Failure {
    Failure::new(Class::Short, "the server closed the connection within a reply")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_local_ports_is_told_with_what_to_try() {
        let failure = not_connected(&io::Error::from_raw_os_error(Errno::EADDRNOTAVAIL as i32));
        assert_eq!(failure.class, Class::Connect);
        assert!(
            failure.why.contains("TIME_WAIT") && failure.why.contains("try keep-alive"),
            "{}",
            failure.why
        );
    }
}
