//! The client's side of the file protocol: what has come is taken apart, whatever pieces it came in.
//!
//! ```
//! use bytes::BytesMut;
//! use workloads::client::files::{Content, Part, status};
//! use workloads::files::protocol::Status;
//!
//! let mut input = BytesMut::from("OK 12\nHello World\nSUM b095e5e3\n");
//! assert_eq!(status(&mut input)?, Some(Status::Ok(12)));
//! let mut content = Content::new(12);
//! assert_eq!(content.next(&mut input)?, Part::Bytes("Hello World\n".into()));
//! assert_eq!(content.next(&mut input)?, Part::Whole(0xb095_e5e3));
//! # Ok::<(), workloads::client::files::Wrong>(())
//! ```

use bytes::{Bytes, BytesMut};
use crc32fast::Hasher;
use thiserror::Error;

use crate::files::protocol::{LINE_BYTES, Listed, SUM_BYTES, Status, read_sum, sum_line};

/// What a server should not have said; each is the end of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Wrong {
    /// A line that is no answer, or that has no end.
    #[error("the server's answer is not OK, GO or NO; is it a file server?")]
    Answer,
    /// The bytes are not those that were sent.
    #[error("what arrived is not what the server sent: its checksum is another one; try again")]
    Checksum,
    /// The list is none.
    #[error("the server's list of files can't be understood")]
    List,
}

/// Takes an answer's line from the front of what has come; none if it is not whole.
///
/// # Errors
/// It is no answer.
pub fn status(input: &mut BytesMut) -> Result<Option<Status>, Wrong> {
    match input.iter().take(LINE_BYTES).position(|byte| *byte == b'\n') {
        Some(end) => Status::read(&input.split_to(end + 1)[..end]).map(Some).ok_or(Wrong::Answer),
        None if input.len() >= LINE_BYTES => Err(Wrong::Answer),
        None => Ok(None),
    }
}

/// The bytes that follow an answer, and their checksum.
#[derive(Debug, Clone)]
pub struct Content {
    left: u64,
    sum: Hasher,
}

/// What was taken of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// More has to come.
    More,
    /// Some of its bytes.
    Bytes(Bytes),
    /// All of it has come, and this is its checksum.
    Whole(u32),
}

impl Content {
    /// So many bytes are to come.
    pub fn new(length: u64) -> Self {
        Self { left: length, sum: Hasher::new() }
    }

    /// Takes what has come of it from the front of `input`.
    ///
    /// # Errors
    /// All of it is there, and the checksum is not its own.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Part, Wrong> {
        if self.left > 0 {
            let bytes = input.split_to(self.left.min(input.len() as u64) as usize).freeze();
            self.left -= bytes.len() as u64;
            self.sum.update(&bytes);
            return Ok(if bytes.is_empty() { Part::More } else { Part::Bytes(bytes) });
        }
        if input.len() < SUM_BYTES {
            return Ok(Part::More);
        }
        let sum = self.sum.clone().finalize();
        let said = read_sum(&input.split_to(SUM_BYTES)).ok_or(Wrong::Answer)?;
        if said == sum { Ok(Part::Whole(sum)) } else { Err(Wrong::Checksum) }
    }
}

/// Makes the line that ends a file on its way to the server.
#[derive(Debug, Clone, Default)]
pub struct Sent(Hasher);

impl Sent {
    /// These bytes have been sent.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all of them.
    pub fn sum(&self) -> u32 {
        self.0.clone().finalize()
    }

    /// The line that ends them.
    pub fn line(&self) -> String {
        sum_line(self.sum())
    }
}

/// Reads a whole list.
///
/// # Errors
/// It is none.
pub fn list(bytes: &[u8]) -> Result<Vec<Listed>, Wrong> {
    let Some(lines) = bytes.strip_suffix(b"\n") else {
        return if bytes.is_empty() { Ok(Vec::new()) } else { Err(Wrong::List) };
    };
    lines.split(|byte| *byte == b'\n').map(|line| Listed::read(line).ok_or(Wrong::List)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_is_waited_for_until_it_is_whole() {
        let mut input = BytesMut::from("OK 1");
        assert_eq!(status(&mut input), Ok(None));
        input.extend_from_slice(b"2\nrest");
        assert_eq!(status(&mut input), Ok(Some(Status::Ok(12))));
        assert_eq!(input, "rest");
    }

    #[test]
    fn an_answer_that_never_ends_is_given_up() {
        assert_eq!(status(&mut BytesMut::from(&[b'a'; LINE_BYTES][..])), Err(Wrong::Answer));
        assert_eq!(status(&mut BytesMut::from("HTTP/1.1 400 Bad Request\r\n")), Err(Wrong::Answer));
    }

    #[test]
    fn a_wrong_byte_is_found_at_the_end() {
        let mut input = BytesMut::from("Hello World!SUM b095e5e3\n");
        let mut content = Content::new(12);
        assert_eq!(content.next(&mut input), Ok(Part::Bytes("Hello World!".into())));
        assert_eq!(content.next(&mut input), Err(Wrong::Checksum));
    }

    #[test]
    fn a_list_has_a_line_for_each_file() {
        assert_eq!(list(b""), Ok(vec![]));
        let files = list(b"0 a\n12 two words\n").unwrap();
        assert_eq!(
            files.iter().map(|it| (it.name.as_str(), it.bytes)).collect::<Vec<_>>(),
            [("a", 0), ("two words", 12)]
        );
        for wrong in ["0 a", "\n", "0 a\n\n", "0 ../a\n", "x a\n"] {
            assert_eq!(list(wrong.as_bytes()), Err(Wrong::List), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_sent_is_summed_up_in_pieces_as_in_one() {
        let mut sent = Sent::default();
        sent.add(b"Hello ");
        sent.add(b"World\n");
        assert_eq!((sent.sum(), sent.line().as_str()), (0xb095_e5e3, "SUM b095e5e3\n"));
    }

    proptest! {
        #[test]
        fn content_is_the_same_in_any_pieces(bytes in prop::collection::vec(any::<u8>(), 0..500), size in 1_usize..60) {
            let wire = [&bytes[..], sum_line(crc32fast::hash(&bytes)).as_bytes()].concat();
            let (mut content, mut input, mut heard) = (Content::new(bytes.len() as u64), BytesMut::new(), Vec::new());
            let mut whole = None;
            for piece in wire.chunks(size) {
                prop_assert!(whole.is_none());
                input.extend_from_slice(piece);
                loop {
                    match content.next(&mut input).unwrap() {
                        Part::Bytes(more) => heard.extend_from_slice(&more),
                        Part::Whole(sum) => break whole = Some(sum),
                        Part::More => break,
                    }
                }
            }
            prop_assert_eq!(whole, Some(crc32fast::hash(&bytes)));
            prop_assert_eq!(heard, bytes);
        }
    }
}
