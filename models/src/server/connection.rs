//! One connection in an event loop: its socket, its conversation, and how far it has got.

use std::io;
use std::net::Shutdown as Side;
use std::rc::Rc;
use std::time::Instant;

use socket2::Socket;
use workloads::{Conversation, Done, Limits, Next, Peer, Service};

use super::blocking::{HEAR_OUT_BYTES, HEAR_OUT_TIME};
use super::readiness::Interest;
use super::request_clock::RequestClock;
use super::socket::{self, Mode};

/// A connection that never blocks: each turn it goes as far as it can.
pub(crate) struct Connection {
    socket: Rc<Socket>,
    conversation: Conversation,
    state: State,
    clock: RequestClock,
    deadline: Instant,
    /// No more requests are waited for: the server is to stop.
    leaving: bool,
}

enum State {
    /// Once the output is sent, this is next.
    Talking(Next),
    /// The session asked for time; its deadline is the end of it.
    Waiting,
    /// A refused client is heard out; this many bytes more.
    HearingOut(usize),
}

/// Where a turn has ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It goes on when the socket is ready for this, or at its deadline.
    On(Interest),
    /// It can go on at once, but others come first.
    Again,
    /// The connection is over.
    Gone,
}

impl Connection {
    pub(crate) fn new(socket: Socket, service: &dyn Service, peer: Peer, now: Instant) -> Self {
        Self {
            socket: Rc::new(socket),
            conversation: Conversation::new(service, peer),
            state: State::Talking(Next::Read),
            clock: RequestClock::default(),
            deadline: now,
            leaving: false,
        }
    }

    pub(crate) fn socket(&self) -> &Rc<Socket> {
        &self.socket
    }

    /// When [`time_is_up`](Self::time_is_up) is to be called, unless a turn comes first.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The server is to stop: what is under way is finished, and then the connection closes.
    pub(crate) fn leave(&mut self) {
        self.leaving = true;
    }

    /// Goes as far as it can without blocking. At most one read, one flush and one computation a turn: one client must
    /// not keep the others waiting. Any trouble is this connection's own, and its end.
    pub(crate) fn advance(&mut self, now: Instant, scratch: &mut Vec<u8>) -> Turn {
        self.try_advance(now, scratch).unwrap_or(Turn::Gone)
    }

    /// Its deadline has passed: either it had asked for that much time, or it has taken too long.
    pub(crate) fn time_is_up(&mut self, now: Instant, scratch: &mut Vec<u8>) -> Turn {
        match self.state {
            State::Waiting => {
                self.state = State::Talking(self.conversation.resumed(Done::Waited));
                self.advance(now, scratch)
            }
            State::Talking(_) | State::HearingOut(_) => Turn::Gone,
        }
    }

    fn try_advance(&mut self, now: Instant, scratch: &mut Vec<u8>) -> io::Result<Turn> {
        let mut has_read = false;
        loop {
            let next = match &mut self.state {
                State::Waiting => return Ok(Turn::On(Interest::Nothing)), // woken for nothing
                State::HearingOut(bytes) => return hear_out(&self.socket, bytes, scratch),
                State::Talking(next) => next,
            };
            if !send(&self.socket, &mut self.conversation)? {
                self.deadline = now + self.limits().idle_time;
                return Ok(Turn::On(Interest::Write));
            }
            let next = match std::mem::replace(next, Next::Read) {
                Next::Read if has_read => return Ok(self.park(now, true)),
                Next::Read => match socket::receive(&self.socket, scratch, Mode::NonBlocking) {
                    Ok(0) => self.conversation.ended(),
                    Ok(_) => {
                        has_read = true;
                        self.conversation.arrived(scratch)
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        return Ok(self.park(now, false));
                    }
                    Err(error) => return Err(error),
                },
                Next::Flush => {
                    self.state = State::Talking(self.conversation.resumed(Done::Flushed));
                    return Ok(Turn::Again);
                }
                Next::Wait(time) => {
                    // Not `now`: somebody may have computed since the turn began, and a wait must not be cut short.
                    self.deadline = Instant::now() + time;
                    self.state = State::Waiting;
                    return Ok(Turn::On(Interest::Nothing));
                }
                Next::Compute(work) => {
                    // In line: everybody else waits meanwhile.
                    self.state = State::Talking(self.conversation.resumed(Done::Computed(work())));
                    return Ok(Turn::Again);
                }
                Next::Close => return Ok(Turn::Gone),
                Next::Refuse => {
                    self.socket.shutdown(Side::Write)?;
                    self.deadline = now + HEAR_OUT_TIME;
                    self.state = State::HearingOut(HEAR_OUT_BYTES);
                    continue;
                }
            };
            self.state = State::Talking(next);
        }
    }

    /// Waits for input, unless the server is to stop and nothing more is under way.
    fn park(&mut self, now: Instant, has_read: bool) -> Turn {
        let due = self.clock.deadline(&self.conversation, now);
        self.deadline = due.unwrap_or_else(|| now + self.limits().idle_time);
        match self.leaving {
            true if has_read => Turn::Again, // there may be more that has arrived already
            true if due.is_none() => Turn::Gone, // nothing has begun to arrive
            _ => Turn::On(Interest::Read),
        }
    }

    fn limits(&self) -> &Limits {
        self.conversation.limits()
    }
}

/// Sends what it can at once; true if that was everything.
fn send(socket: &Socket, conversation: &mut Conversation) -> io::Result<bool> {
    while !conversation.output().is_empty() {
        match socket::send(socket, conversation.output(), Mode::NonBlocking) {
            Ok(sent) => conversation.sent(sent),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Reads and drops; see [`blocking::serve`](super::blocking::serve), which does the same with blocking calls.
fn hear_out(socket: &Socket, bytes_left: &mut usize, scratch: &mut Vec<u8>) -> io::Result<Turn> {
    match socket::receive(socket, scratch, Mode::NonBlocking) {
        Ok(0) => Ok(Turn::Gone),
        Ok(bytes) => {
            *bytes_left = bytes_left.saturating_sub(bytes);
            Ok(if *bytes_left == 0 { Turn::Gone } else { Turn::On(Interest::Read) })
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Turn::On(Interest::Read)),
        Err(error) => Err(error),
    }
}
