//! What may look odd, or large, and must be taken all the same.

use super::super::case::{Case, Verdict, skipped};
use super::super::subject::Subject;
use super::talk::{ask_alone, get, request};

/// A line that every server should take (RFC 9112, 3).
const LINE_BYTES: usize = 8_000;
/// What the lab's own servers take: a head of so many bytes and so many fields.
const OUR_HEAD_BYTES: usize = 16 << 10;
const OUR_FIELDS: usize = 100;
/// Why a case about the lab's own limits is skipped.
const NOT_OURS: &str = "that is where the lab's own models draw the line; others may draw it elsewhere";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::shared(
            "host-without-blank",
            "A field's value may follow the colon with no blank between them (RFC 9112, 5).",
            |subject| takes(subject, b"GET /hello HTTP/1.1\r\nHost:verify.test\r\n\r\n", 200),
        ),
        Case::shared(
            "line-of-8000-bytes",
            "A request line of 8,000 bytes is taken, as every server should: it asks for what is not there, which is a \
             404 and no complaint about its length (RFC 9112, 3).",
            |subject| {
                let path = "a".repeat(LINE_BYTES - "GET / HTTP/1.1\r\n".len());
                takes(subject, &get(&format!("/{path}")), 404)
            },
        ),
        Case::shared(
            "head-at-limit",
            "A head of 16 KiB, to the byte, is taken by the lab's own models.",
            |subject| {
                is_ours(subject)?;
                let rest = get("/hello").len() + "X: \r\n".len();
                let field = format!("X: {}\r\n", "a".repeat(OUR_HEAD_BYTES - rest));
                takes(subject, &request("GET", "/hello", &field, b""), 200)
            },
        ),
        Case::shared("fields-at-limit", "100 fields are taken by the lab's own models.", |subject| {
            is_ours(subject)?;
            takes(subject, &request("GET", "/hello", &"X: y\r\n".repeat(OUR_FIELDS - 1), b""), 200) // and the Host
        }),
    ]
}

/// A case about the lab's own limits is skipped with others.
pub(super) fn is_ours(subject: &Subject) -> Verdict {
    if subject.facts().is_ours { Ok(()) } else { skipped(NOT_OURS) }
}

/// The request is answered with this status.
fn takes(subject: &Subject, request: &[u8], status: u16) -> Verdict {
    ask_alone(subject, request)?.expect_status(&[status])
}
