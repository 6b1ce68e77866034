//! What arrives together: TCP is a stream of bytes and knows no messages ("sticky packets").
//!
//! For each piece that the system hands over the answer says how long it was and what stood in it. Two messages that were sent
//! one right after the other may well come as one piece, and a long one comes as several: where a message ends, the bytes
//! themselves have to say. How that is done shows [`records`](crate::records).

use bytes::BytesMut;

use crate::session::{Done, Next, Peer, Service, Session};

/// So much of a piece is quoted, in bytes.
const QUOTED_BYTES: usize = 60;

/// Says of each piece of input how it arrived.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrivals;

impl Service for Arrivals {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(Pieces { number: 0 })
    }
}

struct Pieces {
    number: u64,
}

impl Session for Pieces {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        self.number += 1;
        let quoted = input[..input.len().min(QUOTED_BYTES)].escape_ascii();
        let more = if input.len() > QUOTED_BYTES { "..." } else { "" };
        let line = format!("piece {}: {} bytes \"{quoted}{more}\"\n", self.number, input.len());
        output.extend_from_slice(line.as_bytes());
        input.clear();
        Next::Read
    }

    fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
        Next::Read // it asks for nothing that could be done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Conversation;

    fn answers(pieces: &[&[u8]]) -> String {
        let mut it = Conversation::new(&Arrivals, Peer::default());
        for piece in pieces {
            assert!(matches!(it.arrived(piece), Next::Read));
        }
        String::from_utf8(it.output().to_vec()).unwrap()
    }

    #[test]
    fn each_piece_is_told_as_it_arrived() {
        assert_eq!(
            answers(&[b"hello", b"world"]),
            "piece 1: 5 bytes \"hello\"\npiece 2: 5 bytes \"world\"\n"
        );
        assert_eq!(answers(&[b"helloworld"]), "piece 1: 10 bytes \"helloworld\"\n");
    }

    #[test]
    fn what_stands_in_a_piece_is_quoted_in_part_and_without_control_characters() {
        assert_eq!(answers(&[b"\x1b[2J\n"]), "piece 1: 5 bytes \"\\x1b[2J\\n\"\n");
        let long = answers(&[&vec![b'x'; 70_000]]);
        assert_eq!(long, format!("piece 1: 70000 bytes \"{}...\"\n", "x".repeat(60)));
    }
}
