//! Long computing, cut into the short steps that executors ask for.
//!
//! A step's work leaves with a closure and only a number comes back. So what is under way lies in memory that the job and its
//! step share; the lock around it is never waited for, since a job has one step at a time, and costs some 20 ns a step.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Run, Step};
use crate::session::Value;

/// Computing that can stop and go on.
pub(super) trait Pieces: Send + 'static {
    /// Goes on for some 100 us at most. Gives the value once it is done.
    fn go_on(&mut self) -> Option<Value>;
}

/// A job made of such pieces.
pub(super) struct InPieces<P> {
    under_way: Arc<Mutex<(P, Option<Value>)>>,
}

impl<P: Pieces> InPieces<P> {
    pub(super) fn start(pieces: P) -> Box<dyn Run> {
        Box::new(Self { under_way: Arc::new(Mutex::new((pieces, None))) })
    }
}

impl<P: Pieces> Run for InPieces<P> {
    fn next(&mut self, _: Option<Value>) -> Step {
        if let Some(value) = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).1 {
            return Step::Done(value);
        }
        let under_way = Arc::clone(&self.under_way);
        Step::Compute(Box::new(move || {
            let (pieces, value) = &mut *under_way.lock().unwrap_or_else(PoisonError::into_inner);
            *value = pieces.go_on();
            value.unwrap_or_default()
        }))
    }
}
