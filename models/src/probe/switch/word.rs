//! A number in memory that is shared with children forked later.

#![allow(
    unsafe_code,
    reason = "memory that a child shares comes from mmap(2), which gives an address and no type"
)]

use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// It has no name anywhere, and goes with the last process that has it.
pub(super) struct SharedWord(NonNull<AtomicU32>);

const BYTES: NonZeroUsize = NonZeroUsize::new(size_of::<AtomicU32>()).unwrap();

impl SharedWord {
    /// A zero.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(super) fn new() -> nix::Result<Self> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a new mapping, at an address that the kernel chooses, touches no memory of ours.
        let memory = unsafe { mmap_anonymous(None, BYTES, access, MapFlags::MAP_SHARED) }?;
        Ok(Self(memory.cast()))
    }
}

impl Deref for SharedWord {
    type Target = AtomicU32;

    fn deref(&self) -> &AtomicU32 {
        // SAFETY: the mapping begins with a page boundary, is filled with zeros, which are an atomic, is used as nothing else by
        // whoever has it, and stays until this is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for SharedWord {
    fn drop(&mut self) {
        // SAFETY: this process's view of the memory goes, and references to it borrow this. Other processes have views of
        // their own.
        let _ = unsafe { munmap(self.0.cast(), BYTES.get()) };
    }
}
