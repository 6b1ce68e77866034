//! One connection in a loop over completions: its socket, its conversation, what is in flight for it, and how far it
//! has got.

use std::io;
use std::time::Instant;

use bytes::BytesMut;
use socket2::Socket;
use workloads::{Conversation, Done, Next, Peer, READ_BYTES, Service};

use super::buffers::Chunk;
use super::ring::{Behind, Client, Receipt, Ring};
use crate::server::farewell::HearingOut;
use crate::server::outlet;
use crate::server::request_clock::RequestClock;
use crate::server::socket::{self, Mode, Then};

/// A connection that asks the ring for what it needs, and goes on when that is done.
pub(super) struct Connection {
    socket: Socket,
    client: Client,
    conversation: Conversation,
    state: State,
    receive: Receive,
    /// Output is with the ring, and nothing else takes effect before it is sent.
    sending: bool,
    /// What arrived while it could not be dealt with. No more than one receive brings in a turn of the loop, which is
    /// cancelled then: as much as there are buffers, 4 MiB.
    held: BytesMut,
    /// The peer sends no more; that comes after what is held.
    ended: bool,
    pace: Pace,
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
    /// A client is heard out, who was refused or to whom a reply is still on its way.
    HearingOut(HearingOut),
    /// It is over, and only waits for the end of what is in flight.
    Over,
}

/// How a connection is received from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// Whatever comes, whenever it comes: one receive that goes on.
    AsItComes,
    /// One piece at a time, when there is use for it: the peer sends faster than it takes answers.
    ByThePiece,
}

/// Whether a receive is in flight.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Receive {
    No,
    Yes,
    /// It was cancelled, and its last completion is still to come.
    Cancelled,
}

/// Where a turn has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It goes on with a completion, or at its deadline.
    Parked,
    /// It can go on at once, but others come first.
    Again,
    /// The connection is over.
    Gone,
}

impl Connection {
    pub(super) fn new(
        socket: Socket,
        client: Client,
        service: &dyn Service,
        peer: Peer,
        now: Instant,
    ) -> Self {
        Self {
            conversation: outlet::conversation(service, peer, &socket),
            socket,
            client,
            state: State::Talking(Next::Read),
            receive: Receive::No,
            sending: false,
            held: BytesMut::new(),
            ended: false,
            pace: Pace::AsItComes,
            clock: RequestClock::default(),
            deadline: now,
            leaving: false,
        }
    }

    pub(super) fn client(&self) -> Client {
        self.client
    }

    /// When [`time_is_up`](Self::time_is_up) is to be called, unless a turn comes first.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The server is to stop: what is under way is finished, and then the connection closes.
    pub(super) fn leave(&mut self) {
        self.leaving = true;
    }

    /// Whether the kernel is at work for it. Only then may it be dropped: a completion must find its connection.
    pub(super) fn is_in_flight(&self) -> bool {
        self.sending || self.receive != Receive::No
    }

    /// It is over: nothing of it is to go on.
    pub(super) fn end(&mut self, ring: &mut Ring) {
        if !matches!(self.state, State::Over) {
            self.state = State::Over;
            self.held = BytesMut::new();
            self.stop_receiving(ring);
            if self.sending {
                ring.stop_sending(self.client);
            }
        }
    }

    /// A receive has completed, and goes on if there is `more`. False if the connection is over.
    pub(super) fn received(&mut self, what: Receipt, more: bool, ring: &mut Ring) -> bool {
        if !more {
            self.receive = Receive::No;
        }
        match what {
            Receipt::Bytes(chunk, behind) => return self.take(chunk, behind, ring),
            Receipt::End => self.ended = true,
            Receipt::Broken => return false,
            Receipt::NoBuffer | Receipt::Cancelled => {} // it is asked for again when it is needed
        }
        true
    }

    /// Bytes go to the session if it waits for them, and are held if not.
    fn take(&mut self, chunk: Chunk, behind: Behind, ring: &mut Ring) -> bool {
        match behind {
            _ if chunk.len() == READ_BYTES => {}
            Behind::Nothing => self.pace = Pace::AsItComes, // that was all for now
            Behind::More => {
                // It has stopped at an urgent byte, if not more has come just now. A receive that goes on gives up there
                // if a signal comes (`tcp_recvmsg_locked`), and waits for more to come: so the next one begins anew.
                self.pace = Pace::ByThePiece;
                self.stop_receiving(ring);
            }
        }
        let bytes = ring.open(chunk);
        match &mut self.state {
            State::Over => return false,
            State::HearingOut(hearing) => return hearing.heard(bytes.len()),
            State::Talking(next @ Next::Read)
                if !self.sending && self.held.is_empty() && self.conversation.output().is_empty() =>
            {
                *next = self.conversation.arrived(&bytes);
                drop(bytes);
                if self.conversation.pending() {
                    // A reset that came with these bytes is told to no receive that goes on, for it shows once, in the same
                    // wake-up. One that begins anew finds it. Behind a whole request the reply would.
                    self.pace = Pace::ByThePiece;
                    self.stop_receiving(ring);
                }
            }
            _ => {
                self.held.extend_from_slice(&bytes);
                drop(bytes);
                self.pace = Pace::ByThePiece;
                self.stop_receiving(ring);
            }
        }
        true
    }

    /// A send has completed. False if the connection is over.
    pub(super) fn sent(
        &mut self,
        mut output: BytesMut,
        sent: Option<usize>,
        now: Instant,
        ring: &mut Ring,
    ) -> bool {
        self.sending = false;
        let Some(sent) = sent else { return false };
        if matches!(self.state, State::Over) {
            return false;
        }
        if sent < output.len() {
            let _ = output.split_to(sent);
            self.send(output, now, ring);
        } else {
            self.conversation.taken_was_sent(output);
        }
        true
    }

    /// Goes as far as it can until it needs something from the kernel. At most one piece of what is held, one flush and
    /// one computation a turn: one client must not keep the others waiting. Any trouble is this connection's own, and
    /// its end.
    pub(super) fn advance(&mut self, now: Instant, ring: &mut Ring) -> Turn {
        self.try_advance(now, ring).unwrap_or(Turn::Gone)
    }

    /// Its deadline has passed: either it had asked for that much time, or it has taken too long.
    pub(super) fn time_is_up(&mut self, now: Instant, ring: &mut Ring) -> Turn {
        match self.state {
            State::Waiting => {
                self.state = State::Talking(self.conversation.resumed(Done::Waited));
                self.advance(now, ring)
            }
            State::HearingOut(ref hearing) if hearing.goes_on(&self.socket, now) => {
                self.deadline = hearing.look_at(now);
                Turn::Parked
            }
            State::Talking(_) | State::HearingOut(_) | State::Over => Turn::Gone,
        }
    }

    fn try_advance(&mut self, now: Instant, ring: &mut Ring) -> io::Result<Turn> {
        let mut has_read = false;
        loop {
            if self.sending {
                return Ok(Turn::Parked);
            }
            if !self.conversation.output().is_empty() {
                let output = self.conversation.take_output();
                self.send(output, now, ring);
                return Ok(Turn::Parked);
            }
            let next = match &mut self.state {
                State::Waiting => return Ok(Turn::Parked),
                State::Over => return Ok(Turn::Gone),
                State::HearingOut(_) if self.ended => return Ok(Turn::Gone),
                State::HearingOut(_) => {
                    self.receive(ring);
                    return Ok(Turn::Parked);
                }
                State::Talking(next) => next,
            };
            let next = match std::mem::replace(next, Next::Read) {
                Next::Read if !self.held.is_empty() => {
                    if has_read {
                        return Ok(Turn::Again);
                    }
                    has_read = true;
                    self.arrived()
                }
                Next::Read if self.ended => self.conversation.ended(),
                Next::Read => match self.park(now, ring)? {
                    Some(turn) => return Ok(turn),
                    None => Next::Read,
                },
                Next::Flush => {
                    self.state = State::Talking(self.conversation.resumed(Done::Flushed));
                    return Ok(Turn::Again);
                }
                Next::File(mut part) => {
                    self.conversation.load(&mut part)?;
                    if part.length() == 0 { Next::Flush } else { Next::File(part) }
                }
                Next::Wait(time) => {
                    // Not `now`: somebody may have computed since the turn began, and a wait must not be cut short.
                    self.deadline = Instant::now() + time;
                    self.state = State::Waiting;
                    return Ok(Turn::Parked);
                }
                Next::Compute(work) => {
                    // In line: everybody else waits meanwhile.
                    self.state = State::Talking(self.conversation.resumed(Done::Computed(work())));
                    return Ok(Turn::Again);
                }
                Next::Close => return self.close(now),
                Next::Refuse => {
                    let hearing = HearingOut::begin(&self.socket, now)?;
                    self.deadline = hearing.until();
                    self.hear_out(hearing);
                    continue;
                }
            };
            self.state = State::Talking(next);
        }
    }

    /// The session gets what was held, as much at a time as any model reads.
    fn arrived(&mut self) -> Next {
        let piece = self.held.split_to(self.held.len().min(READ_BYTES));
        if self.held.is_empty() {
            self.held = BytesMut::new(); // the memory goes with the piece
        }
        self.conversation.arrived(&piece)
    }

    /// Waits for input, unless the server is to stop and nothing more is under way. None if input is there already.
    fn park(&mut self, now: Instant, ring: &mut Ring) -> io::Result<Option<Turn>> {
        let due = self.clock.deadline(&self.conversation, now);
        self.deadline = due.unwrap_or_else(|| now + self.conversation.limits().idle_time);
        if !self.leaving || due.is_some() {
            self.receive(ring);
            return Ok(Some(Turn::Parked));
        }
        if self.receive != Receive::No {
            self.stop_receiving(ring); // what it has brought comes first
            return Ok(Some(Turn::Parked));
        }
        self.look_once_more(now)
    }

    /// There may be more that has arrived already. With no receive in flight, nothing can overtake what is found here.
    fn look_once_more(&mut self, now: Instant) -> io::Result<Option<Turn>> {
        let mut scratch = socket::scratch();
        match socket::receive(&self.socket, &mut scratch, Mode::NonBlocking) {
            Ok(0) => self.ended = true,
            Ok(_) => self.held.extend_from_slice(&scratch),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.close(now).map(Some),
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    /// The end, unless a reply is still on its way when the server is to stop.
    fn close(&mut self, now: Instant) -> io::Result<Turn> {
        let hearing = if self.leaving { HearingOut::begin_if_needed(&self.socket, now)? } else { None };
        let Some(hearing) = hearing else { return Ok(Turn::Gone) };
        self.deadline = hearing.look_at(now);
        self.hear_out(hearing);
        Ok(Turn::Again)
    }

    fn hear_out(&mut self, mut hearing: HearingOut) {
        hearing.heard(self.held.len()); // what has come already counts
        self.held = BytesMut::new();
        self.state = State::HearingOut(hearing);
    }

    /// Sees to it that a receive is in flight, or will be once the one that was cancelled has ended.
    fn receive(&mut self, ring: &mut Ring) {
        if self.receive == Receive::No {
            self.receive = Receive::Yes;
            match self.pace {
                Pace::AsItComes => ring.receive_on(self.client, &self.socket),
                Pace::ByThePiece => ring.receive_once(self.client, &self.socket),
            }
        }
    }

    fn stop_receiving(&mut self, ring: &mut Ring) {
        if self.receive == Receive::Yes {
            self.receive = Receive::Cancelled;
            ring.stop_receiving(self.client);
        }
    }

    fn send(&mut self, output: BytesMut, now: Instant, ring: &mut Ring) {
        self.sending = true;
        self.deadline = now + self.conversation.limits().idle_time;
        let then = match self.state {
            State::Talking(Next::Close) if !self.leaving => Then::End,
            State::Talking(Next::Refuse) => Then::End,
            State::Talking(Next::File(_)) => Then::File,
            _ => Then::Nothing,
        };
        ring.send(self.client, &self.socket, output, then);
    }
}
