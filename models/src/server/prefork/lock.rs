//! Locks that processes share, so that only one of them at a time waits for a client.
//!
//! Whoever holds such a lock may be killed. A file lock is given back by the kernel, which closes what a killed process
//! had open. A mutex is only a number in shared memory, but a *robust* one is on a list that the kernel reads when its
//! holder ends; the next one to lock it is told so (`EOWNERDEAD`, `pthread_mutexattr_setrobust(3)`).
//!
//! A mutex that is given back wakes one of those who queue. So does a file lock, unless somebody else takes it before
//! the one who was woken has run: that one queues anew, and the kernel wakes those behind it to do the same
//! (`__locks_insert_block` in fs/locks.c). On a busy machine that is a small herd.

// The mutex is the C library's, in memory that processes share: no crate here has either.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use crate::server::children::proc_is_missing;

/// A lock that only one process at a time has.
pub(super) trait Lock {
    /// Waits for the lock, does `work`, and gives the lock back.
    fn hold<T>(&mut self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T>;
}

/// A file to be locked (flock(2)). It is in memory and has no name, so there is nothing to clear away.
pub(super) struct LockFile(OwnedFd);

/// One process's opening of the file. A file lock belongs to an opening, and what a process inherits is the very
/// opening of its parent: so each opens the file anew.
pub(super) struct OpenLockFile(Option<File>);

impl LockFile {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(memfd_create("accept-lock", MFdFlags::MFD_CLOEXEC)?))
    }

    /// What a machine lacks for this, if anything.
    pub(super) fn lacks() -> Option<String> {
        proc_is_missing("each worker opens the lock file anew")
    }

    pub(super) fn open(&self) -> io::Result<OpenLockFile> {
        let path = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        Ok(OpenLockFile(Some(OpenOptions::new().read(true).write(true).open(path)?)))
    }
}

impl Lock for OpenLockFile {
    fn hold<T>(&mut self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mut file = self.0.take().ok_or_else(|| io::Error::other("the lock file was lost"))?;
        let locked = loop {
            match Flock::lock(file, FlockArg::LockExclusive) {
                Ok(locked) => break locked,
                Err((again, Errno::EINTR)) => file = again,
                Err((_, error)) => return Err(error.into()),
            }
        };
        let result = work();
        self.0 = Some(locked.unlock().map_err(|(_, error)| error)?);
        result
    }
}

/// A robust mutex in memory that is shared with all processes forked later.
pub(super) struct SharedMutex(NonNull<libc::pthread_mutex_t>);

const MUTEX_BYTES: NonZeroUsize = NonZeroUsize::new(size_of::<libc::pthread_mutex_t>()).unwrap();

impl SharedMutex {
    pub(super) fn new() -> io::Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses, touches no memory of ours.
        let memory = unsafe { mmap_anonymous(None, MUTEX_BYTES, access, MapFlags::MAP_SHARED) }?;
        let this = Self(memory.cast());
        this.begin()?;
        Ok(this)
    }

    fn begin(&self) -> io::Result<()> {
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: the attributes are on this stack and used only between their init and destroy. The mutex is in a
        // mapping of at least its size, aligned to a page, that nobody else knows yet.
        unsafe {
            check(libc::pthread_mutexattr_init(attributes))?;
            let shared = libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED);
            let robust = libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST);
            let made = libc::pthread_mutex_init(self.0.as_ptr(), attributes);
            libc::pthread_mutexattr_destroy(attributes);
            [shared, robust, made].into_iter().try_for_each(check)
        }
    }
}

impl Lock for SharedMutex {
    fn hold<T>(&mut self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mutex = self.0.as_ptr();
        // SAFETY: the mutex was made in `new` and stays mapped as long as this exists. A process locks it once at a
        // time, since `hold` borrows this exclusively and each process has one thread.
        unsafe {
            match libc::pthread_mutex_lock(mutex) {
                // Its holder was killed. What it protects, the right to wait, is whole all the same.
                libc::EOWNERDEAD => check(libc::pthread_mutex_consistent(mutex))?,
                result => check(result)?,
            }
        }
        let _held = Held(mutex);
        work()
    }
}

/// Gives the mutex back when dropped, by a panic too.
struct Held(*mut libc::pthread_mutex_t);

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: this process has locked the mutex, which is still mapped: `hold` borrows it.
        unsafe { libc::pthread_mutex_unlock(self.0) };
    }
}

impl Drop for SharedMutex {
    fn drop(&mut self) {
        // SAFETY: this process's own view of the memory goes, and nobody can use it through this any more. Other
        // processes have views of their own.
        let _ = unsafe { munmap(self.0.cast(), MUTEX_BYTES.get()) };
    }
}

fn check(error: libc::c_int) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}
