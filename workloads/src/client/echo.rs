//! The client of the echo service: a message, and the same message back.

use std::sync::Arc;

use super::difference::difference;
use super::{Checker, Client, Reply};
use crate::http::pattern;

/// Sends a message and expects it back.
///
/// ```
/// use workloads::client::{Client, EchoClient, Reply};
///
/// let client = EchoClient::new(5);
/// assert_eq!(client.request(), b"01234");
/// let mut checker = client.checker();
/// assert_eq!(checker.arrived(b"012"), Reply::More);
/// assert_eq!(checker.arrived(b"34"), Reply::Whole { used: 2, closing: false });
/// assert!(matches!(checker.arrived(b"0x"), Reply::Wrong(_)));
/// ```
#[derive(Debug, Clone)]
pub struct EchoClient {
    message: Arc<[u8]>,
}

impl EchoClient {
    /// A client whose message has this many bytes of the [`pattern`]. It has at least one, since nobody could
    /// tell when the answer to none has arrived.
    pub fn new(bytes: usize) -> Self {
        let bytes = bytes.max(1);
        let mut message = Vec::with_capacity(bytes);
        while message.len() < bytes {
            message.extend_from_slice(pattern::piece(message.len() as u64, bytes - message.len()));
        }
        Self { message: message.into() }
    }
}

impl Client for EchoClient {
    fn request(&self) -> &[u8] {
        &self.message
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(EchoChecker { message: Arc::clone(&self.message), seen: 0 })
    }
}

struct EchoChecker {
    message: Arc<[u8]>,
    /// So much of the message is back.
    seen: usize,
}

impl Checker for EchoChecker {
    fn restart(&mut self) {
        self.seen = 0;
    }

    fn arrived(&mut self, bytes: &[u8]) -> Reply {
        let rest = &self.message[self.seen..];
        let used = rest.len().min(bytes.len());
        if let Some(sentence) = difference(self.seen as u64, &bytes[..used], &rest[..used]) {
            return Reply::Wrong(sentence);
        }
        if used < rest.len() {
            self.seen += used;
            return Reply::More;
        }
        self.seen = 0;
        Reply::Whole { used, closing: false }
    }

    fn ended(&mut self) -> Reply {
        if self.seen == 0 { Reply::More } else { Reply::Short }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_replies_in_one_buffer_are_told_apart() {
        let mut checker = EchoClient::new(3).checker();
        assert_eq!(checker.arrived(b"012012"), Reply::Whole { used: 3, closing: false });
        assert_eq!(checker.arrived(b"012"), Reply::Whole { used: 3, closing: false });
    }

    #[test]
    fn a_wrong_byte_is_named() {
        let mut checker = EchoClient::new(100).checker();
        assert_eq!(checker.arrived(b"0123"), Reply::More);
        let sentence = "byte 5 of the reply's body is 0x37, where 0x35 is right";
        assert_eq!(checker.arrived(b"47"), Reply::Wrong(sentence.into()));
    }

    #[test]
    fn an_end_within_a_reply_is_short_and_between_replies_plain() {
        let mut checker = EchoClient::new(3).checker();
        assert_eq!(checker.ended(), Reply::More);
        checker.arrived(b"012");
        assert_eq!(checker.ended(), Reply::More);
        checker.arrived(b"0");
        assert_eq!(checker.ended(), Reply::Short);
    }

    #[test]
    fn a_message_has_at_least_one_byte() {
        assert_eq!(EchoClient::new(0).request(), b"0");
    }
}
