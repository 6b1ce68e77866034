//! What is known of a client by those who don't have it: one byte, by which it is in one pair of hands at a time.

use std::sync::atomic::{AtomicU8, Ordering};

/// The client is in the queue, or a worker has it.
const HELD: u8 = 1;
/// Something was told of its socket since its holder looked last.
pub(super) const TOLD: u8 = 2;
/// Its deadline had passed when the leader looked.
pub(super) const LATE: u8 = 4;
/// For good: see [`Ready::more_behind`](crate::server::readiness::Ready::more_behind).
pub(super) const BEHIND: u8 = 8;

/// What is known of a client by those who don't have it.
#[derive(Default)]
pub(super) struct Signs(AtomicU8);

impl Signs {
    /// Adds signs. True if nobody had the client: whoever is told so has it now, and must see to it that it is served.
    pub(super) fn tell(&self, signs: u8) -> bool {
        self.0.fetch_or(signs | HELD, Ordering::AcqRel) & HELD == 0
    }

    /// For the holder: what was told since the last time.
    pub(super) fn take(&self) -> u8 {
        self.0.fetch_and(!(TOLD | LATE), Ordering::AcqRel)
    }

    /// For the holder: lets go of the client, unless something has been told that nobody has taken.
    pub(super) fn let_go(&self) -> bool {
        let nothing_new = |signs: u8| (signs & (TOLD | LATE) == 0).then_some(signs & !HELD);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, nothing_new).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_client_is_taken_by_the_first_who_tells() {
        let signs = Signs::default();
        assert!(signs.tell(TOLD));
        assert!(!signs.tell(TOLD | BEHIND), "somebody has it");
        assert_eq!(signs.take() & TOLD, TOLD);
        assert!(signs.let_go());
        assert!(signs.tell(LATE), "nobody has it");
    }

    #[test]
    fn nobody_lets_go_of_a_client_of_whom_something_was_told() {
        for sign in [TOLD, LATE] {
            let signs = Signs::default();
            assert!(signs.tell(TOLD));
            signs.take();
            assert!(!signs.tell(sign));
            assert!(!signs.let_go());
            signs.take();
            assert!(signs.let_go());
        }
    }

    #[test]
    fn what_hides_behind_the_bytes_is_told_for_good() {
        let signs = Signs::default();
        signs.tell(TOLD | BEHIND);
        signs.take();
        assert!(signs.let_go());
        signs.tell(TOLD);
        assert_eq!(signs.take() & BEHIND, BEHIND);
    }

    #[test]
    fn two_who_tell_at_the_same_time_never_both_have_it() {
        let (signs, holders) = (Signs::default(), AtomicU8::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        if signs.tell(TOLD) {
                            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                            loop {
                                signs.take();
                                holders.fetch_sub(1, Ordering::SeqCst);
                                if signs.let_go() {
                                    break;
                                }
                                holders.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                    }
                });
            }
        });
        assert!(signs.tell(TOLD), "in the end nobody has it");
    }
}
