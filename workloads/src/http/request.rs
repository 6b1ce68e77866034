//! Reads one request head into a small struct, or says why it is refused (RFC 9112).
//!
//! httparse does the parsing. It is more lenient than a server on the open net should be: it takes a bare line feed
//! for a line end and skips any number of empty lines. What it lets through is refused here.
//!
//! What a request comes to depends on its bytes alone and not on how they were split: a first line is judged once
//! it is whole, and the rest once the empty line is there.

use httparse::{Error, Status as Parsed};

use super::fields::{self, Meaning};
use super::head::{self, end_of_head, end_of_line};
use super::refusal::Refusal;

/// The longest head, and the longest first line, in bytes.
pub(super) const MAX_HEAD_BYTES: usize = 16 * 1024;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) target: &'a str,
    pub(super) meaning: Meaning,
}

/// The methods that the server tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Post,
    /// Another one of the standard (RFC 9110, 9.1; RFC 5789).
    Other,
    /// One that means nothing here.
    Unknown,
}

/// Reads head after head from the front of a buffer, and remembers how far it has looked at an unfinished one.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// So many bytes hold no end of a head.
    seen: usize,
    /// The first line is whole and right.
    line_is_right: bool,
}

impl Reader {
    /// The request at the front of `input` and the length of its head; none while it is not whole.
    ///
    /// The caller has taken empty lines away, takes the head away once it was read, and calls with more otherwise.
    pub(super) fn read<'a>(&mut self, input: &'a [u8]) -> Result<Option<(Request<'a>, usize)>, Refusal> {
        match input {
            [] | [b'\r'] => return Ok(None),
            // Somebody speaks TLS or worse, and might wait for us for ever.
            [first, ..] if !first.is_ascii_graphic() => return Err(Refusal::NOT_A_REQUEST),
            _ => {}
        }
        // Nearly always a head comes whole: then the parser is the first to look at it.
        if self.seen == 0
            && let Ok(Some((request, length))) = parse(input)
            && length <= MAX_HEAD_BYTES
        {
            return Ok(Some((request, length)));
        }
        self.read_in_parts(input)
    }

    #[cold]
    fn read_in_parts<'a>(&mut self, input: &'a [u8]) -> Result<Option<(Request<'a>, usize)>, Refusal> {
        let window = &input[..input.len().min(MAX_HEAD_BYTES)];
        let too_long = input.len() > MAX_HEAD_BYTES;
        if !self.line_is_right {
            let Some(end) = end_of_line(&window[self.seen..]) else {
                self.seen = window.len();
                return if too_long { Err(Refusal::LONG_LINE) } else { Ok(None) };
            };
            check_line(&window[..self.seen + end])?;
            self.line_is_right = true;
        }
        let Some(end) = end_of_head(window, self.seen) else {
            self.seen = window.len();
            return if too_long { Err(Refusal::LONG_HEAD) } else { Ok(None) };
        };
        *self = Self::default();
        parse(&window[..end])
    }
}

/// Judges a first line that is whole.
fn check_line(line: &[u8]) -> Result<(), Refusal> {
    let mut room = head::fields();
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(line, &mut room) {
        Ok(_) => Ok(()),
        Err(Error::Version) if names_another_version(line) => Err(Refusal::VERSION),
        Err(_) => Err(Refusal::NOT_A_REQUEST),
    }
}

/// Whether a line ends in a well-formed version that is not one of ours: `HTTP/2.0`.
fn names_another_version(line: &[u8]) -> bool {
    let version = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next();
    match version.and_then(|version| version.strip_prefix(b"HTTP/")) {
        Some([b'1', b'.', b'0' | b'1']) => false, // something else is wrong with the line
        Some([major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}

/// Parses a head. In what is not a whole head, errors are not yet to be trusted: see [`Reader`].
fn parse(input: &[u8]) -> Result<Option<(Request<'_>, usize)>, Refusal> {
    let mut room = head::fields();
    let mut parsed = httparse::Request::new(&mut []);
    let length = match parsed.parse_with_uninit_headers(input, &mut room) {
        Ok(Parsed::Complete(length)) => length,
        Ok(Parsed::Partial) => return Ok(None),
        Err(Error::TooManyHeaders) => return Err(Refusal::MANY_FIELDS),
        Err(_) => return Err(Refusal::FIELD), // the first line was judged before
    };
    if !lines_end_in_crlf(&input[..length], parsed.headers.len() + 2) {
        return Err(Refusal::LINE_END);
    }
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
        return Err(Refusal::NOT_A_REQUEST); // a complete head has all three
    };
    // The parser lets UTF-8 through, which no target may hold (RFC 3986, 2), whatever the method makes of it.
    if !target.is_ascii() {
        return Err(Refusal::TARGET);
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE" | "PATCH" => Method::Other,
        _ => Method::Unknown,
    };
    let meaning = fields::judge(parsed.headers, version)?;
    Ok(Some((Request { method, target, meaning }, length)))
}

/// The parser takes CR LF or LF for a line end, and a carriage return nowhere else: so there is one for each line
/// if, and only if, each line ends in CR LF.
fn lines_end_in_crlf(head: &[u8], lines: usize) -> bool {
    // Counted in single bytes, which the compiler does sixteen at a time.
    let in_part = |part: &[u8]| part.iter().map(|byte| u8::from(*byte == b'\r')).sum::<u8>();
    head.chunks(128).map(|part| usize::from(in_part(part))).sum::<usize>() == lines
}

#[cfg(test)]
mod tests {
    use super::super::body::Framing;
    use super::super::reply::{Persistence, Status};
    use super::*;

    fn status(head: &[u8]) -> Status {
        Reader::default().read(head).unwrap_err().status
    }

    #[test]
    fn a_whole_head_gives_the_request_and_its_length() {
        let input = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET";
        let (request, length) = Reader::default().read(input).unwrap().unwrap();
        let meaning =
            Meaning { framing: Framing::Length(0), persistence: Persistence::Open, expects_continue: false };
        assert_eq!(request, Request { method: Method::Get, target: "/hello", meaning });
        assert_eq!(length, input.len() - 3);
    }

    #[test]
    fn a_head_byte_by_byte_is_the_same_as_one_that_comes_whole() {
        let head = b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        let mut reader = Reader::default();
        for end in 0..head.len() {
            assert_eq!(reader.read(&head[..end]), Ok(None), "after {end} bytes");
        }
        assert_eq!(reader.read(head), Reader::default().read(head));
    }

    #[test]
    fn what_can_be_no_request_is_refused_at_its_first_byte() {
        for first in [b"\x16", b"\0", b" ", b"\n", b"\xff"] {
            assert_eq!(status(first), Status::BadRequest);
        }
        assert_eq!(status(b"\rG"), Status::BadRequest);
    }

    #[test]
    fn a_wrong_first_line_is_refused_before_the_rest_has_come() {
        assert_eq!(status(b"GET /\r\n"), Status::BadRequest);
        assert_eq!(status(b"GET / HTTP/2.0\r\n"), Status::VersionNotSupported);
        assert_eq!(status(b"GET  / HTTP/1.1\r\n"), Status::BadRequest);
        assert_eq!(status(b"GET / HTTP/1.10\r\n"), Status::BadRequest);
        assert_eq!(status(b"GET / http/1.1\r\n"), Status::BadRequest);
    }

    #[test]
    fn a_bare_line_feed_is_refused_wherever_it_stands() {
        for head in [
            &b"GET / HTTP/1.1\nHost: a\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        ] {
            assert_eq!(Reader::default().read(head), Err(Refusal::LINE_END));
        }
    }
}
