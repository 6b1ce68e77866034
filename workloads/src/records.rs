//! Fixed binary records: one way to find messages in a stream is that all of them are equally long.
//!
//! A record is what Python's `struct.pack('i5sf', number, text, value)` makes on the usual machines, 16 bytes: a
//! little-endian 32-bit integer, five bytes of text, three bytes that only fill up to where a float may stand (they are passed
//! over), and a 32-bit float. Each whole record is answered by a line, however the bytes were split on their way.
//!
//! ```
//! use workloads::records::Record;
//!
//! // Python: struct.pack('i5sf', 1, b'hello', 2.5)
//! let bytes = b"\x01\0\0\0hello\0\0\0\0\0\x20\x40";
//! assert_eq!(Record::read(bytes).to_string(), "1 hello 2.5");
//! assert_eq!(Record { number: 1, text: *b"hello", value: 2.5 }.bytes(), *bytes);
//! ```

use std::fmt;

use bytes::{Buf, BytesMut};

use crate::session::{Done, Next, Peer, Service, Session};

/// How long a record is, in bytes.
pub const RECORD_BYTES: usize = 16;

/// Where its parts begin and end.
const TEXT: std::ops::Range<usize> = 4..9;
const VALUE: std::ops::Range<usize> = 12..16;
/// Above so much output it is sent before more records are read.
const OUTPUT_BYTES: usize = 64 * 1024;

/// One record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// `i`: a number.
    pub number: i32,
    /// `5s`: a text of five bytes; a shorter one ends in zeros.
    pub text: [u8; 5],
    /// `f`: a value.
    pub value: f32,
}

impl Record {
    /// Reads a record.
    pub fn read(bytes: &[u8; RECORD_BYTES]) -> Self {
        let (mut number, mut text, mut value) = ([0; 4], [0; 5], [0; 4]);
        number.copy_from_slice(&bytes[..4]);
        text.copy_from_slice(&bytes[TEXT]);
        value.copy_from_slice(&bytes[VALUE]);
        Self { number: i32::from_le_bytes(number), text, value: f32::from_le_bytes(value) }
    }

    /// Its bytes.
    pub fn bytes(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..4].copy_from_slice(&self.number.to_le_bytes());
        bytes[TEXT].copy_from_slice(&self.text);
        bytes[VALUE].copy_from_slice(&self.value.to_le_bytes());
        bytes
    }
}

/// As it is answered: the three parts with blanks between them.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        write!(f, "{} {} {}", self.number, self.text[..end].escape_ascii(), self.value)
    }
}

/// Answers each record by a line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Records;

impl Service for Records {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(Self)
    }
}

impl Session for Records {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        while let Some(bytes) = input.first_chunk() {
            let line = format!("{}\n", Record::read(bytes));
            input.advance(RECORD_BYTES);
            output.extend_from_slice(line.as_bytes());
            if output.len() > OUTPUT_BYTES {
                return Next::Flush;
            }
        }
        Next::Read
    }

    fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
        Next::Read // what else has come is received at once
    }

    fn end(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        if !input.is_empty() {
            let line = format!("{} bytes are no record: those have {RECORD_BYTES}\n", input.len());
            output.extend_from_slice(line.as_bytes());
        }
        Next::Close
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Conversation;

    /// What is answered to these pieces and then the end.
    fn answers<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
        let mut it = Conversation::new(&Records, Peer::default());
        let mut answers = Vec::new();
        for piece in pieces {
            let mut next = it.arrived(piece);
            while let Next::Flush = next {
                answers.extend_from_slice(it.output());
                it.sent(it.output().len());
                next = it.resumed(Done::Flushed);
            }
        }
        it.ended();
        answers.extend_from_slice(it.output());
        String::from_utf8(answers).unwrap()
    }

    fn records(number: i32) -> Vec<u8> {
        let record = |number: i32| Record { number, text: *b"ab\0\0\0", value: 0.5 };
        (0..number).flat_map(|number| record(number).bytes()).collect()
    }

    #[test]
    fn what_is_left_over_in_the_end_is_said() {
        assert_eq!(answers([&records(1)[..], b"xyz"]), "0 ab 0.5\n3 bytes are no record: those have 16\n");
    }

    #[test]
    fn a_text_is_shown_without_what_could_steer_a_terminal() {
        let record = Record { number: -1, text: *b"\x1b[2J\n", value: f32::NAN };
        assert_eq!(record.to_string(), "-1 \\x1b[2J\\n NaN");
    }

    #[test]
    fn many_records_are_answered_in_parts() {
        let (all, expected) = (records(9_000), (0..9_000).map(|number| format!("{number} ab 0.5\n")));
        assert_eq!(answers([&all[..]]), expected.collect::<String>());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_records_are_split(bytes in prop::collection::vec(any::<u8>(), 0..200), size in 1..40_usize) {
            prop_assert_eq!(answers([&bytes[..]]), answers(bytes.chunks(size)));
        }
    }
}
