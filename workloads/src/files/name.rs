//! What a file of the library may be called.

use std::fmt;

/// How long a name may be, in bytes: what Linux allows (`NAME_MAX`).
pub const NAME_BYTES: usize = 255;

/// The name of a file in the library: 1 to 255 bytes of UTF-8 that stand for nothing but themselves. It has no slash and no
/// control character, does not begin with a dot (so it is neither hidden nor `..`) or a blank, does not end with a blank,
/// and has nothing in it that turns the direction of writing around, which could make one name look like another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// Takes bytes for a name, if they are one.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let is_long = text.is_empty() || text.len() > NAME_BYTES;
        let is_hidden = text.starts_with(['.', ' ']) || text.ends_with(' ');
        (!is_long && !is_hidden && text.chars().all(is_plain)).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn is_plain(character: char) -> bool {
    let turns_around =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_a_line = matches!(character, '\u{2028}' | '\u{2029}');
    character != '/' && !character.is_control() && !turns_around && !ends_a_line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_all_languages_are_taken_as_they_are() {
        for name in
            ["a", "notes.txt", "two words", "课程 笔记.txt", "-rf", "a..b", "%2e%2e%2f", "c:\\x", "~", "*"]
        {
            assert_eq!(Name::new(name.as_bytes()).unwrap().as_str(), name);
        }
        assert!(Name::new(&[b'a'; NAME_BYTES]).is_some());
    }

    #[test]
    fn what_is_hidden_long_or_leads_elsewhere_is_no_name() {
        let long = "a".repeat(NAME_BYTES + 1);
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "../secret",
            "a/b",
            "/etc/passwd",
            "a/",
            " a",
            "a ",
            " ",
            "a\nb",
            "a\rb",
            "a\0",
            "\u{1b}[31m",
            "a\u{7f}",
            "a\u{85}b",
            "a\u{202e}txt.exe",
            "a\u{2028}b",
            &long,
        ] {
            assert_eq!(Name::new(name.as_bytes()), None, "{name:?}");
        }
        for bytes in [&b"\xff"[..], b"a\xc0\xaf", b"\xc0\xae\xc0\xae", b"\xed\xa0\x80"] {
            assert_eq!(Name::new(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_leads_anywhere(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(name) = Name::new(&bytes) {
                let path = std::path::Path::new(name.as_str());
                let mut parts = path.components();
                prop_assert!(matches!(parts.next(), Some(std::path::Component::Normal(_))));
                prop_assert!(parts.next().is_none() && name.as_str().as_bytes() == bytes);
            }
        }
    }
}
