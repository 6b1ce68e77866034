//! Opens what is below a directory, and nothing else.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

/// How this kernel is asked to stay below a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// In one call, which keeps to it by itself: openat2(2), since Linux 5.6.
    AtOnce,
    /// Name by name, without following a link.
    StepByStep,
}

/// A rename anywhere on the machine can disturb a path with `..` in a link of it; so often it is tried once more.
const TRIES: usize = 8;

/// To read, without waiting for who writes to a FIFO, and without a terminal becoming ours.
const TO_READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
/// To go on from.
const TO_ENTER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Way {
    /// Finds out which one there is. A container may forbid the call that it does not know (`EPERM`).
    pub(super) fn of_this_kernel(root: BorrowedFd<'_>) -> Self {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        match openat2(root, c".", flags, Mode::empty(), ResolveFlags::BENEATH) {
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => Self::StepByStep,
            _ => Self::AtOnce,
        }
    }

    /// Opens a checked path below `root` for reading.
    pub(super) fn open(self, root: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
        let path = if path.is_empty() { b"." } else { path };
        match self {
            Self::AtOnce => at_once(root, path),
            Self::StepByStep => step_by_step(root, path),
        }
    }
}

fn at_once(root: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let mut tries = TRIES;
    loop {
        match openat2(root, path, TO_READ, Mode::empty(), within) {
            Err(Errno::AGAIN) if tries > 1 => tries -= 1,
            Err(Errno::INTR) => {}
            opened => return opened,
        }
    }
}

fn step_by_step(root: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    use std::os::fd::AsFd;
    let mut names = path.split(|byte| *byte == b'/').peekable();
    let mut held: Option<OwnedFd> = None;
    while let Some(name) = names.next() {
        let directory = held.as_ref().map_or(root, AsFd::as_fd);
        if names.peek().is_none() {
            return uninterrupted(|| openat(directory, name, TO_READ | OFlags::NOFOLLOW, Mode::empty()));
        }
        held = Some(uninterrupted(|| openat(directory, name, TO_ENTER, Mode::empty()))?);
    }
    Err(Errno::NOENT) // no path is without a name
}

fn uninterrupted<T>(call: impl Fn() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}
