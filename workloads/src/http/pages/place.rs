//! Which file a target names.
//!
//! A target is cut at its slashes first, and then each name is decoded, once: so `%2F` is no slash, and `%252e` is a name with
//! a percent sign in it. What a name may be, [`folder::name`](crate::folder::name) says, and the folder itself asks it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::super::refusal::Refusal;
use super::super::routes;

/// What stands for itself in a path (RFC 3986, 2.3: unreserved); all else is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A place in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its path from the folder, with `/` between names; empty for the folder itself.
    pub(super) path: Vec<u8>,
    /// The target ended in a slash, so it can only be a directory.
    pub(super) is_directory: bool,
}

impl Place {
    /// The place that a target names; none if it can't be the name of anything.
    ///
    /// # Errors
    ///
    /// Refused is what is not encoded rightly, since others may read it differently.
    pub(super) fn of(target: &str) -> Result<Option<Self>, Refusal> {
        let Some(path) = routes::path(target) else { return Ok(None) };
        let names = path.strip_prefix('/').unwrap_or(path);
        if !is_encoded_rightly(names) {
            return Err(Refusal::ENCODING);
        }
        let (names, is_directory) = match names.strip_suffix('/') {
            Some(names) => (names, true),
            None => (names, names.is_empty()),
        };
        // A lone slash more is an empty name, which the folder would take for itself.
        if names.is_empty() && path.len() > 1 {
            return Ok(None);
        }
        let names: Vec<Vec<u8>> = names.split('/').map(|name| percent_decode_str(name).collect()).collect();
        let has_slash = names.iter().any(|name| name.contains(&b'/'));
        Ok((!has_slash).then(|| Self { path: names.join(&b'/'), is_directory }))
    }

    /// The path of something in this directory.
    pub(super) fn below(&self, name: &[u8]) -> Vec<u8> {
        if self.path.is_empty() { name.to_vec() } else { [&self.path, &b"/"[..], name].concat() }
    }

    /// The same as it is asked for, from the first slash on. It begins with one slash only, and so names no host.
    pub(super) fn link(&self) -> String {
        let names = self.path.split(|byte| *byte == b'/');
        names.fold(String::new(), |link, name| link + "/" + &encoded(name))
    }
}

/// A name as it stands in a link.
pub(super) fn encoded(name: &[u8]) -> String {
    percent_encode(name, ENCODED).to_string()
}

/// Each percent sign is followed by two hexadecimal digits.
fn is_encoded_rightly(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(target: &str) -> Option<(String, bool)> {
        let place = Place::of(target).unwrap()?;
        Some((String::from_utf8_lossy(&place.path).into_owned(), place.is_directory))
    }

    #[test]
    fn a_target_names_a_file_or_a_directory() {
        for (target, path, is_directory) in [
            ("/", "", true),
            ("/?a=/../b", "", true),
            ("http://host", "", true),
            ("/a", "a", false),
            ("/a/", "a", true),
            ("/a/b.html?c/d", "a/b.html", false),
            ("http://host:80/a/b", "a/b", false),
            ("/%61%2e%2E", "a..", false),
            ("/%e4%bd%a0%20%3F%23", "\u{4f60} ?#", false),
            ("/%252e%252e", "%2e%2e", false),
            ("/a+b", "a+b", false),
        ] {
            assert_eq!(place(target), Some((path.to_owned(), is_directory)), "{target}");
        }
    }

    #[test]
    fn what_has_dots_or_empty_names_stays_as_it_is_for_the_folder_to_refuse() {
        for (target, path) in [
            ("/../a", "../a"),
            ("/%2e%2e/a", "../a"),
            ("/a//b", "a//b"),
            ("/a//", "a/"),
            ("///", "/"),
            ("/.", "."),
        ] {
            let place = Place::of(target).unwrap().unwrap();
            assert_eq!(String::from_utf8_lossy(&place.path), path, "{target}");
            assert!(crate::folder::name::check(&place.path).is_err(), "{target}");
        }
    }

    #[test]
    fn an_encoded_slash_is_no_slash_and_a_double_one_no_root() {
        for target in ["/a%2fb", "/%2F", "/..%2fa", "//", "//?a"] {
            assert_eq!(place(target), None, "{target}");
        }
    }

    #[test]
    fn what_is_not_encoded_rightly_is_refused() {
        for target in ["/%", "/a%", "/%4", "/%4g", "/%g4", "/%%41", "/%-1", "/% 1", "/a%/b", "/%u002e"] {
            assert_eq!(Place::of(target), Err(Refusal::ENCODING), "{target}");
        }
    }

    proptest! {
        #[test]
        fn a_link_leads_back_to_its_place(names in prop::collection::vec("[^/\0]{1,8}", 1..4)) {
            let place = Place { path: names.join("/").into_bytes(), is_directory: false };
            let link = place.link();
            prop_assert!(link.is_ascii() && link.starts_with('/') && !link.starts_with("//"), "{link}");
            prop_assert_eq!(Place::of(&link).unwrap(), Some(place));
        }
    }
}
