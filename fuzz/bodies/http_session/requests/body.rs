//! Reads the body of a request.

use super::fields::Framing;
use super::{MAX_FIELDS, crlf_lines, field};

/// How many bytes all extensions of chunks may have, and how many a trailer.
const MAX_ASIDE_BYTES: usize = 16 * 1024;

/// A whole body.
pub(super) struct Body {
    pub(super) data: Vec<u8>,
    pub(super) chunks: Option<Vec<usize>>,
    /// How many bytes it took.
    pub(super) length: usize,
}

/// Reads the body at the front; none if it is wrong or not whole.
pub(super) fn read(input: &[u8], framing: Framing) -> Option<Body> {
    match framing {
        Framing::Length(length) => {
            let data = input.get(..usize::try_from(length).ok()?)?;
            Some(Body { data: data.to_vec(), chunks: None, length: data.len() })
        }
        Framing::Chunked => chunked(input),
    }
}

/// RFC 9112, 7.1.
fn chunked(input: &[u8]) -> Option<Body> {
    let (mut data, mut chunks, mut rest, mut aside) = (Vec::new(), Vec::new(), input, 0);
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = &rest[..end];
        rest = &rest[end + 2..];
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if !(1..=16).contains(&digits) || !is_extensions(&line[digits..]) {
            return None;
        }
        aside += line.len() - digits;
        if aside > MAX_ASIDE_BYTES {
            return None;
        }
        let size = usize::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()?;
        if size == 0 {
            break;
        }
        data.extend_from_slice(rest.get(..size)?);
        chunks.push(size);
        rest = rest[size..].strip_prefix(b"\r\n")?;
    }
    let length = input.len() - rest.len() + trailer(rest)?;
    Some(Body { data, chunks: Some(chunks), length })
}

/// Nothing, or text behind a semicolon, before which there may be blanks.
fn is_extensions(text: &[u8]) -> bool {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match &text[blanks..] {
        [] => blanks == 0,
        [b';', rest @ ..] => rest.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..)),
        _ => false,
    }
}

/// How many bytes a trailer takes, its empty line included.
fn trailer(input: &[u8]) -> Option<usize> {
    if input.starts_with(b"\r\n") {
        return Some(2);
    }
    let end = input.windows(4).position(|four| four == b"\r\n\r\n")?;
    let lines = crlf_lines(&input[..end]);
    let is_right = end + 4 <= MAX_ASIDE_BYTES && lines.len() <= MAX_FIELDS;
    (is_right && lines.iter().all(|line| field(line).is_some())).then_some(end + 4)
}
