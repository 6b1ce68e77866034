//! A piece of memory that processes share.
//!
//! `shm_open(3)` makes a file in memory, in /dev/shm, under a name by which strangers can open it too, and which somebody has
//! to take away. Here the child inherits the mapping, nobody needs a name, and whoever is killed must leave none:
//! `memfd_create(2)` makes the same kind of file, in the same kernel's tmpfs, without one. `posix_fallocate(3)` gives it a length,
//! mmap(2) maps it, and it goes with the last who has it mapped.
//!
//! Source: `shm_overview(7)`, `memfd_create(2)`.

#![allow(unsafe_code, reason = "mmap and munmap: the compiler does not know who else has this memory")]

use std::num::NonZeroUsize;
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

use super::super::super::Trouble;

/// Mapped for reading and writing, at the same address in whatever is forked later.
pub(super) struct Mapping {
    start: NonNull<u8>,
    bytes: NonZeroUsize,
}

impl Mapping {
    /// So many bytes, all of them noughts.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(super) fn new(bytes: NonZeroUsize) -> Result<Self, Trouble> {
        let file = memfd_create(c"concur", MFdFlags::MFD_CLOEXEC).map_err(refusal)?;
        // Not only a length: where there is no memory for it we are told here, and not killed at the first touch.
        while let Err(error) = posix_fallocate(&file, 0, bytes.get().cast_signed() as i64) {
            if error != Errno::EINTR {
                return Err(refusal(error));
            }
        }
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses, touches no memory of ours. Nobody else can open the
        // file any more, so it does not shrink.
        let start = unsafe { mmap(None, bytes, access, MapFlags::MAP_SHARED, &file, 0) }?;
        Ok(Self { start: start.cast(), bytes })
    }

    /// So many bytes of this process's own, as an allocator has them from the kernel, all of them noughts.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(super) fn unnamed(bytes: NonZeroUsize) -> Result<Self, Trouble> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses, touches no memory of ours.
        let start = unsafe { mmap_anonymous(None, bytes, access, MapFlags::MAP_PRIVATE) }?;
        Ok(Self { start: start.cast(), bytes })
    }

    /// Where it begins: at the beginning of a page.
    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }
}

// SAFETY: this is an address and a length. Whoever reads or writes there has to answer for it, from whichever thread.
unsafe impl Send for Mapping {}
// SAFETY: the same.
unsafe impl Sync for Mapping {}

fn refusal(error: Errno) -> Trouble {
    let why = error.desc();
    Trouble::Unsupported(format!(
        "no memory can be shared: {why}; free some, or raise the limits (ulimit -n, ulimit -f)"
    ))
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this process's own view of the memory goes; who has an address in it borrows this. Other processes have
        // views of their own.
        let _ = unsafe { munmap(self.start.cast(), self.bytes.get()) };
    }
}
