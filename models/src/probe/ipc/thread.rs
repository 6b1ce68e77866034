//! The other side as a thread of this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::super::placing::Unbound;
use super::super::{Measured, Setting, Trouble};
use super::End;
use super::exchange::{self, Job};
use super::peer::Peer;

/// Measures between this thread and another, which have an end each.
///
/// # Errors
/// The way's own; there is no thread to be had; or the other one ended too early.
pub(super) fn between_threads<E: End + Send>(
    setting: &Setting,
    bytes: usize,
    time: Duration,
    ends: impl FnOnce(usize) -> Result<(E, E), Trouble>,
) -> Result<Measured, Trouble> {
    let _unbound = Unbound::now()?;
    let job = Job { setting, bytes, time };
    let (mut ours, mut theirs) = ends(bytes)?;
    let (mut control, mut obedience) = exchange::control()?;
    let (we_ended, they_ended) = (Ended::default(), Ended::default());
    thread::scope(|scope| {
        let (us, they) = (Arc::clone(&we_ended.0), Arc::clone(&they_ended.0));
        let other = thread::Builder::new().spawn_scoped(scope, move || {
            // Set also when it panics. What it has of the way and of the pipes goes right after that.
            let _ended = they_ended;
            let peer = Peer::thread(Arc::clone(&us), time);
            let obeyed = exchange::obey(&mut theirs, job, &mut obedience, &peer);
            // What goes wrong once we have ended is no reason for it.
            if us.load(Ordering::Acquire) { Ok(()) } else { obeyed }
        })?;
        let result = exchange::measure(&mut ours, job, &mut control, &Peer::thread(they, time));
        drop((we_ended, ours, control)); // by one of these it hears that there is no more to do
        match (result, other.join()) {
            (Ok(measured), _) => Ok(measured),
            (Err(_), Ok(Err(reason))) => Err(reason),
            (Err(_), Err(_)) => Err(Trouble::Failed("the other thread panicked; measure again".to_owned())),
            (Err(trouble), Ok(Ok(()))) => Err(trouble),
        }
    })
}

/// Set when it is dropped: a thread's last word.
#[derive(Default)]
struct Ended(Arc<AtomicBool>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::super::super::Operation;
    use super::*;

    /// A way that does something to its messages. The nought-th is one; messages of 8 bytes are easily told apart.
    struct Odd<const LOSES: bool> {
        input: Receiver<Vec<u8>>,
        output: Sender<Vec<u8>>,
        sent: u64,
        /// Makes of a message with this number what arrives; none is lost.
        makes: Oddity,
    }

    type Oddity = fn(u64, Vec<u8>) -> Option<Vec<u8>>;

    impl<const LOSES: bool> End for Odd<LOSES> {
        const LOSSY: bool = LOSES;

        fn send(&mut self, message: &[u8], _: &Peer<'_>) -> Result<(), Trouble> {
            if let Some(message) = (self.makes)(self.sent, message.to_vec()) {
                self.output.send(message).map_err(|_| Trouble::Failed("closed".to_owned()))?;
            }
            self.sent += 1;
            Ok(())
        }

        fn receive(&mut self, message: &mut Vec<u8>, _: &Peer<'_>) -> Result<(), Trouble> {
            *message = self.input.recv().map_err(|_| Trouble::Failed("closed".to_owned()))?;
            Ok(())
        }
    }

    fn measure<const LOSES: bool>(
        operation: Operation,
        there: Oddity,
        back: Oddity,
    ) -> Result<Measured, Trouble> {
        between_threads(&Setting::of(operation), 8, Duration::from_millis(100), |_| {
            let (one, other) = (channel(), channel());
            let ours = Odd::<LOSES> { input: one.1, output: other.0, sent: 0, makes: there };
            Ok((ours, Odd::<LOSES> { input: other.1, output: one.0, sent: 0, makes: back }))
        })
    }

    const AS_IT_IS: Oddity = |_, message| Some(message);
    const FLIPS_A_BIT_OF_THE_FIFTH: Oddity = |number, mut message| {
        message[3] ^= u8::from(number == 4);
        Some(message)
    };

    #[test]
    fn a_message_that_comes_wrong_is_found_by_whoever_receives_it() {
        for (operation, there, back) in [
            (Operation::RoundTrip, FLIPS_A_BIT_OF_THE_FIFTH, AS_IT_IS),
            (Operation::RoundTrip, AS_IT_IS, FLIPS_A_BIT_OF_THE_FIFTH),
            (Operation::Bandwidth, FLIPS_A_BIT_OF_THE_FIFTH, AS_IT_IS),
        ] {
            let sentence = measure::<false>(operation, there, back).unwrap_err().to_string();
            assert!(sentence.contains("message 4 of 8 bytes arrived"), "{sentence}");
        }
    }

    #[test]
    fn messages_that_were_lost_are_told() {
        let every_other: Oddity =
            |number, message| (message.is_empty() || number % 2 == 0).then_some(message);
        let lossy = measure::<true>(Operation::Bandwidth, every_other, AS_IT_IS).unwrap();
        assert!(lossy.remark.unwrap().contains("were lost"));
        let none: Oddity = |_, message| Some(message);
        assert_eq!(measure::<true>(Operation::Bandwidth, none, AS_IT_IS).unwrap().remark, None);
    }

    #[test]
    fn a_lost_message_is_wrong_where_none_may_be() {
        let loses_one: Oddity = |number, message| (number != 4).then_some(message);
        let sentence = measure::<false>(Operation::Bandwidth, loses_one, AS_IT_IS).unwrap_err().to_string();
        assert!(sentence.contains("message 4 of 8 bytes arrived"), "{sentence}");
    }

    #[test]
    fn a_panic_of_the_other_side_ends_the_measurement() {
        let panics: Oddity = |number, message| if number == 4 { panic!("lost") } else { Some(message) };
        let sentence = measure::<false>(Operation::RoundTrip, AS_IT_IS, panics).unwrap_err().to_string();
        assert!(sentence.contains("panicked"), "{sentence}");
    }
}
