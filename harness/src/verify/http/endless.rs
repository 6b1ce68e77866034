//! Requests that never end: a server that keeps all that comes, to see what it will be, ends when its memory does.

use super::super::case::{Case, Verdict, Within};
use super::super::client::Client;
use super::super::common::{self, Growth};
use super::super::subject::Subject;
use super::talk::{get, request};
use super::{PROTOCOL, needs_echo};

/// How much is sent at most, and how much between two looks at the server's memory.
const ENDLESS_BYTES: usize = 64 << 20;
const BETWEEN_LOOKS: usize = 4 << 20;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::own(
            "endless-line",
            "A request line of 64 MiB that does not end is refused, or not read on: the server's memory grows by less than \
             32 MiB, and others are served.",
            |subject| endless(subject, b"GET /", &[b'a'; 1 << 16]),
        ),
        Case::own("endless-head", "The same with fields without end.", |subject| {
            let head = get("/hello");
            endless(subject, &head[..head.len() - b"\r\n".len()], b"X-Field: and one more of them\r\n")
        }),
        Case::own(
            "endless-trailers",
            "The same with trailers without end, behind the last chunk of a body.",
            |subject| {
                needs_echo(subject)?;
                let begin =
                    request("POST", "/echo", "Transfer-Encoding: chunked\r\n", b"5\r\nHello\r\n0\r\n");
                endless(subject, &begin, b"X-Trailer: and one more of them\r\n")
            },
        ),
        Case::own("endless-extension", "The same with the extension of a chunk.", |subject| {
            needs_echo(subject)?;
            let begin = request("POST", "/echo", "Transfer-Encoding: chunked\r\n", b"5;name=");
            endless(subject, &begin, &[b'a'; 1 << 16])
        }),
    ]
}

/// Sends `begin`, and then `more` again and again.
fn endless(subject: &mut Subject, begin: &[u8], more: &[u8]) -> Verdict {
    common::serve_one(subject, &PROTOCOL)?;
    let growth = Growth::of(subject)?;
    let client = Client::connect(subject)?;
    client.send(begin)?;
    // Whole pieces, so that each begins where the last one ended.
    let pieces = more.repeat(BETWEEN_LOOKS / more.len());
    let mut sent = 0;
    while sent < ENDLESS_BYTES {
        let poured = client.pour_until_end(&pieces, pieces.len())?;
        sent += poured.sent;
        growth.is_bounded().within(format!("after {sent} bytes"))?;
        if poured.end.is_some() || poured.sent == 0 {
            break; // it is refused, or not read on
        }
    }
    growth.settles().within(format!("after {sent} bytes"))?;
    if !subject.has_room_for_two() {
        client.reset()?;
        return common::serve_one(subject, &PROTOCOL).within("the next client");
    }
    common::others_are_served(subject, &PROTOCOL)
}
