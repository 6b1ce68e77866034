//! What stands in a message, and whether it is what arrived.
//!
//! Between bytes that depend on their place alone stands the message's number: in its first eight bytes, in its last eight,
//! and at the beginning of every 4 KiB, so that no part of an earlier message passes for a part of this one. To write all bytes
//! anew for each message, and to read all of them, would cost as much as sending it. So the receiver looks at all numbers,
//! and at all bytes of a message of up to 1 KiB; of a longer one it looks at another 1 KiB each time.

use super::super::Trouble;

/// How far the numbers in a message are apart.
const STRIDE: usize = 4096;
/// So many bytes of each message are compared, beside the numbers.
const LOOKED_AT: usize = 1024;
const NUMBER: usize = size_of::<u64>();

/// The message that is sent, or expected.
pub(super) struct Contents(Vec<u8>);

impl Contents {
    /// Messages of so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self((0..bytes).map(|at| (at % 251) as u8).collect()) // a prime: no two pages are alike
    }

    /// The message of this number. One with fewer than eight bytes has its lowest.
    pub(super) fn of(&mut self, number: u64) -> &[u8] {
        let number = number.to_le_bytes();
        let short = self.0.len().min(NUMBER);
        self.0[..short].copy_from_slice(&number[..short]);
        for at in places(self.0.len()) {
            self.0[at..at + NUMBER].copy_from_slice(&number);
        }
        &self.0
    }

    /// Whether this is the message of that number.
    ///
    /// # Errors
    /// It is not.
    pub(super) fn check(&mut self, number: u64, received: &[u8]) -> Result<(), Trouble> {
        let expected = self.of(number);
        let right = if expected.len() <= LOOKED_AT || expected.len() != received.len() {
            expected == received
        } else {
            let last = expected.len() - LOOKED_AT;
            let from = (number as usize).wrapping_mul(LOOKED_AT) % (last + 1);
            let (looked_at, mut numbers) = (from..from + LOOKED_AT, places(expected.len()));
            expected[looked_at.clone()] == received[looked_at]
                && numbers.all(|at| expected[at..at + NUMBER] == received[at..at + NUMBER])
        };
        if right {
            return Ok(());
        }
        Err(Trouble::Failed(format!(
            "message {number} of {} bytes arrived as {} bytes, and not as it was sent; measure again, and if it stays so the \
             way is broken",
            expected.len(),
            received.len()
        )))
    }

    /// The number of this message, which is the next one or one after it, since some may have been lost. Of a number that the
    /// message has only the end of, it is the first that may be meant.
    pub(super) fn number(next: u64, received: &[u8]) -> u64 {
        let short = received.len().min(NUMBER);
        let mut low = [0; NUMBER];
        low[..short].copy_from_slice(&received[..short]);
        let ahead = u64::from_le_bytes(low).wrapping_sub(next);
        let known = u64::MAX.checked_shr(64 - 8 * short as u32).unwrap_or(0);
        next.wrapping_add(ahead & known)
    }
}

/// Where the whole number stands in a message of so many bytes.
fn places(bytes: usize) -> impl Iterator<Item = usize> {
    let last = bytes.checked_sub(NUMBER);
    last.into_iter().flat_map(|last| (0..=last).step_by(STRIDE).chain([last]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 11] = [1, 3, 4, 8, 9, 64, 1024, 1025, 4097, 16_384, 262_144];

    #[test]
    fn a_message_is_right_as_it_was_sent() {
        for bytes in SIZES {
            let (mut sent, mut expected) = (Contents::new(bytes), Contents::new(bytes));
            for number in [0, 1, 255, 256, 1 << 40] {
                assert_eq!(expected.check(number, sent.of(number)), Ok(()), "{bytes}");
            }
        }
    }

    #[test]
    fn an_earlier_message_is_not_this_one() {
        for bytes in SIZES {
            let (mut sent, mut expected) = (Contents::new(bytes), Contents::new(bytes));
            let sentence = expected.check(7, sent.of(6)).unwrap_err().to_string();
            assert!(sentence.contains("message 7"), "{sentence}");
        }
    }

    #[test]
    fn a_page_of_an_earlier_message_is_found_in_the_next_one() {
        let (mut sent, mut expected) = (Contents::new(262_144), Contents::new(262_144));
        let earlier = sent.of(6).to_vec();
        for page in 0..64 {
            let mut mixed = sent.of(7).to_vec();
            let page = page * STRIDE..(page + 1) * STRIDE;
            mixed[page.clone()].copy_from_slice(&earlier[page]);
            assert!(expected.check(7, &mixed).is_err());
        }
    }

    #[test]
    fn one_wrong_byte_is_found_at_once_in_a_short_message_and_in_time_in_a_long_one() {
        for (bytes, messages) in [(1, 1), (64, 1), (1024, 1), (16_384, 16)] {
            let (mut sent, mut expected) = (Contents::new(bytes), Contents::new(bytes));
            for wrong in 0..bytes {
                let found = (0..messages).any(|number| {
                    let mut received = sent.of(number).to_vec();
                    received[wrong] ^= 0x10;
                    expected.check(number, &received).is_err()
                });
                assert!(found, "byte {wrong} of {bytes}");
            }
        }
    }

    #[test]
    fn a_message_of_another_length_is_wrong() {
        let mut expected = Contents::new(64);
        let message = expected.of(1).to_vec();
        assert!(expected.check(1, &message[..63]).is_err());
        assert!(expected.check(1, &[]).is_err());
    }

    #[test]
    fn after_a_loss_the_number_is_told_from_what_there_is_of_it() {
        for (bytes, next, number) in
            [(1, 250, 260), (1, 7, 7), (4, u64::from(u32::MAX), 1 << 32), (64, 3, 1 << 50)]
        {
            assert_eq!(Contents::number(next, Contents::new(bytes).of(number)), number);
        }
    }
}
