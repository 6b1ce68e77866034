//! The HTTP service: HTTP/1.1 (RFC 9110 and 9112) with a handful of routes, each of which shows something.
//!
//! | path | reply | what it asks of a model |
//! |---|---|---|
//! | `/` | a page that explains the lab | |
//! | `/hello` | `Hello World` and a line feed: twelve bytes | next to nothing: what remains is the model's own cost |
//! | `/bytes/N` | N bytes of a [`pattern`] | to send in pieces ([`Next::Flush`]) |
//! | `/cpu/N` | how many primes lie below N | to compute ([`Next::Compute`]) |
//! | `/wait/MS` | an answer after MS milliseconds | to wait ([`Next::Wait`]) |
//! | `/echo` | the body of a POST | to read and send at once, in pieces |
//! | any other | a page of a folder, if it is given one ([`Pages`]) | to look it up ([`Next::Compute`]) and to send parts of a file ([`Next::File`]) |
//!
//! Requests are answered one after another on a connection that stays open, also when several come at once
//! (pipelining). What the RFC says to refuse is refused, with a sentence that says why and a close in peace
//! ([`Next::Refuse`]); so is what it lets a server guess at, such as a length that stands twice.
//!
//! | | |
//! |---|---|
//! | 400 | a malformed head, chunk or trailer; no Host, or several; a length in doubt; a request cut short |
//! | 400 | a target that is no path, or a URL without a host; more than a route gives |
//! | 400 | a path in which something is not encoded rightly, where there is a folder of pages |
//! | 404, 405 | nothing there; a standard method that is not for this path (`Allow` says which is), `OPTIONS *` too |
//! | 413 | a body above [`MAX_BODY_BYTES`], or any that comes with GET or HEAD |
//! | 414, 431 | a first line above 16 KiB; a head or trailer above 16 KiB, or with more than 100 fields |
//! | 417 | an expectation other than `100-continue` |
//! | 501, 505 | a method or transfer coding that is not known; a version that is not HTTP/1.0 or 1.1 |
//!
//! After 404, 405 and a method's 501 the connection goes on, unless a body comes along: none is read only to be dropped.
//! All other refusals end it. An HTTP/1.2, should there ever be one, is refused as well: RFC 9110 (2.5) says to take it
//! for 1.1, but that would be one more guess at what a client means.
//!
//! With a folder of pages, `/` is its `index.html` if it has one, and a directory without one is listed if that is asked for.
//! Conditions and ranges are heeded there:
//!
//! | | |
//! |---|---|
//! | 206, 416 | the ranges that are asked for, up to eight that do not overlap; none of them is there |
//! | 301 | a directory is asked for without a slash at its end |
//! | 304, 412 | the client has the page; the client means another one |
//! | 403, 500, 503 | the server may not read the file; it can't; it has no descriptor for it just now |
//!
//! The reply of `/echo` is framed as its request was, and goes out while the body comes in: whoever sends a large one
//! must read meanwhile. A body that turns out wrong when 16 KiB of the reply are there gets one that is cut short. The
//! type is `application/octet-stream` whatever the request's, so that no browser takes a stranger's bytes for a page.
//!
//! ```
//! use workloads::{Conversation, Next, Peer, http::Http};
//!
//! let mut conversation = Conversation::new(&Http::default(), Peer::default());
//! let next = conversation.arrived(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
//! assert!(matches!(next, Next::Read));
//! assert!(conversation.output().starts_with(b"HTTP/1.1 200 OK\r\nDate: "));
//! assert!(conversation.output().ends_with(b"Content-Length: 12\r\n\r\nHello World\n"));
//! ```

mod body;
mod date;
mod echo;
mod fields;
pub(crate) mod head;
mod host;
mod pages;
pub mod pattern;
mod primes;
mod refusal;
mod reply;
mod request;
pub(crate) mod routes;
mod session;

use std::sync::Arc;
use std::time::SystemTime;

use bytes::BytesMut;

#[cfg(doc)]
use crate::session::Next;
use crate::session::{Limits, Peer, Service, Session};
use session::HttpSession;

pub use pages::Pages;
pub use primes::primes_below;
pub use routes::{MAX_BODY_BYTES, MAX_BYTES, MAX_CPU, MAX_WAIT_MS};

const INDEX: &str = include_str!("index.html");

/// The HTTP service.
#[derive(Debug, Clone)]
pub struct Http {
    /// What a connection is allowed. A large body is sent in pieces of `output_bytes`.
    pub limits: Limits,
    /// The clock behind the `Date` field. Tests set it, so that replies are the same every time.
    pub clock: fn() -> SystemTime,
    /// The folder that is shown where no route is.
    pub pages: Option<Arc<Pages>>,
}

impl Default for Http {
    fn default() -> Self {
        Self { limits: Limits::default(), clock: SystemTime::now, pages: None }
    }
}

impl Service for Http {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(HttpSession::new(self.clock, self.limits.output_bytes.max(1), self.pages.clone()))
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    /// The parser asks the processor what it can do, in a virtual machine a trap each time, and keeps the answer.
    fn warm_up(&self) {
        let mut request = BytesMut::from("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let _ = self.session(Peer::default()).receive(&mut request, &mut BytesMut::new());
    }
}
