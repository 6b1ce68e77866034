//! A fixed pattern of bytes, so that whoever receives a message can check every byte of it.
//!
//! Lines of 72 printing characters and a line feed, as long as those of the character generator (RFC 864). A line
//! is 73 bytes, a prime: a page, block or buffer that is lost, doubled or swapped never goes unnoticed, as it would
//! with a period that divides powers of two.
//!
//! ```
//! use workloads::http::pattern;
//!
//! assert_eq!(pattern::piece(0, 5), b"01234");
//! assert_eq!(pattern::piece(73 * 1_000_000 + 2, 3), b"234");
//! ```

const LINE: usize = 73;
const LINES: usize = 224; // a piece is then nearly 16 KiB

static BLOCK: [u8; LINE * LINES] = block();

const fn block() -> [u8; LINE * LINES] {
    let mut block = [b'\n'; LINE * LINES];
    let mut at = 0;
    while at < block.len() {
        if at % LINE != LINE - 1 {
            block[at] = b'0' + (at % LINE) as u8;
        }
        at += 1;
    }
    block
}

/// The bytes of the pattern from `offset` on: as many as stand in one piece, at least one and at most `at_most`
/// (none if that is 0).
pub fn piece(offset: u64, at_most: usize) -> &'static [u8] {
    let start = (offset % LINE as u64) as usize;
    &BLOCK[start..BLOCK.len().min(start.saturating_add(at_most))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_same_bytes_wherever_they_are_cut() {
        let whole: Vec<u8> = (0..40_000_u64).map(|at| piece(at, 1)[0]).collect();
        for at_most in [1, 72, 73, 74, 16_384, usize::MAX] {
            let mut joined = Vec::new();
            while joined.len() < whole.len() {
                joined.extend_from_slice(piece(joined.len() as u64, at_most));
            }
            assert_eq!(joined[..whole.len()], whole);
        }
    }

    #[test]
    fn the_pattern_is_readable_lines() {
        let text = std::str::from_utf8(piece(0, 146)).unwrap();
        assert!(
            text.lines().all(|line| line.len() == 72 && line.bytes().all(|byte| byte.is_ascii_graphic()))
        );
    }
}
