//! How many are busy with a datagram at once: counted, bounded, and waited for in the end.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::server::trouble;

/// Those who are busy, each with a datagram.
pub(super) struct Crew {
    busy: Mutex<usize>,
    all_done: Condvar,
    most: usize,
}

impl Crew {
    /// A crew with room for so many.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { busy: Mutex::new(0), all_done: Condvar::new(), most })
    }

    /// One more, if there is room.
    pub(super) fn one_more(self: &Arc<Self>) -> Option<Busy> {
        let mut busy = self.lock();
        (*busy < self.most).then(|| {
            *busy += 1;
            Busy(Arc::clone(self))
        })
    }

    /// Waits until all are done, at most `grace`. Who is not by then ends with the process.
    pub(super) fn finish(&self, grace: Duration) {
        let wait = self.all_done.wait_timeout_while(self.lock(), grace, |busy| *busy > 0);
        let (busy, _) = wait.unwrap_or_else(PoisonError::into_inner);
        if *busy > 0 {
            trouble::report(format_args!("still busy after {grace:?} and cut off: {busy} answer(s)"));
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a [`Crew`]; given up when dropped, also by a panic.
pub(super) struct Busy(Arc<Crew>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut busy = self.0.lock();
        *busy -= 1;
        if *busy == 0 {
            self.0.all_done.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crew_has_room_for_so_many_and_again_when_one_is_done() {
        let crew = Crew::new(2);
        let (first, _second) = (crew.one_more().unwrap(), crew.one_more().unwrap());
        assert!(crew.one_more().is_none());
        drop(first);
        assert!(crew.one_more().is_some());
    }

    #[test]
    fn a_crew_is_waited_for_until_all_are_done() {
        let crew = Crew::new(2);
        let busy = crew.one_more();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                drop(busy);
            });
            crew.finish(Duration::from_secs(30));
        });
        assert_eq!(*crew.lock(), 0);
    }

    #[test]
    fn who_never_finishes_is_not_waited_for_beyond_the_grace() {
        let crew = Crew::new(1);
        let _busy = crew.one_more();
        crew.finish(Duration::from_millis(10));
    }
}
