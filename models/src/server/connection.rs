//! One connection in an event loop: its socket, its conversation, and how far it has got.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use socket2::Socket;
use workloads::{Conversation, Done, FilePart, Limits, Next, Peer, Service, Value, Work};

use super::farewell::HearingOut;
use super::outlet;
use super::readiness::{Interest, Ready};
use super::request_clock::RequestClock;
use super::socket::{self, Mode, Then};

/// A connection that never blocks: each turn it goes as far as it can.
pub(crate) struct Connection {
    socket: Arc<Socket>,
    conversation: Conversation,
    state: State,
    clock: RequestClock,
    deadline: Instant,
    /// All that had arrived was read, and nothing has been told to have come since: to read now would be in vain.
    drained: bool,
    /// A short read shows no more that nothing is left: see [`Ready::more_behind`].
    more_behind: bool,
    /// No more requests are waited for: the server is to stop.
    leaving: bool,
}

enum State {
    /// Once the output is sent, this is next.
    Talking(Next),
    /// The session asked for time; its deadline is the end of it.
    Waiting,
    /// Its work is being done.
    Computing,
    /// A client is heard out, who was refused or to whom a reply is still on its way.
    HearingOut(HearingOut),
}

/// Where a turn has ended.
pub(crate) enum Turn {
    /// It goes on when the socket is ready for this, or at its deadline.
    On(Interest),
    /// It goes on when this is computed: see [`Connection::computed`].
    Compute(Work),
    /// It can go on at once, but others come first.
    Again,
    /// The connection is over.
    Gone,
}

impl Connection {
    pub(crate) fn new(socket: Socket, service: &dyn Service, peer: Peer, now: Instant) -> Self {
        Self {
            conversation: outlet::conversation(service, peer, &socket),
            socket: Arc::new(socket),
            state: State::Talking(Next::Read),
            clock: RequestClock::default(),
            deadline: now,
            drained: false,
            more_behind: false,
            leaving: false,
        }
    }

    pub(crate) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// When [`time_is_up`](Self::time_is_up) is to be called, unless a turn comes first. None while its work is being
    /// done, which is no fault of the client's.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Computing => None,
            _ => Some(self.deadline),
        }
    }

    /// Whether all that had arrived was read, as far as anybody has told.
    pub(crate) fn drained(&self) -> bool {
        self.drained
    }

    /// The server is to stop: what is under way is finished, and then the connection closes.
    pub(crate) fn leave(&mut self) {
        self.leaving = true;
        self.drained = false; // it looks once more
    }

    /// What its socket is ready for. Said also where no turn follows: with edges it is not said again.
    pub(crate) fn hear(&mut self, ready: Ready) {
        self.drained &= !(ready.readable || ready.broken);
        self.more_behind |= ready.more_behind;
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
            State::Computing => Turn::On(Interest::Nothing), // it has none
            State::HearingOut(ref hearing) if hearing.goes_on(&self.socket, now) => {
                self.deadline = hearing.look_at(now);
                Turn::On(Interest::Read)
            }
            State::Talking(_) | State::HearingOut(_) => Turn::Gone,
        }
    }

    /// What it had asked for is computed.
    pub(crate) fn computed(&mut self, value: Value) -> Turn {
        self.state = State::Talking(self.conversation.resumed(Done::Computed(value)));
        Turn::Again
    }

    fn try_advance(&mut self, now: Instant, scratch: &mut Vec<u8>) -> io::Result<Turn> {
        let mut has_read = false;
        loop {
            let next = match &mut self.state {
                State::Waiting | State::Computing => return Ok(Turn::On(Interest::Nothing)), // woken for nothing
                State::HearingOut(_) => return self.hear_out(scratch),
                State::Talking(next) => next,
            };
            let then = match next {
                Next::Close if !self.leaving => Then::End,
                Next::Refuse => Then::End,
                Next::File(_) => Then::File,
                _ => Then::Nothing,
            };
            if !send(&self.socket, &mut self.conversation, then)? {
                self.deadline = now + self.limits().idle_time;
                return Ok(Turn::On(Interest::Write));
            }
            let next = match std::mem::replace(next, Next::Read) {
                Next::Read if has_read || self.drained => return self.park(now),
                Next::Read => match self.receive(scratch)? {
                    None => return self.park(now),
                    Some(0) => self.conversation.ended(),
                    Some(_) => {
                        has_read = true;
                        self.conversation.arrived(scratch)
                    }
                },
                Next::Flush => {
                    self.state = State::Talking(self.conversation.resumed(Done::Flushed));
                    return Ok(Turn::Again);
                }
                Next::File(mut part) => {
                    if !send_file(&self.socket, &mut part)? {
                        self.state = State::Talking(Next::File(part));
                        self.deadline = now + self.limits().idle_time;
                        return Ok(Turn::On(Interest::Write));
                    }
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
                    self.state = State::Computing;
                    return Ok(Turn::Compute(work));
                }
                Next::Close => return self.close(now),
                Next::Refuse => {
                    let hearing = HearingOut::begin(&self.socket, now)?;
                    self.deadline = hearing.until();
                    self.state = State::HearingOut(hearing);
                    continue;
                }
            };
            self.state = State::Talking(next);
        }
    }

    /// Reads what has arrived, up to the size of `scratch`; nothing if there is nothing yet, zero bytes at the end.
    fn receive(&mut self, scratch: &mut Vec<u8>) -> io::Result<Option<usize>> {
        match socket::receive(&self.socket, scratch, Mode::NonBlocking) {
            Ok(bytes) => {
                // A stream that gives less than there was room for has no more (epoll(7)), but for what hides behind.
                self.drained = bytes < scratch.capacity() && !self.more_behind;
                Ok(Some(bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.drained = true;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for input, unless the server is to stop and nothing more is under way.
    fn park(&mut self, now: Instant) -> io::Result<Turn> {
        let due = self.clock.deadline(&self.conversation, now);
        self.deadline = due.unwrap_or_else(|| now + self.limits().idle_time);
        match self.leaving {
            true if !self.drained => Ok(Turn::Again), // there may be more that has arrived already
            true if due.is_none() => self.close(now), // nothing has begun to arrive
            _ => Ok(Turn::On(Interest::Read)),
        }
    }

    /// The end, unless a reply is still on its way when the server is to stop.
    fn close(&mut self, now: Instant) -> io::Result<Turn> {
        let hearing = if self.leaving { HearingOut::begin_if_needed(&self.socket, now)? } else { None };
        let Some(hearing) = hearing else { return Ok(Turn::Gone) };
        self.deadline = hearing.look_at(now);
        self.state = State::HearingOut(hearing);
        Ok(Turn::Again)
    }

    /// Reads and drops; see [`blocking::serve`](super::blocking::serve), which does the same with blocking calls.
    fn hear_out(&mut self, scratch: &mut Vec<u8>) -> io::Result<Turn> {
        if self.drained {
            return Ok(Turn::On(Interest::Read));
        }
        let heard = self.receive(scratch)?;
        let State::HearingOut(hearing) = &mut self.state else { return Ok(Turn::Gone) };
        let is_over = !hearing.heard(heard.unwrap_or(0)) || heard == Some(0);
        Ok(if is_over { Turn::Gone } else { Turn::On(Interest::Read) })
    }

    fn limits(&self) -> &Limits {
        self.conversation.limits()
    }
}

/// Sends what it can at once; true if that was everything.
fn send(socket: &Socket, conversation: &mut Conversation, then: Then) -> io::Result<bool> {
    while !conversation.output().is_empty() {
        match socket::send(socket, conversation.output(), then, Mode::NonBlocking) {
            Ok(sent) => conversation.sent(sent),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// The same for a part of a file.
fn send_file(socket: &Socket, part: &mut FilePart) -> io::Result<bool> {
    socket.set_nonblocking(true)?;
    while part.length() > 0 {
        match socket::send_file(socket, part) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            result => result?,
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use workloads::READ_BYTES;
    use workloads::echo::Echo;

    use super::*;

    const READABLE: Ready =
        Ready { key: 0, readable: true, writable: true, broken: false, more_behind: false };

    struct Client {
        stream: UnixStream,
        connection: Connection,
        scratch: Vec<u8>,
    }

    impl Client {
        fn new() -> Self {
            let (stream, ours) = UnixStream::pair().unwrap();
            let connection = Connection::new(Socket::from(ours), &Echo, Peer::default(), Instant::now());
            Self { stream, connection, scratch: socket::scratch() }
        }

        /// Sends, and gives the connection a turn after which it must wait for input. Whether it has drained the socket.
        fn drains(&mut self, bytes: usize, ready: Ready) -> bool {
            self.stream.write_all(&vec![7; bytes]).unwrap();
            self.connection.hear(ready);
            let turn = self.connection.advance(Instant::now(), &mut self.scratch);
            assert!(matches!(turn, Turn::On(Interest::Read)));
            self.connection.drained()
        }
    }

    #[test]
    fn a_short_read_shows_that_nothing_is_left() {
        assert!(Client::new().drains(5, READABLE));
    }

    #[test]
    fn a_full_read_may_have_left_something() {
        let mut client = Client::new();
        assert!(!client.drains(READ_BYTES, READABLE));
        assert!(client.drains(0, READABLE), "a read that finds nothing shows it");
    }

    #[test]
    fn a_short_read_shows_nothing_once_the_end_has_been_told() {
        let mut client = Client::new();
        assert!(!client.drains(5, Ready { more_behind: true, ..READABLE }));
        assert!(!client.drains(5, READABLE), "it is not told twice");
    }

    #[test]
    fn what_comes_after_a_short_read_is_there_to_be_read() {
        let mut client = Client::new();
        assert!(client.drains(5, READABLE));
        client.connection.hear(READABLE);
        assert!(!client.connection.drained());
    }

    #[test]
    fn room_to_send_is_nothing_to_read() {
        let mut client = Client::new();
        assert!(client.drains(5, READABLE));
        client.connection.hear(Ready { readable: false, ..READABLE });
        assert!(client.connection.drained());
    }
}
