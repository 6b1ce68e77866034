//! Reads requests as strictly as RFC 9110 and 9112 can be read, slowly and without a thought for speed, and says what the
//! service's documentation promises as an answer.

mod body;
mod fields;
mod routes;

use self::body::Body;
use self::fields::Fields;
pub(super) use self::routes::Expected;

/// The longest head, in bytes, and the most fields that it or a trailer may have.
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_FIELDS: usize = 100;

/// What stands at the front of what a client sends, and then no more.
#[derive(Debug)]
pub(super) enum Reading {
    /// A request that is well-formed and whole, and what it comes to.
    Request { expected: Expected, length: usize },
    /// Nothing but empty lines.
    Nothing,
    /// No request, or the beginning of one: to be refused, and nothing behind it to be answered.
    Wrong {
        /// It looks like a request for a head alone.
        head_only: bool,
        /// Its head is right, so a reply may have begun before its body went wrong.
        may_have_begun: bool,
    },
    /// Something that this reader has no opinion on.
    Unsure { head_only: bool },
}

/// Why a part of a request is no part of one that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Wrong,
    Unsure,
}

/// A head that is well-formed.
struct Head<'a> {
    method: &'a str,
    target: &'a str,
    fields: Fields,
}

/// Reads what stands at the front.
pub(super) fn read(input: &[u8]) -> Reading {
    let mut rest = input;
    while let Some(behind) = rest.strip_prefix(b"\r\n") {
        rest = behind;
    }
    if rest.is_empty() {
        return Reading::Nothing;
    }
    let head_only = rest.starts_with(b"HEAD ");
    let wrong = |may_have_begun| Reading::Wrong { head_only, may_have_begun };
    let window = &rest[..rest.len().min(MAX_HEAD_BYTES)];
    let Some(end) = window.windows(4).position(|four| four == b"\r\n\r\n") else { return wrong(false) };
    let head = match head(&rest[..end]) {
        Ok(head) => head,
        Err(Doubt::Wrong) => return wrong(false),
        Err(Doubt::Unsure) => return Reading::Unsure { head_only },
    };
    let skipped = input.len() - rest.len();
    match routes::expected(&head) {
        Ok(Some(expected)) => return Reading::Request { expected, length: skipped + end + 4 },
        Ok(None) => {} // its body is sent back
        Err(Doubt::Wrong) => return wrong(false),
        Err(Doubt::Unsure) => return Reading::Unsure { head_only },
    }
    match body::read(&rest[end + 4..], head.fields.framing) {
        Some(Body { data, chunks, length }) => Reading::Request {
            expected: Expected::echo(data, chunks, !head.fields.persists),
            length: skipped + end + 4 + length,
        },
        None => wrong(true),
    }
}

/// Reads a head without its empty line.
fn head(bytes: &[u8]) -> Result<Head<'_>, Doubt> {
    let mut lines = crlf_lines(bytes).into_iter();
    let line = lines.next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Doubt::Wrong);
    };
    let minor = match version {
        b"HTTP/1.0" => 0,
        b"HTTP/1.1" => 1,
        _ => return Err(Doubt::Wrong),
    };
    if !is_token(method) || target.is_empty() || !target.iter().all(u8::is_ascii_graphic) {
        return Err(Doubt::Wrong);
    }
    let lines: Vec<&[u8]> = lines.collect();
    if lines.len() > MAX_FIELDS {
        return Err(Doubt::Wrong);
    }
    let fields = fields::read(&lines, minor)?;
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| Doubt::Wrong);
    Ok(Head { method: text(method)?, target: text(target)?, fields })
}

/// The lines of a text in which only CR LF ends one. Other line ends stay within, where they are found wrong.
fn crlf_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        lines.push(&rest[..end]);
        rest = &rest[end + 2..];
    }
    lines.push(rest);
    lines
}

/// RFC 9110, 5.6.2.
fn is_token(bytes: &[u8]) -> bool {
    let is_mark = |byte: &u8| b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}

/// `NAME: VALUE`, the value without the blanks around it (RFC 9112, 5.1).
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_right = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    if !is_token(name) || !value.iter().all(is_right) {
        return None;
    }
    Some((name, trimmed(value)))
}

/// Without spaces and tabs at its ends.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// A number of any length; what is too large counts as the largest.
fn number(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}
