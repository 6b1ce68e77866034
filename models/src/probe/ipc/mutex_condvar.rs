//! `mutex-condvar`: two threads and the memory they have anyway; turns are taken with a mutex and a condition variable.
//!
//! The number of those who may pass is behind a mutex. Who finds it nought waits on the condition variable, which lets go of the
//! mutex and sleeps in one step; who adds one notifies it. Each turn is two locks, and where somebody sleeps two wakes: of the
//! sleeper, and perhaps of it again, if the mutex it needs is still held. It is what `shared-memory-semaphore` does, built
//! from what every language has.
//!
//! A thread that waits has nobody to interrupt it, so each wait has a time limit, after which it looks whether the other one is
//! still there. Arming and taking down a timer costs some tenths of a microsecond, which `shared-memory-semaphore` does not pay.
//!
//! Good at any condition, not only at a number above nought. Bad at being quick.
//!
//! Source: `std::sync::Condvar`; `pthread_cond_wait(3)`.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::super::{Probe, Suite, Trouble};
use super::shared_memory::ring::{self, Gate};
use super::thread::between_threads;
use super::{Peer, all_sizes_and_together, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "mutex-condvar",
    family: "threads",
    summary: "memory of two threads; a mutex and a condition variable say whose turn it is",
    settings: all_sizes_and_together,
    measure: |setting, time| {
        between_threads(setting, any_size(setting)?, time, ring::ends_of_threads::<Monitor>)
    },
};

struct Monitor {
    open_for: Mutex<u32>,
    opened: Condvar,
}

/// How long it sleeps without a look whether there is still somebody to wait for.
const SLEEP: Duration = Duration::from_millis(10);

impl Gate for Monitor {
    fn new() -> Self {
        Self { open_for: Mutex::new(0), opened: Condvar::new() }
    }

    fn begin(&self, open_for: u32) -> Result<(), Trouble> {
        *self.open_for.lock().unwrap_or_else(PoisonError::into_inner) = open_for;
        Ok(())
    }

    fn pass(&self, peer: &Peer<'_>) -> Result<(), Trouble> {
        // Nothing panics while it holds the lock, so a number is right even if somebody says otherwise.
        let mut open_for = self.open_for.lock().unwrap_or_else(PoisonError::into_inner);
        while *open_for == 0 {
            let (again, slept) =
                self.opened.wait_timeout(open_for, SLEEP).unwrap_or_else(PoisonError::into_inner);
            open_for = again;
            if slept.timed_out() {
                peer.look()?;
            }
        }
        *open_for -= 1;
        Ok(())
    }

    fn open(&self) -> Result<(), Trouble> {
        *self.open_for.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.opened.notify_one();
        Ok(())
    }
}
