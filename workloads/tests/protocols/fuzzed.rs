//! What the fuzz targets try (`fuzz/`): the inputs that are kept, and as many others as a test has time for.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::splits::{mutation, nonsense, request};
use crate::{chat_room, corpus, files_protocol, http_session, pages_session};

#[test]
fn every_http_input_that_is_kept_is_answered_as_it_should_be() {
    corpus::replay("http_session", http_session::check);
}

#[test]
fn every_input_to_pages_that_is_kept_shows_nothing_but_pages() {
    corpus::replay("pages", pages_session::check);
}

#[test]
fn every_input_to_the_file_service_that_is_kept_is_answered_as_is_written() {
    corpus::replay("files_protocol", files_protocol::check);
}

#[test]
fn every_talk_that_is_kept_is_heard_as_is_written() {
    corpus::replay("chat_lines", chat_room::check);
}

/// A target that may lead to a page, or out of the folder.
fn target() -> impl Strategy<Value = String> {
    let scraps = prop::sample::select(vec![
        "/",
        "/",
        "/",
        "..",
        ".",
        "%2e",
        "%2E%2e",
        "%2f",
        "%5c",
        "\\",
        "%00",
        "%25",
        "%",
        "secret.txt",
        ".secret",
        ".hidden",
        "root",
        "out",
        "up",
        "within",
        "long.txt",
        "empty",
        "folder",
        "listed",
        "index.html",
        "a%20b%25c",
        "?",
        ";",
        "%c0%ae",
    ]);
    vec(scraps, 0..8).prop_map(|scraps| format!("/{}", scraps.concat()))
}

/// What a request for a page may say besides.
fn wishes() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "",
        "",
        "Range: bytes=0-9\r\n",
        "Range: bytes=-5\r\n",
        "Range: bytes=4990-\r\n",
        "Range: bytes=5000-\r\n",
        "Range: bytes=0-1,10-11,4000-\r\n",
        "Range: bytes=9-1\r\n",
        "Range: bytes=0-18446744073709551615\r\n",
        "If-None-Match: *\r\n",
        "If-Match: \"x\"\r\n",
        "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT\r\n",
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        "If-Range: \"x\"\r\nRange: bytes=0-9\r\n",
    ])
}

/// A command to the file service, or nearly one.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "hello.txt",
        "new",
        "long",
        "empty",
        "../secret",
        ".secret",
        "link",
        "folder",
        "a b",
        "",
        " x",
        "x ",
        "\u{e9}",
        "..",
        "folder/x",
    ]);
    let lengths = prop_oneof![4 => 0_usize..12, 1 => 5_990_usize..6_010];
    let sums = prop::sample::select(vec!["right", "right", "right", "wrong", "none", "large"]);
    let put = (name.clone(), lengths, sums).prop_map(|(name, length, sum)| {
        let body: Vec<u8> = b"P 3 x\nabcSUM 0\n".iter().copied().cycle().take(length).collect();
        let right = crc32fast::hash(&body);
        let sum = match sum {
            "right" => format!("SUM {right:08x}\n"),
            "wrong" => format!("SUM {:08x}\n", right ^ 1),
            "large" => format!("SUM {right:08X}\n"),
            _ => String::new(),
        };
        [format!("P {length} {name}\n").as_bytes(), &body, sum.as_bytes()].concat()
    });
    let word = prop::sample::select(vec![
        "L\n", "L\n", "Q\n", "\n", "L\r\n", "G\n", "P 1\n", "P 01 x\n", "P +1 x\n", "l\n",
    ]);
    prop_oneof![
        3 => name.prop_map(|name| format!("G {name}\n").into_bytes()),
        4 => put,
        2 => word.prop_map(|word| word.as_bytes().to_vec()),
    ]
}

/// What somebody says in a chat room, or at its console.
fn talk() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "anna",
        "Anna",
        "bob",
        "王",
        "ok",
        "administrator",
        "a b",
        "\u{202e}x",
        "",
    ]);
    let letter = prop::sample::select(vec!["L", "L", "C", "C", "C", "Q", "S", "X"]);
    let words = prop_oneof![
        4 => prop::sample::select(vec!["", " ", " hello", " \u{1b}[2J", " a said: b", " \u{2028}x"]).prop_map(str::to_owned),
        1 => (0_usize..1_100).prop_map(|length| " é".repeat(length)),
    ];
    let command = (1..5, letter, name, words)
        .prop_map(|(who, letter, name, words)| format!("{who}{letter} {name}{words}\n"));
    let others = prop::sample::select(vec!["!hello\n", "! \n", ">\n", "1\n", "2S\n", "3L anna\r\n"])
        .prop_map(str::to_owned);
    prop_oneof![8 => command, 1 => others]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_said_in_a_chat_room_is_heard_as_is_written(talk in vec(talk(), 0..30)) {
        chat_room::check(talk.concat().as_bytes());
    }

    #[test]
    fn no_target_and_no_wish_shows_anything_but_pages(asked in vec((target(), wishes()), 1..5)) {
        let request = |(target, wishes): &(String, &str)| format!("GET {target} HTTP/1.1\r\nHost: a\r\n{wishes}\r\n");
        let requests: String = asked.iter().map(request).collect();
        pages_session::check(requests.as_bytes());
    }

    #[test]
    fn any_commands_to_the_file_service_are_answered_as_is_written(
        commands in vec(command(), 1..7),
        mutations in vec(mutation(), 0..2),
    ) {
        let bytes = mutations.into_iter().fold(commands.concat(), |bytes, mutation| mutation.apply(bytes));
        files_protocol::check(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_requests_are_answered_as_a_strict_reader_says(requests in vec(request(), 1..8)) {
        http_session::check(&requests.concat());
    }

    #[test]
    fn a_mutated_request_is_not_answered_as_if_it_were_well_formed(
        requests in vec(request(), 1..4),
        mutations in vec(mutation(), 1..4),
    ) {
        http_session::check(&mutations.into_iter().fold(requests.concat(), |bytes, mutation| mutation.apply(bytes)));
    }

    #[test]
    fn nonsense_is_never_taken_for_a_request(bytes in nonsense()) {
        http_session::check(&bytes);
    }
}
