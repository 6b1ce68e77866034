//! Requests whose body is bad: in its length, or in its chunks.

use super::{Bad, Kind, TOO_LONG_BYTES, request};

/// A POST whose length is bad.
fn length(name: &'static str, about: &'static str, fields: &str, statuses: &'static [u16]) -> Bad {
    Bad { name, about, bytes: request("POST", "/echo", fields, b"Hello"), statuses, kind: Kind::Body }
}

pub(super) fn lengths() -> Vec<Bad> {
    vec![
        length(
            "lengths-conflicting",
            "Two lengths that differ are 400: the body has no end that all agree on (RFC 9112, 6.3).",
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            &[400],
        ),
        length(
            "length-list",
            "A list of lengths that differ is 400 (RFC 9112, 6.3).",
            "Content-Length: 5, 6\r\n",
            &[400],
        ),
        length(
            "length-plus",
            "A length is digits; with a plus sign it is 400 (RFC 9110, 8.6).",
            "Content-Length: +5\r\n",
            &[400],
        ),
        length(
            "length-minus",
            "A length below zero is 400 (RFC 9110, 8.6).",
            "Content-Length: -1\r\n",
            &[400],
        ),
        length(
            "length-hex",
            "A length is decimal; 0x10 is 400 (RFC 9110, 8.6).",
            "Content-Length: 0x10\r\n",
            &[400],
        ),
        length(
            "length-blank",
            "Digits with a blank between them are 400 (RFC 9110, 8.6).",
            "Content-Length: 1 1\r\n",
            &[400],
        ),
        length(
            "length-empty",
            "A length without a digit is 400 (RFC 9110, 8.6).",
            "Content-Length:\r\n",
            &[400],
        ),
        length(
            "length-too-large",
            "A length beyond any limit is 413, before the body is sent (RFC 9110, 15.5.14).",
            "Content-Length: 99999999999999\r\n",
            &[413],
        ),
        length(
            "length-overflow",
            "A length that no number holds is 400 or 413, and not the rest of it (RFC 9110, 8.6).",
            "Content-Length: 18446744073709551621\r\n", // 2^64 + 5
            &[400, 413],
        ),
        length(
            "length-and-chunked",
            "A length and chunks together are 400: servers in a row might each believe another one (RFC 9112, 6.3).",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            &[400],
        ),
        length(
            "coding-unknown",
            "A transfer coding that the server does not know is 501 (RFC 9112, 6.1).",
            "Transfer-Encoding: miracle, chunked\r\n",
            &[501],
        ),
        length(
            "coding-almost-chunked",
            "A coding whose name only ends in chunked is another one: 501, or 400 since the body has no end (RFC 9112, 6.3).",
            "Transfer-Encoding: xchunked\r\n",
            &[400, 501],
        ),
        length(
            "chunked-not-last",
            "With chunked not last the body has no end: 400 (RFC 9112, 6.3).",
            "Transfer-Encoding: chunked, gzip\r\n",
            &[400],
        ),
        length(
            "chunked-twice",
            "A body is chunked once: twice is 400 (RFC 9112, 6.1).",
            "Transfer-Encoding: chunked, chunked\r\n",
            &[400],
        ),
        Bad {
            name: "chunked-from-1.0",
            about: "HTTP/1.0 knows no transfer codings; with one the framing is faulty: 400 (RFC 9112, 6.1).",
            bytes: b"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
            statuses: &[400],
            kind: Kind::Body,
        },
    ]
}

/// A chunked POST whose chunks are bad from the beginning, or later.
fn chunk(name: &'static str, about: &'static str, chunks: &str, kind: Kind, statuses: &'static [u16]) -> Bad {
    let bytes = request("POST", "/echo", "Transfer-Encoding: chunked\r\n", chunks.as_bytes());
    Bad { name, about, bytes, statuses, kind }
}

pub(super) fn chunks() -> Vec<Bad> {
    let size = |name, about, chunks: &str| chunk(name, about, chunks, Kind::Body, &[400]);
    let late = |name, about, chunks: &str| chunk(name, about, chunks, Kind::LateInBody, &[400]);
    let long = "a".repeat(TOO_LONG_BYTES);
    let long_trailers = format!("X: {}\r\n", &long[..TOO_LONG_BYTES / 10]).repeat(10);
    vec![
        chunk(
            "chunk-extension-long",
            "A chunk extension of 70,000 bytes is 400, 413 or 431: it is no data, and counted nowhere else (RFC 9112, 7.1.1).",
            &format!("5;{long}\r\nHello\r\n0\r\n\r\n"),
            Kind::LateInBody,
            &[400, 413, 431],
        ),
        chunk(
            "trailers-long",
            "Trailers of 70,000 bytes are 400, 413 or 431, or the reply is cut short (RFC 6585, 5).",
            &format!("5\r\nHello\r\n0\r\n{long_trailers}\r\n"),
            Kind::LateInBody,
            &[400, 413, 431],
        ),
        size(
            "chunk-size-letters",
            "A chunk size that is no number is 400 (RFC 9112, 7.1).",
            "xyz\r\nHello\r\n0\r\n\r\n",
        ),
        size("chunk-size-empty", "A chunk without a size is 400 (RFC 9112, 7.1).", "\r\nHello\r\n0\r\n\r\n"),
        size(
            "chunk-size-plus",
            "A chunk size with a sign is 400 (RFC 9112, 7.1).",
            "+5\r\nHello\r\n0\r\n\r\n",
        ),
        size(
            "chunk-size-0x",
            "A chunk size with 0x before it is 400 (RFC 9112, 7.1).",
            "0x5\r\nHello\r\n0\r\n\r\n",
        ),
        size(
            "chunk-size-blank",
            "A blank before a chunk size is 400 (RFC 9112, 7.1).",
            " 5\r\nHello\r\n0\r\n\r\n",
        ),
        chunk(
            "chunk-size-overflow",
            "A chunk size that no number holds is 400 or 413, and not the rest of it (RFC 9112, 7.1).",
            "10000000000000005\r\nHello\r\n0\r\n\r\n", // 2^64 + 5
            Kind::Body,
            &[400, 413],
        ),
        size(
            "chunk-size-bare-lf",
            "A chunk size that ends in LF alone is 400 (RFC 9112, 7.1).",
            "5\nHello\r\n0\r\n\r\n",
        ),
        size(
            "chunk-extension-bare-lf",
            "A chunk's extension that ends in LF alone is 400: others may read on to the next CR LF (RFC 9112, 7.1.1).",
            "5;name=value\nHello\r\n0\r\n\r\n",
        ),
        late(
            "last-chunk-bare-lf",
            "A last chunk that ends in LF alone is 400, or the reply is cut short (RFC 9112, 7.1).",
            "5\r\nHello\r\n0\n\r\n",
        ),
        late(
            "trailer-bare-lf",
            "A trailer that ends in LF alone is 400, or the reply is cut short (RFC 9112, 7.1.2).",
            "5\r\nHello\r\n0\r\nX: y\n\r\n",
        ),
        late(
            "trailers-end-bare-lf",
            "Trailers that end in LF alone are 400, or the reply is cut short (RFC 9112, 7.1.2).",
            "5\r\nHello\r\n0\r\nX: y\r\n\n",
        ),
        late(
            "chunk-too-long",
            "A chunk that is longer than its size is 400, or the reply is cut short (RFC 9112, 7.1).",
            "5\r\nHello, world\r\n0\r\n\r\n",
        ),
        late(
            "chunk-end-missing",
            "A chunk that does not end in CR LF is 400, or the reply is cut short (RFC 9112, 7.1).",
            "5\r\nHello0\r\n\r\n",
        ),
        late(
            "chunk-end-bare-lf",
            "A chunk that ends in LF alone is 400, or the reply is cut short (RFC 9112, 7.1).",
            "5\r\nHello\n0\r\n\r\n",
        ),
        late(
            "trailer-bad",
            "A trailer that is no field is 400, or the reply is cut short (RFC 9112, 7.1.2).",
            "5\r\nHello\r\n0\r\nX : y\r\n\r\n",
        ),
    ]
}
