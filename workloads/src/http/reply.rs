//! Writes the heads and bodies of replies, with no formatting machinery: this is what every request pays for.

use bytes::BytesMut;

use super::date;
use super::head::Connection;

/// The body of a 405.
pub(super) const ALLOWED: &str = "Only GET and HEAD are answered here.\n";

/// How a reply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    ContentTooLarge,
    UriTooLong,
    FieldsTooLarge,
    NotImplemented,
    VersionNotSupported,
}

impl Status {
    /// The status line, and the fields that always go with it.
    fn line(self) -> &'static str {
        match self {
            Self::Ok => "HTTP/1.1 200 OK\r\n",
            Self::BadRequest => "HTTP/1.1 400 Bad Request\r\n",
            Self::NotFound => "HTTP/1.1 404 Not Found\r\n",
            Self::MethodNotAllowed => "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n",
            Self::ContentTooLarge => "HTTP/1.1 413 Content Too Large\r\n",
            Self::UriTooLong => "HTTP/1.1 414 URI Too Long\r\n",
            Self::FieldsTooLarge => "HTTP/1.1 431 Request Header Fields Too Large\r\n",
            Self::NotImplemented => "HTTP/1.1 501 Not Implemented\r\n",
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

    fn field(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::OpenAsAsked => "Connection: keep-alive\r\n",
            Self::Close => "Connection: close\r\n",
        }
    }
}

/// The type of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Text,
    Html,
}

impl Content {
    fn field(self) -> &'static str {
        match self {
            Self::Text => "Content-Type: text/plain\r\nContent-Length: ",
            Self::Html => "Content-Type: text/html; charset=utf-8\r\nContent-Length: ",
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
    /// Appends the head of a reply whose body has `length` bytes.
    pub(super) fn write(&self, length: u64, output: &mut BytesMut) {
        output.reserve(256); // the longest head, so that it is done once
        output.extend_from_slice(self.status.line().as_bytes());
        output.extend_from_slice(&self.date);
        output.extend_from_slice(self.persistence.field().as_bytes());
        output.extend_from_slice(self.content.field().as_bytes());
        let mut room = [0; 20];
        output.extend_from_slice(decimal(length, &mut room));
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

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn digits_are_those_that_are_usually_printed() {
        for number in [0, 9, 10, 12, 1_073_741_824, u64::MAX] {
            assert_eq!(decimal(number, &mut [0; 20]), number.to_string().as_bytes());
        }
    }

    #[test]
    fn the_longest_head_fits_what_is_reserved_for_it() {
        let mut output = BytesMut::new();
        let head = Head {
            status: Status::MethodNotAllowed,
            date: date::field(UNIX_EPOCH),
            content: Content::Html,
            persistence: Persistence::OpenAsAsked,
        };
        head.write(u64::MAX, &mut output);
        assert!(output.len() <= 256, "{} bytes", output.len());
    }
}
