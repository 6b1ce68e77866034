//! HTTP as a strict client hears it (RFC 9112): reply after reply from one connection, each with its body.

pub(crate) mod head;

use super::super::case::{Verdict, Within, ensure, failed, skipped};
use super::super::client::{Client, Heard, quoted};
use super::super::common::Stays;
use super::super::subject::Subject;
use head::{Framing, Head};

/// A head longer than this is no answer to anything that is asked here.
const HEAD_BYTES_AT_MOST: usize = 64 * 1024;
/// A line of a chunked body.
const LINE_BYTES_AT_MOST: usize = 4 * 1024;
/// A body longer than this is none that was asked for.
const BODY_BYTES_AT_MOST: usize = 2 * super::LARGE_BYTES;
/// How many interim replies may come before the final one.
const INTERIM_AT_MOST: usize = 8;
/// How many fields may follow a chunked body.
const TRAILERS_AT_MOST: usize = 1_000;

/// A connection over which HTTP is spoken.
pub(super) struct Http<'a> {
    client: &'a Client,
    /// What came and is not used up.
    buffer: Vec<u8>,
    /// The head of a reply has come, and its body not yet.
    within_body: bool,
    /// The server has ended the connection.
    ended: bool,
}

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// The status codes of the interim replies before it.
    pub(super) interim: Vec<u16>,
    pub(super) body: Vec<u8>,
    head: Head,
}

/// A GET request for `path` in HTTP/1.1.
pub(super) fn get(path: &str) -> Vec<u8> {
    request("GET", path, "", b"")
}

/// A request in HTTP/1.1, with more fields (each with its line end) and a body.
pub(super) fn request(method: &str, path: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nHost: verify.test\r\n{fields}\r\n");
    [head.as_bytes(), body].concat()
}

/// Sends `request` on a connection of its own, and gives the reply to its method.
pub(super) fn ask_alone(subject: &Subject, request: &[u8]) -> Verdict<Reply> {
    let client = Client::connect(subject)?;
    client.send(request)?;
    Http::over(&client).reply(method_of(request))
}

/// The method that a request begins with.
pub(super) fn method_of(request: &[u8]) -> &str {
    let end = request.iter().position(|byte| *byte == b' ').unwrap_or_default();
    std::str::from_utf8(&request[..end]).unwrap_or_default()
}

impl<'a> Http<'a> {
    /// Speaks over a connection on which nothing has come yet.
    pub(super) fn over(client: &'a Client) -> Self {
        Self { client, buffer: Vec::new(), within_body: false, ended: false }
    }

    /// Sends a request and reads the reply.
    pub(super) fn ask(&mut self, request: &[u8]) -> Verdict<Reply> {
        self.client.send(request)?;
        self.reply(method_of(request))
    }

    /// Reads the reply to a request of this method, and the interim replies before it.
    pub(super) fn reply(&mut self, method: &str) -> Verdict<Reply> {
        let mut interim = Vec::new();
        loop {
            let head = self.head()?;
            if (100..200).contains(&head.status) {
                interim.push(head.status);
                ensure(interim.len() <= INTERIM_AT_MOST, || {
                    format!("interim replies without end: {interim:?}")
                })?;
                continue;
            }
            let has_body = method != "HEAD" && !matches!(head.status, 204 | 304);
            self.within_body = has_body;
            let body = if has_body { self.body(&head).within("in the body of a reply")? } else { Vec::new() };
            self.within_body = false;
            return Ok(Reply { status: head.status, interim, body, head });
        }
    }

    /// Reads a reply, unless the connection has ended, or ends now, with not a byte of one.
    pub(super) fn reply_or_end(&mut self, method: &str) -> Verdict<Option<Reply>> {
        if self.buffer.is_empty() && matches!(self.client.wait_for_something()?, Heard::End) {
            return Ok(None);
        }
        self.reply(method).map(Some)
    }

    /// Reads the head of an interim reply, and no more.
    pub(super) fn interim(&mut self) -> Verdict<u16> {
        Ok(self.head()?.status)
    }

    /// The connection must end here.
    pub(super) fn end(&mut self) -> Verdict {
        ensure(self.buffer.is_empty(), || {
            format!("expected the end of the connection, got {}", quoted(&self.buffer))
        })?;
        self.client.expect_end()
    }

    /// Whether the connection ended, in order, before the body of a reply did.
    pub(super) fn was_cut_short(&self) -> bool {
        self.ended && self.within_body
    }

    /// The client says that it sends no more; then the connection must end with nothing more.
    pub(super) fn leave(&mut self) -> Verdict {
        self.client.half_close()?;
        self.end()
    }

    /// Whether the connection ended, in order, with not a byte of a reply.
    pub(super) fn ended_silently(&self) -> bool {
        self.ended && self.buffer.is_empty() && !self.within_body
    }

    /// Nothing more may have come so far.
    pub(super) fn no_more(&self) -> Verdict {
        ensure(self.buffer.is_empty(), || format!("after the whole reply came {}", quoted(&self.buffer)))
    }

    fn head(&mut self) -> Verdict<Head> {
        let text = self.take_until(b"\r\n\r\n", HEAD_BYTES_AT_MOST).within("waiting for a reply")?;
        Head::parse(&text)
    }

    fn body(&mut self, head: &Head) -> Verdict<Vec<u8>> {
        match head.framing()? {
            Framing::Length(length) => self.take(length),
            Framing::Chunked => self.chunks(),
            Framing::Close => {
                while self.fill()? {
                    is_bounded(self.buffer.len())?;
                }
                Ok(std::mem::take(&mut self.buffer))
            }
        }
    }

    fn chunks(&mut self) -> Verdict<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let Some(size) = chunk_size(&line) else {
                return failed(format!("the chunk size {line:?} is no number"));
            };
            if size == 0 {
                self.trailers()?;
                return Ok(body);
            }
            is_bounded(size.saturating_add(body.len()))?;
            body.extend(self.take(size)?);
            let end = self.line()?;
            ensure(end.is_empty(), || format!("a chunk of {size} bytes is followed by {end:?}"))?;
        }
    }

    fn trailers(&mut self) -> Verdict {
        for _ in 0..TRAILERS_AT_MOST {
            if self.line()?.is_empty() {
                return Ok(());
            }
        }
        failed("trailers without end")
    }

    fn line(&mut self) -> Verdict<String> {
        let line = self.take_until(b"\r\n", LINE_BYTES_AT_MOST)?;
        Ok(String::from_utf8_lossy(&line[..line.len() - 2]).into_owned())
    }

    /// Takes all up to and with `mark`.
    fn take_until(&mut self, mark: &[u8], at_most: usize) -> Verdict<Vec<u8>> {
        let mut searched = 0;
        loop {
            let found = self.buffer[searched..].windows(mark.len()).position(|window| window == mark);
            if let Some(at) = found {
                return Ok(self.buffer.drain(..searched + at + mark.len()).collect());
            }
            searched = self.buffer.len().saturating_sub(mark.len() - 1);
            ensure(searched < at_most, || {
                format!("{searched} bytes without an end: {}", quoted(&self.buffer))
            })?;
            let begun = if self.buffer.is_empty() {
                String::new()
            } else {
                format!("after {}", quoted(&self.buffer))
            };
            if !self.fill().within(begun)? {
                return failed(match self.buffer.as_slice() {
                    [] => "the connection ended".to_owned(),
                    begun => format!("the connection ended after {}", quoted(begun)),
                });
            }
        }
    }

    fn take(&mut self, length: usize) -> Verdict<Vec<u8>> {
        is_bounded(length)?;
        while self.buffer.len() < length {
            let place = format!("after {} of {length} bytes", self.buffer.len());
            let more = self.fill().within(&place)?;
            ensure(more, || format!("{place}: the connection ended"))?;
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> Verdict<bool> {
        let mut room = [0; 16 * 1024];
        let read = self.client.read(&mut room)?;
        self.buffer.extend_from_slice(&room[..read]);
        self.ended = read == 0;
        Ok(read > 0)
    }
}

impl Reply {
    /// The value of a field; of several the first.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }

    /// Whether a list field has this member, without regard to case.
    pub(super) fn lists(&self, name: &str, member: &str) -> bool {
        let fields = self.head.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        fields.flat_map(|(_, value)| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(member))
    }

    /// Whether the connection stays open behind it (RFC 9112, 9.3).
    pub(super) fn persists(&self) -> bool {
        let keeps = self.head.minor_version > 0 || self.lists("Connection", "keep-alive");
        keeps && !self.lists("Connection", "close")
    }

    /// The same in a word.
    pub(super) fn stays(&self) -> Stays {
        if self.persists() { Stays::Open } else { Stays::Closed }
    }

    /// A case that needs the connection to go on is skipped where it does not: that is another case's business.
    pub(super) fn must_persist(&self) -> Verdict {
        if self.persists() { Ok(()) } else { skipped("the server ends the connection with the reply") }
    }

    /// The status must be one of these.
    pub(super) fn expect_status(&self, expected: &[u16]) -> Verdict {
        ensure(expected.contains(&self.status), || {
            let expected: Vec<String> = expected.iter().map(u16::to_string).collect();
            format!("expected status {}, got {}", expected.join(" or "), self.in_words())
        })
    }

    /// The status must be 200, and the body this.
    pub(super) fn expect_body(&self, expected: &[u8]) -> Verdict {
        self.expect_status(&[200])?;
        ensure(self.body == expected, || {
            format!(
                "expected a body of {} bytes, {}, got one of {} bytes, {}",
                expected.len(),
                quoted(expected),
                self.body.len(),
                quoted(&self.body)
            )
        })
    }

    fn in_words(&self) -> String {
        let body = if self.body.is_empty() { String::new() } else { format!(" with {}", quoted(&self.body)) };
        format!("{}{body}", self.status)
    }
}

/// The size of a chunk, from its line: hexadecimal digits and nothing else, up to an extension (RFC 9112, 7.1).
pub(crate) fn chunk_size(line: &str) -> Option<usize> {
    let digits = line.split(';').next().unwrap_or_default();
    let is_size = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    usize::from_str_radix(digits, 16).ok().filter(|_| is_size)
}

/// A body without a bound is not read to its end.
fn is_bounded(length: usize) -> Verdict {
    ensure(length <= BODY_BYTES_AT_MOST, || {
        format!("a body of {length} bytes is longer than any that was asked for")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_size_is_hexadecimal_digits_alone() {
        assert_eq!(chunk_size("00aF"), Some(0xaf));
        assert_eq!(chunk_size("5;name=value"), Some(5));
        for line in ["", ";x", "+5", "-5", "0x5", " 5", "5 ", "5 ;x", "5_0", "g", "10000000000000005"] {
            assert_eq!(chunk_size(line), None, "{line:?}");
        }
    }

    #[test]
    fn the_method_stands_at_the_front() {
        assert_eq!(method_of(&get("/")), "GET");
        assert_eq!(method_of(b"\x16\x03"), "");
    }
}
