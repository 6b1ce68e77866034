//! `shared-memory-semaphore`: turns are taken with POSIX semaphores that stand in the shared memory.
//!
//! A semaphore is a number that never goes below nought. `sem_wait(3)` takes one away, and sleeps while there is none;
//! `sem_post(3)` adds one, and wakes who sleeps. With `pshared` set it works between processes (`sem_init(3)`). In the C library
//! it is an atomic number and a futex: no system call as long as nobody has to sleep or to be woken.
//!
//! Good at counting things that several may take, and at being known everywhere. Bad when its holder is killed: nobody
//! gives back what it had.
//!
//! Source: `sem_overview(7)`, `sem_wait(3)`.

#![allow(unsafe_code, reason = "semaphores in shared memory are the C library's: no crate here has them")]

use std::cell::UnsafeCell;
use std::mem::zeroed;

use nix::errno::Errno;
use nix::libc;

use super::super::super::{Probe, Suite, Trouble};
use super::super::process::between_processes;
use super::super::ticks::uninterrupted;
use super::super::{Peer, all_sizes_and_together, any_size};
use super::ring::{self, Gate};

pub(in super::super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "shared-memory-semaphore",
    family: "processes",
    summary: "memory mapped by both; sem_wait(3) and sem_post(3) say whose turn it is",
    settings: all_sizes_and_together,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ring::ends::<Semaphore>),
};

struct Semaphore(UnsafeCell<libc::sem_t>);

// SAFETY: what is done with a semaphore by several at once is what it is for (attributes(7): MT-Safe).
unsafe impl Sync for Semaphore {}

impl Gate for Semaphore {
    fn new() -> Self {
        // SAFETY: it is plain data, which `sem_init` makes a semaphore of.
        Self(UnsafeCell::new(unsafe { zeroed() }))
    }

    fn begin(&self, open_for: u32) -> Result<(), Trouble> {
        const PSHARED: libc::c_int = 1;
        // SAFETY: it stays where it is from now on, and nobody waits at it yet. Linux keeps nothing of it anywhere else, so
        // `sem_destroy` has nothing to do when the memory goes.
        Errno::result(unsafe { libc::sem_init(self.0.get(), PSHARED, open_for) })?;
        Ok(())
    }

    fn pass(&self, peer: &Peer<'_>) -> Result<(), Trouble> {
        // SAFETY: `begin` has made it.
        uninterrupted(peer, || Errno::result(unsafe { libc::sem_wait(self.0.get()) })).map(drop)
    }

    fn open(&self) -> Result<(), Trouble> {
        // SAFETY: `begin` has made it.
        Errno::result(unsafe { libc::sem_post(self.0.get()) })?;
        Ok(())
    }
}
