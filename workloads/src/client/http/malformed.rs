//! Requests that are malformed, each in one way: what a strict server refuses and never reads in two ways (RFC 9112, 11.2).
//!
//! Tests of the session and `concur verify` share this list, so that what is shown of a session is shown of a server as well.
//! Most of it is generated: every character that does not belong in a place, put there.

mod bodies;
mod fields;
mod lines;

/// A request that must be refused: one reply with one of these statuses, and then the end of the connection. Whatever follows
/// it is no request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What is sent. It may stop where a strict server knows enough.
    pub bytes: Vec<u8>,
    /// With which statuses it may be refused.
    pub statuses: &'static [u16],
    /// It is wrong in its body, which only `/echo` takes.
    pub in_body: bool,
}

/// The request that is put behind a malformed one, and must not be answered.
pub const BEHIND: &[u8] = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// 400, for nearly all of them.
const BAD: &[u16] = &[400];

/// Every malformed request.
pub fn malformed() -> Vec<Malformed> {
    [lines::all(), fields::all(), bodies::all()].concat()
}

/// One that is wrong in its head.
fn head(bytes: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Malformed {
    Malformed { bytes: bytes.into(), statuses, in_body: false }
}

/// A GET of `/hello` with these lines behind its `Host`.
fn with_fields(fields: impl AsRef<[u8]>, statuses: &'static [u16]) -> Malformed {
    head([b"GET /hello HTTP/1.1\r\nHost: a\r\n", fields.as_ref(), b"\r\n"].concat(), statuses)
}

/// A POST to `/echo` with these lines behind its `Host`, and this behind its head.
fn post(version: &str, fields: &str, rest: impl AsRef<[u8]>, statuses: &'static [u16]) -> Malformed {
    let head = format!("POST /echo HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
    Malformed { bytes: [head.as_bytes(), rest.as_ref()].concat(), statuses, in_body: true }
}

/// The control characters (RFC 5234, B.1).
fn controls() -> impl Iterator<Item = u8> + Clone {
    (0..0x20).chain([0x7f])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_more_than_three_hundred_and_none_twice() {
        let all = malformed();
        let distinct: BTreeSet<_> = all.iter().map(|one| &one.bytes).collect();
        assert!(distinct.len() == all.len() && all.len() >= 300, "{} of {}", distinct.len(), all.len());
        assert!(all.iter().all(|one| one.statuses.iter().all(|status| (400..600).contains(status))));
    }
}
