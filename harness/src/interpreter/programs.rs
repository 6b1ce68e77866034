//! The programs that interpreters run, in a directory that goes with the process that made it, or with the next one that makes
//! such a directory.

use std::env;
use std::fs::{self, DirEntry, File};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

use nix::fcntl::{Flock, FlockArg, OFlag};
use tempfile::TempDir;
use workloads::python::{JOBS, JOBS_SHARED};

/// What the names of these directories begin with, before the number of the process that made them.
const PREFIX: &str = "concur-python-";

/// The programs that interpreters run, in a directory that goes with this.
#[derive(Debug, Clone)]
pub struct Programs(Option<Arc<Directory>>);

#[derive(Debug)]
struct Directory {
    place: TempDir,
    /// Says that its maker lives, also to who can't see its process, as in another container (flock(2)).
    _lock: Flock<File>,
}

impl Programs {
    /// Writes those that run jobs.
    ///
    /// # Errors
    /// As those of [`of`](Self::of).
    pub fn write() -> Result<Self, String> {
        Self::of(JOBS_SHARED.iter().chain(JOBS))
    }

    /// Writes these, by name and text, and removes those of processes that were killed.
    ///
    /// # Errors
    /// The directory can't be made or written to: a sentence on where and why, and what to do.
    pub fn of<'a>(files: impl Iterator<Item = &'a (&'a str, &'a str)>) -> Result<Self, String> {
        let parent = env::temp_dir();
        remove_forsaken(&parent);
        write_to(&parent, files).map(|directory| Self(Some(Arc::new(directory)))).map_err(|error| {
            format!(
                "the Python programs can't be written to {}: {error}; free some space there, or set TMPDIR to a directory \
                 that can be written to",
                parent.display()
            )
        })
    }

    /// None at all, for rows that only say what is missing.
    pub fn none() -> Self {
        Self(None)
    }

    /// Where they are.
    pub fn directory(&self) -> &Path {
        self.0.as_ref().map_or(Path::new("/nonexistent"), |directory| directory.place.path())
    }
}

fn write_to<'a>(parent: &Path, files: impl Iterator<Item = &'a (&'a str, &'a str)>) -> io::Result<Directory> {
    let place = tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", process::id())).tempdir_in(parent)?;
    let lock = locked(place.path())?;
    for (name, text) in files {
        fs::write(place.path().join(name), text)?;
    }
    Ok(Directory { place, _lock: lock })
}

/// Removes the directories of processes that were killed and could not do so themselves.
fn remove_forsaken(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if is_forsaken(&entry) {
            let _ = fs::remove_dir_all(entry.path()); // it is looked at again the next time
        }
    }
}

/// Whether it is such a directory, ours to remove, and its maker is gone.
fn is_forsaken(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let Some(maker) = name.to_str().and_then(maker) else { return false };
    // Who we are to the file system, our own process says.
    let own = fs::metadata("/proc/self").map(|it| it.uid()).ok();
    let ours = entry.metadata().is_ok_and(|it| it.is_dir() && Some(it.uid()) == own);
    ours && !PathBuf::from(format!("/proc/{maker}")).exists() && locked(&entry.path()).is_ok()
}

/// The process that made a directory of this name.
fn maker(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split_once('-')?.0.parse().ok()
}

/// Locks a directory until this is dropped, or this process is gone. What it starts has no part in the lock.
fn locked(directory: &Path) -> io::Result<Flock<File>> {
    let flags = (OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits();
    let file = File::options().read(true).custom_flags(flags).open(directory)?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| error.into())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::Way;
    use super::*;

    /// The number of a process that is gone.
    fn nobody() -> u32 {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    #[test]
    fn the_programs_are_there_as_long_as_somebody_needs_them() {
        let programs = Programs::write().unwrap();
        let path = programs.directory().to_owned();
        let other = programs.clone();
        drop(programs);
        for way in Way::ALL {
            assert!(path.join(way.file()).is_file(), "{way:?}");
        }
        drop(other);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_others_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: String| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("line.py"), "pass").unwrap();
            path
        };
        let gone = nobody();
        let left = make(format!("{PREFIX}{gone}-left"));
        let elsewhere = make(format!("{PREFIX}{gone}-elsewhere"));
        let lock = locked(&elsewhere).unwrap();
        let stays = [
            elsewhere.clone(), // its maker may not be seen from here
            make(format!("{PREFIX}{}-alive", process::id())),
            make(format!("{PREFIX}other")),
            make(format!("other-{gone}-python")),
        ];
        remove_forsaken(parent.path());
        assert!(!left.exists());
        assert!(stays.iter().all(|path| path.join("line.py").is_file()));
        drop(lock);
        remove_forsaken(parent.path());
        assert!(!elsewhere.exists());
    }

    #[test]
    fn a_directory_of_a_living_maker_is_locked_by_it() {
        let parent = tempfile::tempdir().unwrap();
        let directory = write_to(parent.path(), JOBS.iter()).unwrap();
        assert!(locked(directory.place.path()).is_err());
        remove_forsaken(parent.path());
        assert!(directory.place.path().exists());
    }

    #[test]
    fn a_place_that_can_not_be_written_to_is_said_with_why() {
        assert!(write_to(Path::new("/nowhere"), JOBS.iter()).is_err());
        assert!(!Programs::none().directory().exists());
    }
}
