//! How many replies a load has had so far, for who looks at the server while it runs; and that this was enough.
//!
//! Each thread publishes its own count in a line of the cache that it alone writes to, so that publishing costs the
//! generator a store and nothing more. Who reads the sum may miss the reply that is being handled just then.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is shared between a load's threads and who watches it. Each load has its own.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    threads: Arc<Mutex<Vec<Arc<Published>>>>,
    enough: Arc<AtomicBool>,
}

/// What one thread has published. 128 bytes, since processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Published(AtomicU64);

impl Replies {
    /// Whole and right replies so far over all threads, the warm-up's included.
    pub fn so_far(&self) -> u64 {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.iter().map(|thread| thread.0.load(Ordering::Relaxed)).sum()
    }

    /// Says that the load need not go on any longer after its window: the epilogue is over.
    pub fn enough(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    pub(super) fn are_enough(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }

    /// A thread's own place.
    pub(super) fn join(&self) -> Arc<Published> {
        let published = Arc::new(Published::default());
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&published));
        published
    }
}

impl Published {
    pub(super) fn set(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }
}
