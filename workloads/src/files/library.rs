//! The folder: what is in it, and how a file comes into it.
//!
//! Everything is reached from the folder's own descriptor by a single name, and no link is followed (`O_NOFOLLOW`, openat(2)).
//! So what happens to the path of the folder, or to links in it, leads nobody anywhere else.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, flock, fstat, fstatvfs, fsync, openat, renameat,
    statat, unlinkat,
};
use rustix::io::Errno;

use super::protocol::{LIST_BYTES, Listed};
use super::upload::Upload;
use super::{Name, Refusal, Settings};

/// How the hidden names begin of files that are not whole yet.
const UNFINISHED: &str = ".upload-";
/// How often another hidden name is tried if one is taken.
const TRIES: usize = 100;
/// How long a server waits for its turn to give a file its name: others take theirs in microseconds.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// How often it looks whether its turn has come.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A folder that files are taken from and brought to.
#[derive(Debug)]
pub(super) struct Library {
    folder: OwnedFd,
    settings: Settings,
    /// Makes hidden names differ within a process.
    uploads: AtomicU64,
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    File,
    /// A folder, a link, a device: none of our business.
    Other,
}

impl Library {
    pub(super) fn open(root: &Path, settings: Settings) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(root, flags, Mode::empty())?;
        Ok(Self { folder, settings, uploads: AtomicU64::new(0) })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Removes the unfinished files of servers that are no more. A server that lives holds a lock on each of its own, which
    /// goes with the process, however it ends.
    pub(super) fn sweep(&self) -> io::Result<()> {
        if self.settings.read_only {
            return Ok(());
        }
        for entry in Dir::read_from(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_bytes().starts_with(UNFINISHED.as_bytes())
                && let Ok(file) = self.open_file(name)
                && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            {
                match unlinkat(&self.folder, name, AtFlags::empty()) {
                    Ok(()) | Err(Errno::NOENT) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// The list, as it goes over the wire: in the order of the names' bytes.
    pub(super) fn list(&self) -> Result<Vec<u8>, Refusal> {
        let (mut files, mut bytes) = (Vec::new(), 0);
        for entry in Dir::read_from(&self.folder)? {
            let Some(name) = Name::new(entry?.file_name().to_bytes()) else { continue };
            let found = match statat(&self.folder, name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => found,
                Err(Errno::NOENT) => continue, // it has just gone
                Err(error) => return Err(error.into()),
            };
            if FileType::from_raw_mode(found.st_mode) == FileType::RegularFile {
                let listed = Listed { name, bytes: found.st_size.cast_unsigned() };
                bytes += listed.to_string().len() as u64;
                if bytes > LIST_BYTES {
                    return Err(Refusal::List(LIST_BYTES));
                }
                files.push(listed);
            }
        }
        files.sort();
        Ok(files.iter().flat_map(|listed| listed.to_string().into_bytes()).collect())
    }

    /// The file of this name, to be read, and how long it is.
    pub(super) fn find(&self, name: &Name) -> Result<(File, u64), Refusal> {
        // Looked at before it is opened, since to open a device can do something; and then again.
        if self.kind(name)? != Kind::File {
            return Err(Refusal::Missing);
        }
        let file = self.open_file(name.as_str())?;
        let found = fstat(&file)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(Refusal::Missing);
        }
        Ok((File::from(file), found.st_size.cast_unsigned()))
    }

    /// Makes room for a file of so many bytes that is to have this name.
    pub(super) fn begin(self: &Arc<Self>, name: Name, length: u64) -> Result<Upload, Refusal> {
        let Settings { max_file_bytes, .. } = self.settings;
        if length > max_file_bytes {
            return Err(Refusal::Size(max_file_bytes));
        }
        self.has_place_for(&name)?;
        let disk = fstatvfs(&self.folder)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < length {
            return Err(Refusal::Full);
        }
        let (hidden, file) = self.hidden()?;
        Ok(Upload::new(Arc::clone(self), name, length, hidden, file))
    }

    /// Gives a file that is whole and on disk its name, which is its alone until another one takes it over; and has that on
    /// disk as well. Whoever does so holds the lock of the folder, also among processes, so that the number of files is
    /// exact.
    pub(super) fn publish(&self, hidden: &str, name: &Name) -> Result<(), Refusal> {
        let turn = self.turn()?;
        self.has_place_for(name)?;
        renameat(&self.folder, hidden, &self.folder, name.as_str())?;
        drop(turn);
        match fsync(&self.folder) {
            Ok(()) | Err(Errno::INVAL) => Ok(()), // some file systems can't do that to a folder
            Err(_) => Err(Refusal::Failed), // whatever it was: it came too late for the old file to stay
        }
    }

    /// Removes an unfinished file.
    pub(super) fn discard(&self, hidden: &str) {
        let _ = unlinkat(&self.folder, hidden, AtFlags::empty()); // the next server's sweep would
    }

    /// Whether there may be a file of this name: there is one already, or there is place for one more.
    fn has_place_for(&self, name: &Name) -> Result<(), Refusal> {
        match self.kind(name)? {
            Kind::File => Ok(()),
            Kind::Other => Err(Refusal::Taken),
            Kind::Nothing if self.count()? < self.settings.max_files => Ok(()),
            Kind::Nothing => Err(Refusal::Files(self.settings.max_files)),
        }
    }

    /// How many files there are.
    fn count(&self) -> Result<u64, Refusal> {
        let mut files = 0;
        for entry in Dir::read_from(&self.folder)? {
            let entry = entry?;
            let Some(name) = Name::new(entry.file_name().to_bytes()) else { continue };
            let is_file = match entry.file_type() {
                FileType::RegularFile => true,
                FileType::Unknown => self.kind(&name)? == Kind::File, // some file systems do not tell
                _ => false,
            };
            files += u64::from(is_file);
        }
        Ok(files)
    }

    fn kind(&self, name: &Name) -> Result<Kind, Refusal> {
        match statat(&self.folder, name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) if FileType::from_raw_mode(found.st_mode) == FileType::RegularFile => Ok(Kind::File),
            Ok(_) => Ok(Kind::Other),
            Err(Errno::NOENT) => Ok(Kind::Nothing),
            Err(error) => Err(error.into()),
        }
    }

    fn open_file(&self, name: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
        // Without `NONBLOCK` a pipe that takes a file's place just now would hold us up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        openat(&self.folder, name, flags, Mode::empty())
    }

    /// A new file with a hidden name, locked as long as it is open.
    fn hidden(&self) -> Result<(String, File), Refusal> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for _ in 0..TRIES {
            let number = self.uploads.fetch_add(1, Ordering::Relaxed);
            let name = format!("{UNFINISHED}{}-{number}", std::process::id());
            let file = match openat(&self.folder, &name, flags, Mode::from_raw_mode(0o644)) {
                Ok(file) => file,
                Err(Errno::EXIST) => continue,
                Err(error) => return Err(error.into()),
            };
            // A server that starts just now may have taken it for somebody's who is gone, between these two calls.
            let is_ours = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
                && fstat(&file).is_ok_and(|found| found.st_nlink > 0);
            if is_ours {
                return Ok((name, File::from(file)));
            }
            self.discard(&name);
        }
        Err(Refusal::Busy)
    }

    /// The right to give files their names, for as long as it is held. It is a lock on the folder of its own descriptor, so it
    /// holds among threads and processes alike.
    fn turn(&self) -> Result<OwnedFd, Refusal> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let turn = openat(&self.folder, ".", flags, Mode::empty())?;
        let deadline = Instant::now() + TURN_WITHIN;
        loop {
            match flock(&turn, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(turn),
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                Err(Errno::WOULDBLOCK) => return Err(Refusal::Busy),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
