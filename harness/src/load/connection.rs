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

use std::collections::VecDeque;
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

use super::source::Source;
use super::tally::{Asked, Class, Failure, Tally};

/// A little more than servers send at once, so that a reply of just that size is read short and needs no second
/// read to find the socket empty.
const BUFFER_BYTES: usize = READ_BYTES + 1024;

/// Requests that leave one behind the other over a connection are written together, up to so many bytes.
const TOGETHER_BYTES: usize = 64 * 1024;

/// One whole request, and again the same behind it, as often as may leave together.
pub(super) struct Script {
    bytes: Box<[u8]>,
    length: usize,
}

impl Script {
    pub(super) fn new(request: &[u8], pipeline: usize) -> Self {
        let times = pipeline.min(TOGETHER_BYTES / request.len().max(1)).max(1);
        Self { bytes: request.repeat(times).into_boxed_slice(), length: request.len() }
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Its replies are what is measured.
    Measured,
    /// It is answered once and then says nothing.
    Idle,
    /// It sends its requests byte by byte, each when it is [allowed](Connection::allow_a_byte) to.
    Slow,
    /// It asks for something else.
    Beside,
}

/// What all connections of one thread share.
pub(super) struct Shared {
    pub(super) script: Script,
    pub(super) beside: Option<Script>,
    pub(super) keep_alive: bool,
    /// How many requests may be under way on a measured connection.
    pub(super) pipeline: usize,
    /// Whether a measured connection's next request leaves by itself as its reply comes.
    pub(super) at_once: bool,
    /// Whether connections are still being opened for the first time. Kept-alive ones then rest after their
    /// first reply: a server under load is slow to accept, and its backlog would overflow.
    pub(super) opening: bool,
    pub(super) tally: Tally,
    /// When bytes last arrived.
    pub(super) received: Instant,
    pub(super) buffer: Box<[u8]>,
}

impl Shared {
    /// Room for what arrives.
    pub(super) fn buffer() -> Box<[u8]> {
        vec![0; BUFFER_BYTES].into_boxed_slice()
    }

    fn script(&self, role: Role) -> &Script {
        match (&self.beside, role) {
            (Some(beside), Role::Beside) => beside,
            _ => &self.script,
        }
    }

    /// How many requests may be under way at once.
    fn depth(&self, role: Role) -> usize {
        if role == Role::Measured { self.pipeline } else { 1 }
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

    /// Takes up a request, which goes out with the next call of [`send`](Self::send). `due` as in [`Asked`]; it could have
    /// left at `ready`.
    pub(super) fn ask(&mut self, due: Option<Instant>, ready: Instant, shared: &Shared) {
        self.asked.push_back(Asked { due, ready, left: ready });
        self.untried += 1;
        self.unbegun += 1;
        self.owed += shared.script(self.role).length;
    }

    /// Whether it has taken up requests that nobody has tried to send.
    pub(super) fn has_new_requests(&self) -> bool {
        self.untried > 0
    }

    /// Takes up as many requests as there is room for.
    pub(super) fn ask_on(&mut self, now: Instant, shared: &Shared) {
        let room = self.room(shared);
        for _ in 0..room {
            self.ask(None, now, shared);
        }
    }

    /// Lets a slow connection write one byte more.
    pub(super) fn allow_a_byte(&mut self) {
        self.allowance = 1;
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

    /// Writes what is left of its requests, until the socket would block. The first write tells whether the
    /// connection stands: while it does not, it would block, and if it never will, it fails with the reason.
    pub(super) fn send(&mut self, shared: &mut Shared) -> Result<(), Failure> {
        while self.owed > 0 && (self.role != Role::Slow || self.allowance > 0) {
            let now = Instant::now();
            if self.untried > 0 {
                self.leave_all(now, shared);
            }
            let script = shared.script(self.role);
            let begun = match self.owed {
                owed if owed <= script.length => script.length - owed, // mostly, without a division
                owed => (script.length - owed % script.length) % script.length,
            };
            let most = if self.role == Role::Slow { self.allowance } else { self.owed };
            let end = script.bytes.len().min(begun + most);
            match rustix::net::send(&self.socket, &script.bytes[begun..end], SendFlags::NOSIGNAL) {
                Ok(count) => {
                    let length = script.length;
                    self.sent(count, length, now);
                    if self.phase == Phase::Connecting {
                        self.phase = Phase::Standing;
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

    /// The requests that are new leave now, as far as it is up to the generator.
    fn leave_all(&mut self, now: Instant, shared: &mut Shared) {
        let leaving = if self.phase == Phase::Connecting { self.since } else { now };
        if shared.tally.is_open_loop() {
            let first = self.asked.len() - self.untried;
            for asked in self.asked.range(first..) {
                shared.tally.leaves(asked, leaving);
            }
        }
        self.untried = 0;
    }

    /// So many bytes have been written, by a call that began at `now`.
    fn sent(&mut self, count: usize, length: usize, now: Instant) {
        self.owed -= count;
        let unbegun = if self.owed == 0 { 0 } else { self.owed / length };
        for at in self.asked.len() - self.unbegun..self.asked.len() - unbegun {
            self.asked[at].left = now;
        }
        self.unbegun = unbegun;
        if self.role == Role::Slow {
            self.allowance = self.allowance.saturating_sub(count);
            if let Some(asked) = self.asked.front_mut() {
                asked.left = now; // its reply is timed by nobody; its time limit runs from here
            }
        }
    }

    /// Reads and checks. `ended`: the end or an error is known to be there, so no request is sent any more.
    fn receive(&mut self, ended: bool, shared: &mut Shared) -> Result<Fate, Failure> {
        loop {
            match rustix::net::recv(&self.socket, &mut *shared.buffer, RecvFlags::empty()) {
                Ok((0, _)) => return self.end(shared),
                Ok((count, _)) => {
                    let all_answered = self.arrived(count, ended, shared)?;
                    let drained = count < shared.buffer.len();
                    // After all replies the next one raises an event of its own.
                    if !ended && (drained || (all_answered && self.phase != Phase::Leaving)) {
                        return Ok(Fate::Open);
                    }
                }
                Err(rustix::io::Errno::AGAIN) => return Ok(Fate::Open),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) if self.phase == Phase::Connecting => return Err(not_connected(&error.into())),
                Err(error) => return Err(broken("waiting for a reply", &error.into())),
            }
        }
    }

    /// Checks the bytes just read, and after whole replies goes on with the next requests or leaves. Gives whether all that it
    /// had asked for was answered.
    fn arrived(&mut self, count: usize, ended: bool, shared: &mut Shared) -> Result<bool, Failure> {
        let received = Instant::now();
        shared.received = received;
        let mut at = 0;
        while at < count {
            if self.asked.is_empty() || self.phase == Phase::Leaving {
                return Err(too_much(count)); // which came by itself: what comes behind a reply is told below
            }
            match self.checker.arrived(&shared.buffer[at..count]) {
                Reply::More => {
                    self.reply_begun = true;
                    break;
                }
                Reply::Whole { used, closing } => {
                    at += used;
                    if at < count && (self.asked.len() == 1 || closing) {
                        return Err(too_much(count - at));
                    }
                    self.replied(received, shared)?;
                    if closing {
                        self.leave(received);
                    }
                }
                Reply::Short => return Err(cut_short()),
                Reply::Wrong(why) => return Err(Failure::new(Class::Wrong, why)),
            }
        }
        let all_answered = self.asked.is_empty();
        if self.phase == Phase::Standing && !ended && at > 0 {
            self.go_on(received, shared)?;
        }
        Ok(all_answered)
    }

    /// Asks again after whole replies, or takes leave.
    fn go_on(&mut self, received: Instant, shared: &mut Shared) -> Result<(), Failure> {
        if !shared.keep_alive {
            self.leave(received);
            let closed = self.socket.shutdown(Shutdown::Write);
            return closed.map_err(|error| broken("closing after a reply", &error));
        }
        if !shared.opening {
            self.go_on_by_itself(received, shared);
        }
        self.send(shared)
    }

    /// Takes up further requests, if it is such that they leave by themselves as replies come.
    pub(super) fn go_on_by_itself(&mut self, now: Instant, shared: &Shared) {
        match self.role {
            Role::Measured if shared.at_once => self.ask_on(now, shared),
            Role::Slow | Role::Beside => self.ask_on(now, shared),
            Role::Measured | Role::Idle => {}
        }
    }

    fn replied(&mut self, received: Instant, shared: &mut Shared) -> Result<(), Failure> {
        let later = self.asked.len().saturating_sub(1) * shared.script(self.role).length;
        if self.owed > later {
            return Err(Failure::new(Class::Wrong, "a whole reply came before the request was sent whole"));
        }
        let Some(asked) = self.asked.pop_front() else { return Ok(()) };
        match self.role {
            Role::Measured => shared.tally.replied(&asked, received),
            Role::Beside => shared.tally.replied_beside(&asked, received),
            Role::Idle | Role::Slow => {}
        }
        self.reply_begun = false;
        self.answered = true;
        Ok(())
    }

    fn leave(&mut self, now: Instant) {
        self.phase = Phase::Leaving;
        self.since = now;
    }

    /// The server has sent its last byte.
    fn end(&mut self, shared: &mut Shared) -> Result<Fate, Failure> {
        if self.asked.is_empty() || self.phase == Phase::Leaving {
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
