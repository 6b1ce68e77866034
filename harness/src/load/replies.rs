//! How many replies a load has had so far, for who looks at the server while it runs; and that this was enough.
//!
//! Each thread publishes its own count in a line of the cache that it alone writes to, so that publishing costs the
//! generator a store and nothing more. Who reads the sum may miss the reply that is being handled just then.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hdrhistogram::Histogram;

/// Of a longer load the last seconds are known.
const SECONDS: usize = 240;

/// What is shared between a load's threads and who watches it. Each load has its own.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    threads: Arc<Mutex<Vec<Arc<Published>>>>,
    enough: Arc<AtomicBool>,
    seconds: Arc<Mutex<VecDeque<Second>>>,
}

/// The latencies of one second of the window, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Second {
    /// The median.
    pub p50_us: f64,
    /// What a hundredth was longer than.
    pub p99_us: f64,
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

    /// The seconds of the window that are over, if there is a histogram log; those without a reply are left out.
    pub fn seconds(&self) -> Vec<Second> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Publishes a second's latencies, which are in nanoseconds.
    pub(super) fn publish(&self, latency: &Histogram<u64>) {
        if latency.is_empty() {
            return;
        }
        let us = |quantile| latency.value_at_quantile(quantile) as f64 / 1e3;
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        seconds.push_back(Second { p50_us: us(0.5), p99_us: us(0.99) });
        if seconds.len() > SECONDS {
            seconds.pop_front();
        }
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
