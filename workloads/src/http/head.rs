//! What the heads of requests and of replies have in common.

use std::mem::MaybeUninit;

use httparse::Header;

/// The most fields a head may have.
pub(crate) const MAX_FIELDS: usize = 100;

/// Room for the fields of a head, on the stack and not written to beforehand.
pub(crate) type Fields<'a> = [MaybeUninit<Header<'a>>; MAX_FIELDS];

/// Room that nothing has been written to.
pub(crate) fn fields<'a>() -> Fields<'a> {
    [const { MaybeUninit::uninit() }; MAX_FIELDS]
}

/// Where the first line ends, its line feed included.
pub(crate) fn end_of_line(bytes: &[u8]) -> Option<usize> {
    Some(bytes.iter().position(|byte| *byte == b'\n')? + 1)
}

/// Where the head ends, its empty line included. The first `seen` bytes were searched before, in vain: they are
/// not searched again, so that a head which comes byte by byte costs no more than one which comes whole.
pub(crate) fn end_of_head(bytes: &[u8], seen: usize) -> Option<usize> {
    let mut at = seen.saturating_sub(2); // the last line feed and a carriage return may be among the seen
    loop {
        at += end_of_line(&bytes[at..])?;
        match &bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// What the `Connection` fields of a head ask for (RFC 9110, 7.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Connection {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
}

impl Connection {
    /// Takes in one field: a list of case-insensitive options.
    pub(crate) fn add(&mut self, value: &[u8]) {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            self.close |= option.eq_ignore_ascii_case(b"close");
            self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// Whether the connection goes on after this message (RFC 9112, 9.3). `version` is the minor one.
    pub(crate) fn persists(self, version: u8) -> bool {
        !self.close && (version > 0 || self.keep_alive)
    }
}

/// The digits of a number that may be as long as it likes: what doesn't fit counts as the largest.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let next = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(digits.iter().fold(0, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_head_is_found_from_wherever_the_search_goes_on() {
        for head in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"a\n\n", b"a\n\r\n"] {
            for seen in 0..head.len() {
                assert_eq!(end_of_head(&head[..seen], 0), None);
                assert_eq!(end_of_head(head, seen), Some(head.len()), "from {seen}");
            }
            let more = [head, b"rest\r\n\r\n"].concat();
            assert_eq!(end_of_head(&more, 0), Some(head.len()));
        }
    }

    #[test]
    fn connection_options_are_a_list_without_regard_to_case() {
        let mut connection = Connection::default();
        connection.add(b"upgrade ,\tKeep-ALIVE");
        assert_eq!(connection, Connection { close: false, keep_alive: true });
        connection.add(b"closed, CLOSE");
        assert_eq!(connection, Connection { close: true, keep_alive: true });
        assert!(!connection.persists(1), "close outweighs keep-alive");
    }

    #[test]
    fn only_digits_are_a_number_and_long_ones_are_the_largest() {
        assert_eq!(number(b"007"), Some(7));
        assert_eq!(number(b"99999999999999999999999"), Some(u64::MAX));
        for text in ["", "+1", "-1", "1 ", "0x1", "1_0"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }
}
