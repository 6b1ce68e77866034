//! No malformed request is answered as if it were well formed, however it is split; and nothing behind it is answered.

use workloads::client::http::malformed::{BEHIND, Malformed, malformed};

use crate::driver::{Connection, Ending, http};

/// A request that is no longer than this is split everywhere.
const SPLIT_EVERYWHERE_BYTES: usize = 1_000;
/// Of a longer one the head and the end are, and every so many bytes between them.
const STRIDE: usize = 4_001;

/// All that is heard by who sends these pieces.
fn heard(pieces: &[&[u8]]) -> (String, Ending) {
    let mut connection = Connection::to(&http());
    for piece in pieces {
        connection.say(piece);
    }
    (String::from_utf8_lossy(&connection.heard).into_owned(), connection.ending)
}

fn assert_refused(one: &Malformed, pieces: &[&[u8]], how: &str) {
    let (heard, ending) = heard(pieces);
    let request = one.bytes[..one.bytes.len().min(120)].escape_ascii();
    let status: Option<u16> = heard.get(9..12).and_then(|status| status.parse().ok());
    assert!(status.is_some_and(|status| one.statuses.contains(&status)), "{how}: {request}: {heard}");
    assert_eq!(heard.matches("\r\nDate: ").count(), 1, "{how}: {request}: {heard}");
    assert!(!heard.contains("Hello World"), "{how}: {request}: {heard}");
    assert!(heard.contains("\r\nConnection: close\r\n"), "{how}: {request}: {heard}");
    assert_eq!(ending, Ending::Refused, "{how}: {request}: {heard}");
}

/// Each with a good request behind it.
fn each(check: impl Fn(&Malformed, &[u8])) {
    for one in malformed() {
        let bytes = [&one.bytes[..], BEHIND, BEHIND].concat();
        check(&one, &bytes);
    }
}

#[test]
fn all_at_once() {
    each(|one, bytes| assert_refused(one, &[bytes], "at once"));
}

#[test]
fn byte_by_byte() {
    each(|one, bytes| assert_refused(one, &bytes.chunks(1).collect::<Vec<_>>(), "byte by byte"));
}

#[test]
fn at_every_split() {
    each(|one, bytes| {
        let length = one.bytes.len();
        let is_near = |at: usize| at < 200 || at + 60 > length || at.is_multiple_of(STRIDE);
        let places = (1..=length).filter(|at| length <= SPLIT_EVERYWHERE_BYTES || is_near(*at));
        for at in places {
            let (first, second) = bytes.split_at(at);
            assert_refused(one, &[first, second], &format!("split at {at}"));
        }
    });
}
