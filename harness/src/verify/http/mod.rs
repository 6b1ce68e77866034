//! The cases for an HTTP/1.1 server (RFC 9110 and 9112).
//!
//! * [`pages`]: what a server answers;
//! * [`connections`]: how many requests a connection carries, and in which forms they may come;
//! * [`limits`]: what may look odd, or large, and must be taken all the same;
//! * [`deliveries`]: how requests arrive, and how replies are taken;
//! * [`bodies`]: requests with bodies;
//! * [`refusals`]: requests that must be refused, and how;
//! * [`malformed`]: hundreds more of them, in one case;
//! * [`folder`]: a folder of pages, with conditions, ranges, and ways out of it that must lead nowhere;
//! * [`endless`]: requests that never end;
//! * [`stops`]: what becomes of requests when the server is asked to stop.

mod bodies;
mod connections;
mod deliveries;
mod endless;
mod folder;
mod limits;
mod malformed;
mod pages;
mod refusals;
mod stops;
pub(crate) mod talk;

use super::case::{Case, Verdict, ensure, skipped};
use super::client::Client;
use super::common::{self, Apart, Protocol};
use super::subject::Subject;
use talk::{Http, Reply, get};

/// How large the body is that nobody reads.
const LARGE_BYTES: usize = 64 << 20;

/// A path where nothing is.
const NOWHERE: &str = "/nothing-is-here";

static PROTOCOL: Protocol = Protocol {
    request: b"GET /hello HTTP/1.1\r\nHost: verify.test\r\n\r\n",
    exchange: |client| {
        let mut http = Http::over(client);
        let reply = http.ask(&get("/hello"))?;
        is_hello(client, &reply)?;
        http.no_more()?;
        Ok(reply.stays())
    },
    farewell: |client| {
        let mut http = Http::over(client);
        let reply = http.ask(&talk::request("GET", "/hello", "Connection: close\r\n", b""))?;
        is_hello(client, &reply)?;
        http.end()
    },
    burden: |client| client.send(&get(&format!("/bytes/{LARGE_BYTES}"))),
    apart,
    refused: Some(|client| {
        let mut http = Http::over(client);
        http.ask(b"what is this\r\n\r\n")?.expect_status(&[400])?;
        http.end()
    }),
};

/// How many bytes the first of several clients asks for.
const APART_BYTES: usize = 1_000;

/// Requests by number whose answers can be told apart: each for another number of bytes. Where there is no /bytes, every
/// other one asks for what is not there.
#[derive(Clone, Copy)]
struct Paths {
    has_bytes: bool,
}

impl Paths {
    fn of(subject: &Subject) -> Verdict<Self> {
        Ok(Self { has_bytes: has(needs_bytes(subject))? })
    }

    fn request(self, number: usize) -> Vec<u8> {
        match (self.has_bytes, number % 2) {
            (true, _) => get(&format!("/bytes/{}", APART_BYTES + number)),
            (false, 0) => get("/hello"),
            (false, _) => get(NOWHERE),
        }
    }

    /// The reply must be the one to the request of this number.
    fn check(self, client: &Client, reply: &Reply, number: usize) -> Verdict {
        match (self.has_bytes, number % 2) {
            (true, _) => is_bytes(client, reply, APART_BYTES + number),
            (false, 0) => is_hello(client, reply),
            (false, _) => reply.expect_status(&[404]),
        }
    }
}

fn apart(subject: &Subject) -> Verdict<Apart> {
    let paths = Paths::of(subject)?;
    let answer = move |client: &Client, number| {
        let mut http = Http::over(client);
        let reply = http.reply("GET")?;
        paths.check(client, &reply, number)?;
        http.no_more()?;
        Ok(reply.stays())
    };
    Ok(Apart { request: Box::new(move |number| paths.request(number)), answer: Box::new(answer) })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = pages::cases();
    cases.extend(connections::cases());
    cases.extend(limits::cases());
    cases.extend(deliveries::cases());
    cases.extend(bodies::cases());
    cases.extend(refusals::cases());
    cases.extend(malformed::cases());
    cases.extend(folder::cases());
    cases.extend(endless::cases());
    cases.extend(stops::cases());
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
fn is_bytes(client: &Client, reply: &Reply, length: usize) -> Verdict {
    reply.expect_status(&[200])?;
    ensure(reply.body.len() == length, || {
        format!("expected a body of {length} bytes, got one of {}", reply.body.len())
    })?;
    let is_right = !client.facts().is_ours || reply.body == super::client::pattern(length);
    ensure(is_right, || format!("the {length} bytes are not those of the pattern"))
}

/// Whether the server has a route at all: a case about one that is not there is skipped. These statuses say that it has
/// not.
fn needs(subject: &Subject, route: &str, request: &[u8], absent: &[u16]) -> Verdict {
    let status = talk::ask_alone(subject, request)?.status;
    if absent.contains(&status) {
        return skipped(format!("the server has no {route}"));
    }
    Ok(())
}

fn needs_bytes(subject: &Subject) -> Verdict {
    needs(subject, "/bytes/N", &get("/bytes/1"), &[404])
}

fn needs_wait(subject: &Subject) -> Verdict {
    needs(subject, "/wait/MS", &get("/wait/1"), &[404])
}

/// A server that knows no POST, or not here, says 405 or 501 (RFC 9110, 9.1).
fn needs_echo(subject: &Subject) -> Verdict {
    let request = talk::request("POST", "/echo", "Content-Length: 0\r\n", b"");
    needs(subject, "/echo", &request, &[404, 405, 501])
}

/// Whether a need is met, for a case that can do without.
fn has(need: Verdict) -> Verdict<bool> {
    match need {
        Ok(()) => Ok(true),
        Err(super::case::Stop::Skipped(_)) => Ok(false),
        Err(stop) => Err(stop),
    }
}
