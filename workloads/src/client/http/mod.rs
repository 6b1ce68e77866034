//! The client of the HTTP service, and of any other HTTP server.
//!
//! A reply is right if its status is 200 and its body is the expected one, byte for byte, whether it comes with a length,
//! in chunks or up to the end of the connection. What `/hello`, `/bytes/N`,
//! `/cpu/N` and `/wait/MS` must give is known beforehand. For any other path the first body that any connection
//! of the client receives is learned, and every further one must be the same.
//!
//! Nearly all replies on a connection are the same to the byte, until the second in `Date` changes. So a checker
//! keeps the last whole reply: what equals it is right by one comparison, and only what doesn't is parsed.

pub mod attacks;
mod chunks;
mod expected;
pub mod malformed;
mod reply;

use std::sync::Arc;

use thiserror::Error;

use self::chunks::Chunks;
use self::expected::Expected;
use self::reply::{Framing, MAX_HEAD_BYTES};
use super::{Checker, Client, Reply};
use crate::http::head::end_of_head;

/// The longest reply that a checker keeps to compare further ones with, in bytes.
const MAX_KEPT_BYTES: usize = 32 * 1024;

/// Asks for one path over and over.
///
/// ```
/// use workloads::client::{Client, HttpClient, Reply};
///
/// let client = HttpClient::new("/hello", "localhost", true)?;
/// assert_eq!(client.request(), b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
/// let mut checker = client.checker();
/// let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello World\n";
/// assert_eq!(checker.arrived(&reply[..40]), Reply::More);
/// assert_eq!(checker.arrived(&reply[40..]), Reply::Whole { used: reply.len() - 40, closing: false });
/// # Ok::<(), workloads::client::http::HttpClientError>(())
/// ```
#[derive(Debug, Clone)]
pub struct HttpClient {
    request: Vec<u8>,
    expected: Arc<Expected>,
}

/// Why a client can't be made; each message says what would do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HttpClientError {
    /// The path would break the request line.
    #[error(
        "the path '{0}' can't be asked for; write one that begins with / and has no spaces or #, as in /hello"
    )]
    Path(String),
    /// The host would break the `Host` field.
    #[error("'{0}' is not a host; write a name or address with or without a port, as in 127.0.0.1:8888")]
    Host(String),
}

impl HttpClient {
    /// A client that asks `host` (the value of the `Host` field) for `path`. Without `keep_alive` each request
    /// says `Connection: close`.
    ///
    /// For `/cpu/N` it counts the primes itself, so this takes as long as one such request.
    pub fn new(path: &str, host: &str, keep_alive: bool) -> Result<Self, HttpClientError> {
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !path.starts_with('/') || path.contains('#') || !is_plain(path) {
            return Err(HttpClientError::Path(path.to_owned()));
        }
        if host.is_empty() || host.contains(['/', '@']) || !is_plain(host) {
            return Err(HttpClientError::Host(host.to_owned()));
        }
        let connection = if keep_alive { "" } else { "Connection: close\r\n" };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{connection}\r\n").into_bytes();
        Ok(Self { request, expected: Arc::new(Expected::at(path)) })
    }
}

impl Client for HttpClient {
    fn request(&self) -> &[u8] {
        &self.request
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(HttpChecker {
            expected: Arc::clone(&self.expected),
            kept: Vec::new(),
            kept_closing: false,
            head: Vec::new(),
            seen: 0,
            body: None,
        })
    }
}

struct HttpChecker {
    expected: Arc<Expected>,
    /// The last reply that came in one piece; empty if there is none worth keeping.
    kept: Vec<u8>,
    kept_closing: bool,
    /// The head of a reply that comes in several pieces.
    head: Vec<u8>,
    /// So many bytes of it hold no end of a head.
    seen: usize,
    /// The body that is arriving.
    body: Option<Body>,
}

/// A body under way.
struct Body {
    framing: Framing,
    /// How far its chunks have come, if it has such.
    chunks: Chunks,
    seen: u64,
    /// What came so far, where the right body is yet to be learned.
    learning: Option<Vec<u8>>,
}

impl Body {
    /// Takes in a part of it.
    fn take(&mut self, bytes: &[u8], expected: &Expected) -> Result<(), String> {
        match &mut self.learning {
            Some(learned) => expected::learn(learned, bytes)?,
            None => expected.check(self.seen, bytes)?,
        }
        self.seen += bytes.len() as u64;
        Ok(())
    }

    /// Takes in a part that is in chunks: gives how many bytes were used and whether they were the last.
    fn take_chunks(&mut self, bytes: &[u8], expected: &Expected) -> Result<(usize, bool), String> {
        let mut chunks = std::mem::take(&mut self.chunks);
        let taken = chunks.take(bytes, |data| self.take(data, expected));
        self.chunks = chunks;
        taken
    }
}

impl Checker for HttpChecker {
    fn restart(&mut self) {
        self.head.clear();
        self.seen = 0;
        self.body = None;
    }

    fn arrived(&mut self, bytes: &[u8]) -> Reply {
        let outcome = if self.body.is_some() {
            self.body_arrived(bytes, 0)
        } else if !self.head.is_empty() {
            self.head_goes_on(bytes)
        } else if !self.kept.is_empty() && bytes.starts_with(&self.kept) {
            return Reply::Whole { used: self.kept.len(), closing: self.kept_closing };
        } else {
            self.begin(bytes)
        };
        outcome.unwrap_or_else(Reply::Wrong)
    }

    fn ended(&mut self) -> Reply {
        match self.body.take() {
            None if self.head.is_empty() => Reply::More,
            Some(body) if body.framing.length.is_none() && !body.framing.chunked => {
                match self.expected.finish(body.seen, body.learning) {
                    Ok(true) => Reply::Whole { used: 0, closing: true },
                    Ok(false) => Reply::Short,
                    Err(sentence) => Reply::Wrong(sentence),
                }
            }
            _ => Reply::Short,
        }
    }
}

impl HttpChecker {
    /// The first bytes of a reply, which are nearly always all of it.
    fn begin(&mut self, bytes: &[u8]) -> Result<Reply, String> {
        let Some(end) = end_of_head(bytes, 0).filter(|end| *end <= MAX_HEAD_BYTES) else {
            return self.head_goes_on(bytes);
        };
        self.head_is_whole(&bytes[..end])?;
        let reply = self.body_arrived(&bytes[end..], end)?;
        if let Reply::Whole { used, closing } = reply {
            self.keep(&bytes[..used], closing);
        }
        Ok(reply)
    }

    /// Bytes of a reply whose head is not whole without them.
    fn head_goes_on(&mut self, bytes: &[u8]) -> Result<Reply, String> {
        let before = self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(MAX_HEAD_BYTES - before)]);
        let Some(end) = end_of_head(&self.head, self.seen) else {
            if self.head.len() == MAX_HEAD_BYTES {
                return Err(format!("the reply's head is longer than {MAX_HEAD_BYTES} bytes"));
            }
            self.seen = self.head.len();
            return Ok(Reply::More);
        };
        let mut head = std::mem::take(&mut self.head);
        self.seen = 0;
        let judged = self.head_is_whole(&head[..end]);
        head.clear();
        self.head = head; // its room serves the next split head
        judged?;
        self.body_arrived(&bytes[end - before..], end - before)
    }

    fn head_is_whole(&mut self, head: &[u8]) -> Result<(), String> {
        let framing = reply::read(head)?;
        if let (Some(length), Some(right)) = (framing.length, self.expected.length())
            && length != right
        {
            return Err(format!("the reply's Content-Length is {length}, where {right} is right"));
        }
        let learning = self.expected.is_to_be_learned().then(Vec::new);
        self.body = Some(Body { framing, chunks: Chunks::default(), seen: 0, learning });
        Ok(())
    }

    /// Bytes of the body; `before` of those given in the same call were the head's.
    fn body_arrived(&mut self, bytes: &[u8], before: usize) -> Result<Reply, String> {
        let Some(body) = &mut self.body else { return Ok(Reply::More) };
        if body.framing.chunked {
            let (used, is_whole) = body.take_chunks(bytes, &self.expected)?;
            return if is_whole { self.body_is_whole(before + used) } else { Ok(Reply::More) };
        }
        let left = body.framing.length.map_or(u64::MAX, |length| length - body.seen);
        let bytes = &bytes[..left.min(bytes.len() as u64) as usize];
        body.take(bytes, &self.expected)?;
        if left > bytes.len() as u64 || body.framing.length.is_none() {
            return Ok(Reply::More);
        }
        self.body_is_whole(before + bytes.len())
    }

    /// The body has ended with so many of the bytes that came last.
    fn body_is_whole(&mut self, used: usize) -> Result<Reply, String> {
        let Some(body) = self.body.take() else { return Ok(Reply::More) };
        let (closing, seen, learned) = (body.framing.closing, body.seen, body.learning);
        if !self.expected.finish(seen, learned)? {
            return Err(format!("the reply's body ends after {seen} bytes, which is too soon"));
        }
        Ok(Reply::Whole { used, closing })
    }

    fn keep(&mut self, reply: &[u8], closing: bool) {
        self.kept.clear();
        if reply.len() <= MAX_KEPT_BYTES {
            self.kept.extend_from_slice(reply);
            self.kept_closing = closing;
        }
    }
}
