//! Reads the head of a reply: what its status is and where its body ends (RFC 9112, 6.3).

use httparse::{Response, Status};

use crate::http::head::{self, Connection};

/// The longest head that is taken, in bytes.
pub(super) const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Where a body ends, and what comes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Framing {
    /// The length of the body; none if it comes in chunks, or ends where the connection does.
    pub(super) length: Option<u64>,
    /// The body comes in chunks.
    pub(super) chunked: bool,
    /// The server said that it will close the connection.
    pub(super) closing: bool,
}

/// Reads a whole head, or says what is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<Framing, String> {
    let mut room = head::fields();
    let mut response = Response::new(&mut []);
    let parsed =
        httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut room);
    let (Ok(Status::Complete(_)), Some(version), Some(code)) = (parsed, response.version, response.code)
    else {
        let problem =
            parsed.err().map_or_else(|| "nothing before its end".to_owned(), |error| error.to_string());
        return Err(format!("the reply's head is not HTTP/1: {problem}"));
    };
    if code != 200 {
        return Err(format!("the status is {code} {}, not 200", response.reason.unwrap_or_default()));
    }
    let mut connection = Connection::default();
    let (mut length, mut chunked) = (None, false);
    for field in response.headers.iter() {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if is("connection") {
            connection.add(field.value);
        } else if is("content-length") {
            let value = head::number(field.value).ok_or("the reply's Content-Length is not a number")?;
            if length.replace(value).is_some_and(|other| other != value) {
                return Err("the reply has two Content-Lengths that differ".to_owned());
            }
        } else if is("transfer-encoding") {
            if chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                return Err("the reply has a transfer coding that nobody asked for".to_owned());
            }
            chunked = true;
        }
    }
    if chunked && length.is_some() {
        return Err("the reply has both a Content-Length and chunks".to_owned());
    }
    let ends_by_itself = chunked || length.is_some();
    Ok(Framing { length, chunked, closing: !ends_by_itself || !connection.persists(version) })
}
