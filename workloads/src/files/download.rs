//! One file on its way out.
//!
//! The kernel sends it, straight from its own memory, so nobody here sees what is sent. Each part is read beforehand for the
//! checksum: should the file be changed in place between the two, by somebody on the server's machine, the client finds that
//! the checksum is not that of its bytes.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crc32fast::Hasher;

use super::library::Library;
use super::{Name, Refusal};
use crate::file_part::FilePart;

/// How much is read at a time to make its checksum, in bytes.
const READ_BYTES: usize = 64 << 10;

/// A file that is sent in parts, and what its bytes come to so far. All of it is sent that was there when it was opened.
pub(super) struct Download {
    file: Arc<File>,
    length: u64,
    /// So much of it was read.
    at: u64,
    sum: Hasher,
}

impl Download {
    /// Opens a file of the library.
    pub(super) fn begin(library: &Library, name: &Name) -> Result<Self, Refusal> {
        let (file, length) = library.find(name)?;
        Ok(Self { file: Arc::new(file), length, at: 0, sum: Hasher::new() })
    }

    /// How long it is.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether all of it was read.
    pub(super) fn is_whole(&self) -> bool {
        self.at == self.length
    }

    /// What all of it comes to.
    pub(super) fn sum(self) -> u32 {
        self.sum.finalize()
    }

    /// Reads the next part for its checksum, so that it lies in memory when it is sent, by the kernel and from there.
    ///
    /// # Errors
    /// If the disk fails, or the file has become shorter.
    pub(super) fn next(&mut self) -> io::Result<FilePart> {
        let part = FilePart::new(Arc::clone(&self.file), self.at, self.length - self.at);
        let (mut buffer, end) = (vec![0; READ_BYTES], self.at + part.length());
        while self.at < end {
            let piece = &mut buffer[..((end - self.at) as usize).min(READ_BYTES)];
            self.file.read_exact_at(piece, self.at)?;
            self.sum.update(piece);
            self.at += piece.len() as u64;
        }
        Ok(part)
    }
}
