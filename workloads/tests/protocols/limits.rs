//! What a client can make a session hold is bounded.

use proptest::prelude::*;
use workloads::Limits;
use workloads::http::Http;

use crate::driver::{Connection, Ending, http};

const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A head of exactly this many bytes, of which the target or a field makes up most.
fn head_of(length: usize, long_target: bool) -> String {
    let (before, after) = if long_target {
        ("GET /", " HTTP/1.1\r\nHost: a\r\n\r\n")
    } else {
        ("GET / HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n")
    };
    format!("{before}{}{after}", "x".repeat(length - before.len() - after.len()))
}

fn status(request: &str) -> (String, Ending) {
    let mut connection = Connection::to(&http());
    connection.say(request.as_bytes());
    let heard = String::from_utf8_lossy(&connection.heard);
    (heard.get(9..12).unwrap_or_default().to_owned(), connection.ending)
}

#[test]
fn a_head_of_16_kib_is_taken_and_one_byte_more_is_431() {
    assert_eq!(status(&head_of(MAX_HEAD_BYTES, false)), ("200".into(), Ending::Open));
    assert_eq!(status(&head_of(MAX_HEAD_BYTES + 1, false)), ("431".into(), Ending::Refused));
}

#[test]
fn a_first_line_above_16_kib_is_414() {
    assert_eq!(status(&head_of(MAX_HEAD_BYTES, true)), ("404".into(), Ending::Open));
    assert_eq!(status(&head_of(MAX_HEAD_BYTES + 1, true)), ("431".into(), Ending::Refused));
    assert_eq!(status(&head_of(MAX_HEAD_BYTES + 30, true)), ("414".into(), Ending::Refused));
}

#[test]
fn a_head_that_never_ends_is_refused_while_it_arrives() {
    let mut connection = Connection::to(&http());
    for _ in 0..MAX_HEAD_BYTES {
        connection.say(b"x");
    }
    assert_eq!(connection.ending, Ending::Open);
    assert_eq!(connection.say(b"x").ending, Ending::Refused);
    assert!(connection.heard.starts_with(b"HTTP/1.1 414 "));
}

#[test]
fn a_hundred_fields_are_taken_and_one_more_is_431() {
    let head = |fields: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(fields - 1));
    assert_eq!(status(&head(100)), ("200".into(), Ending::Open));
    assert_eq!(status(&head(101)), ("431".into(), Ending::Refused));
}

proptest! {
    #[test]
    fn output_stays_at_its_mark_however_large_the_body(length in 0_usize..3_000_000, output_bytes in 0_usize..200_000) {
        let service = Http { limits: Limits { output_bytes, ..Limits::default() }, ..http() };
        let mut connection = Connection::to(&service);
        // A mark of a few bytes would make as many turns as the body has bytes.
        let length = length.min((output_bytes + 1) * 2_000);
        connection.say(format!("GET /bytes/{length} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        prop_assert!(connection.heard.len() > length);
        prop_assert!(connection.peak <= output_bytes.max(1) + 256, "{} bytes", connection.peak);
    }

    #[test]
    fn output_stays_near_its_mark_however_many_requests_come_at_once(
        output_bytes in 0_usize..20_000,
        requests in 1_usize..400,
        path in prop::sample::select(vec!["/", "/hello", "/bytes/5000", "/nothing"]),
    ) {
        let service = Http { limits: Limits { output_bytes, ..Limits::default() }, ..http() };
        let mut one = Connection::to(&service);
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        one.say(request.as_bytes());
        let mut many = Connection::to(&service);
        many.say(request.repeat(requests).as_bytes());
        prop_assert_eq!(many.heard.len(), requests * one.heard.len());
        prop_assert!(many.peak <= output_bytes + one.heard.len(), "{} bytes", many.peak);
    }
}
