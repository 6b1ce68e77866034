//! The file service: a folder whose files clients list, fetch and bring, over one connection for as long as they like.
//!
//! | line | what it asks for | what it asks of a model |
//! |---|---|---|
//! | `L` | which files there are | to look into a folder ([`Next::Compute`]) |
//! | `G NAME` | a file | to read it, and to send it in pieces ([`Next::Compute`], [`Next::File`]) |
//! | `P LENGTH NAME` | to keep a file, whose bytes follow | to take it in, to write it and to have it on disk |
//! | `Q` | the end | |
//!
//! docs/protocols.md has all that goes over the wire. Whatever touches the disk is [`Next::Compute`]: a thread waits for
//! it, an event loop keeps everybody waiting, and `hybrid` hands it to its pool.
//!
//! Only what lies in the folder itself counts: regular files whose names are [`Name`]s. A name has no slash and does not
//! begin with a dot, and what it stands for is opened without following a link, so nothing outside can be meant. A file that
//! is brought has a hidden name until it is whole, right by its checksum and on disk, and then takes its own at once:
//! whoever fetches it gets all of the old one or all of the new one, and a server that is killed leaves the old one.
//!
//! ```
//! use workloads::files::{Files, Settings};
//! use workloads::{Conversation, Next, Peer};
//!
//! let folder = tempfile::tempdir()?;
//! let files = Files::open(folder.path(), Settings::default())?;
//! let mut conversation = Conversation::new(&files, Peer::default());
//! assert!(matches!(conversation.arrived(b"G ../secret\n"), Next::Read));
//! assert!(conversation.output().starts_with(b"NO name "));
//! assert!(matches!(conversation.arrived(b"L\n"), Next::Compute(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod download;
mod library;
mod name;
pub mod protocol;
mod refusal;
mod session;
mod upload;

use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(doc)]
use crate::session::Next;
use crate::session::{Limits, Peer, Service, Session};
use library::Library;
use session::FilesSession;

pub use name::{NAME_BYTES, Name};
pub use refusal::Refusal;

/// What a folder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many files it may have for another one to be taken.
    pub max_files: u64,
    /// How large a file may be that is taken, in bytes.
    pub max_file_bytes: u64,
    /// Nothing is taken at all.
    pub read_only: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_files: 10_000, max_file_bytes: 4 << 30, read_only: false }
    }
}

/// The file service.
#[derive(Debug)]
pub struct Files {
    library: Arc<Library>,
    /// What a connection is allowed.
    pub limits: Limits,
}

impl Files {
    /// Serves what lies in `root`, and first removes what servers that were killed have left of unfinished uploads there.
    ///
    /// # Errors
    /// If the folder can't be opened, or what was left can't be looked at.
    pub fn open(root: &Path, settings: Settings) -> io::Result<Self> {
        let library = Library::open(root, settings)?;
        library.sweep()?;
        Ok(Self { library: Arc::new(library), limits: Limits::default() })
    }
}

impl Service for Files {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(FilesSession::new(Arc::clone(&self.library), self.limits.output_bytes))
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    /// The checksum asks the processor what it can do, and keeps the answer.
    fn warm_up(&self) {
        let _ = crc32fast::hash(b"warm");
    }
}
