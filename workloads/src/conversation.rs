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
//! assert_eq!(&conversation.output()[..], b"hello");
//! conversation.output().clear(); // a model sends it here
//! assert!(matches!(conversation.ended(), Next::Close));
//! ```

use bytes::BytesMut;

use crate::session::{Done, Limits, Next, Peer, READ_BYTES, Service, Session};

/// A session, what has arrived for it, and what is to be sent for it.
pub struct Conversation {
    session: Box<dyn Session>,
    input: BytesMut,
    output: BytesMut,
    limits: Limits,
    peer_has_ended: bool,
}

impl Conversation {
    /// Opens a session of `service` for a new connection.
    pub fn new(service: &dyn Service, peer: Peer) -> Self {
        Self {
            session: service.session(peer),
            input: BytesMut::new(),
            output: BytesMut::new(),
            limits: service.limits(),
            peer_has_ended: false,
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
        match self.session.resume(done, &mut self.output) {
            // Requests that came along with the last one go first: pipelining.
            Next::Read if !self.input.is_empty() => self.receive(),
            Next::Read if self.peer_has_ended => self.end(),
            next => next,
        }
    }

    /// What is to be sent. The model takes from its front what the system accepted.
    pub fn output(&mut self) -> &mut BytesMut {
        &mut self.output
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
        let next = self.session.receive(&mut self.input, &mut self.output);
        self.give_back_large_buffers();
        match next {
            Next::Read if self.peer_has_ended => self.end(),
            // A session refuses what is too long with an answer of its own; this is the net below it.
            Next::Read if self.input.len() > self.limits.input_bytes => Next::Refuse,
            next => next,
        }
    }

    fn end(&mut self) -> Next {
        match self.session.end(&mut self.input, &mut self.output) {
            Next::Read => Next::Close, // nothing more will come
            next => next,
        }
    }

    /// A connection that once carried a large message must not hold on to that much memory while idle.
    fn give_back_large_buffers(&mut self) {
        if self.input.is_empty() && self.input.capacity() > READ_BYTES {
            self.input = BytesMut::new();
        }
        if self.output.is_empty() && self.output.capacity() > 2 * READ_BYTES {
            self.output = BytesMut::new();
        }
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
                    bytes::Buf::advance(input, 1);
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
        assert_eq!(&it.output()[..], b"ab");
    }

    #[test]
    fn the_end_comes_after_all_buffered_input() {
        let mut it = slow();
        assert!(matches!(it.arrived(b"a"), Next::Wait(_)));
        it.peer_has_ended = true;
        assert!(matches!(it.resumed(Done::Waited), Next::Close));
        assert_eq!(&it.output()[..], b"a.");
    }

    #[test]
    fn input_over_its_limit_is_refused() {
        let mut it = slow();
        assert!(matches!(it.arrived(b"?2345678"), Next::Read));
        assert!(matches!(it.arrived(b"9"), Next::Refuse));
    }
}
