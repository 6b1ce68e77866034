//! However the bytes are split, the replies are the same; and no bytes at all upset a session.

use proptest::collection::vec;
use proptest::prelude::*;
use workloads::Service;
use workloads::echo::Echo;

use crate::driver::{Connection, Ending, http, pieces};

/// All that a client hears who sends these pieces and then no more.
fn talk(service: &dyn Service, pieces: &[&[u8]], ends: bool) -> (Vec<u8>, Ending) {
    let mut connection = Connection::to(service);
    for piece in pieces {
        connection.say(piece);
    }
    if ends {
        connection.end();
    }
    (connection.heard, connection.ending)
}

/// The same with HTTP, but for the 100s: whether a client is told to go on rightly depends on whether it already has.
fn talk_http(pieces: &[&[u8]], ends: bool) -> (Vec<u8>, Ending) {
    const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let (mut heard, ending) = talk(&http(), pieces, ends);
    while let Some(at) = heard.windows(CONTINUE.len()).position(|part| part == CONTINUE) {
        heard.drain(at..at + CONTINUE.len());
    }
    (heard, ending)
}

/// A POST with a body, right or nearly.
fn post() -> impl Strategy<Value = Vec<u8>> {
    let path = prop::sample::select(vec!["/echo", "/echo", "/echo", "/echo?query", "/hello"]);
    let version = prop::sample::select(vec!["1.1", "1.1", "1.1", "1.0"]);
    let fields = prop::sample::select(vec![
        "",
        "",
        "",
        "Expect: 100-continue\r\n",
        "Expect: tea\r\n",
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\n",
    ]);
    let length = prop_oneof![20 => 0_usize..40, 2 => 16_000_usize..17_000, 1 => Just(70_000)];
    let with_length = (length, prop::bool::weighted(0.1)).prop_map(|(length, lies)| {
        let body = b"0123456789\r\nGET / HTTP/1.1\r\n\r\n".iter().copied().cycle().take(length);
        (format!("Content-Length: {}\r\n", length + usize::from(lies)), body.collect())
    });
    let chunk = prop_oneof![
        20 => (0_usize..20).prop_map(|length| format!("{length:x}\r\n{}\r\n", "x".repeat(length))),
        1 => Just(format!("3FFF;a=b\r\n{}\r\n", "x".repeat(0x3fff))),
        1 => prop::sample::select(vec!["z\r\n", "2\r\nx\r\n", "1\nx\r\n", "1 ;a\r\nx\r\n", "1;\n", "1\r\nx\n"])
            .prop_map(str::to_owned),
    ];
    let end = prop::sample::select(vec![
        "0\r\n\r\n",
        "0\r\n\r\n",
        "000;a\r\nX: y\r\nContent-Length: 7\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n\n",
        "",
    ]);
    let in_chunks = (vec(chunk, 0..8), end).prop_map(|(chunks, end)| {
        ("Transfer-Encoding: chunked\r\n".to_owned(), [chunks.concat().as_str(), end].concat().into_bytes())
    });
    let body = prop_oneof![with_length, in_chunks];
    (path, version, fields, body).prop_map(|(path, version, fields, (framing, body))| {
        let head = format!("POST {path} HTTP/{version}\r\nHost: a\r\n{framing}{fields}\r\n");
        [head.into_bytes(), body].concat()
    })
}

/// One request, right or wrong.
pub(crate) fn request() -> impl Strategy<Value = Vec<u8>> {
    let path = prop::sample::select(vec![
        "/",
        "/hello",
        "/bytes/0",
        "/bytes/100",
        "/bytes/150000",
        "/cpu/100",
        "/wait/3",
        "/nothing",
        "/cpu/99999999",
        "*",
        "http://a/hello",
        "/hello?query",
    ]);
    let method = prop::sample::select(vec!["GET", "GET", "GET", "HEAD", "POST"]);
    let version = prop::sample::select(vec!["1.1", "1.1", "1.1", "1.1", "1.0"]);
    let fields = prop::sample::select(vec![
        "",
        "",
        "",
        "",
        "",
        "",
        "Content-Length: 0\r\n",
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Host: b\r\n",
        "X: \0\r\n",
        "X: bare\n",
        "X : space\r\n",
        " folded\r\n",
    ]);
    let right = (method, path, version, fields).prop_map(|(method, path, version, fields)| {
        format!("{method} {path} HTTP/{version}\r\nHost: a\r\n{fields}\r\n").into_bytes()
    });
    let wrong = prop::sample::select(vec![
        b"\r\n".to_vec(),
        b"\r".to_vec(),
        b"\n".to_vec(),
        b"GET / HTTP/2.0\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\n\n".to_vec(),
        b"GET /\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n\n".to_vec(),
        [b"GET /".to_vec(), vec![b'x'; 16_400]].concat(),
        [b"GET / HTTP/1.1\r\nHost: a\r\nX: ".to_vec(), vec![b'x'; 16_400], b"\r\n\r\n".to_vec()].concat(),
        [b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec(), b"X: y\r\n".repeat(101), b"\r\n".to_vec()].concat(),
    ]);
    let right = prop_oneof![2 => right, 1 => post()];
    prop_oneof![
        12 => right.clone(),
        2 => wrong,
        4 => (right, mutation()).prop_map(|(bytes, mutation)| mutation.apply(bytes)),
    ]
}

/// What goes wrong on a bad line, or is tried by a bad client.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    Change(usize, u8),
    Insert(usize, &'static str),
    Remove(usize, usize),
    Double(usize, usize),
}

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let scrap =
        prop::sample::select(vec!["\r", "\n", "\r\n", "\0", " ", "\t", ":", ",", ";", "0", "+", "chunked"]);
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Change(at, byte)),
        (any::<usize>(), scrap).prop_map(|(at, scrap)| Mutation::Insert(at, scrap)),
        (any::<usize>(), 1_usize..9).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (any::<usize>(), 1_usize..40).prop_map(|(at, length)| Mutation::Double(at, length)),
    ]
}

impl Mutation {
    /// Places are taken modulo the length, and mostly hit the first bytes, which are the head.
    pub(crate) fn apply(self, mut bytes: Vec<u8>) -> Vec<u8> {
        if bytes.is_empty() {
            return bytes; // as others before this may have left it
        }
        let place = |at: usize| at % bytes.len().min(if at.is_multiple_of(2) { 120 } else { usize::MAX });
        let span = |at: usize, length: usize| place(at)..bytes.len().min(place(at) + length);
        match self {
            Self::Change(at, byte) => {
                let at = place(at);
                bytes[at] = byte;
            }
            Self::Insert(at, scrap) => drop(bytes.splice(place(at)..place(at), scrap.bytes())),
            Self::Remove(at, length) => drop(bytes.drain(span(at, length))),
            Self::Double(at, length) => {
                let part = bytes[span(at, length)].to_vec();
                drop(bytes.splice(place(at)..place(at), part));
            }
        }
        bytes
    }
}

/// Bytes that look like HTTP here and there, or not at all.
pub(crate) fn nonsense() -> impl Strategy<Value = Vec<u8>> {
    let scrap = prop_oneof![
        vec(any::<u8>(), 1..20),
        prop::sample::select(vec![
            "GET ",
            "HEAD ",
            "POST /echo HTTP/1.1\r\nHost: a\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            "Transfer-Encoding: ",
            "chunked",
            "Expect: 100-continue",
            "1\r\nx\r\n",
            "0\r\n",
            "5",
            "/hello",
            "/bytes/9",
            " ",
            " HTTP/1.1",
            "HTTP/1.0",
            "\r\n",
            "\n",
            "\r",
            "\r\n\r\n",
            "Host: a",
            "Connection: close",
            "Content-Length: ",
            ":",
            ",",
            "\0",
            "http://",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn http_replies_are_the_same_however_requests_are_split(
        requests in vec(request(), 1..8),
        cuts in vec(any::<usize>(), 0..12),
        ends in any::<bool>(),
    ) {
        let bytes = requests.concat();
        let whole = talk_http(&[&bytes], ends);
        prop_assert_eq!(talk_http(&pieces(&bytes, &cuts), ends), whole);
    }

    #[test]
    fn http_replies_are_the_same_byte_by_byte(requests in vec(request(), 1..5), ends in any::<bool>()) {
        let bytes = requests.concat();
        let singles: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = talk_http(&[&bytes], ends);
        prop_assert_eq!(talk_http(&singles, ends), whole);
    }

    #[test]
    fn bodies_come_back_the_same_byte_by_byte(post in post(), change in prop::option::of(mutation()), ends in any::<bool>()) {
        let bytes = match change {
            Some(mutation) => mutation.apply(post),
            None => post,
        };
        let singles: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = talk_http(&[&bytes], ends);
        prop_assert_eq!(talk_http(&singles, ends), whole);
    }

    #[test]
    fn nonsense_is_answered_the_same_however_it_is_split_and_always_ends(
        bytes in nonsense(),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let (heard, ending) = talk_http(&[&bytes], true);
        prop_assert_ne!(ending, Ending::Open);
        prop_assert_eq!(talk_http(&pieces(&bytes, &cuts), true), (heard, ending));
    }

    #[test]
    fn echo_gives_back_what_came_however_it_is_split(
        bytes in vec(any::<u8>(), 0..5_000),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let (heard, ending) = talk(&Echo, &pieces(&bytes, &cuts), true);
        prop_assert_eq!(heard, bytes);
        prop_assert_eq!(ending, Ending::Closed);
    }
}
