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

/// One request, right or wrong.
fn request() -> impl Strategy<Value = Vec<u8>> {
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
    prop_oneof![
        12 => right.clone(),
        2 => wrong,
        // One byte of a right request changed.
        2 => (right, any::<usize>(), any::<u8>()).prop_map(|(mut bytes, at, byte)| {
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes
        }),
    ]
}

/// Bytes that look like HTTP here and there, or not at all.
fn nonsense() -> impl Strategy<Value = Vec<u8>> {
    let scrap = prop_oneof![
        vec(any::<u8>(), 1..20),
        prop::sample::select(vec![
            "GET ",
            "HEAD ",
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
        let whole = talk(&http(), &[&bytes], ends);
        prop_assert_eq!(talk(&http(), &pieces(&bytes, &cuts), ends), whole);
    }

    #[test]
    fn http_replies_are_the_same_byte_by_byte(requests in vec(request(), 1..5), ends in any::<bool>()) {
        let bytes = requests.concat();
        let singles: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = talk(&http(), &[&bytes], ends);
        prop_assert_eq!(talk(&http(), &singles, ends), whole);
    }

    #[test]
    fn nonsense_is_answered_the_same_however_it_is_split_and_always_ends(
        bytes in nonsense(),
        cuts in vec(any::<usize>(), 0..12),
    ) {
        let (heard, ending) = talk(&http(), &[&bytes], true);
        prop_assert_ne!(ending, Ending::Open);
        prop_assert_eq!(talk(&http(), &pieces(&bytes, &cuts), true), (heard, ending));
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
