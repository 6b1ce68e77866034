//! Which paths name something that is shown.

use super::Refused;

/// The longest name, in bytes (`NAME_MAX`), and the longest path.
const NAME_BYTES_AT_MOST: usize = 255;
const PATH_BYTES_AT_MOST: usize = 4_095;

/// Lets a path through if each of its names is visible; the empty path is the folder itself.
///
/// ```
/// use workloads::folder::name::check;
///
/// assert!(check(b"notes/io.html").is_ok() && check(b"").is_ok());
/// for path in [&b"/etc"[..], b"a/../b", b"./a", b"a//b", b"a/", b".git/config", b"a\0b", b"a\\b"] {
///     assert!(check(path).is_err());
/// }
/// ```
///
/// # Errors
///
/// [`Refused::Name`] for every other path.
pub fn check(path: &[u8]) -> Result<(), Refused> {
    let is_right = path.len() <= PATH_BYTES_AT_MOST && path.split(|byte| *byte == b'/').all(is_visible);
    if path.is_empty() || is_right { Ok(()) } else { Err(Refused::Name) }
}

/// Whether this is one name that is shown: it does not begin with a dot, which hides a name and makes `.` and `..`; it has no
/// slash and no control character, which some terminal or log would obey; and no backslash, which some client would take
/// for a slash. Any other bytes may be in it, also such as are no UTF-8.
pub fn is_visible(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| !byte.is_ascii_control() && !matches!(byte, b'/' | b'\\');
    (1..=NAME_BYTES_AT_MOST).contains(&name.len()) && name[0] != b'.' && name.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_visible_files_are_let_through() {
        for path in ["a", "a.b", "a..b", "a.", "a...", "~", "%2e%2e", "C:", "a b", "\u{e9}/\u{4f60}", "a/b/c"]
        {
            assert!(check(path.as_bytes()).is_ok(), "{path}");
        }
        assert!(check(b"\xff\xfe/\xc0\xae\xc0\xae").is_ok(), "what is no UTF-8 is a name like any other");
        assert!(check(&[b'a'; 255]).is_ok());
    }

    #[test]
    fn everything_else_is_refused() {
        for path in [
            "/", "/a", "a/", "a//b", ".", "..", "...", "./a", "a/.", "a/..", "../a", "a/../b", ".a", "a/.b",
            ".a/b", "\0", "a\0", "a\0/b", "a\nb", "\ra", "a\x1b[2J", "a\x7f", "\\", "..\\a", "a\\..\\b",
        ] {
            assert!(check(path.as_bytes()).is_err(), "{path:?}");
        }
        assert!(check(&[b'a'; 256]).is_err());
        assert!(check("a/".repeat(3_000).as_bytes()).is_err());
    }
}
