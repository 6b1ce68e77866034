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

/// How many may pass, and in the highest bit whether somebody sleeps until one may. Both are in one number so that they change
/// together: were the bit a number of its own, who opens could take it away just after the other side has passed and set it
/// anew, and then sees nobody to wake ever after.
struct Futex(AtomicU32);

const SOMEBODY_SLEEPS: u32 = 1 << 31;

/// No flag: the number is looked up by its page, since another process has it at another address.
const SHARED: Flags = Flags::empty();

impl Gate for Futex {
    fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    fn begin(&self, open_for: u32) -> Result<(), Trouble> {
        self.0.store(open_for, Ordering::Release);
        Ok(())
    }

    fn pass(&self, peer: &Peer<'_>) -> Result<(), Trouble> {
        // Only who passes sets the bit, and only while nobody may.
        while matches!(self.0.load(Ordering::Acquire), 0 | SOMEBODY_SLEEPS) {
            let _ = self.0.compare_exchange(0, SOMEBODY_SLEEPS, Ordering::AcqRel, Ordering::Relaxed);
            match wait(&self.0, SHARED, SOMEBODY_SLEEPS, None) {
                Ok(()) | Err(Errno::AGAIN) => {} // woken, or it was opened meanwhile
                Err(Errno::INTR) => peer.look()?,
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
        }
        self.0.fetch_sub(1, Ordering::Acquire); // nobody else passes here
        Ok(())
    }

    fn open(&self) -> Result<(), Trouble> {
        let awake_and_one_more = |seen| Some((seen & !SOMEBODY_SLEEPS) + 1);
        // It never says no, so what was there before comes back either way.
        let (Ok(seen) | Err(seen)) =
            self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, awake_and_one_more);
        if seen & SOMEBODY_SLEEPS != 0 {
            wake(&self.0, SHARED, 1).map_err(std::io::Error::from)?;
        }
        Ok(())
    }
}
