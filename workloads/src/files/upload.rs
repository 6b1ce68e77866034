//! One file on its way in.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use crc32fast::Hasher;

use super::library::Library;
use super::{Name, Refusal};

/// A file that is not whole yet. It is gone when dropped, unless it was kept.
pub(super) struct Upload {
    library: Arc<Library>,
    name: Name,
    hidden: String,
    file: File,
    sum: Hasher,
    length: u64,
    written: u64,
    kept: bool,
}

impl Upload {
    pub(super) fn new(library: Arc<Library>, name: Name, length: u64, hidden: String, file: File) -> Self {
        Self { library, name, hidden, file, sum: Hasher::new(), length, written: 0, kept: false }
    }

    /// How long it is to be.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// How much of it is not written yet.
    pub(super) fn left(&self) -> u64 {
        self.length - self.written
    }

    /// Writes what comes next of it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.file.write_all(bytes)?;
        self.sum.update(bytes);
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Keeps it under its name if it is whole and its checksum is this one: on disk first, then by its name.
    pub(super) fn keep(mut self, sum: u32) -> Result<u64, Refusal> {
        if self.left() > 0 || self.sum.clone().finalize() != sum {
            return Err(Refusal::Checksum);
        }
        self.file.sync_all()?;
        self.library.publish(&self.hidden, &self.name)?;
        self.kept = true;
        Ok(self.length)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.kept {
            self.library.discard(&self.hidden);
        }
    }
}
