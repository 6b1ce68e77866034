//! `shared-memory-futex`: turns are taken with a number in the shared memory and the kernel's bare help.
//!
//! futex(2) is two calls: sleep, if this number is still what I saw; and wake who sleeps for that number. All else is done in
//! memory by atomic operations: the C library's semaphores, and mutexes, and Rust's too, are made of it. It is the least a
//! sleeping wait can cost, and the work is in getting it right: here, that nobody goes to sleep just when it is woken.
//!
//! Good at everything that shared memory is to be quick for. Bad at being read by others.
//!
//! Source: futex(2), futex(7); Drepper, "Futexes Are Tricky" (2011).

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::io::Errno;
use rustix::thread::futex::{Flags, wait, wake};

use super::super::super::{Probe, Suite, Trouble};
use super::super::process::between_processes;
use super::super::{Peer, all_sizes_and_together, any_size};
use super::ring::{self, Gate};

pub(in super::super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "shared-memory-futex",
    family: "processes",
    summary: "memory mapped by both; futex(2) to sleep on a number in it and to wake",
    settings: all_sizes_and_together,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ring::ends::<Futex>),
};

struct Futex {
    open_for: AtomicU32,
    somebody_sleeps: AtomicU32,
}

/// No flag: the number is looked up by its page, since another process has it at another address.
const SHARED: Flags = Flags::empty();

impl Gate for Futex {
    fn new() -> Self {
        Self { open_for: AtomicU32::new(0), somebody_sleeps: AtomicU32::new(0) }
    }

    fn begin(&self, open_for: u32) -> Result<(), Trouble> {
        self.open_for.store(open_for, Ordering::SeqCst);
        Ok(())
    }

    fn pass(&self, peer: &Peer<'_>) -> Result<(), Trouble> {
        while self.open_for.load(Ordering::Acquire) == 0 {
            // First the word that somebody will sleep, then the kernel's look at the number. Who opens does it the other way
            // round, so one of the two sees what the other did.
            self.somebody_sleeps.store(1, Ordering::SeqCst);
            match wait(&self.open_for, SHARED, 0, None) {
                Ok(()) | Err(Errno::AGAIN) => {} // woken, or it was opened meanwhile
                Err(Errno::INTR) => peer.look()?,
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
        }
        self.open_for.fetch_sub(1, Ordering::Acquire); // nobody else passes here
        Ok(())
    }

    fn open(&self) -> Result<(), Trouble> {
        self.open_for.fetch_add(1, Ordering::SeqCst);
        if self.somebody_sleeps.load(Ordering::SeqCst) == 1 {
            self.somebody_sleeps.store(0, Ordering::SeqCst);
            wake(&self.open_for, SHARED, 1).map_err(std::io::Error::from)?;
        }
        Ok(())
    }
}
