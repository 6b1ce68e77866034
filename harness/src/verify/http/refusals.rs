//! Requests that must be refused, each in a case of its own, with the status that says why.
//!
//! A refusal ends the connection, since nobody can say where the next request begins: what an attacker hides behind a bad
//! request must not be answered (request smuggling, RFC 9112, 11.2). And it must be readable: a server that closes while
//! the client is still sending resets the connection, and the reset can overtake the reply (RFC 9112, 9.6). So each bad
//! request is followed by up to 64 KiB of good ones, and the client reads late: one whole reply, the end, and no reset.
//!
//! Others are requests of which everybody can say where they end, and which are refused all the same, or have a body that
//! nobody asked for ([`smuggled`]). There a server may also pass over the body and answer what follows. What it may not do is
//! to take the body for the next request, which is smuggling again.

mod bodies;
mod heads;
mod smuggled;

use std::thread;
use std::time::Duration;

use super::super::case::{Case, Verdict, Within};
use super::super::client::Client;
use super::super::subject::Subject;
use super::limits::is_ours;
use super::needs_echo;
use super::talk::{Http, get, request};

/// How many bytes follow a bad request.
const BEHIND_BYTES: usize = 64 << 10;
/// Time for a reset to overtake the reply, if one comes.
const RESET_TIME: Duration = Duration::from_millis(10);
/// A line or a head of this length is longer than any server should take; 8,000 is what each should (RFC 9112, 3).
const TOO_LONG_BYTES: usize = 70_000;

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
    let all =
        everywhere().map(|bad| Case::shared(bad.name, bad.about, move |subject| bad.is_refused(subject)));
    let ours = heads::our_limits().into_iter().map(|bad| {
        Case::shared(bad.name, bad.about, move |subject| {
            is_ours(subject)?;
            bad.is_refused(subject)
        })
    });
    all.chain(ours).chain(smuggled::cases()).collect()
}

/// What every server has to refuse.
fn everywhere() -> impl Iterator<Item = Bad> {
    let parts = [heads::heads(), heads::line_ends(), bodies::lengths(), bodies::chunks()];
    parts.into_iter().flatten()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bad_is_bad_in_one_way_only() {
        // Each is a GET or a POST with the head's end in it, but for what is not even that.
        for bad in everywhere().chain(heads::our_limits()) {
            let text = String::from_utf8_lossy(&bad.bytes).into_owned();
            let is_request = text.starts_with("GET /") || text.starts_with("POST /echo HTTP/1.");
            assert!(is_request || ["no-request", "tls-hello"].contains(&bad.name), "{}", bad.name);
            assert!(bad.statuses.iter().all(|status| (400..600).contains(status)), "{}", bad.name);
        }
    }
}
