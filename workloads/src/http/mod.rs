//! The HTTP service: HTTP/1.1 (RFC 9110 and 9112) with a handful of routes, each of which shows something.
//!
//! | path | reply | what it asks of a model |
//! |---|---|---|
//! | `/` | a page that explains the lab | |
//! | `/hello` | `Hello World` and a line feed: twelve bytes | next to nothing: what remains is the model's own cost |
//! | `/bytes/N` | N bytes of a [`pattern`] | to send in pieces ([`Next::Flush`]) |
//! | `/cpu/N` | how many primes lie below N | to compute ([`Next::Compute`]) |
//! | `/wait/MS` | an answer after MS milliseconds | to wait ([`Next::Wait`]) |
//!
//! GET and HEAD are answered, one request after another on a connection that stays open, also when several come at
//! once (pipelining). Request bodies are refused. So is whatever the RFC says to refuse, with a sentence that says
//! why and a close in peace ([`Next::Refuse`]).
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

mod date;
pub(crate) mod head;
pub mod pattern;
mod primes;
mod reply;
mod request;
pub(crate) mod routes;

use std::time::{Duration, SystemTime};

use bytes::{Buf, BytesMut};

use crate::session::{Done, Limits, Next, Peer, Service, Session, Value};
use reply::{Content, Head, Persistence, Status};
use request::{Method, Reader, Refusal, Request};
use routes::Route;

pub use primes::primes_below;
pub use routes::{MAX_BYTES, MAX_CPU, MAX_WAIT_MS};

const INDEX: &str = include_str!("index.html");

/// The HTTP service.
#[derive(Debug, Clone, Copy)]
pub struct Http {
    /// What a connection is allowed. A large body is sent in pieces of `output_bytes`.
    pub limits: Limits,
    /// The clock behind the `Date` field. Tests set it, so that replies are the same every time.
    pub clock: fn() -> SystemTime,
}

impl Default for Http {
    fn default() -> Self {
        Self { limits: Limits::default(), clock: SystemTime::now }
    }
}

impl Service for Http {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(HttpSession {
            clock: self.clock,
            high_water: self.limits.output_bytes.max(1),
            reader: Reader::default(),
            pending: false,
            state: State::Reading,
        })
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

/// One connection.
struct HttpSession {
    clock: fn() -> SystemTime,
    high_water: usize,
    reader: Reader,
    pending: bool,
    state: State,
}

/// What a session is about to do.
#[derive(Clone, Copy)]
enum State {
    /// To read a request.
    Reading,
    /// To answer once its work is done.
    Computing(Manner),
    /// To answer once so many milliseconds have passed.
    Waiting(Manner, u64),
    /// To go on with a large body.
    Streaming(Body),
    /// Nothing more: the connection is to be closed.
    Closed,
}

/// How a request is to be answered, whatever the answer is.
#[derive(Clone, Copy)]
struct Manner {
    head_only: bool,
    persistence: Persistence,
}

/// What is left of a body of the pattern.
#[derive(Clone, Copy)]
struct Body {
    sent: u64,
    length: u64,
    persistence: Persistence,
}

impl Session for HttpSession {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        if !matches!(self.state, State::Reading) {
            input.clear();
            return Next::Close;
        }
        loop {
            skip_empty_lines(input);
            let (route, manner, used) = match self.reader.read(input) {
                Ok(Some((request, used))) => (route(&request), Manner::of(&request), used),
                Ok(None) => {
                    self.pending = !input.is_empty();
                    return Next::Read;
                }
                Err(refusal) => {
                    self.refuse(refusal, input, output);
                    return Next::Refuse;
                }
            };
            take(input, used);
            self.pending = false;
            if let Some(next) = self.answer(route, manner, output) {
                return next;
            }
            if output.len() > self.high_water {
                return Next::Flush;
            }
        }
    }

    fn resume(&mut self, done: Done, output: &mut BytesMut) -> Next {
        let next = match (self.state, done) {
            (State::Reading, Done::Flushed) => None,
            (State::Streaming(body), Done::Flushed) => self.stream(body, output),
            (State::Waiting(manner, ms), Done::Waited) => self.text(&routes::waited(ms), manner, output),
            (State::Computing(manner), Done::Computed(value)) => {
                self.text(&routes::counted(value), manner, output)
            }
            _ => Some(self.close()), // not what was asked for: a reply would be a lie
        };
        next.unwrap_or(Next::Read)
    }

    fn end(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        if matches!(self.state, State::Reading) && !input.is_empty() {
            self.refuse(Refusal::CUT_SHORT, input, output);
        }
        self.close()
    }

    fn pending(&self) -> bool {
        self.pending
    }
}

impl HttpSession {
    /// Answers, or begins to; none if the next request may follow at once.
    fn answer(
        &mut self,
        route: Result<Route, Status>,
        manner: Manner,
        output: &mut BytesMut,
    ) -> Option<Next> {
        match route {
            Ok(Route::Hello) => self.text(routes::HELLO, manner, output),
            Ok(Route::Index) => self.reply(Status::Ok, Content::Html, INDEX, manner, output),
            Ok(Route::Bytes(length)) => {
                self.head(Status::Ok, Content::Text, manner.persistence).write(length, output);
                let sent = if manner.head_only { length } else { 0 };
                self.stream(Body { sent, length, persistence: manner.persistence }, output)
            }
            Ok(Route::Cpu(n)) => {
                self.state = State::Computing(manner);
                Some(Next::Compute(Box::new(move || -> Value { primes_below(n) })))
            }
            Ok(Route::Wait(ms)) => {
                self.state = State::Waiting(manner, ms);
                Some(Next::Wait(Duration::from_millis(ms)))
            }
            Ok(Route::TooMuch(why)) => self.reply(Status::BadRequest, Content::Text, why, manner, output),
            Ok(Route::Unknown) => {
                let why = "There is nothing here; / lists what there is.\n";
                self.reply(Status::NotFound, Content::Text, why, manner, output)
            }
            Ok(Route::NotAPath) => {
                let why = "What is asked for must be a path, as in /hello.\n";
                self.reply(Status::BadRequest, Content::Text, why, manner, output)
            }
            Err(status) => self.reply(status, Content::Text, reply::ALLOWED, manner, output),
        }
    }

    fn text(&mut self, body: &str, manner: Manner, output: &mut BytesMut) -> Option<Next> {
        self.reply(Status::Ok, Content::Text, body, manner, output)
    }

    /// A reply whose body is at hand.
    fn reply(
        &mut self,
        status: Status,
        content: Content,
        body: &str,
        manner: Manner,
        output: &mut BytesMut,
    ) -> Option<Next> {
        self.head(status, content, manner.persistence).write(body.len() as u64, output);
        if !manner.head_only {
            output.extend_from_slice(body.as_bytes());
        }
        self.finish(manner.persistence)
    }

    fn head(&self, status: Status, content: Content, persistence: Persistence) -> Head {
        Head { status, date: date::field((self.clock)()), content, persistence }
    }

    /// Fills the output up to its mark, and goes on once that was sent.
    fn stream(&mut self, mut body: Body, output: &mut BytesMut) -> Option<Next> {
        let room = self.high_water.saturating_sub(output.len()) as u64;
        let stop = body.length.min(body.sent + room);
        output.reserve((stop - body.sent) as usize);
        while body.sent < stop {
            let piece = pattern::piece(body.sent, (stop - body.sent) as usize);
            output.extend_from_slice(piece);
            body.sent += piece.len() as u64;
        }
        if body.sent == body.length {
            return self.finish(body.persistence);
        }
        self.state = State::Streaming(body);
        Some(Next::Flush)
    }

    fn finish(&mut self, persistence: Persistence) -> Option<Next> {
        if persistence == Persistence::Close {
            return Some(self.close());
        }
        self.state = State::Reading;
        None
    }

    fn close(&mut self) -> Next {
        self.state = State::Closed;
        self.pending = false;
        Next::Close
    }

    #[cold]
    fn refuse(&mut self, refusal: Refusal, input: &mut BytesMut, output: &mut BytesMut) {
        let manner = Manner { head_only: input.starts_with(b"HEAD "), persistence: Persistence::Close };
        self.reply(refusal.status, Content::Text, refusal.why, manner, output);
        input.clear();
    }
}

impl Manner {
    fn of(request: &Request<'_>) -> Self {
        Self { head_only: request.method == Method::Head, persistence: request.persistence }
    }
}

/// Where a request leads, or the status of a method that leads nowhere.
fn route(request: &Request<'_>) -> Result<Route, Status> {
    match request.method {
        Method::Other => Err(Status::MethodNotAllowed),
        Method::Get | Method::Head => Ok(routes::route(request.target)),
    }
}

/// Empty lines before a request are a known bad habit of some clients, and harmless (RFC 9112, 2.2).
fn skip_empty_lines(input: &mut BytesMut) {
    while input.starts_with(b"\r\n") {
        input.advance(2);
    }
}

/// Takes a request away; `clear` is cheaper, and keeps the buffer's start where it is.
fn take(input: &mut BytesMut, used: usize) {
    if used == input.len() {
        input.clear();
    } else {
        input.advance(used);
    }
}
