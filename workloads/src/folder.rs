//! A folder that is shown to strangers: its visible regular files and directories, and nothing beyond it.
//!
//! What a stranger names is looked at twice. [`name`] refuses every path that could mean something else to somebody: dots,
//! empty names, hidden ones, control characters. Then the kernel itself is asked to stay in the folder: each path is opened
//! with `RESOLVE_BENEATH` ([openat2(2)]) from a descriptor of the folder, so that no symbolic link leads out, also none that
//! is made while the server runs, and no other process can swap a directory between a check and its use. Links that stay
//! within the folder are followed, if they are relative. A kernel without that call is asked for one name after the other,
//! and follows no link at all.
//!
//! Nothing here waits: a FIFO is not opened for a writer to come (`O_NONBLOCK`), and what is no regular file is let go again.
//! What the disk takes to find a file it takes nevertheless, and a read of a slow disk holds up whoever reads: Linux has no
//! other way to open a file than to wait for it.
//!
//! ```
//! use workloads::folder::{Folder, Found, Refused};
//!
//! # let place = tempfile::tempdir().unwrap();
//! # std::fs::write(place.path().join("hello.txt"), "hello").unwrap();
//! let folder = Folder::open(place.path()).unwrap();
//! assert_eq!(folder.file(b"hello.txt").unwrap().metadata.len(), 5);
//! assert!(matches!(folder.file(b"../etc/passwd"), Err(Refused::Name)));
//! assert!(matches!(folder.find(b""), Ok(Found::Directory(_))));
//! ```
//!
//! [openat2(2)]: https://man7.org/linux/man-pages/man2/openat2.2.html

mod beneath;
mod listing;
pub mod name;
#[cfg(test)]
mod tests;

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use beneath::Way;

pub use listing::{Entry, Kind, Listing};

/// A folder, held open: it stays the same one if somebody renames it or puts another in its place.
#[derive(Debug)]
pub struct Folder {
    root: OwnedFd,
    way: Way,
}

/// A regular file, opened for reading, and what it was at that moment.
#[derive(Debug)]
pub struct Opened {
    /// The file; its offset is at its beginning.
    pub file: File,
    /// Its size, times and numbers, of this very file and not of a name.
    pub metadata: Metadata,
}

/// What a path names.
#[derive(Debug)]
pub enum Found {
    /// A regular file.
    File(Opened),
    /// A directory, opened for reading. [`Folder::list`] lists it.
    Directory(Directory),
}

/// A directory within a folder, or the folder itself.
#[derive(Debug)]
pub struct Directory {
    file: File,
    /// When an entry last came or went.
    pub metadata: Metadata,
}

/// Why a path is not opened.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The path itself is not one that is ever opened: see [`name::check`].
    #[error("this is no name of a visible file below the folder")]
    Name,
    /// Nothing is there, or a link leads out of the folder or nowhere, which is not told apart.
    #[error("there is no such file")]
    Absent,
    /// It is there, and is neither a regular file nor a directory; or a file was wanted and this is a directory.
    #[error("this is not a regular file")]
    Special,
    /// The system does not let this process read it.
    #[error("this file may not be read")]
    Denied,
    /// There is no descriptor or no memory just now: later it may work.
    #[error("too many files are open just now; try again later")]
    Busy,
    /// The disk failed, or something else that nobody expects.
    #[error("the file can't be opened: {0}")]
    Failed(#[source] io::Error),
}

impl Folder {
    /// Opens the folder at `path`, where links are followed: whoever starts the server says which one it is.
    ///
    /// # Errors
    ///
    /// What the system says: nothing is there, it is no directory, or it may not be entered.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        let way = Way::of_this_kernel(root.as_fd());
        // A folder that can't be entered would answer every request alike; better to hear of it now.
        rustix::fs::accessat(root.as_fd(), c".", rustix::fs::Access::EXEC_OK, rustix::fs::AtFlags::EACCESS)?;
        Ok(Self { root, way })
    }

    /// The same folder, for a kernel that has no openat2(2).
    #[cfg(test)]
    fn step_by_step(self) -> Self {
        Self { way: Way::StepByStep, ..self }
    }

    /// The regular file at `path`, which is relative and has `/` between its names.
    ///
    /// # Errors
    ///
    /// [`Refused`] says why not.
    pub fn file(&self, path: &[u8]) -> Result<Opened, Refused> {
        match self.find(path)? {
            Found::File(opened) => Ok(opened),
            Found::Directory(_) => Err(Refused::Special),
        }
    }

    /// What is at `path`, which is relative and has `/` between its names. The empty path is the folder itself.
    ///
    /// # Errors
    ///
    /// [`Refused`] says why there is nothing to show.
    pub fn find(&self, path: &[u8]) -> Result<Found, Refused> {
        name::check(path)?;
        let file = File::from(self.way.open(self.root.as_fd(), path)?);
        let metadata = file.metadata().map_err(Refused::Failed)?;
        match metadata.file_type() {
            kind if kind.is_file() => Ok(Found::File(Opened { file, metadata })),
            kind if kind.is_dir() => Ok(Found::Directory(Directory { file, metadata })),
            _ => Err(Refused::Special),
        }
    }
}

/// The descriptor of the folder, made with `O_PATH`: for calls such as renameat(2) that take a directory to begin at.
/// Whoever uses it sees to it that names are single ones that [`name::is_visible`] lets through.
impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }
}

impl From<Errno> for Refused {
    fn from(error: Errno) -> Self {
        match error {
            // A link that leads out is EXDEV, a ring of links ELOOP.
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV | Errno::NAMETOOLONG => Self::Absent,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            // A socket, or a device that nobody drives; a file that somebody is about to write anew.
            Errno::NXIO | Errno::NODEV => Self::Special,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN | Errno::TXTBSY => Self::Busy,
            error => Self::Failed(error.into()),
        }
    }
}
