//! The cases for an HTTP/1.1 server (RFC 9110 and 9112).
//!
//! * [`answers`]: what a server answers, and how often and how fast that is asked;
//! * [`bodies`]: requests with bodies;
//! * [`refusals`]: requests that must be refused, and how.

mod answers;
mod bodies;
mod refusals;
mod talk;

use super::case::{Case, Verdict, ensure};
use super::client::Client;
use super::common::{self, Protocol};
use super::subject::Subject;
use talk::{Http, Reply, get};

/// How large the body is that nobody reads.
const LARGE_BYTES: usize = 64 << 20;

static PROTOCOL: Protocol = Protocol {
    request: b"GET /hello HTTP/1.1\r\nHost: verify.test\r\n\r\n",
    exchange: |client| {
        let mut http = Http::over(client);
        let reply = http.ask(&get("/hello"))?;
        is_hello(client, &reply)?;
        http.no_more()
    },
    farewell: |client| {
        let mut http = Http::over(client);
        let reply = http.ask(&talk::request("GET", "/hello", "Connection: close\r\n", b""))?;
        is_hello(client, &reply)?;
        http.end()
    },
    burden: |client| client.send(&get(&format!("/bytes/{LARGE_BYTES}"))),
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = answers::cases();
    cases.extend(bodies::cases());
    cases.extend(refusals::cases());
    cases.extend(common::cases(&PROTOCOL));
    cases
}

/// The reply to `/hello` is 200 and the same every time.
fn is_hello(client: &Client, reply: &Reply) -> Verdict {
    reply.expect_status(&[200])?;
    let first = client.facts().hello.get_or_init(|| reply.body.clone());
    ensure(reply.body == *first, || {
        format!(
            "the body of /hello is {} now, and was {} before",
            super::client::quoted(&reply.body),
            super::client::quoted(first)
        )
    })
}

/// The reply to `/bytes/N`: of our own servers every byte is known, of others how many there are.
fn is_bytes(subject: &Subject, reply: &Reply, length: usize) -> Verdict {
    reply.expect_status(&[200])?;
    ensure(reply.body.len() == length, || {
        format!("expected a body of {length} bytes, got one of {}", reply.body.len())
    })?;
    let is_right = !subject.facts().is_ours || reply.body == super::client::pattern(length);
    ensure(is_right, || format!("the {length} bytes are not those of the pattern"))
}

/// Whether the server has a route at all: a case about one that is not there is skipped.
fn needs(subject: &Subject, route: &str, request: &[u8]) -> Verdict {
    match talk::ask_alone(subject, request)?.status {
        404 => super::case::skipped(format!("the server has no {route}")),
        _ => Ok(()),
    }
}

fn needs_bytes(subject: &Subject) -> Verdict {
    needs(subject, "/bytes/N", &get("/bytes/1"))
}

fn needs_wait(subject: &Subject) -> Verdict {
    needs(subject, "/wait/MS", &get("/wait/1"))
}

fn needs_echo(subject: &Subject) -> Verdict {
    needs(subject, "/echo", &talk::request("POST", "/echo", "Content-Length: 0\r\n", b""))
}
