//! Requests that must be refused, each in a case of its own, with the status that says why.
//!
//! A refusal ends the connection, since nobody can say where the next request begins: what an attacker hides behind a bad
//! request must not be answered (request smuggling, RFC 9112, 11.2). And it must be readable: a server that closes while
//! the client is still sending resets the connection, and the reset can overtake the reply (RFC 9112, 9.6). So each bad
//! request is followed by up to 64 KiB of good ones, and the client reads late: one whole reply, the end, and no reset.
//!
//! Others are requests of which everybody can say where they end, and which are refused all the same, or have a body that
//! nobody asked for ([`WithBody`]). There a server may also pass over the body and answer what follows. What it may not do is
//! to take the body for the next request, which is smuggling again.

use std::thread;
use std::time::Duration;

use super::super::case::{Case, Verdict, Within, ensure, skipped};
use super::super::client::Client;
use super::super::subject::Subject;
use super::answers::NOT_OURS;
use super::talk::{Http, get, request};
use super::{NOWHERE, is_hello, needs_echo};

/// How many bytes follow a bad request.
const BEHIND_BYTES: usize = 64 << 10;
/// Time for a reset to overtake the reply, if one comes.
const RESET_TIME: Duration = Duration::from_millis(10);
/// A line or a head of this length is longer than any server should take; 8,000 is what each should (RFC 9112, 3).
const TOO_LONG_BYTES: usize = 70_000;
/// So many fields are more than any request needs.
const TOO_MANY_FIELDS: usize = 1_000;
/// The longest line and the longest field that the lab's own servers take, in bytes, and the most fields.
const OUR_BYTES_AT_MOST: usize = 16 << 10;
const OUR_FIELDS_AT_MOST: usize = 100;

/// One bad request.
struct Bad {
    name: &'static str,
    about: &'static str,
    bytes: Vec<u8>,
    statuses: &'static [u16],
    kind: Kind,
}

/// Which part of a request is bad.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Its head.
    Head,
    /// Its body, which only /echo takes.
    Body,
    /// Its body, after a part that is right: the reply may have begun, and is then cut short.
    LateInBody,
}

pub(super) fn cases() -> Vec<Case> {
    let all = heads().into_iter().chain(line_ends()).chain(lengths()).chain(chunks());
    let ours = our_limits().into_iter().map(|bad| {
        Case::shared(bad.name, bad.about, move |subject| {
            if !subject.facts().is_ours {
                return skipped(NOT_OURS);
            }
            bad.is_refused(subject)
        })
    });
    let with_bodies = with_bodies().into_iter();
    all.map(|bad| Case::shared(bad.name, bad.about, move |subject| bad.is_refused(subject)))
        .chain(ours)
        .chain(
            with_bodies.map(|it| Case::shared(it.name, it.about, move |subject| it.is_one_request(subject))),
        )
        .collect()
}

impl Bad {
    fn is_refused(&self, subject: &mut Subject) -> Verdict {
        if self.kind != Kind::Head {
            needs_echo(subject)?;
        }
        let client = sent_with_more(subject, &self.bytes)?;
        let mut http = Http::over(&client);
        // None of these is a HEAD.
        let reply = http.reply("GET");
        if self.kind == Kind::LateInBody && http.was_cut_short() {
            return Ok(());
        }
        reply?.expect_status(self.statuses)?;
        http.end().within("after the refusal")
    }
}

/// A client who has sent this request, and good ones behind it.
fn sent_with_more(subject: &Subject, request: &[u8]) -> Verdict<Client> {
    let behind = get("/hello").repeat(behind());
    let client = Client::connect(subject)?;
    client.send(&[request, &behind].concat()).within("while the request was sent")?;
    thread::sleep(RESET_TIME);
    Ok(client)
}

/// How many requests follow.
fn behind() -> usize {
    BEHIND_BYTES / get("/hello").len()
}

/// A request with a body that looks like a request. Where it ends is known.
struct WithBody {
    name: &'static str,
    about: &'static str,
    requests: Vec<Vec<u8>>,
    statuses: &'static [u16],
}

impl WithBody {
    /// Each is answered once: then the connection ends, or what follows the body is answered.
    fn is_one_request(&self, subject: &mut Subject) -> Verdict {
        for request in &self.requests {
            self.is_answered_once(subject, request).within(super::super::client::quoted(request))?;
        }
        Ok(())
    }

    fn is_answered_once(&self, subject: &Subject, request: &[u8]) -> Verdict {
        let client = sent_with_more(subject, request)?;
        let mut http = Http::over(&client);
        let reply = http.reply("GET")?;
        ensure(!reply.interim.contains(&100), || {
            format!("100 came first, and {} after that, without the body", reply.status)
        })?;
        reply.expect_status(self.statuses)?;
        if !reply.persists() {
            return http.end().within("after the reply");
        }
        // It says that it goes on; it may think better of it while it reads the body.
        let Some(next) = http.reply_or_end("GET").within("after the reply")? else { return Ok(()) };
        is_hello(&client, &next).within("the body was taken for the next request, or part of it")?;
        for number in 2..=behind() {
            let place = format!("reply {number} of those to the requests behind the body");
            is_hello(&client, &http.reply("GET").within(&place)?).within(&place)?;
        }
        http.leave()
    }
}

/// With a length and in chunks.
fn with_body(method: &str, path: &str, fields: &str) -> Vec<Vec<u8>> {
    let body = get(NOWHERE);
    let length = format!("{fields}Content-Length: {}\r\n", body.len());
    let chunked = format!("{fields}Transfer-Encoding: chunked\r\n");
    let chunks = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    vec![request(method, path, &length, &body), request(method, path, &chunked, &chunks)]
}

fn with_bodies() -> Vec<WithBody> {
    vec![
        WithBody {
            name: "get-with-body",
            about: "A body with a GET is not the next request: the GET is answered or refused, once, and then the \
                    connection ends, or goes on behind the body (RFC 9110, 9.3.1, and RFC 9112, 11.2).",
            requests: with_body("GET", "/hello", ""),
            statuses: &[200, 400, 413],
        },
        WithBody {
            name: "post-refused-with-body",
            about: "A POST that is refused has a body all the same, which is not the next request: one readable refusal, and \
                    then the connection ends, or goes on behind the body (RFC 9112, 9.3 and 11.2).",
            requests: [with_body("POST", "/hello", ""), with_body("POST", NOWHERE, "")].concat(),
            statuses: &[404, 405, 411, 413, 501],
        },
        WithBody {
            name: "method-with-body",
            about: "A method that nobody knows, or not here, may come with a body, which is not the next request: 501 or \
                    405, readable, and then the end, or what follows the body (RFC 9110, 9.1, and RFC 9112, 11.2).",
            requests: [with_body("BREW", "/hello", ""), with_body("DELETE", "/hello", "")].concat(),
            statuses: &[405, 501],
        },
        WithBody {
            name: "expect-unknown",
            about: "An expectation that nobody knows is 417, readable also while the body is sent (RFC 9110, 10.1.1).",
            requests: [
                vec![request("GET", "/hello", "Expect: a-miracle\r\n", b"")],
                with_body("POST", "/echo", "Expect: a-miracle\r\n"),
            ]
            .concat(),
            statuses: &[417],
        },
        WithBody {
            name: "expect-refused-with-body",
            about: "A request that will be refused is refused readably also for who expects a 100 and sends its body \
                    without one; that body is not the next request (RFC 9110, 10.1.1).",
            requests: with_body("POST", "/hello", "Expect: 100-continue\r\n"),
            statuses: &[404, 405, 411, 413, 501],
        },
    ]
}

/// A request whose head is bad in its fields.
fn fields(name: &'static str, about: &'static str, fields: &str, statuses: &'static [u16]) -> Bad {
    Bad { name, about, bytes: request("GET", "/hello", fields, b""), statuses, kind: Kind::Head }
}

/// A request whose head is bad as a whole.
fn raw(name: &'static str, about: &'static str, bytes: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Bad {
    Bad { name, about, bytes: bytes.into(), statuses, kind: Kind::Head }
}

fn heads() -> Vec<Bad> {
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
fn line_ends() -> Vec<Bad> {
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
fn our_limits() -> Vec<Bad> {
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

/// A POST whose length is bad.
fn length(name: &'static str, about: &'static str, fields: &str, statuses: &'static [u16]) -> Bad {
    Bad { name, about, bytes: request("POST", "/echo", fields, b"Hello"), statuses, kind: Kind::Body }
}

fn lengths() -> Vec<Bad> {
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

fn chunks() -> Vec<Bad> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bad_is_bad_in_one_way_only() {
        // Each is a GET or a POST with the head's end in it, but for what is not even that.
        for bad in heads().into_iter().chain(line_ends()).chain(lengths()).chain(chunks()).chain(our_limits())
        {
            let text = String::from_utf8_lossy(&bad.bytes).into_owned();
            let is_request = text.starts_with("GET /") || text.starts_with("POST /echo HTTP/1.");
            assert!(is_request || ["no-request", "tls-hello"].contains(&bad.name), "{}", bad.name);
            assert!(bad.statuses.iter().all(|status| (400..600).contains(status)), "{}", bad.name);
        }
    }
}
