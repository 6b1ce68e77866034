//! Work that is done somewhere else, such as what a disk may hold up, and what it comes to.

use std::sync::{Arc, Mutex, PoisonError};

use crate::session::Next;

/// Where the outcome of some work is left by whoever does it, for the session that asked.
#[derive(Debug)]
pub(crate) struct Outcome<T>(Arc<Mutex<Option<T>>>);

/// Has `work` done, and says where its outcome will be.
pub(crate) fn later<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> (Outcome<T>, Next) {
    let place = Arc::new(Mutex::new(None));
    let outcome = Outcome(Arc::clone(&place));
    let work = move || {
        let done = work();
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        0 // nothing that a number could say
    };
    (outcome, Next::Compute(Box::new(work)))
}

impl<T> Outcome<T> {
    /// What the work came to; none if it was not done.
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
