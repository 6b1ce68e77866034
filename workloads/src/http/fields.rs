//! Looks at the fields of a head that say where the request ends, whom it is for and what comes after it.
//!
//! Two readings of where a request ends are how requests are smuggled past a proxy (RFC 9112, 11.2). So whatever
//! leaves a doubt is refused here, also where the RFC would let a server guess.

use httparse::Header;

use super::body::Framing;
use super::head::{self, Connection};
use super::host::is_host;
use super::refusal::Refusal;
use super::reply::Persistence;

/// What the fields of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) framing: Framing,
    pub(super) persistence: Persistence,
    /// The client holds its body back until it is told to go on (RFC 9110, 10.1.1).
    pub(super) expects_continue: bool,
}

impl Meaning {
    /// Whether anything may follow the head that belongs to this request.
    pub(super) fn has_body(&self) -> bool {
        self.framing != Framing::Length(0)
    }
}

/// Judges the fields of a request of this minor version.
#[inline]
pub(super) fn judge(fields: &[Header<'_>], version: u8) -> Result<Meaning, Refusal> {
    let mut connection = Connection::default();
    let (mut hosts, mut length, mut coding) = (0, None, Coding::None);
    let mut expects_continue = false;
    for field in fields {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        match field.name.len() {
            4 if is("host") => {
                hosts += 1;
                if !is_host(field.value) {
                    return Err(Refusal::HOST);
                }
            }
            // An HTTP/1.0 client can't mean it, and would not know what to make of a 100.
            6 if version > 0 && is("expect") => expects_continue |= expectation(field.value)?,
            10 if is("connection") => connection.add(field.value),
            14 if is("content-length") => {
                let value = head::number(field.value).filter(|value| *value < u64::MAX);
                if length.replace(value.ok_or(Refusal::LENGTH)?).is_some() {
                    return Err(Refusal::LENGTH);
                }
            }
            17 if is("transfer-encoding") => coding = coding.and(field.value),
            _ => {}
        }
    }
    // RFC 9112, 3.2: exactly one in HTTP/1.1, and never several.
    if hosts > 1 || (hosts == 0 && version > 0) {
        return Err(Refusal::HOST);
    }
    let framing = framing(length, coding, version)?;
    Ok(Meaning { framing, persistence: Persistence::new(connection, version), expects_continue })
}

/// Where the body ends (RFC 9112, 6.3). Without a word about it there is none.
fn framing(length: Option<u64>, coding: Coding, version: u8) -> Result<Framing, Refusal> {
    match (length, coding) {
        (length, Coding::None) => Ok(Framing::Length(length.unwrap_or(0))),
        (_, _) if version == 0 => Err(Refusal::OLD_CODING),
        (Some(_), _) => Err(Refusal::TWO_LENGTHS),
        (None, Coding::Chunked) => Ok(Framing::Chunked),
        (None, Coding::Unknown) => Err(Refusal::CODING),
        (None, Coding::Wrong) => Err(Refusal::CODING_ORDER),
    }
}

/// What the `Transfer-Encoding` fields come to, in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// There are none.
    None,
    /// Chunked, and nothing else.
    Chunked,
    /// Something that is not understood here.
    Unknown,
    /// Chunked twice or not last, or an empty place in the list. A list may have those (RFC 9110, 5.6.1), but no
    /// honest client writes them here, and others might read them differently.
    Wrong,
}

impl Coding {
    /// Takes in one more field: a list of case-insensitive names.
    #[cold]
    fn and(self, value: &[u8]) -> Self {
        value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).fold(self, |before, name| match before {
            Self::Chunked | Self::Wrong => Self::Wrong,
            _ if name.is_empty() => Self::Wrong,
            Self::None if name.eq_ignore_ascii_case(b"chunked") => Self::Chunked,
            Self::None | Self::Unknown => Self::Unknown,
        })
    }
}

/// Whether an `Expect` field asks for a 100.
#[cold]
fn expectation(value: &[u8]) -> Result<bool, Refusal> {
    let mut names = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    names.try_fold(false, |_, name| {
        if name.eq_ignore_ascii_case(b"100-continue") { Ok(true) } else { Err(Refusal::EXPECTATION) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coding(values: &[&str]) -> Coding {
        values.iter().fold(Coding::None, |coding, value| coding.and(value.as_bytes()))
    }

    #[test]
    fn chunked_must_stand_once_and_alone() {
        for (values, expected) in [
            (&["chunked"][..], Coding::Chunked),
            (&["ChunKED"], Coding::Chunked),
            (&["chunked", "chunked"], Coding::Wrong),
            (&["chunked, chunked"], Coding::Wrong),
            (&["chunked, gzip"], Coding::Wrong),
            (&["chunked", "identity"], Coding::Wrong),
            (&["chunked,"], Coding::Wrong),
            (&[",chunked"], Coding::Wrong),
            (&[""], Coding::Wrong),
            (&["gzip"], Coding::Unknown),
            (&["gzip, chunked"], Coding::Unknown),
            (&["gzip", "chunked"], Coding::Unknown),
            (&["identity"], Coding::Unknown),
            (&["xchunked"], Coding::Unknown),
            (&["chunked;q=1"], Coding::Unknown),
            (&["\"chunked\""], Coding::Unknown),
            (&["chunk ed"], Coding::Unknown),
        ] {
            assert_eq!(coding(values), expected, "{values:?}");
        }
    }

    #[test]
    fn nothing_but_100_continue_is_expected() {
        for (value, expected) in [
            ("100-continue", Ok(true)),
            ("100-Continue", Ok(true)),
            ("100-continue, 100-continue", Ok(true)),
            ("", Ok(false)),
            ("100-continue=1", Err(Refusal::EXPECTATION)),
            ("100-continue, tea", Err(Refusal::EXPECTATION)),
            ("200-ok", Err(Refusal::EXPECTATION)),
        ] {
            assert_eq!(expectation(value.as_bytes()), expected, "{value}");
        }
    }
}
