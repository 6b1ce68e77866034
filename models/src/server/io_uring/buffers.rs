//! The buffers that the kernel receives into, and the ring through which it is given them (provided buffers).
//!
//! A receive that may wait for hours names no buffer of its own: it takes one of these when bytes are there, so ten
//! thousand silent clients hold none. The kernel takes buffers from the front of the ring; the program puts each one
//! back at its end once it has looked at what is in it.
//!
//! Source: `io_uring_register_buf_ring(3)`.

// Memory that the kernel writes to is no business of the borrow checker's: who may touch which buffer when is kept here.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use workloads::READ_BYTES;

/// The one group of buffers: receives name it.
pub(super) const GROUP: u16 = 0;
/// Pages are not larger than this on any machine that Linux runs on, and the ring must begin at the start of one.
const ENTRIES_BYTES: usize = 64 * 1024;
/// So many entries fit into that, 16 bytes each.
pub(super) const MOST: usize = ENTRIES_BYTES / size_of::<BufRingEntry>();

/// A number of buffers of [`READ_BYTES`] each, and their ring. Pages come when they are first written to.
pub(super) struct Buffers {
    /// First the entries of the ring, then the buffers. All of it is zeros at first, so every byte is initialised.
    memory: NonNull<c_void>,
    count: u16,
    /// How many buffers have ever been put at the end of the ring, modulo 2^16.
    tail: u16,
}

/// Bytes that have arrived in a buffer, which is the program's until they have been [opened](Buffers::open) and
/// dropped.
#[must_use = "its buffer must go back to the kernel: open it, and drop what that gives"]
#[derive(Debug)]
pub(super) struct Chunk {
    id: u16,
    bytes: usize,
}

impl Chunk {
    /// What a completion says: so many bytes are in buffer `id`. To be made once for each such completion.
    pub(super) fn arrived(id: u16, bytes: usize) -> Self {
        Self { id, bytes: bytes.min(READ_BYTES) }
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }
}

impl Buffers {
    /// Makes `count` buffers, a power of two and at most [`MOST`], and hands all of them to the kernel for receives on
    /// `uring`. They must live until no such receive is in flight any more.
    pub(super) fn provide(uring: &IoUring, count: u16) -> io::Result<Self> {
        let (prot, flags) = (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_PRIVATE);
        let length = NonZeroUsize::new(length(count)).unwrap_or(NonZeroUsize::MIN);
        // SAFETY: a new mapping, wherever the kernel has room: it overlaps nothing.
        let memory = unsafe { mmap_anonymous(None, length, prot, flags) }?;
        let mut this = Self { memory, count, tail: 0 };
        // SAFETY: the ring's entries are at the start of the mapping, which has room for `count` of them, and the
        // mapping lives until `this` is dropped: see `provide`.
        unsafe {
            uring.submitter().register_buf_ring_with_flags(memory.as_ptr() as u64, count, GROUP, 0)?;
        }
        (0..count).for_each(|id| this.give_back(id));
        Ok(this)
    }

    /// The bytes of a chunk. The buffer is the kernel's again when they are dropped, be it by a panic.
    pub(super) fn open(&mut self, chunk: Chunk) -> Opened<'_> {
        Opened { buffers: self, chunk }
    }

    /// How many buffers there are.
    pub(super) fn count(&self) -> usize {
        usize::from(self.count)
    }

    /// The start of a buffer.
    fn buffer(&self, id: u16) -> NonNull<u8> {
        assert!(id < self.count, "the kernel was never given a buffer {id}");
        // SAFETY: within the mapping, as the assertion says.
        unsafe { self.memory.cast::<u8>().add(ENTRIES_BYTES + usize::from(id) * READ_BYTES) }
    }

    /// Puts a buffer at the end of the ring.
    fn give_back(&mut self, id: u16) {
        let address = self.buffer(id).as_ptr() as u64;
        let entries = self.memory.cast::<BufRingEntry>();
        let place = usize::from(self.tail % self.count);
        self.tail = self.tail.wrapping_add(1);
        // SAFETY: `place` is less than `count`, so the entry is within the mapping. The kernel does not read it before
        // the tail says so, since no more than `count` buffers exist and this one is not in the ring. The tail itself
        // lies where the first entry has a field that nobody sets, aligned, and all accesses to it are atomic.
        unsafe {
            let entry = entries.add(place).as_mut();
            entry.set_addr(address);
            entry.set_len(READ_BYTES as u32);
            entry.set_bid(id);
            let tail = AtomicU16::from_ptr(BufRingEntry::tail(entries.as_ptr()).cast_mut());
            tail.store(self.tail, Ordering::Release);
        }
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: our own mapping, whole, and nobody uses it any more: see `provide`.
        let unmapped = unsafe { munmap(self.memory, length(self.count)) };
        debug_assert_eq!(unmapped, Ok(()));
    }
}

/// Of the whole mapping, in bytes.
fn length(count: u16) -> usize {
    ENTRIES_BYTES + usize::from(count) * READ_BYTES
}

/// The bytes of a chunk, to be looked at.
pub(super) struct Opened<'a> {
    buffers: &'a mut Buffers,
    chunk: Chunk,
}

impl Deref for Opened<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let start = self.buffers.buffer(self.chunk.id);
        // SAFETY: no chunk is longer than a buffer, all of which is initialised; and the kernel does not write to it
        // before it is given back, which `drop` does.
        unsafe { slice::from_raw_parts(start.as_ptr(), self.chunk.bytes) }
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.buffers.give_back(self.chunk.id);
    }
}
