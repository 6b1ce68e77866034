//! The head of a reply, read strictly (RFC 9112, 4 to 6), and how the body behind it ends.

use crate::verify::case::{Verdict, ensure, failed};
use crate::verify::client::quoted;

/// Fields that have one value, and so stand once in a head (RFC 9110, 5.2 and 5.3). A length is looked at by itself.
const SINGLE_FIELDS: [&str; 11] = [
    "Date",
    "Content-Type",
    "Content-Location",
    "Content-Range",
    "Location",
    "ETag",
    "Last-Modified",
    "Expires",
    "Age",
    "Retry-After",
    "Server",
];

/// The head of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(super) minor_version: u8,
    pub(super) fields: Vec<(String, String)>,
}

/// How a body ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
    Close,
}

impl Head {
    pub(crate) fn parse(text: &[u8]) -> Verdict<Self> {
        let Ok(text) = std::str::from_utf8(text) else {
            return failed(format!("the head of a reply is no text: {}", quoted(text)));
        };
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let first = lines.next().unwrap_or_default();
        let Some((minor_version, status)) = status_line(first) else {
            return failed(format!("{first:?} is no status line, as in \"HTTP/1.1 200 OK\" (RFC 9112, 4)"));
        };
        let mut fields = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) if is_token(name) && !value.contains(['\n', '\r', '\0']) => {
                    fields.push((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
                }
                _ => return failed(format!("{line:?} is no header field (RFC 9112, 5)")),
            }
        }
        let head = Self { status, minor_version, fields };
        for name in SINGLE_FIELDS {
            let values = head.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name)).count();
            ensure(values <= 1, || {
                format!("the head of a reply has {values} fields {name}, and may have one (RFC 9110, 5.3)")
            })?;
        }
        Ok(head)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// How the body ends (RFC 9112, 6.3).
    pub(crate) fn framing(&self) -> Verdict<Framing> {
        let lengths = self.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case("Content-Length"));
        match (self.field("Transfer-Encoding"), lengths.count()) {
            (None, 0) => Ok(Framing::Close),
            (Some(coding), 0) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
            (Some(coding), 0) => failed(format!("a reply has the transfer coding {coding:?}")),
            (None, 1) => {
                let text = self.field("Content-Length").unwrap_or_default();
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                match text.parse() {
                    Ok(length) if digits => Ok(Framing::Length(length)),
                    _ => failed(format!("the Content-Length of a reply is {text:?}")),
                }
            }
            _ => failed("a reply says twice how long it is (RFC 9112, 6.3)"),
        }
    }
}

/// The minor version and the status.
fn status_line(line: &str) -> Option<(u8, u16)> {
    let rest = line.strip_prefix("HTTP/1.")?;
    let (minor, rest) = rest.split_at_checked(1)?;
    let (status, _) = rest.strip_prefix(' ')?.split_at_checked(3)?;
    let reason = &rest[4..];
    let is_status = status.bytes().all(|byte| byte.is_ascii_digit()) && !status.starts_with('0');
    // The blank belongs there even without a reason; it is often left out, which does no harm.
    (is_status && (reason.is_empty() || reason.starts_with(' '))).then_some(())?;
    Some((minor.parse().ok()?, status.parse().ok()?))
}

fn is_token(name: &str) -> bool {
    let is_mark = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(text: &str) -> Verdict<Head> {
        Head::parse(text.as_bytes())
    }

    #[test]
    fn a_head_is_read_with_its_fields() {
        let head = head("HTTP/1.1 200 OK\r\nA: b \r\nContent-length: 12\r\n\r\n").unwrap();
        assert_eq!((head.status, head.minor_version), (200, 1));
        assert_eq!(head.field("a"), Some("b"));
        assert_eq!(head.framing().unwrap(), Framing::Length(12));
    }

    #[test]
    fn what_is_no_head_is_told_apart() {
        for text in [
            "200 OK\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 2000\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
        ] {
            assert!(head(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_body_whose_end_is_said_twice_is_refused() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: +1\r\n",
            "Transfer-Encoding: gzip\r\n",
        ] {
            let head = head(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).unwrap();
            assert!(head.framing().is_err(), "{fields}");
        }
    }

    #[test]
    fn a_field_that_has_one_value_stands_once() {
        for name in ["Date", "content-type"] {
            let twice = format!("HTTP/1.1 200 OK\r\n{name}: a\r\nX: y\r\n{name}: a\r\n\r\n");
            assert!(head(&twice).is_err(), "{name}");
        }
        assert!(head("HTTP/1.1 200 OK\r\nAllow: GET\r\nAllow: HEAD\r\n\r\n").is_ok());
    }

    proptest! {
        #[test]
        fn no_head_makes_it_panic(text in prop::collection::vec(any::<u8>(), 0..60), line in "HTTP/1.\\PC{0,20}") {
            let _ = Head::parse(&text).and_then(|head| head.framing());
            let _ = head(&format!("{line}\r\n\r\n"));
        }
    }
}
