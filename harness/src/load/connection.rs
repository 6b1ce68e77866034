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

mod failure;
mod receiving;
mod sending;
mod shared;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use socket2::{SockAddr, Socket, Type};
use workloads::client::Checker;

pub(super) use self::failure::not_connected;
pub(super) use self::shared::{Role, Script, Shared};
use super::source::Source;
use super::tally::{Asked, Class, Failure};

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
    /// It carries requests, if there are any.
    Standing,
    /// The last reply is whole, and the server's end is awaited.
    Leaving,
}

/// What one connection leaves to the next, so that a new connection per request allocates nothing.
pub(super) struct Spare {
    checker: Box<dyn Checker>,
    asked: VecDeque<Asked>,
}

impl Spare {
    pub(super) fn new(checker: Box<dyn Checker>, pipeline: usize) -> Self {
        Self { checker, asked: VecDeque::with_capacity(pipeline) }
    }
}

/// How a connect begins.
pub(super) enum Opening {
    /// It is under way, or done already.
    Begun(Connection),
    /// There is no room in the queue of a Unix socket's server, and nothing has begun (connect(2), `EAGAIN`).
    QueueFull(Spare),
    /// It can't be.
    Failed(io::Error, Spare),
}

/// One connection, from its connect to its end.
pub(super) struct Connection {
    socket: Socket,
    /// Whether it is a Unix socket.
    unix: bool,
    role: Role,
    checker: Box<dyn Checker>,
    phase: Phase,
    /// When this phase began.
    since: Instant,
    /// Requests that are not answered, the oldest first.
    asked: VecDeque<Asked>,
    /// How many of them, the newest ones, nobody has tried to write yet.
    untried: usize,
    /// How many of them have no byte written yet.
    unbegun: usize,
    /// How many bytes of them are still to be written.
    owed: usize,
    /// How many bytes a slow connection may write now.
    allowance: usize,
    /// Whether bytes of the present reply have come.
    reply_begun: bool,
    /// Whether this connection has brought a whole reply.
    answered: bool,
}

impl Connection {
    /// Begins to connect, without waiting for it.
    pub(super) fn open(role: Role, address: &SockAddr, source: &mut Source, spare: Spare) -> Opening {
        let since = Instant::now();
        let unix = address.is_unix();
        let connected = source.connect(address, || {
            let socket = Socket::new(address.domain(), Type::STREAM.nonblocking().cloexec(), None)?;
            if !unix {
                socket.set_nodelay(true)?;
            }
            Ok(socket)
        });
        let socket = match connected {
            Ok((socket, Ok(()))) => socket,
            Ok((socket, Err(error))) if error.raw_os_error() == Some(Errno::EINPROGRESS as i32) => socket,
            Ok((_, Err(error))) if error.kind() == ErrorKind::WouldBlock && unix => {
                return Opening::QueueFull(spare);
            }
            Ok((_, Err(error))) | Err(error) => return Opening::Failed(error, spare),
        };
        Opening::Begun(Self {
            socket,
            unix,
            role,
            checker: spare.checker,
            phase: Phase::Connecting,
            since,
            asked: spare.asked,
            untried: 0,
            unbegun: 0,
            owed: 0,
            allowance: 1,
            reply_begun: false,
            answered: false,
        })
    }

    /// Closes the connection and gives what the next one can use.
    pub(super) fn close(mut self) -> Spare {
        self.checker.restart();
        self.asked.clear();
        Spare { checker: self.checker, asked: self.asked }
    }

    /// Sends what it was asked for if the connection stands already, as it does at once on loopback, and asks for
    /// events from now on. Being told of room for writing as well costs nothing later over TCP: edge-triggered, it tells
    /// it only after a write that found no room. A Unix socket tells it whenever its peer has read, so it is asked only
    /// where requests might not fit.
    pub(super) fn start(
        &mut self,
        shared: &mut Shared,
        registry: &Registry,
        token: Token,
    ) -> Result<(), Failure> {
        self.send(shared)?;
        let most = shared.script(self.role).length * shared.depth(self.role);
        let always_fits = self.unix && self.socket.send_buffer_size().is_ok_and(|room| most < room / 4);
        let interest = if always_fits { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        registry
            .register(&mut SourceFd(&self.socket.as_raw_fd()), token, interest)
            .map_err(|error| Failure::new(Class::Connect, format!("could not watch a connection: {error}")))
    }

    /// Does what an event allows. Spurious events do no harm.
    pub(super) fn ready(&mut self, ready: Readiness, shared: &mut Shared) -> Result<Fate, Failure> {
        self.send(shared)?;
        if ready.readable { self.receive(ready.ended, shared) } else { Ok(Fate::Open) }
    }

    /// How many more requests it can take up.
    pub(super) fn room(&self, shared: &Shared) -> usize {
        let leaving = self.phase == Phase::Leaving;
        if leaving { 0 } else { shared.depth(self.role).saturating_sub(self.asked.len()) }
    }

    /// Whether it has brought a whole reply.
    pub(super) fn answered(&self) -> bool {
        self.answered
    }

    /// When its unanswered requests that a schedule asks for were due, and when they left.
    pub(super) fn scheduled(&self) -> impl Iterator<Item = (Instant, Instant)> {
        self.asked.iter().filter_map(|asked| asked.due.map(|due| (due, asked.left)))
    }

    /// What is overdue, if anything. `may_starve`: to wait for the very first reply, however long, is no failure.
    pub(super) fn overdue(&self, now: Instant, timeout: Duration, may_starve: bool) -> Option<Failure> {
        let late = |since| now.saturating_duration_since(since) >= timeout;
        let sentence = |class, sentence| Some(Failure::new(class, sentence));
        match self.phase {
            Phase::Connecting if late(self.since) => {
                sentence(Class::Connect, format!("no connection came about within {timeout:?}"))
            }
            Phase::Leaving if late(self.since) => sentence(
                Class::Timeout,
                format!("the server did not close within {timeout:?} of its last reply"),
            ),
            // Its request takes as long as it takes.
            Phase::Standing if self.role == Role::Slow && self.owed > 0 => None,
            Phase::Standing if may_starve && !self.reply_begun => None,
            Phase::Standing if self.asked.front().is_some_and(|asked| late(asked.left)) => {
                sentence(Class::Timeout, format!("no whole reply within {timeout:?}"))
            }
            Phase::Connecting | Phase::Standing | Phase::Leaving => None,
        }
    }
}
