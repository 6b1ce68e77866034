//! Writes the heads and bodies of replies, with no formatting machinery: this is what every request pays for.

use bytes::BytesMut;

use super::date;
use super::head::Connection;

/// What a client is told who holds a body back until it is wanted (RFC 9110, 15.2.1).
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// How a reply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    PartialContent,
    MovedPermanently,
    NotModified,
    BadRequest,
    Forbidden,
    NotFound,
    /// 405, where GET and HEAD are allowed.
    OnlyGet,
    /// 405, where POST is.
    OnlyPost,
    PreconditionFailed,
    ContentTooLarge,
    UriTooLong,
    RangeNotSatisfiable,
    ExpectationFailed,
    FieldsTooLarge,
    InternalServerError,
    NotImplemented,
    /// 503, which may be over in a second.
    ServiceUnavailable,
    VersionNotSupported,
}

impl Status {
    /// The status line, and the fields that always go with it.
    pub(super) fn line(self) -> &'static str {
        match self {
            Self::Ok => "HTTP/1.1 200 OK\r\n",
            Self::PartialContent => "HTTP/1.1 206 Partial Content\r\n",
            Self::MovedPermanently => "HTTP/1.1 301 Moved Permanently\r\n",
            Self::NotModified => "HTTP/1.1 304 Not Modified\r\n",
            Self::BadRequest => "HTTP/1.1 400 Bad Request\r\n",
            Self::Forbidden => "HTTP/1.1 403 Forbidden\r\n",
            Self::NotFound => "HTTP/1.1 404 Not Found\r\n",
            Self::OnlyGet => "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n",
            Self::OnlyPost => "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\n",
            Self::PreconditionFailed => "HTTP/1.1 412 Precondition Failed\r\n",
            Self::ContentTooLarge => "HTTP/1.1 413 Content Too Large\r\n",
            Self::UriTooLong => "HTTP/1.1 414 URI Too Long\r\n",
            Self::RangeNotSatisfiable => "HTTP/1.1 416 Range Not Satisfiable\r\n",
            Self::ExpectationFailed => "HTTP/1.1 417 Expectation Failed\r\n",
            Self::FieldsTooLarge => "HTTP/1.1 431 Request Header Fields Too Large\r\n",
            Self::InternalServerError => "HTTP/1.1 500 Internal Server Error\r\n",
            Self::NotImplemented => "HTTP/1.1 501 Not Implemented\r\n",
            Self::ServiceUnavailable => "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n",
            Self::VersionNotSupported => "HTTP/1.1 505 HTTP Version Not Supported\r\n",
        }
    }
}

/// What becomes of the connection after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    /// It stays open, as is the rule in HTTP/1.1.
    Open,
    /// It stays open because an HTTP/1.0 client asked, who must be told so.
    OpenAsAsked,
    /// It is closed.
    Close,
}

impl Persistence {
    /// What a request of this minor version asks for.
    pub(super) fn new(connection: Connection, version: u8) -> Self {
        match (connection.persists(version), version) {
            (true, 0) => Self::OpenAsAsked,
            (true, _) => Self::Open,
            (false, _) => Self::Close,
        }
    }

    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::OpenAsAsked => "Connection: keep-alive\r\n",
            Self::Close => "Connection: close\r\n",
        }
    }
}

/// What a body is, and how it is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Text,
    Html,
    /// Whatever a client sent.
    Bytes,
    /// The same, in chunks.
    Chunks,
}

impl Content {
    /// The fields that say so, up to where the length stands.
    fn fields(self) -> &'static str {
        match self {
            Self::Text => "Content-Type: text/plain\r\nContent-Length: ",
            Self::Html => "Content-Type: text/html; charset=utf-8\r\nContent-Length: ",
            Self::Bytes => "Content-Type: application/octet-stream\r\nContent-Length: ",
            Self::Chunks => "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked",
        }
    }
}

/// Everything about a reply but its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) status: Status,
    pub(super) date: date::Field,
    pub(super) content: Content,
    pub(super) persistence: Persistence,
}

impl Head {
    /// Appends the head of a reply whose body has `length` bytes; one in chunks does not say how many.
    pub(super) fn write(&self, length: u64, output: &mut BytesMut) {
        output.reserve(256); // the longest head, so that it is done once
        output.extend_from_slice(self.status.line().as_bytes());
        output.extend_from_slice(&self.date);
        output.extend_from_slice(self.persistence.field().as_bytes());
        output.extend_from_slice(self.content.fields().as_bytes());
        let mut room = [0; 20];
        let digits = if self.content == Content::Chunks { &[] } else { decimal(length, &mut room) };
        output.extend_from_slice(digits);
        output.extend_from_slice(b"\r\n\r\n");
    }
}

/// A number in decimal digits.
fn decimal(mut number: u64, room: &mut [u8; 20]) -> &[u8] {
    let mut start = room.len();
    loop {
        start -= 1;
        room[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &room[start..];
        }
    }
}

/// A number in hexadecimal digits, as the size of a chunk is written.
pub(super) fn hexadecimal(mut number: u64, room: &mut [u8; 16]) -> &[u8] {
    let mut start = room.len();
    loop {
        start -= 1;
        room[start] = b"0123456789abcdef"[(number % 16) as usize];
        number /= 16;
        if number == 0 {
            return &room[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn digits_are_those_that_are_usually_printed() {
        for number in [0, 9, 10, 12, 1_073_741_824, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
            assert_eq!(hexadecimal(number, &mut [0; 16]), format!("{number:x}").as_bytes());
        }
    }

    #[test]
    fn the_longest_head_fits_what_is_reserved_for_it() {
        let mut output = BytesMut::new();
        let head = Head {
            status: Status::OnlyGet,
            date: date::field(UNIX_EPOCH),
            content: Content::Html,
            persistence: Persistence::OpenAsAsked,
        };
        head.write(u64::MAX, &mut output);
        assert!(output.len() <= 256, "{} bytes", output.len());
    }
}
