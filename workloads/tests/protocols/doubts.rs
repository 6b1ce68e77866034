//! Where a request ends must never be in doubt: two readings of it are how requests are smuggled past a proxy (RFC 9112,
//! 11.2). Each of these requests hides another one, and must be refused before that is seen.

use crate::driver::{Connection, Ending, http};

/// Insists that a POST to `/echo` with these lines and what follows gets one reply, with this status, and no more.
#[track_caller]
fn assert_one_refusal(version: &str, fields: &str, rest: &str, status: &str) {
    let hidden = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    let request = format!("POST /echo HTTP/{version}\r\nHost: a\r\n{fields}\r\n{rest}{hidden}");
    let at_once = [request.as_bytes()];
    let singles: Vec<&[u8]> = request.as_bytes().chunks(1).collect();
    for pieces in [&at_once[..], &singles] {
        let mut connection = Connection::to(&http());
        for piece in pieces {
            connection.say(piece);
        }
        let heard = String::from_utf8(connection.heard).unwrap();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{fields:?} {rest:?}: {heard}");
        assert!(heard.contains("\r\nConnection: close\r\n"), "{fields:?} {rest:?}: {heard}");
        assert!(heard.ends_with(".\n"), "{fields:?} {rest:?} is told why: {heard}");
        assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{fields:?} {rest:?}: {heard}");
        assert_eq!(connection.ending, Ending::Refused, "{fields:?} {rest:?}");
    }
}

const BAD: &str = "400 Bad Request";

#[test]
fn a_length_and_a_coding_together_are_refused_in_any_order() {
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding:\r\nContent-Length: 5\r\n",
        "Transfer-encoding:\tCHUNKED\t\r\nCONTENT-LENGTH: 5\r\n",
    ] {
        assert_one_refusal("1.1", fields, "0\r\n\r\n", BAD);
    }
}

#[test]
fn a_length_in_doubt_is_refused() {
    for value in [
        "",
        "+5",
        "-5",
        "-0",
        "5 5",
        "5, 5",
        "5,",
        ",5",
        "0x5",
        "5.0",
        "5e0",
        "5a",
        "\"5\"",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "\u{665}",
    ] {
        assert_one_refusal("1.1", &format!("Content-Length: {value}\r\n"), "", BAD);
    }
    for fields in [
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 0\r\ncontent-length: 0\r\n",
        "Content-Length:\r\n 5\r\n",
        "Content-Length : 5\r\n",
        "Content-Length\t: 5\r\n",
        " Content-Length: 5\r\n",
        "Content-Length: 5\n",
        "X: y\nContent-Length: 5\r\n",
        "X: y\rContent-Length: 5\r\n",
        "X: \0\r\nContent-Length: 5\r\n",
        "Content-Length: 5\0\r\n",
        "Content-Length: \x0b5\r\n",
        "Content-Length 5\r\n",
    ] {
        assert_one_refusal("1.1", fields, "", BAD);
    }
}

#[test]
fn a_coding_in_doubt_is_refused() {
    for (fields, status) in [
        ("Transfer-Encoding: chunked, identity\r\n", BAD),
        ("Transfer-Encoding: chunked, chunked\r\n", BAD),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", BAD),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", BAD),
        ("Transfer-Encoding: chunked,\r\n", BAD),
        ("Transfer-Encoding: ,chunked\r\n", BAD),
        ("Transfer-Encoding:\r\n", BAD),
        ("Transfer-Encoding:\r\n chunked\r\n", BAD),
        ("Transfer-Encoding: chunked\r\n , identity\r\n", BAD),
        ("Transfer-Encoding : chunked\r\n", BAD),
        (" Transfer-Encoding: chunked\r\n", BAD),
        ("Transfer-Encoding: chunked\n", BAD),
        ("X: y\nTransfer-Encoding: chunked\r\n", BAD),
        ("Transfer-Encoding: \x0bchunked\r\n", BAD),
        ("Transfer-Encoding: chunked\x0c\r\n", BAD),
        ("Transfer-Encoding: \0chunked\r\n", BAD),
        ("Transfer-Encoding: xchunked\r\n", "501 Not Implemented"),
        ("Transfer-Encoding: x chunked\r\n", "501 Not Implemented"),
        ("Transfer-Encoding: chunked;a=b\r\n", "501 Not Implemented"),
        ("Transfer-Encoding: \"chunked\"\r\n", "501 Not Implemented"),
        ("Transfer-Encoding: identity\r\n", "501 Not Implemented"),
        ("Transfer-Encoding: gzip, chunked\r\n", "501 Not Implemented"),
        ("Transfer-Encoding: chunke\u{212a}\r\n", "501 Not Implemented"),
    ] {
        assert_one_refusal("1.1", fields, "0\r\n\r\n", status);
    }
}

#[test]
fn a_coding_from_an_old_client_is_refused() {
    assert_one_refusal("1.0", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", BAD);
    assert_one_refusal("1.0", "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", "0\r\n\r\n", BAD);
    assert_one_refusal("1.0", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", BAD);
}

#[test]
fn a_chunk_in_doubt_is_refused() {
    for body in [
        "\r\n0\r\n\r\n",
        "z\r\n",
        "+1\r\nx\r\n0\r\n\r\n",
        "-1\r\nx\r\n0\r\n\r\n",
        "0x1\r\nx\r\n0\r\n\r\n",
        " 1\r\nx\r\n0\r\n\r\n",
        "1 \r\nx\r\n0\r\n\r\n",
        "1\nx\r\n0\r\n\r\n",
        "1\rx\r\n0\r\n\r\n",
        "1;a\nx\r\n0\r\n\r\n",
        "1;a\rb\r\nx\r\n0\r\n\r\n",
        "1;\0\r\nx\r\n0\r\n\r\n",
        "10000000000000001\r\nx\r\n0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n",
        "1\r\nx\r0\r\n\r\n",
        "1\r\nxy\r\n0\r\n\r\n",
        "2\r\nx\r\n0\r\n\r\n",
        "1\r\nx0\r\n\r\n",
        "0\n\r\n",
        "0\r\n\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n X: y\r\n\r\n",
        "0\r\nX: y\r\n z\r\n\r\n",
        "0\r\nX: a\rb\r\n\r\n",
        "0\r\nX: \0\r\n\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\nGET /hello HTTP/1.1\r\n\r\n",
        &format!("1;{}\r\n", "x".repeat(16_400)),
    ] {
        assert_one_refusal("1.1", "Transfer-Encoding: chunked\r\n", body, BAD);
    }
}

#[test]
fn a_trailer_beyond_the_limits_of_a_head_is_431() {
    let too_large = "431 Request Header Fields Too Large";
    for trailer in ["X: y\r\n".repeat(101), format!("X: {}\r\n", "y".repeat(16_400)), "x".repeat(16_400)] {
        assert_one_refusal(
            "1.1",
            "Transfer-Encoding: chunked\r\n",
            &format!("0\r\n{trailer}\r\n"),
            too_large,
        );
    }
}

#[test]
fn a_request_after_a_body_is_seen_as_one_and_one_within_it_is_not() {
    let within = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = within.len();
    for (fields, body) in [
        (format!("Content-Length: {length}\r\n"), within.to_owned()),
        ("Transfer-Encoding: chunked\r\n".to_owned(), format!("{length:x}\r\n{within}\r\n0\r\n\r\n")),
        ("Transfer-Encoding:chunked\r\n".to_owned(), format!("{length:x}\r\n{within}\r\n0\r\n\r\n")),
        ("TRANSFER-ENCODING: \t CHUNKED \t\r\n".to_owned(), format!("{length:x}\r\n{within}\r\n0\r\n\r\n")),
        // A name that only looks like it means nothing.
        (format!("Transfer_Encoding: chunked\r\nContent-Length: {length}\r\n"), within.to_owned()),
        (format!("X-Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"), within.to_owned()),
    ] {
        let mut connection = Connection::to(&http());
        connection.say(format!("POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}{within}").as_bytes());
        let heard = String::from_utf8(connection.heard).unwrap();
        assert_eq!(heard.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{fields:?}: {heard}");
        assert!(heard.contains(&format!("\r\n\r\n{body}HTTP/1.1 200 OK\r\n")), "{fields:?}: {heard}");
        assert!(heard.ends_with("\r\n\r\nHello World\n"), "{fields:?}: {heard}");
    }
}
