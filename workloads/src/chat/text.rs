//! What a member may say: one line, of a bounded length, that a terminal can be trusted with.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// The longest text that is passed on, in bytes; what stands behind that is cut off.
pub const BYTES: usize = 1_000;
/// What stands for a character that is not passed on.
const IN_ITS_PLACE: char = '\u{fffd}';

/// The text as others get it: what could steer their terminals or begin a line of its own is replaced, and what is too
/// long is cut, never inside a character as people see it (a grapheme, UAX #29).
pub fn fit(text: &str) -> Cow<'_, str> {
    let clean = clean(text);
    let end = end_within(&clean, BYTES);
    match clean {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

/// The same at any length: for who shows what somebody else's server sends.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(text.chars().map(|c| if is_unsafe(c) { IN_ITS_PLACE } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Where `text` is to be cut to have at most so many bytes. A character that alone is longer, as with hundreds of accents,
/// is cut between the parts that Unicode has for it.
fn end_within(text: &str, bytes: usize) -> usize {
    if text.len() <= bytes {
        return text.len();
    }
    // One grapheme more than fits is enough to look at, and a bounded part of it: some have no end.
    let seen = &text[..boundary_before(text, bytes.saturating_mul(2))];
    let ends = seen.grapheme_indices(true).map(|(begin, part)| begin + part.len());
    match ends.take_while(|end| *end <= bytes).last() {
        Some(end) => end,
        None => boundary_before(text, bytes),
    }
}

/// The last place at or before `at` that is not inside a character.
fn boundary_before(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Control characters (a terminal obeys those), the ends of lines and paragraphs, and what turns the direction of
/// writing for everything behind it.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_steer_a_terminal_or_begin_a_line_is_replaced() {
        assert_eq!(fit("a\nb said: c\u{1b}[2J\u{202e}"), "a\u{fffd}b said: c\u{fffd}[2J\u{fffd}");
        assert!(matches!(fit("plain"), Cow::Borrowed("plain")));
    }

    #[test]
    fn a_long_text_is_cut_between_characters_as_people_see_them() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"; // one picture of three people: 18 bytes
        assert_eq!(fit(&family.repeat(100)), family.repeat(BYTES / family.len()));
        assert_eq!(fit(&"é".repeat(600)), "é".repeat(500));
        assert_eq!(fit(&"王".repeat(400)), "王".repeat(333));
        assert_eq!(fit(&"x".repeat(1_001)).len(), BYTES);
        assert_eq!(fit(&"x".repeat(1_000)).len(), BYTES);
    }

    #[test]
    fn a_character_without_an_end_is_cut_between_its_parts() {
        let endless = "e".to_owned() + &"\u{301}".repeat(2_000);
        let cut = fit(&endless);
        assert!(cut.len() <= BYTES && cut.len() >= BYTES - 1 && endless.starts_with(&*cut), "{}", cut.len());
    }

    proptest! {
        #[test]
        fn whatever_is_said_fits_and_is_the_beginning_of_it(text in "\\PC{0,800}") {
            let fitted = fit(&text);
            prop_assert!(fitted.len() <= BYTES);
            prop_assert!(clean(&text).starts_with(&*fitted));
            prop_assert!(!fitted.chars().any(is_unsafe));
        }
    }
}
