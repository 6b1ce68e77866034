//! Requests whose head is bad: in its fields, its line ends, its length.

use super::{Bad, Kind, TOO_LONG_BYTES, request};

/// So many fields are more than any request needs.
const TOO_MANY_FIELDS: usize = 1_000;
/// The longest line and the longest field that the lab's own servers take, in bytes, and the most fields.
const OUR_BYTES_AT_MOST: usize = 16 << 10;
const OUR_FIELDS_AT_MOST: usize = 100;

/// A request whose head is bad in its fields.
fn fields(name: &'static str, about: &'static str, fields: &str, statuses: &'static [u16]) -> Bad {
    Bad { name, about, bytes: request("GET", "/hello", fields, b""), statuses, kind: Kind::Head }
}

/// A request whose head is bad as a whole.
fn raw(name: &'static str, about: &'static str, bytes: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Bad {
    Bad { name, about, bytes: bytes.into(), statuses, kind: Kind::Head }
}

pub(super) fn heads() -> Vec<Bad> {
    let long = "a".repeat(TOO_LONG_BYTES);
    let long_fields = format!("X: {}\r\n", &long[..TOO_LONG_BYTES / 10]).repeat(10);
    let many_fields = "X: y\r\n".repeat(TOO_MANY_FIELDS);
    vec![
        raw("no-request", "What is no request line is 400 (RFC 9112, 3).", "what is this\r\n\r\n", &[400]),
        raw(
            "tls-hello",
            "Who speaks TLS here is told so by a 400, and not left waiting.",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            &[400],
        ),
        raw(
            "version-unknown",
            "Another major version is 505 (RFC 9110, 15.6.6).",
            "GET /hello HTTP/2.0\r\nHost: verify.test\r\n\r\n",
            &[505],
        ),
        raw(
            "version-nonsense",
            "What is no version is 400 (RFC 9112, 2.3).",
            "GET /hello HTTP/1.x\r\nHost: verify.test\r\n\r\n",
            &[400],
        ),
        raw(
            "version-lower-case",
            "The version is written in capitals; else it is 400 (RFC 9112, 2.3).",
            "GET /hello http/1.1\r\nHost: verify.test\r\n\r\n",
            &[400],
        ),
        raw(
            "long-line",
            "A request line of 70,000 bytes is 414 (RFC 9112, 3).",
            format!("GET /{long} HTTP/1.1\r\nHost: verify.test\r\n\r\n"),
            &[414],
        ),
        fields("long-head", "Fields of 70,000 bytes are 431 (RFC 6585, 5).", &long_fields, &[431]),
        fields("many-fields", "A thousand fields are 431 (RFC 6585, 5).", &many_fields, &[431]),
        raw(
            "host-missing",
            "A request of HTTP/1.1 without a Host is 400 (RFC 9112, 3.2).",
            "GET /hello HTTP/1.1\r\n\r\n",
            &[400],
        ),
        fields(
            "host-repeated",
            "Two Host fields are 400: two servers in a row might pick different ones (RFC 9112, 3.2).",
            "Host: other.test\r\n",
            &[400],
        ),
        raw(
            "host-bad",
            "A Host that names no host is 400 (RFC 9112, 3.2).",
            "GET /hello HTTP/1.1\r\nHost: two words\r\n\r\n",
            &[400],
        ),
        fields(
            "space-before-colon",
            "A blank between a field's name and its colon is 400 (RFC 9112, 5.1).",
            "X : y\r\n",
            &[400],
        ),
        fields(
            "folded-field",
            "A field that goes on in the next line is 400 (obs-fold; RFC 9112, 5.2).",
            "X: a\r\n b\r\n",
            &[400],
        ),
        fields(
            "field-without-colon",
            "A line without a colon is no field: 400 (RFC 9112, 5).",
            "X\r\n",
            &[400],
        ),
        fields("field-without-name", "A field without a name is 400 (RFC 9110, 5.1).", ": y\r\n", &[400]),
    ]
}

/// Characters in a head that others may take for the end of a line, or of the head.
pub(super) fn line_ends() -> Vec<Bad> {
    vec![
        raw(
            "bare-lf",
            "A request line that ends in LF alone is 400: others may see another line there (RFC 9112, 2.2).",
            "GET /hello HTTP/1.1\nHost: verify.test\r\n\r\n",
            &[400],
        ),
        raw(
            "bare-lf-field",
            "A field that ends in LF alone is 400 (RFC 9112, 2.2).",
            "GET /hello HTTP/1.1\r\nHost: verify.test\nX: y\r\n\r\n",
            &[400],
        ),
        raw(
            "bare-lf-end",
            "A head that ends in LF alone is 400 (RFC 9112, 2.2).",
            "GET /hello HTTP/1.1\r\nHost: verify.test\r\n\n",
            &[400],
        ),
        raw(
            "bare-cr-in-line",
            "A CR within a request line is 400: others may see the end of the line there (RFC 9112, 2.2).",
            "GET /hello\rX HTTP/1.1\r\nHost: verify.test\r\n\r\n",
            &[400],
        ),
        raw(
            "nul-in-line",
            "A NUL within a request line is 400: others may see its end there (RFC 9112, 3).",
            "GET /hello\0X HTTP/1.1\r\nHost: verify.test\r\n\r\n",
            &[400],
        ),
        raw(
            "blank-before-field",
            "A blank before the first field is 400: others may take the field for part of the line before (RFC 9112, 2.2).",
            "GET /hello HTTP/1.1\r\n X: y\r\nHost: verify.test\r\n\r\n",
            &[400],
        ),
        fields("bare-cr", "A CR within a field is 400 (RFC 9112, 2.2).", "X: a\rb\r\n", &[400]),
        fields("nul", "A NUL within a field is 400 (RFC 9110, 5.5).", "X: a\0b\r\n", &[400]),
    ]
}

/// What goes just beyond the limits of the lab's own servers.
pub(super) fn our_limits() -> Vec<Bad> {
    let line = |bytes: usize| format!("GET /{} HTTP/1.1\r\n", "a".repeat(bytes - "GET / HTTP/1.1\r\n".len()));
    let long = "a".repeat(OUR_BYTES_AT_MOST);
    let many_fields = "X: y\r\n".repeat(OUR_FIELDS_AT_MOST); // and the Host
    vec![
        raw(
            "line-over-limit",
            "A request line one byte above 16 KiB is 414 with the lab's own models (RFC 9112, 3).",
            line(OUR_BYTES_AT_MOST + 1) + "Host: verify.test\r\n\r\n",
            &[414],
        ),
        fields(
            "field-over-limit",
            "A single field above 16 KiB is 431 with the lab's own models (RFC 6585, 5).",
            &format!("X: {long}\r\n"),
            &[431],
        ),
        fields(
            "fields-over-limit",
            "101 fields are 431 with the lab's own models (RFC 6585, 5).",
            &many_fields,
            &[431],
        ),
    ]
}
