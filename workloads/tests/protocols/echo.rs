//! What a POST to `/echo` is answered, example by example.

use proptest::collection::vec;
use proptest::prelude::*;
use workloads::Limits;
use workloads::http::Http;

use crate::driver::{Connection, Ending, http, pieces};
use crate::http::{answer, assert_refused};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// So many bytes of a reply are held back until the request is whole.
const HELD_BYTES: usize = 16 * 1024;

/// A POST to `/echo` with these lines besides, and this body.
fn post(fields: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}")
}

fn post_length(body: &str) -> String {
    post(&format!("Content-Length: {}\r\n", body.len()), body)
}

fn post_chunked(body: &str) -> String {
    post("Transfer-Encoding: chunked\r\n", body)
}

/// What a client hears who sends these bytes at once and then no more.
fn talk(bytes: &str) -> (String, Ending) {
    let mut connection = Connection::to(&http());
    connection.say(bytes.as_bytes()).end();
    (String::from_utf8(connection.heard).unwrap(), connection.ending)
}

#[test]
fn a_body_with_a_length_comes_back_with_that_length() {
    for body in ["", "x", "hello\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", &"long ".repeat(50_000)] {
        let reply = answer(&post_length(body));
        assert_eq!((reply.status(), reply.ending), ("200 OK", Ending::Open));
        assert_eq!(reply.field("Content-Length"), Some(body.len().to_string().as_str()));
        assert_eq!(reply.field("Content-Type"), Some("application/octet-stream"));
        assert!(reply.text() == body);
    }
}

#[test]
fn a_post_without_a_word_about_its_body_has_none() {
    let reply = answer(&post("", ""));
    assert_eq!((reply.status(), reply.field("Content-Length")), ("200 OK", Some("0")));
}

#[test]
fn a_body_in_chunks_comes_back_in_the_same_chunks() {
    let long = "x".repeat(100_000);
    for (body, expected) in [
        ("0\r\n\r\n", "0\r\n\r\n"),
        ("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
        ("00A;b=c\r\n0123456789\r\n00\r\nX: y\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n"),
        (&format!("186a0\r\n{long}\r\n0\r\n\r\n"), &format!("186a0\r\n{long}\r\n0\r\n\r\n")),
    ] {
        let reply = answer(&post_chunked(body));
        assert_eq!((reply.status(), reply.ending), ("200 OK", Ending::Open));
        assert_eq!(reply.field("Transfer-Encoding"), Some("chunked"));
        assert_eq!(reply.field("Content-Length"), None);
        assert!(reply.text() == expected);
    }
}

#[test]
fn an_old_client_gets_its_body_back_and_no_chunks() {
    let reply = answer("POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!((reply.status(), reply.ending, reply.text()), ("200 OK", Ending::Closed, "hello"));
    assert_eq!((reply.field("Connection"), reply.field("Content-Length")), (Some("close"), Some("5")));
    let reply = answer("POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!((reply.ending, reply.field("Connection")), (Ending::Open, Some("keep-alive")));
}

#[test]
fn a_connection_closes_after_a_body_when_asked_to() {
    let reply = answer(&post("Connection: close\r\nContent-Length: 2\r\n", "hi"));
    assert_eq!(
        (reply.ending, reply.field("Connection"), reply.text()),
        (Ending::Closed, Some("close"), "hi")
    );
    let reply = answer(&post("Connection: close\r\nTransfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"));
    assert_eq!((reply.ending, reply.field("Connection")), (Ending::Closed, Some("close")));
}

#[test]
fn posts_between_gets_are_answered_in_order() {
    let get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".to_owned();
    let put = "PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n".to_owned();
    let requests = [
        get.clone(),
        post_length("first"),
        get.clone(),
        post_chunked("6\r\nsecond\r\n0\r\nX: y\r\n\r\n"),
        put,
        post_length(&"x".repeat(200_000)),
        get,
    ];
    let one_by_one: String = requests.iter().map(|request| talk(request).0).collect();
    assert!(talk(&requests.concat()).0 == one_by_one);
    assert_eq!(one_by_one.matches("HTTP/1.1 ").count(), requests.len());
}

#[test]
fn a_client_that_asks_is_told_to_go_on_before_it_sends_its_body() {
    for (fields, body) in
        [("Content-Length: 5\r\n", "hello"), ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")]
    {
        let mut connection = Connection::to(&http());
        connection.say(post(&format!("Expect: 100-continue\r\n{fields}"), "").as_bytes());
        assert_eq!(connection.heard, CONTINUE.as_bytes(), "and nothing else yet");
        connection.say(body.as_bytes());
        let heard = String::from_utf8(connection.heard).unwrap();
        assert!(
            heard.starts_with(&format!("{CONTINUE}HTTP/1.1 200 OK\r\n")) && heard.ends_with(body),
            "{heard}"
        );
    }
}

#[test]
fn nobody_is_told_to_go_on_who_has_or_need_not() {
    let asks = |fields: &str, body: &str| post(&format!("Expect: 100-continue\r\n{fields}"), body);
    for request in [
        asks("Content-Length: 5\r\n", "hello"),
        asks("Content-Length: 5\r\n", "h"),
        asks("Transfer-Encoding: chunked\r\n", "0"),
        asks("Content-Length: 0\r\n", ""),
        asks("", ""),
        "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n".to_owned(),
        "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n".to_owned(),
    ] {
        let (heard, _) = talk(&request);
        assert!(!heard.contains("100 Continue"), "{request}");
        assert_eq!(heard.matches("HTTP/1.1 ").count(), 1, "{request}");
    }
}

#[test]
fn a_body_that_will_not_be_taken_is_refused_at_once_instead() {
    let asks = |line: &str, fields: &str| {
        format!("{line} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n{fields}\r\n")
    };
    assert_refused(&asks("POST /echo", "Content-Length: 1073741825\r\n"), "413 Content Too Large");
    assert_refused(&asks("POST /hello", "Content-Length: 5\r\n"), "405 Method Not Allowed");
    assert_refused(&asks("GET /hello", "Content-Length: 5\r\n"), "413 Content Too Large");
    assert_refused(&asks("BREW /echo", "Transfer-Encoding: chunked\r\n"), "501 Not Implemented");
    assert_refused(&asks("POST /echo", "Transfer-Encoding: gzip\r\n"), "501 Not Implemented");
}

#[test]
fn other_expectations_are_417_and_ignored_from_an_old_client() {
    for value in ["200-ok", "100-continue, 200-ok", "\"100-continue\"", "100-continue;a=b"] {
        let request = post(&format!("Expect: {value}\r\nContent-Length: 5\r\n"), "");
        assert_refused(&request, "417 Expectation Failed");
    }
    let old = "POST /echo HTTP/1.0\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(answer(old).text(), "hello");
}

#[test]
fn a_length_above_the_limit_is_refused_at_once() {
    assert_refused(&post("Content-Length: 1073741825\r\n", ""), "413 Content Too Large");
    assert_refused(&post_chunked("40000001\r\n"), "413 Content Too Large");
    let mut connection = Connection::to(&http());
    connection.say(post("Content-Length: 1073741824\r\n", "").as_bytes());
    assert_eq!((connection.ending, connection.heard.len()), (Ending::Open, 0));
}

#[test]
fn a_whole_body_is_answered_though_the_client_sends_no_more() {
    for request in
        [post_length("hello"), post_chunked("5\r\nhello\r\n0\r\n\r\n"), post_length(&"x".repeat(300_000))]
    {
        let (heard, ending) = talk(&request);
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(heard.ends_with(&request[request.find("\r\n\r\n").unwrap()..]));
        assert_eq!(ending, Ending::Closed);
    }
}

#[test]
fn a_body_cut_short_is_400_while_that_can_be_said_and_then_a_reply_cut_short() {
    for request in [
        post("Content-Length: 5\r\n", "hell"),
        post_chunked("5\r\nhell"),
        post_chunked("5\r\nhello\r\n0\r\n"),
        post_chunked("5\r\nhello\r\n0\r\nX: y\r\n"),
    ] {
        let (heard, ending) = talk(&request);
        assert!(heard.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{heard}");
        assert_eq!((heard.matches("HTTP/1.1 ").count(), ending), (1, Ending::Closed));
    }
    let (heard, ending) = talk(&post("Content-Length: 100000\r\n", &"x".repeat(99_999)));
    assert!(
        heard.starts_with("HTTP/1.1 200 OK\r\n")
            && heard.ends_with(&format!("\r\n\r\n{}", "x".repeat(99_999)))
    );
    assert_eq!(ending, Ending::Closed);
}

#[test]
fn a_body_that_looks_like_a_head_request_is_still_a_bodys_end() {
    let (heard, _) = talk(&post_chunked("0\r\nHEAD "));
    assert!(
        heard.starts_with("HTTP/1.1 400 ")
            && heard.ends_with("The connection ended before the request did.\n")
    );
}

#[test]
fn a_reply_that_ends_just_where_the_output_is_full_has_ended() {
    for output_bytes in 0..400 {
        let service = Http { limits: Limits { output_bytes, ..Limits::default() }, ..http() };
        for request in [
            post("Connection: close\r\nContent-Length: 100\r\n", &"x".repeat(100)),
            post("Connection: close\r\nTransfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"),
        ] {
            let mut connection = Connection::to(&service);
            connection.say(request.as_bytes());
            assert_eq!(connection.ending, Ending::Closed, "with room for {output_bytes} bytes");
        }
    }
}

#[test]
fn a_body_wrong_late_gets_a_reply_that_has_no_end() {
    let start = format!("{:x}\r\n{}\r\n", HELD_BYTES, "x".repeat(HELD_BYTES));
    let mut connection = Connection::to(&http());
    connection.say(post_chunked(&format!("{start}zz\r\n")).as_bytes());
    let heard = String::from_utf8(connection.heard).unwrap();
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && heard.ends_with(&start));
    assert_eq!((heard.matches("HTTP/1.1 ").count(), connection.ending), (1, Ending::Refused));
}

#[test]
fn a_body_is_pending_until_it_is_whole_and_what_comes_back_of_it_is_progress() {
    let mut connection = Connection::to(&http());
    assert!(connection.say(post("Content-Length: 100000\r\n", "").as_bytes()).pending());
    for _ in 0..9 {
        let before = connection.replies();
        assert!(connection.say(&[b'x'; 10_000]).pending());
        // The first part is held back; from then on each gives the client its time anew.
        assert_eq!(connection.replies() > before, connection.heard.len() > HELD_BYTES);
    }
    assert!(!connection.say(&[b'x'; 10_000]).pending());
    assert!(connection.say(post_chunked("1\r\n").as_bytes()).pending());
    assert!(connection.say(b"x\r\n0\r\nX: y").pending());
    assert!(!connection.say(b"\r\n\r\n").pending());
}

proptest! {
    #[test]
    fn what_is_held_stays_bounded_however_large_the_body(
        length in 0_usize..2_000_000,
        output_bytes in 0_usize..200_000,
        piece in 1_usize..70_000,
        chunk in prop::option::of(1_usize..100_000),
    ) {
        let service = Http { limits: Limits { output_bytes, input_bytes: 32, ..Limits::default() }, ..http() };
        // A mark of a few bytes, or chunks of a few, would make as many turns as the body has bytes.
        let length = length.min((output_bytes.min(piece) + 1) * 2_000).min(chunk.unwrap_or(length) * 5_000);
        let mut body = vec![b'x'; length];
        let mut fields = format!("Content-Length: {length}\r\n");
        if let Some(chunk) = chunk {
            body = body.chunks(chunk).flat_map(|part| {
                [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat()
            }).collect();
            body.extend_from_slice(b"0\r\n\r\n");
            "Transfer-Encoding: chunked\r\n".clone_into(&mut fields);
        }
        let mut connection = Connection::to(&service);
        connection.say(post(&fields, "").as_bytes());
        // Input above its limit would be refused, so this shows that a body is taken as it comes.
        for piece in body.chunks(piece) {
            connection.say(piece);
        }
        prop_assert!(!connection.pending());
        prop_assert!(connection.heard.ends_with(&body));
        let most = output_bytes + HELD_BYTES.min(output_bytes) + 300;
        prop_assert!(connection.peak <= most, "{} bytes", connection.peak);
    }

    #[test]
    fn any_bytes_come_back_however_they_are_split(
        body in vec(any::<u8>(), 0..40_000),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let mut connection = Connection::to(&http());
        connection.say(post(&format!("Content-Length: {}\r\n", body.len()), "").as_bytes());
        for piece in pieces(&body, &cuts) {
            connection.say(piece);
        }
        prop_assert!(connection.heard.ends_with(&[b"\r\n\r\n", &body[..]].concat()));
        prop_assert!(!connection.pending());
    }
}
