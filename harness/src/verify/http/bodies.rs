//! Requests with bodies: POST to /echo gives back what it was sent, whichever way the body was sent.

use std::time::Duration;

use super::super::case::{Case, Verdict, Within, ensure};
use super::super::client::{Client, pattern};
use super::super::subject::Subject;
use super::talk::{Http, Reply, ask_alone, get, request};
use super::{is_hello, needs_echo};

/// The sizes that are tried, with the names of their cases.
const SIZES: [(&str, usize); 4] =
    [("post-empty", 0), ("post-1-b", 1), ("post-64-kib", 1 << 16), ("post-1-mib", 1 << 20)];
/// Between packets that must not travel together.
const PAUSE: Duration = Duration::from_millis(1);

/// A small body in chunks as different as they may be: digits in both cases, zeros in front, one byte and many.
const CHUNKS: &[u8] =
    b"5\r\nHello\r\n1\r\n \r\n00a\r\n0123456789\r\nB\r\nabcdefghijk\r\nc\r\nlmnopqrstuvw\r\n";
const CHUNKED_BODY: &[u8] = b"Hello 0123456789abcdefghijklmnopqrstuvw";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, bytes) in SIZES {
        cases.push(Case::shared(
            name,
            "POST /echo with a Content-Length of this size gets its body back (RFC 9110, 9.3.3, and RFC 9112, 6.2).",
            move |subject| post(subject, bytes),
        ));
    }
    cases.extend([
        Case::shared(
            "post-then-get",
            "A body ends where its length says: a GET sent right behind it on the same connection is answered next (RFC \
             9112, 6.3).",
            post_then_get,
        ),
        Case::shared(
            "post-split",
            "A request with a body comes byte by byte, and the whole body goes back.",
            |subject| split(subject, &request("POST", "/echo", "Content-Length: 5\r\n", b"Hello"), b"Hello"),
        ),
        Case::shared(
            "post-half-close",
            "A whole POST, behind which its client sends no more, is answered, and then the connection ends.",
            post_half_close,
        ),
        Case::shared(
            "post-cut-short",
            "A body that ends before its length says gets no whole answer, but a 400 or the end (RFC 9112, 8).",
            |subject| cut_short(subject, &request("POST", "/echo", "Content-Length: 10\r\n", b"Hello")),
        ),
        Case::shared(
            "chunked-cut-short",
            "A chunked body that ends before its last chunk gets no whole answer, but a 400 or the end (RFC 9112, 8).",
            |subject| cut_short(subject, &chunked_request(CHUNKS)),
        ),
        Case::shared(
            "chunked",
            "A chunked body goes back, whatever the sizes of its chunks and the case of their digits (RFC 9112, 7.1).",
            |subject| chunked(subject, &[CHUNKS, b"0\r\n\r\n"].concat()),
        ),
        Case::shared(
            "chunked-large",
            "A chunked body of 1 MiB goes back whole, while it is still being sent.",
            chunked_large,
        ),
        Case::shared(
            "chunked-split",
            "A chunked body comes byte by byte, and goes back whole.",
            |subject| split(subject, &chunked_request(&[CHUNKS, b"0\r\n\r\n"].concat()), CHUNKED_BODY),
        ),
        Case::shared(
            "chunk-extensions",
            "What follows a chunk's size behind a semicolon is read and passed over (RFC 9112, 7.1.1).",
            |subject| {
                let first = b"5;name=value;quoted=\"a b\"\r\nHello\r\n";
                chunked(subject, &[first, &CHUNKS[b"5\r\nHello\r\n".len()..], b"0;last\r\n\r\n"].concat())
            },
        ),
        Case::shared(
            "trailers",
            "Fields behind the last chunk are no part of the body, and the next request follows them (RFC 9112, 7.1.2).",
            |subject| chunked(subject, &[CHUNKS, b"0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"].concat()),
        ),
        Case::shared(
            "expect-continue",
            "Who asks with Expect: 100-continue is told to go on before it sends the body (RFC 9110, 10.1.1).",
            expect_continue,
        ),
        Case::shared(
            "expect-not-awaited",
            "Who asks and sends the body without waiting is answered all the same (RFC 9110, 10.1.1).",
            |subject| {
                needs_echo(subject)?;
                let fields = "Content-Length: 5\r\nExpect: 100-continue\r\n";
                ask_alone(subject, &request("POST", "/echo", fields, b"Hello"))?.expect_body(b"Hello")
            },
        ),
        Case::shared(
            "expect-refused",
            "A request that will be refused is refused at once, with no 100 that would bring its body, to who waits for one \
             (RFC 9110, 10.1.1).",
            expect_refused,
        ),
        Case::shared(
            "expect-from-1.0",
            "A client of HTTP/1.0 knows no 100 and is sent none (RFC 9110, 10.1.1).",
            expect_from_old_client,
        ),
    ]);
    cases
}

fn post(subject: &mut Subject, bytes: usize) -> Verdict {
    needs_echo(subject)?;
    let body = pattern(bytes);
    let head = request("POST", "/echo", &format!("Content-Length: {bytes}\r\n"), b"");
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    client.both_ways(&[head, body.clone()].concat(), || http.reply("POST")?.expect_body(&body))?;
    http.leave()
}

fn post_then_get(subject: &mut Subject) -> Verdict {
    needs_echo(subject)?;
    let client = Client::connect(subject)?;
    // A body that looks like a request is still a body.
    let body = get("/nothing-is-here");
    let post = request("POST", "/echo", &format!("Content-Length: {}\r\n", body.len()), &body);
    client.send(&[post, get("/hello")].concat())?;
    let mut http = Http::over(&client);
    let reply = http.reply("POST")?;
    reply.expect_body(&body)?;
    goes_on(&client, &mut http, &reply)
}

fn split(subject: &mut Subject, request: &[u8], body: &[u8]) -> Verdict {
    needs_echo(subject)?;
    let client = Client::connect(subject)?;
    client.send_slowly(request.chunks(1), PAUSE)?;
    let mut http = Http::over(&client);
    http.reply("POST")?.expect_body(body)?;
    http.leave()
}

fn chunked_request(chunks: &[u8]) -> Vec<u8> {
    request("POST", "/echo", "Transfer-Encoding: chunked\r\n", chunks)
}

/// A body in these chunks comes back, and a request behind it is answered.
fn chunked(subject: &mut Subject, chunks: &[u8]) -> Verdict {
    needs_echo(subject)?;
    let client = Client::connect(subject)?;
    client.send(&[chunked_request(chunks), get("/hello")].concat())?;
    let mut http = Http::over(&client);
    let reply = http.reply("POST")?;
    reply.expect_body(CHUNKED_BODY)?;
    goes_on(&client, &mut http, &reply)
}

/// The request behind the body is answered next, unless the reply ends the connection.
fn goes_on(client: &Client, http: &mut Http<'_>, reply: &Reply) -> Verdict {
    if !reply.persists() {
        return http.end();
    }
    is_hello(client, &http.reply("GET").within("the request behind the body")?)?;
    http.leave()
}

fn chunked_large(subject: &mut Subject) -> Verdict {
    needs_echo(subject)?;
    let body = pattern(1 << 20);
    let mut chunks = Vec::new();
    for chunk in body.chunks(10_007) {
        chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    let client = Client::connect(subject)?;
    let mut http = Http::over(&client);
    client.both_ways(&chunked_request(&chunks), || http.reply("POST")?.expect_body(&body))?;
    http.leave()
}

/// A request whose body is not all there when its client says that it sends no more: a whole answer would pass a part off
/// as all of it.
fn cut_short(subject: &mut Subject, request: &[u8]) -> Verdict {
    needs_echo(subject)?;
    let client = Client::connect(subject)?;
    client.send(request)?;
    client.half_close()?;
    let mut http = Http::over(&client);
    match http.reply("POST") {
        Ok(reply) => {
            reply.expect_status(&[400])?;
            http.end()
        }
        Err(_) if http.was_cut_short() || http.ended_silently() => Ok(()),
        Err(stop) => Err(stop),
    }
}

fn post_half_close(subject: &mut Subject) -> Verdict {
    needs_echo(subject)?;
    let client = Client::connect(subject)?;
    client.send(&request("POST", "/echo", "Content-Length: 5\r\n", b"Hello"))?;
    client.half_close()?;
    let mut http = Http::over(&client);
    http.reply("POST")?.expect_body(b"Hello")?;
    http.end()
}

fn expect_continue(subject: &mut Subject) -> Verdict {
    needs_echo(subject)?;
    let client = Client::connect(subject)?;
    client.send(&request("POST", "/echo", "Content-Length: 5\r\nExpect: 100-continue\r\n", b""))?;
    let mut http = Http::over(&client);
    let status = http.interim().within("before the body is sent")?;
    ensure(status == 100, || format!("expected 100 before the body is sent, got {status}"))?;
    client.send(b"Hello")?;
    http.reply("POST")?.expect_body(b"Hello")?;
    http.leave()
}

fn expect_refused(subject: &mut Subject) -> Verdict {
    let fields = "Content-Length: 5\r\nExpect: 100-continue\r\n";
    let reply = ask_alone(subject, &request("POST", "/hello", fields, b""))?;
    ensure(!reply.interim.contains(&100), || {
        format!("100 came first, and {} after that, without the body", reply.status)
    })?;
    reply.expect_status(&[404, 405, 411, 413, 501])
}

fn expect_from_old_client(subject: &mut Subject) -> Verdict {
    needs_echo(subject)?;
    let request = b"POST /echo HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nHello";
    let reply = ask_alone(subject, request)?;
    ensure(reply.interim.is_empty(), || format!("a client of HTTP/1.0 was sent {:?}", reply.interim))?;
    reply.expect_body(b"Hello")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chunks_come_to_the_body() {
        let mut rest = CHUNKS;
        let mut body = Vec::new();
        while !rest.is_empty() {
            let line = rest.windows(2).position(|window| window == b"\r\n").unwrap();
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
            body.extend_from_slice(&rest[line + 2..][..size]);
            assert_eq!(&rest[line + 2 + size..][..2], b"\r\n");
            rest = &rest[line + 2 + size + 2..];
        }
        assert_eq!(body, CHUNKED_BODY);
    }
}
