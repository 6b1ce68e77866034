//! The client of the echo service: a message, and the same message back.

use std::sync::Arc;

use super::difference::difference;
use super::{Answer, Checker, Client, DatagramClient, Reply};
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

    fn as_datagrams(&self) -> Option<&dyn DatagramClient> {
        Some(self)
    }
}

/// The number of a datagram stands in its first eight bytes, the most significant one first. A message of fewer bytes
/// has none, and a late answer to an earlier one is then taken for the right one.
const NUMBER_BYTES: usize = size_of::<u64>();

impl DatagramClient for EchoClient {
    fn write(&self, number: u64, datagram: &mut Vec<u8>) {
        datagram.clear();
        datagram.extend_from_slice(&self.message);
        if let Some(place) = datagram.first_chunk_mut::<NUMBER_BYTES>() {
            *place = number.to_be_bytes();
        }
    }

    fn check(&self, first: u64, number: u64, datagram: &[u8]) -> Answer {
        let (got, right) = (datagram.len(), self.message.len());
        if got != right {
            return Answer::Wrong(format!(
                "a datagram of {got} bytes came back, where one of {right} is right"
            ));
        }
        let Some((place, body)) = datagram.split_first_chunk::<NUMBER_BYTES>() else {
            return difference(0, datagram, &self.message).map_or(Answer::Right, Answer::Wrong);
        };
        if let Some(sentence) = difference(NUMBER_BYTES as u64, body, &self.message[NUMBER_BYTES..]) {
            return Answer::Wrong(sentence);
        }
        let answered = u64::from_be_bytes(*place);
        // Numbers may begin anywhere and run over, so how far they are from the first is what tells their order.
        match answered.wrapping_sub(first) {
            _ if answered == number => Answer::Right,
            since if since < number.wrapping_sub(first) => Answer::Late,
            _ => Answer::Wrong(format!(
                "a datagram has the number {answered:#x}, which none had that was sent"
            )),
        }
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

    fn datagram(client: &EchoClient, number: u64) -> Vec<u8> {
        let mut datagram = vec![7; 3];
        client.write(number, &mut datagram);
        datagram
    }

    #[test]
    fn only_the_datagram_that_was_asked_for_is_the_right_answer() {
        let client = EchoClient::new(20);
        let (first, number) = (u64::MAX - 1, 3); // they ran over
        assert_eq!(client.check(first, number, &datagram(&client, number)), Answer::Right);
        for earlier in [first, u64::MAX, 0, 2] {
            assert_eq!(client.check(first, number, &datagram(&client, earlier)), Answer::Late);
        }
        for never in [first - 1, 4, 1 << 60] {
            assert!(matches!(client.check(first, number, &datagram(&client, never)), Answer::Wrong(_)));
        }
        assert!(matches!(client.check(number, number, &datagram(&client, 2)), Answer::Wrong(_)));
    }

    #[test]
    fn every_byte_of_a_datagram_counts_and_so_does_its_length() {
        for bytes in [1, 7, 8, 9, 300] {
            let client = EchoClient::new(bytes);
            let right = datagram(&client, 5);
            assert_eq!((right.len(), client.check(5, 5, &right)), (bytes, Answer::Right));
            for at in 0..bytes {
                let mut wrong = right.clone();
                wrong[at] ^= 1;
                assert!(matches!(client.check(5, 5, &wrong), Answer::Wrong(_)), "byte {at} of {bytes}");
            }
            assert!(matches!(client.check(5, 5, &right[1..]), Answer::Wrong(_)));
            assert!(matches!(client.check(5, 5, &[&right[..], b"!"].concat()), Answer::Wrong(_)));
        }
    }

    #[test]
    fn a_message_has_at_least_one_byte() {
        assert_eq!(EchoClient::new(0).request(), b"0");
    }
}
