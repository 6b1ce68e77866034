//! Computations that an event loop has done elsewhere, so that its other clients need not wait for them.
//!
//! A client may leave while its work is being done, and its key may be another's when the result comes. So each
//! computation has a number, and a result is taken only by the connection that waits for that number.

use std::io;
use std::sync::Arc;

use socket2::Socket;
use workloads::{Value, Work};

use super::{FIRST_CONNECTION, OUTCOMES, Reactor};
use crate::server::ServeError;
use crate::server::readiness::{Interest, Readiness};

/// Whoever computes for a loop. None of its calls may block.
pub(crate) trait Offload {
    /// A descriptor that is readable while there are outcomes to take.
    fn wake_up(&self) -> &Arc<Socket>;

    /// Takes on a computation. There is one at a time for each connection.
    fn begin(&mut self, computation: Computation);

    /// The client of this computation has left: if it has not begun yet, it need not.
    fn forget(&mut self, number: u64);

    /// Adds what has come out since the last time.
    fn outcomes(&mut self, outcomes: &mut Vec<Outcome>);
}

/// Work to be done for a connection.
pub(crate) struct Computation {
    /// No other computation of this loop has it.
    pub(crate) number: u64,
    /// The connection's key.
    pub(crate) key: usize,
    pub(crate) work: Work,
}

/// What a computation came to.
pub(crate) struct Outcome {
    pub(crate) number: u64,
    pub(crate) key: usize,
    /// None if it panicked.
    pub(crate) value: Option<Value>,
}

impl<R: Readiness> Reactor<'_, R> {
    /// Has computations done elsewhere from now on.
    pub(crate) fn offload_to(&mut self, offload: Box<dyn Offload>) -> Result<(), ServeError> {
        let watch = self.set.watch(offload.wake_up(), OUTCOMES, Interest::Read);
        watch.map_err(|source| ServeError::io("watch for results", source))?;
        self.offload = Some(offload);
        Ok(())
    }

    /// Lets the connections whose work is done go on.
    pub(super) fn take_outcomes(&mut self) -> io::Result<()> {
        let Some(offload) = &mut self.offload else { return Ok(()) };
        let mut outcomes = Vec::new();
        offload.outcomes(&mut outcomes);
        let wake_up = Arc::clone(offload.wake_up());
        for Outcome { number, key, value } in outcomes {
            match self.connections.get_mut(key - FIRST_CONNECTION) {
                Some(place) if place.computation == Some(number) => place.computation = None,
                _ => continue, // that client has left
            }
            match value {
                Some(value) => self.advance(key, |connection, now, scratch| {
                    connection.computed(value);
                    connection.advance(now, scratch)
                }),
                None => self.close(key),
            }
        }
        self.watch_on(&wake_up, OUTCOMES)
    }
}
