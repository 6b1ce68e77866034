//! One session with its buffers: the rules that every model keeps, kept once and free of IO.
//!
//! A model tells a [`Conversation`] what happened ([`arrived`](Conversation::arrived),
//! [`ended`](Conversation::ended), [`resumed`](Conversation::resumed)), sends what then stands in
//! [`output`](Conversation::output), and does what the returned [`Next`] says, in that order.
//!
//! ```
//! use workloads::{Conversation, Next, Peer, echo::Echo};
//!
//! let mut conversation = Conversation::new(&Echo, Peer::default());
//! assert!(matches!(conversation.arrived(b"hello"), Next::Read));
//! assert_eq!(conversation.output(), b"hello");
//! conversation.sent(5); // a model says so once the system has taken them
//! assert!(conversation.output().is_empty());
//! assert!(matches!(conversation.ended(), Next::Close));
//! ```

use std::io;
use std::mem;

use bytes::{Buf, BytesMut};

use crate::file_part::FilePart;
use crate::outlet::Outlet;
use crate::session::{Done, Limits, Next, Peer, Service, Session};

/// A session, what has arrived for it, and what is to be sent for it.
pub struct Conversation {
    session: Box<dyn Session>,
    input: BytesMut,
    output: BytesMut,
    limits: Limits,
    peer_has_ended: bool,
    /// The session's last word was that it wants to read.
    reading: bool,
    replies: u64,
}

/// An idle connection gives back buffers above this many bytes.
const IDLE_BYTES: usize = 16 * 1024;

impl Conversation {
    /// Opens a session of `service` for a new connection.
    pub fn new(service: &dyn Service, peer: Peer) -> Self {
        Self::of(service.session(peer), service)
    }

    /// The same for a service that [pushes](Service::pushes): `outlet` leads to the client.
    pub fn with_outlet(service: &dyn Service, peer: Peer, outlet: Box<dyn Outlet>) -> Self {
        Self::of(service.open(peer, outlet), service)
    }

    fn of(session: Box<dyn Session>, service: &dyn Service) -> Self {
        Self {
            session,
            input: BytesMut::new(),
            output: BytesMut::new(),
            limits: service.limits(),
            peer_has_ended: false,
            reading: true,
            replies: 0,
        }
    }

    /// Bytes came in. A model reads only after [`Next::Read`] and once all output is sent, so that a client who
    /// never reads its replies is not read from either: memory stays bounded.
    pub fn arrived(&mut self, bytes: &[u8]) -> Next {
        self.input.extend_from_slice(bytes);
        self.receive()
    }

    /// The peer sends no more. It may still be reading: a half-closed peer gets its answer.
    pub fn ended(&mut self) -> Next {
        self.peer_has_ended = true;
        self.end()
    }

    /// What the session asked for is done, and its output was sent before that.
    pub fn resumed(&mut self, done: Done) -> Next {
        let next = self.step(|session, _, output| session.resume(done, output));
        match next {
            // Requests that came along with the last one go first: pipelining.
            Next::Read if !self.input.is_empty() => self.receive(),
            Next::Read if self.peer_has_ended => self.end(),
            next => next,
        }
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// The system has taken so many bytes from the front of the output.
    pub fn sent(&mut self, bytes: usize) {
        self.output.advance(bytes);
        if self.output.is_empty() && self.reading {
            give_back(&mut self.output);
        }
    }

    /// Hands the output over to somebody who sends it later and needs it to stay where it is until then: the kernel
    /// itself, which a model with completions asks to send. Nothing more happens in the conversation meanwhile.
    pub fn take_output(&mut self) -> BytesMut {
        mem::take(&mut self.output)
    }

    /// All that was taken has been sent, and its memory is there for more output.
    pub fn taken_was_sent(&mut self, mut taken: BytesMut) {
        taken.clear();
        if self.output.is_empty() {
            self.output = taken;
        }
        if self.reading {
            give_back(&mut self.output);
        }
    }

    /// Puts the next piece of a file behind the output, for a model that can't have the kernel send it.
    ///
    /// # Errors
    /// See [`FilePart::read_into`]; the connection must end then.
    pub fn load(&mut self, part: &mut FilePart) -> io::Result<()> {
        part.read_into(&mut self.output)
    }

    /// How many replies, or parts of one, the session has given, and how many steps forward a request has come. While it
    /// stays the same, a request that is [`pending`](Self::pending) is the same request and no further.
    pub fn replies(&self) -> u64 {
        self.replies + self.session.progress()
    }

    /// Whether a request has begun to arrive and is not whole.
    pub fn pending(&self) -> bool {
        self.session.pending()
    }

    /// The limits the model keeps for this connection.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn receive(&mut self) -> Next {
        let next = self.step(|session, input, output| session.receive(input, output));
        if self.input.is_empty() {
            give_back(&mut self.input);
        }
        match next {
            Next::Read if self.peer_has_ended => self.end(),
            // A session refuses what is too long with an answer of its own; this is the net below it.
            Next::Read if self.input.len() > self.limits.input_bytes => Next::Refuse,
            next => next,
        }
    }

    fn end(&mut self) -> Next {
        match self.step(|session, input, output| session.end(input, output)) {
            Next::Read => Next::Close, // nothing more will come
            next => next,
        }
    }

    fn step(&mut self, call: impl FnOnce(&mut dyn Session, &mut BytesMut, &mut BytesMut) -> Next) -> Next {
        let before = self.output.len();
        let next = call(&mut *self.session, &mut self.input, &mut self.output);
        self.replies += u64::from(self.output.len() > before);
        self.reading = matches!(next, Next::Read);
        next
    }
}

/// A connection that once carried much must not hold on to that much memory while idle.
fn give_back(buffer: &mut BytesMut) {
    if buffer.capacity() > IDLE_BYTES {
        *buffer = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Answers each byte with a wait and then the byte; at the end of input says goodbye.
    struct Slow(Option<u8>);

    impl Service for fn() -> Slow {
        fn session(&self, _: Peer) -> Box<dyn Session> {
            Box::new(self())
        }
        fn limits(&self) -> Limits {
            Limits { input_bytes: 8, ..Limits::default() }
        }
    }

    impl Session for Slow {
        fn receive(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Next {
            match input.first().copied() {
                None | Some(b'?') => Next::Read, // nothing, or an unfinished request
                Some(byte) => {
                    self.0 = Some(byte);
                    input.advance(1);
                    Next::Wait(Duration::from_millis(1))
                }
            }
        }
        fn resume(&mut self, done: Done, output: &mut BytesMut) -> Next {
            assert_eq!(done, Done::Waited);
            output.extend(self.0.take());
            Next::Read
        }
        fn end(&mut self, _: &mut BytesMut, output: &mut BytesMut) -> Next {
            output.extend_from_slice(b".");
            Next::Close
        }
    }

    fn slow() -> Conversation {
        let service: fn() -> Slow = || Slow(None);
        Conversation::new(&service, Peer::default())
    }

    #[test]
    fn what_is_buffered_is_served_before_more_is_read() {
        let mut it = slow();
        assert!(matches!(it.arrived(b"ab"), Next::Wait(_)));
        assert!(matches!(it.resumed(Done::Waited), Next::Wait(_)));
        assert!(matches!(it.resumed(Done::Waited), Next::Read));
        assert_eq!(it.output(), b"ab");
    }

    #[test]
    fn the_end_comes_after_all_buffered_input() {
        let mut it = slow();
        assert!(matches!(it.arrived(b"a"), Next::Wait(_)));
        it.peer_has_ended = true;
        assert!(matches!(it.resumed(Done::Waited), Next::Close));
        assert_eq!(it.output(), b"a.");
    }

    #[test]
    fn input_over_its_limit_is_refused() {
        let mut it = slow();
        assert!(matches!(it.arrived(b"?2345678"), Next::Read));
        assert!(matches!(it.arrived(b"9"), Next::Refuse));
    }

    #[test]
    fn an_idle_connection_gives_its_large_buffers_back() {
        let mut it = Conversation::new(&crate::echo::Echo, Peer::default());
        assert!(matches!(it.arrived(&vec![7; 200_000]), Next::Read));
        it.sent(199_999);
        assert_eq!(it.output(), [7]);
        it.sent(1);
        assert_eq!((it.input.capacity(), it.output.capacity()), (0, 0));
    }

    #[test]
    fn memory_of_output_that_was_taken_comes_back_empty_and_not_too_large() {
        let mut it = Conversation::new(&crate::echo::Echo, Peer::default());
        assert!(matches!(it.arrived(b"hello"), Next::Read));
        let taken = it.take_output();
        assert_eq!((&taken[..], it.output()), (&b"hello"[..], &b""[..]));
        let address = taken.as_ptr();
        it.taken_was_sent(taken);
        assert_eq!((it.output.as_ptr(), it.output()), (address, &b""[..]), "it is used again");
        assert!(matches!(it.arrived(&vec![7; 200_000]), Next::Read));
        let taken = it.take_output();
        it.taken_was_sent(taken);
        assert_eq!(it.output.capacity(), 0);
    }

    #[test]
    fn replies_are_counted_so_that_one_request_can_be_told_from_the_next() {
        let mut it = slow();
        assert!(matches!(it.arrived(b"a?"), Next::Wait(_)));
        assert_eq!(it.replies(), 0);
        assert!(matches!(it.resumed(Done::Waited), Next::Read));
        assert_eq!(it.replies(), 1);
        assert!(matches!(it.arrived(b"?"), Next::Read));
        assert_eq!(it.replies(), 1);
    }
}
