//! What the fields of a request say about it.

use super::{Doubt, field, number, trimmed};

/// Where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

/// What all fields come to.
pub(super) struct Fields {
    pub(super) framing: Framing,
    pub(super) persists: bool,
}

impl Fields {
    pub(super) fn has_body(&self) -> bool {
        self.framing != Framing::Length(0)
    }
}

/// Reads the lines of a request of HTTP/1.`minor`.
pub(super) fn read(lines: &[&[u8]], minor: u8) -> Result<Fields, Doubt> {
    let mut fields = Vec::new();
    for line in lines {
        let (name, value) = field(line).ok_or(Doubt::Wrong)?;
        fields.push((name.to_ascii_lowercase(), value));
    }
    let named = |wanted: &str| {
        let values = fields.iter().filter(|(name, _)| name == wanted.as_bytes());
        values.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    let framing = framing(&named("content-length"), &named("transfer-encoding"), minor)?;
    let connection = named("connection").join(&b","[..]).to_ascii_lowercase();
    let asks = |wanted: &[u8]| connection.split(|byte| *byte == b',').any(|option| trimmed(option) == wanted);
    let persists = !asks(b"close") && (minor == 1 || asks(b"keep-alive"));
    let doubts = [hosts(&named("host"), minor), expectations(&named("expect"), minor)];
    match doubts.into_iter().flatten().max_by_key(|doubt| *doubt == Doubt::Wrong) {
        Some(doubt) => Err(doubt),
        None => Ok(Fields { framing, persists }),
    }
}

fn framing(lengths: &[&[u8]], codings: &[&[u8]], minor: u8) -> Result<Framing, Doubt> {
    match (lengths, codings) {
        ([], []) => Ok(Framing::Length(0)),
        ([length], []) => match number(length) {
            Some(length) if length < u64::MAX => Ok(Framing::Length(length)),
            _ => Err(Doubt::Wrong),
        },
        ([], [coding]) if minor == 1 && coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        _ => Err(Doubt::Wrong),
    }
}

fn hosts(hosts: &[&[u8]], minor: u8) -> Option<Doubt> {
    match hosts {
        [] if minor == 0 => None,
        [host] if is_plain_host(host) => None,
        [host] if host.iter().any(|byte| !byte.is_ascii_graphic() || b"/@\"<>\\?#^`{|}".contains(byte)) => {
            Some(Doubt::Wrong)
        }
        [_] => Some(Doubt::Unsure),
        _ => Some(Doubt::Wrong),
    }
}

/// A name in the usual characters, or none, and perhaps a port.
pub(super) fn is_plain_host(host: &[u8]) -> bool {
    let end = host.iter().position(|byte| *byte == b':').unwrap_or(host.len());
    let (name, port) = host.split_at(end);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    name.iter().all(is_plain) && port.iter().skip(1).all(u8::is_ascii_digit)
}

fn expectations(values: &[&[u8]], minor: u8) -> Option<Doubt> {
    let is_fine = |value: &&&[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"100-continue");
    let doubtful = values.iter().find(|value| !is_fine(value)).filter(|_| minor == 1)?;
    Some(if doubtful.contains(&b',') { Doubt::Unsure } else { Doubt::Wrong })
}
