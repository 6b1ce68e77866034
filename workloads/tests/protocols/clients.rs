//! The clients accept what the services reply, and nothing else.

use proptest::collection::vec;
use proptest::prelude::*;
use workloads::client::http::HttpClientError;
use workloads::client::{Client, EchoClient, HttpClient, Reply};
use workloads::echo::Echo;
use workloads::http::Http;

use crate::driver::{Connection, count, http, moment, pieces};

const PATHS: [&str; 8] =
    ["/", "/hello", "/bytes/0", "/bytes/100", "/bytes/40000", "/bytes/200000", "/cpu/100", "/wait/3"];

fn client(path: &str) -> HttpClient {
    HttpClient::new(path, "localhost", true).unwrap()
}

/// What the HTTP service says to this client, so many times.
fn replies(client: &HttpClient, service: &Http, times: usize) -> Vec<u8> {
    let mut connection = Connection::to(service);
    for _ in 0..times {
        connection.say(client.request());
    }
    connection.heard
}

/// A client's verdict on a reply that comes alone.
fn verdict(path: &str, reply: &str) -> Reply {
    client(path).checker().arrived(reply.as_bytes())
}

fn assert_wrong(reply: &Reply, part: &str) {
    assert!(matches!(reply, Reply::Wrong(sentence) if sentence.contains(part)), "{reply:?}");
}

fn whole(reply: &str, closing: bool) -> Reply {
    Reply::Whole { used: reply.len(), closing }
}

#[test]
fn a_request_says_close_unless_it_keeps_the_connection() {
    let client = HttpClient::new("/hello", "a:80", false).unwrap();
    assert_eq!(client.request(), b"GET /hello HTTP/1.1\r\nHost: a:80\r\nConnection: close\r\n\r\n");
    let mut connection = Connection::to(&http());
    connection.say(client.request());
    let used = connection.heard.len();
    assert_eq!(client.checker().arrived(&connection.heard), Reply::Whole { used, closing: true });
}

#[test]
fn paths_and_hosts_that_would_break_a_request_are_refused() {
    for path in ["", "hello", "/a b", "/a\r\nX: y", "/\u{e9}", "/a#b"] {
        assert_eq!(HttpClient::new(path, "a", true).unwrap_err(), HttpClientError::Path(path.into()));
    }
    for host in ["", "a b", "a\r\nX: y", "a/b"] {
        assert_eq!(HttpClient::new("/", host, true).unwrap_err(), HttpClientError::Host(host.into()));
    }
}

#[test]
fn a_reply_after_the_second_has_changed_is_right_too() {
    let client = client("/hello");
    let later = Http { clock: || moment(1), ..Http::default() };
    let bytes =
        [replies(&client, &http(), 2), replies(&client, &later, 2), replies(&client, &http(), 1)].concat();
    assert_eq!(count(&mut *client.checker(), &[&bytes]), Ok(5));
}

#[test]
fn other_servers_heads_are_fine() {
    let nginx = "HTTP/1.1 200 OK\r\nServer: nginx/1.27\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n\
                 content-type: text/html\r\nCONTENT-LENGTH: 12\r\nConnection: keep-alive\r\n\r\nHello World\n";
    assert_eq!(verdict("/hello", nginx), whole(nginx, false));
    let old = "HTTP/1.0 200 OK\nContent-Length: 12\n\nHello World\n";
    assert_eq!(verdict("/hello", old), whole(old, true));
    let old = "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 12\r\n\r\nHello World\n";
    assert_eq!(verdict("/hello", old), whole(old, false));
}

#[test]
fn what_is_wrong_with_a_reply_is_said() {
    let reply = |head: &str| verdict("/hello", &format!("{head}\r\n\r\nHello World\n"));
    assert_wrong(
        &reply("HTTP/1.1 404 Not Found\r\nContent-Length: 12"),
        "the status is 404 Not Found, not 200",
    );
    let coded = |coding: &str| reply(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}"));
    assert_wrong(&coded("gzip, chunked"), "a transfer coding that nobody asked for");
    assert_wrong(&coded("chunked\r\nContent-Length: 12"), "both a Content-Length and chunks");
    assert_wrong(&reply("HTTP/1.1 200 OK\r\nContent-Length: 13"), "Content-Length is 13, where 12 is right");
    assert_wrong(&reply("HTTP/1.1 200 OK\r\nContent-Length: +12"), "not a number");
    assert_wrong(&reply("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Length: 13"), "differ");
    assert_wrong(&reply("SSH-2.0-OpenSSH"), "not HTTP/1");
    let cased = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello world\n";
    assert_wrong(&verdict("/hello", cased), "byte 6 of the reply's body is 0x77, where 0x57 is right");
}

#[test]
fn a_head_above_64_kib_is_wrong_while_it_arrives() {
    let mut checker = client("/hello").checker();
    let line = [b'x'; 1024];
    for _ in 0..63 {
        assert_eq!(checker.arrived(&line), Reply::More);
    }
    assert_wrong(&checker.arrived(&line), "head is longer than 65536 bytes");
}

#[test]
fn a_reply_without_a_length_ends_with_the_connection() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n";
    for path in ["/hello", "/learned"] {
        let mut checker = client(path).checker();
        assert_eq!(checker.arrived(head), Reply::More);
        assert_eq!(checker.arrived(b"Hello World\n"), Reply::More);
        assert_eq!(checker.ended(), Reply::Whole { used: 0, closing: true }, "{path}");
    }
    let mut checker = client("/hello").checker();
    checker.arrived(head);
    checker.arrived(b"Hello");
    assert_eq!(checker.ended(), Reply::Short);
    let mut checker = client("/hello").checker();
    checker.arrived(head);
    assert_wrong(&checker.arrived(b"Hello World\n!"), "longer than 12 bytes");
}

#[test]
fn an_end_within_a_reply_is_short_and_between_replies_plain() {
    let client = client("/hello");
    let reply = replies(&client, &http(), 1);
    for end in 1..reply.len() {
        let mut checker = client.checker();
        assert_eq!(checker.arrived(&reply[..end]), Reply::More);
        assert_eq!(checker.ended(), Reply::Short, "after {end} bytes");
    }
    let mut checker = client.checker();
    assert_eq!(checker.ended(), Reply::More);
    checker.arrived(&reply);
    assert_eq!(checker.ended(), Reply::More);
}

#[test]
fn the_first_body_is_learned_and_every_further_one_must_be_the_same() {
    let client = client("/page");
    let reply = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut early = client.checker();
    let (start, rest) = ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "page");
    assert_eq!(early.arrived(start.as_bytes()), Reply::More);
    assert_eq!(client.checker().arrived(reply("page").as_bytes()), whole(&reply("page"), false));
    // A reply that began before the first was whole is held against it too.
    assert_eq!(early.arrived(rest.as_bytes()), whole(rest, false));
    assert_wrong(&client.checker().arrived(reply("pale").as_bytes()), "byte 2 of the reply's body");
    assert_wrong(&client.checker().arrived(reply("pag").as_bytes()), "Content-Length is 3, where 4 is right");
    assert_wrong(&early.arrived(reply("pages").as_bytes()), "Content-Length is 5, where 4 is right");
}

#[test]
fn of_two_first_bodies_at_once_the_later_must_equal_the_earlier() {
    for (body, part) in [("pale", "byte 2"), ("pag", "ends after 3 bytes"), ("pages", "longer than 4 bytes")]
    {
        let client = client("/page");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut late = client.checker();
        assert_eq!(late.arrived(head.as_bytes()), Reply::More);
        client.checker().arrived(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage");
        assert_wrong(&late.arrived(body.as_bytes()), part);
    }
}

#[test]
fn a_body_too_long_to_be_learned_is_said_to_be() {
    let mut checker = client("/large").checker();
    checker.arrived(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n");
    assert_wrong(&checker.arrived(&vec![0; 5_000_000]), "too long to be learned");
}

proptest! {
    #[test]
    fn http_replies_are_accepted_however_they_are_split(
        path in prop::sample::select(&PATHS[..]),
        times in 1_usize..6,
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let client = client(path);
        let bytes = replies(&client, &http(), times);
        let mut checker = client.checker();
        prop_assert_eq!(count(&mut *checker, &pieces(&bytes, &cuts)), Ok(times));
        prop_assert_eq!(checker.ended(), Reply::More, "nothing is left over");
    }

    #[test]
    fn a_reply_with_one_wrong_byte_in_body_or_status_is_never_accepted(
        path in prop::sample::select(&PATHS[..]),
        right_before in 0_usize..3,
        at in any::<usize>(),
        change in 1_u8..=255,
        cuts in vec(any::<usize>(), 0..6),
    ) {
        let client = client(path);
        let mut checker = client.checker();
        let right = replies(&client, &http(), 1);
        // What is not known beforehand has to be learned first.
        let right_before = if path == "/" { right_before.max(1) } else { right_before };
        prop_assert_eq!(count(&mut *checker, &[&right.repeat(right_before)]), Ok(right_before));

        let body = right.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let places: Vec<usize> = (0..12).chain(body..right.len()).collect();
        let mut wrong = right;
        wrong[places[at % places.len()]] ^= change;
        // The one change to the status line that leaves a right reply, of the older version.
        prop_assume!(!wrong.starts_with(b"HTTP/1.0 200"));
        prop_assert!(count(&mut *checker, &pieces(&wrong, &cuts)).is_err());
    }

    #[test]
    fn echo_replies_are_accepted_however_they_are_split_and_with_a_wrong_byte_never(
        length in 1_usize..20_000,
        times in 1_usize..4,
        cuts in vec(any::<usize>(), 0..12),
        at in any::<usize>(),
        change in 1_u8..=255,
    ) {
        let client = EchoClient::new(length);
        let mut connection = Connection::to(&Echo);
        for _ in 0..times {
            connection.say(client.request());
        }
        let mut bytes = connection.heard;
        prop_assert_eq!(bytes.len(), length * times);
        prop_assert_eq!(count(&mut *client.checker(), &pieces(&bytes, &cuts)), Ok(times));
        let at = at % bytes.len();
        bytes[at] ^= change;
        prop_assert!(count(&mut *client.checker(), &pieces(&bytes, &cuts)).is_err());
    }
}

#[test]
fn a_chunked_reply_is_as_good_as_any_however_it_is_cut() {
    let reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
                 5;x=\"y\"\r\nHello\r\n07\r\n World\n\r\n0\r\nTrailer: t\r\n\r\n";
    let twice = reply.repeat(2);
    for cut in 1..reply.len() {
        let mut checker = client("/hello").checker();
        assert_eq!(checker.arrived(&reply.as_bytes()[..cut]), Reply::More, "{cut}");
        let used = reply.len() - cut;
        let rest = &twice.as_bytes()[cut..];
        assert_eq!(checker.arrived(rest), Reply::Whole { used, closing: false }, "{cut}");
        assert_eq!(checker.arrived(&rest[used..]), whole(reply, false), "{cut}");
    }
}

#[test]
fn chunks_that_are_wrong_or_hold_something_else_are_wrong() {
    let chunked = |body: &str| {
        verdict("/hello", &format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"))
    };
    for body in
        ["x\r\n", "\r\n", "5\nHello", "5\r\nHelloX", "fffffffffffffffff\r\n", "c\r\nHello World\n\r\n0\r\n\n"]
    {
        assert_wrong(&chunked(body), "chunks are not");
    }
    assert_wrong(&chunked("c\r\nHello Wurld\n\r\n0\r\n\r\n"), "");
    assert_wrong(&chunked("5\r\nHello\r\n0\r\n\r\n"), "too soon");
    let mut checker = client("/hello").checker();
    let begun = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\nHello World\n\r\n0\r\n";
    assert_eq!(checker.arrived(begun), Reply::More);
    assert_eq!(checker.ended(), Reply::Short);
}
