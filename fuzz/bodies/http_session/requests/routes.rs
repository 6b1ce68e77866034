//! What is promised as an answer to a request that is well-formed.

use workloads::http::{MAX_BODY_BYTES, MAX_BYTES, MAX_CPU, MAX_WAIT_MS, pattern};

use super::super::replies::Reply;
use super::fields::{Framing, is_plain_host};
use super::{Doubt, Head, number};

/// What a request comes to.
#[derive(Debug)]
pub(in super::super) struct Expected {
    pub(in super::super) head_only: bool,
    /// The connection ends after the reply.
    pub(in super::super) closes: bool,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// A status, whatever is said with it.
    Status(u16),
    /// This text.
    Text(&'static str),
    /// So many bytes of the pattern.
    Pattern(u64),
    /// What was sent, framed as it was.
    Same(Vec<u8>, Option<Vec<usize>>),
}

/// What a target names.
enum Place {
    Known(Answer),
    Echo,
    TooMuch,
    Nothing,
    NotAPath,
}

impl Expected {
    /// The body of a POST on its way back.
    pub(super) fn echo(data: Vec<u8>, chunks: Option<Vec<usize>>, closes: bool) -> Self {
        Self { head_only: false, closes, answer: Answer::Same(data, chunks) }
    }

    /// Whether this is a reply to be expected.
    pub(in super::super) fn allows(&self, reply: &Reply) -> bool {
        let (status, body): (u16, Option<&[u8]>) = match &self.answer {
            Answer::Status(status) => (*status, None),
            Answer::Text(text) => (200, Some(text.as_bytes())),
            Answer::Pattern(_) => (200, None),
            Answer::Same(data, _) => (200, Some(data)),
        };
        let is_framed_right = match &self.answer {
            Answer::Same(_, chunks) => reply.chunks == *chunks,
            _ => reply.chunks.is_none(),
        };
        let is_right = match body {
            _ if self.head_only => reply.body.is_empty(),
            None => self.is_pattern(&reply.body),
            Some(body) => reply.body == body,
        };
        reply.status == status && reply.says_close == self.closes && is_framed_right && is_right
    }

    fn is_pattern(&self, body: &[u8]) -> bool {
        let Answer::Pattern(length) = self.answer else { return true };
        let is_right = |(at, byte): (u64, &u8)| pattern::piece(at, 1).first() == Some(byte);
        body.len() as u64 == length && (0..).zip(body).all(is_right)
    }
}

/// What is promised; none for a body that is to be sent back, once it is read.
pub(super) fn expected(head: &Head<'_>) -> Result<Option<Expected>, Doubt> {
    let has_body = head.fields.has_body();
    let place = place(head.target)?;
    let (answer, ends) = match (head.method, place) {
        ("POST", Place::Echo) => {
            let is_too_long =
                matches!(head.fields.framing, Framing::Length(length) if length > MAX_BODY_BYTES);
            if !is_too_long {
                return Ok(None);
            }
            (Answer::Status(413), true)
        }
        ("GET" | "HEAD" | "POST", Place::NotAPath) => (Answer::Status(400), true),
        ("GET" | "HEAD", Place::Echo) => (Answer::Status(405), has_body),
        ("GET" | "HEAD", _) if has_body => (Answer::Status(413), true),
        ("GET" | "HEAD", Place::Known(answer)) => (answer, false),
        ("GET" | "HEAD", Place::TooMuch) => (Answer::Status(400), true),
        ("GET" | "HEAD", Place::Nothing) => (Answer::Status(404), false),
        ("POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE" | "PATCH", _) => {
            (Answer::Status(405), has_body)
        }
        _ => (Answer::Status(501), has_body),
    };
    let closes = ends || !head.fields.persists;
    Ok(Some(Expected { head_only: head.method == "HEAD", closes, answer }))
}

fn place(target: &str) -> Result<Place, Doubt> {
    if target.contains('#') {
        return Ok(Place::NotAPath);
    }
    let target = target.split('?').next().unwrap_or_default();
    if target.starts_with('/') {
        return Ok(at(target));
    }
    let Some((scheme, rest)) = target.split_once("://") else { return Ok(Place::NotAPath) };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_plain = !host.is_empty() && !host.starts_with(':') && is_plain_host(host.as_bytes());
    match (scheme.eq_ignore_ascii_case("http") && is_plain, path) {
        (true, "") => Ok(at("/")),
        (true, path) => Ok(at(path)),
        (false, _) => Err(Doubt::Unsure),
    }
}

fn at(path: &str) -> Place {
    match path {
        "/" => return Place::Known(Answer::Status(200)),
        "/hello" => return Place::Known(Answer::Text("Hello World\n")),
        "/echo" => return Place::Echo,
        _ => {}
    }
    let Some((name, digits)) = path[1..].split_once('/') else { return Place::Nothing };
    match (name, number(digits.as_bytes())) {
        ("bytes", Some(n)) if n <= MAX_BYTES => Place::Known(Answer::Pattern(n)),
        ("cpu", Some(n)) if n <= MAX_CPU => Place::Known(Answer::Text("7\n")), // what `client` says it comes to
        ("wait", Some(n)) if n <= MAX_WAIT_MS => Place::Known(Answer::Status(200)),
        ("bytes" | "cpu" | "wait", Some(_)) => Place::TooMuch,
        _ => Place::Nothing,
    }
}
