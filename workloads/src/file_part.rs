//! A part of a file that is to be sent.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::BytesMut;

/// The most bytes of a file that a session has sent at once, so that others get their turn.
pub const FILE_PART_BYTES: u64 = 256 * 1024;
/// How much of it is read at a time where the kernel can't send it by itself.
const PIECE_BYTES: usize = 64 * 1024;

/// What is left to send of a part of a file.
#[derive(Clone)]
pub struct FilePart {
    file: Arc<File>,
    offset: u64,
    length: u64,
}

impl FilePart {
    /// The bytes of `file` from `offset` on: `length` of them, or [`FILE_PART_BYTES`] if that is less.
    pub fn new(file: Arc<File>, offset: u64, length: u64) -> Self {
        Self { file, offset, length: length.min(FILE_PART_BYTES) }
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where in the file the rest begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes are left.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// So many bytes more were sent.
    pub fn sent(&mut self, bytes: u64) {
        let bytes = bytes.min(self.length);
        self.offset += bytes;
        self.length -= bytes;
    }

    /// Reads the next piece of it, and puts that behind `output`: for who can't have the kernel send it.
    ///
    /// # Errors
    /// It can't be read, or has become shorter (`UnexpectedEof`): what was promised can't be kept.
    pub fn read_into(&mut self, output: &mut BytesMut) -> io::Result<()> {
        let (start, piece) = (output.len(), PIECE_BYTES.min(self.length as usize));
        output.resize(start + piece, 0);
        let read = self.file.read_exact_at(&mut output[start..], self.offset);
        match read {
            Ok(()) => self.sent(piece as u64),
            Err(_) => output.truncate(start),
        }
        read
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} B from {} on", self.length, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file_of(bytes: &[u8]) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Arc::new(file)
    }

    #[test]
    fn a_part_is_read_in_pieces_and_no_further_than_its_end() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let mut part = FilePart::new(file_of(&bytes), 10, 150_000);
        let mut output = BytesMut::from("head");
        let mut pieces = 0;
        while part.length() > 0 {
            part.read_into(&mut output).unwrap();
            pieces += 1;
        }
        assert_eq!(pieces, 3);
        assert!(output.starts_with(b"head") && output[4..] == bytes[10..150_010]);
    }

    #[test]
    fn a_part_is_no_longer_than_a_turn_allows() {
        assert_eq!(FilePart::new(file_of(b""), 0, u64::MAX).length(), FILE_PART_BYTES);
    }

    #[test]
    fn a_file_that_has_become_shorter_is_an_error_and_adds_nothing() {
        let mut part = FilePart::new(file_of(b"short"), 0, 6);
        let mut output = BytesMut::from("head");
        assert_eq!(part.read_into(&mut output).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!((&output[..], part.length()), (&b"head"[..], 6));
    }
}
