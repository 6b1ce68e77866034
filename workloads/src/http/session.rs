//! One connection: requests in, replies out.

mod page;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Buf, BytesMut};

use super::echo::{Echo, Progress};
use super::fields::Meaning;
use super::pages::{Found, Pages, Sending};
use super::refusal::Refusal;
use super::reply::{CONTINUE, Content, Head, Persistence, Status};
use super::request::{Method, Reader, Request};
use super::routes::{self, Route};
use super::{INDEX, date, pattern, primes_below};
use crate::later::Outcome;
use crate::session::{Done, Next, Session, Value, step_by_step};

/// The state of one connection.
pub(super) struct HttpSession {
    clock: fn() -> SystemTime,
    high_water: usize,
    /// The folder that is shown where no route is.
    pages: Option<Arc<Pages>>,
    reader: Reader,
    /// A head has begun to arrive.
    pending: bool,
    state: State,
    /// The body that is being sent back. It stands beside the state, so that a change of state has nothing to drop.
    echo: Option<Box<Echo>>,
    /// Where the page will be that is looked up.
    found: Option<Outcome<Found>>,
    /// The page that is being sent.
    sending: Option<Box<Sending>>,
}

/// What a session is about to do.
#[derive(Clone, Copy)]
enum State {
    /// To read a request.
    Reading,
    /// To read a body and send it back.
    Echoing,
    /// To answer once its work is done.
    Computing(Manner),
    /// To answer once so many milliseconds have passed.
    Waiting(Manner, u64),
    /// To go on with a large body.
    Streaming(Body),
    /// To show a page once it was looked up, or to answer as the route has it if there is none.
    LookingUp(Route, Manner),
    /// To go on with a page.
    Sending,
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
        step_by_step(input, output, self.high_water, |input, output| match self.state {
            State::Reading => self.read(input, output),
            State::Echoing => self.echo(input, output),
            _ => {
                input.clear();
                Some(Next::Close)
            }
        })
    }

    fn resume(&mut self, done: Done, output: &mut BytesMut) -> Next {
        let next = match (self.state, done) {
            (State::Reading | State::Echoing, Done::Flushed) => None,
            (State::Streaming(body), Done::Flushed) => self.stream(body, output),
            (State::LookingUp(route, manner), Done::Computed(_)) => self.show_found(route, manner, output),
            (State::Sending, Done::Flushed) => self.send_page(output),
            (State::Waiting(manner, ms), Done::Waited) => self.text(&routes::waited(ms), manner, output),
            (State::Computing(manner), Done::Computed(value)) => {
                self.text(&routes::counted(value), manner, output)
            }
            _ => Some(self.close()), // not what was asked for: a reply would be a lie
        };
        next.unwrap_or(Next::Read)
    }

    fn end(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        let is_answerable = match self.state {
            State::Reading => !input.is_empty(),
            State::Echoing => self.echo.as_ref().is_some_and(|echo| !echo.has_begun()), // else the reply ends short, as the request did
            _ => false,
        };
        if is_answerable {
            self.refuse(Refusal::CUT_SHORT, self.is_head_only(input), input, output);
        }
        self.close()
    }

    fn pending(&self) -> bool {
        self.pending || matches!(self.state, State::Echoing)
    }
}

impl HttpSession {
    /// A connection on which nothing has been said. Above `high_water` bytes the output is sent first.
    pub(super) fn new(clock: fn() -> SystemTime, high_water: usize, pages: Option<Arc<Pages>>) -> Self {
        Self {
            clock,
            high_water,
            pages,
            reader: Reader::default(),
            pending: false,
            state: State::Reading,
            echo: None,
            found: None,
            sending: None,
        }
    }

    /// Reads the head of a request and does what it asks, or begins to; none if there may be more to do at once.
    fn read(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Option<Next> {
        skip_empty_lines(input);
        let (route, meaning, manner, used) = match self.reader.read(input) {
            Ok(Some((request, used))) => (route(&request), request.meaning, Manner::of(&request), used),
            Ok(None) => {
                self.pending = !input.is_empty();
                return Some(Next::Read);
            }
            Err(refusal) => return Some(self.refuse(refusal, self.is_head_only(input), input, output)),
        };
        // The routes go first, and so pay for no page.
        if let Ok(route @ (Route::Index | Route::Unknown)) = route
            && self.pages.is_some()
        {
            return self.show(route, manner, used, input, output);
        }
        take(input, used);
        self.pending = false;
        match route {
            Ok(Route::Echo) => self.begin_echo(meaning, input, output),
            Ok(route) => self.answer(route, manner, output),
            Err(refusal) => self.decline(refusal, meaning, manner, input, output),
        }
    }

    /// Says why not, and goes on with the next request. But the connection ends if there is a body, since nobody is to
    /// read one to its end only to drop it (RFC 9112, 9.3); and with a 400, since who sends such a request may mean
    /// anything by the next.
    #[cold]
    fn decline(
        &mut self,
        refusal: Refusal,
        meaning: Meaning,
        manner: Manner,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Option<Next> {
        if meaning.has_body() || refusal.status == Status::BadRequest {
            return Some(self.refuse(refusal, manner.head_only, input, output));
        }
        self.reply(refusal.status, Content::Text, refusal.why, manner, output)
    }

    /// Answers, or begins to; none if the next request may follow at once.
    fn answer(&mut self, route: Route, manner: Manner, output: &mut BytesMut) -> Option<Next> {
        match route {
            Route::Hello => self.text(routes::HELLO, manner, output),
            Route::Index => self.reply(Status::Ok, Content::Html, INDEX, manner, output),
            Route::Bytes(length) => {
                self.head(Status::Ok, Content::Text, manner.persistence).write(length, output);
                let sent = if manner.head_only { length } else { 0 };
                self.stream(Body { sent, length, persistence: manner.persistence }, output)
            }
            Route::Cpu(n) => {
                self.state = State::Computing(manner);
                Some(Next::Compute(Box::new(move || -> Value { primes_below(n) })))
            }
            Route::Wait(ms) => {
                self.state = State::Waiting(manner, ms);
                Some(Next::Wait(Duration::from_millis(ms)))
            }
            // The first is the only one that comes so far: see `route`.
            Route::Unknown | Route::Echo | Route::TooMuch(_) | Route::NotAPath => {
                let why = "There is nothing here; / lists what there is.\n";
                self.reply(Status::NotFound, Content::Text, why, manner, output)
            }
        }
    }

    /// Begins to send a body back.
    #[cold]
    fn begin_echo(&mut self, meaning: Meaning, input: &mut BytesMut, output: &mut BytesMut) -> Option<Next> {
        let date = date::field((self.clock)());
        match Echo::begin(meaning, input.len(), date, output) {
            Ok(echo) => self.echo = Some(Box::new(echo)),
            Err(refusal) => return Some(self.refuse(refusal, false, input, output)),
        }
        self.state = State::Echoing;
        if meaning.expects_continue && meaning.has_body() && input.is_empty() {
            output.extend_from_slice(CONTINUE); // the reply is held back, and so comes after it
        }
        self.echo(input, output)
    }

    /// Sends back what has arrived of a body.
    fn echo(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Option<Next> {
        let Some(echo) = &mut self.echo else { return Some(self.close()) };
        match echo.advance(input, output, self.high_water) {
            Ok(Progress::Starved) => Some(Next::Read),
            Ok(Progress::Full) => Some(Next::Flush),
            Ok(Progress::Whole) => {
                let persistence = echo.persistence();
                self.echo = None;
                self.finish(persistence)
            }
            // The reply is under way: all that is left to say is that it is not whole.
            Err(_) if echo.has_begun() => {
                input.clear();
                self.close();
                Some(Next::Refuse)
            }
            Err(refusal) => Some(self.refuse(refusal, false, input, output)),
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

    /// Whether the request whose head is not whole or not right is one for a head alone.
    fn is_head_only(&self, input: &BytesMut) -> bool {
        matches!(self.state, State::Reading) && input.starts_with(b"HEAD ")
    }

    /// Says why not, and closes the connection.
    #[cold]
    fn refuse(
        &mut self,
        refusal: Refusal,
        head_only: bool,
        input: &mut BytesMut,
        output: &mut BytesMut,
    ) -> Next {
        let manner = Manner { head_only, persistence: Persistence::Close };
        self.reply(refusal.status, Content::Text, refusal.why, manner, output);
        input.clear();
        Next::Refuse
    }
}

impl Manner {
    fn of(request: &Request<'_>) -> Self {
        Self { head_only: request.method == Method::Head, persistence: request.meaning.persistence }
    }
}

/// Where a request leads, or why it leads nowhere.
fn route(request: &Request<'_>) -> Result<Route, Refusal> {
    match (request.method, routes::route(request.target)) {
        (Method::Post, Route::Echo) => Ok(Route::Echo),
        (Method::Unknown, _) => Err(Refusal::METHOD),
        // Other methods may name something else: OPTIONS a `*`, CONNECT a host and a port.
        (Method::Get | Method::Head | Method::Post, Route::NotAPath) => Err(Refusal::TARGET),
        (_, Route::Echo) => Err(Refusal::ONLY_POST),
        (Method::Get | Method::Head, _) if request.meaning.has_body() => Err(Refusal::BODY),
        (Method::Get | Method::Head, Route::TooMuch(why)) => Err(Refusal::too_much(why)),
        (Method::Get | Method::Head, route) => Ok(route),
        (Method::Post | Method::Other, _) => Err(Refusal::ONLY_GET),
    }
}

/// Empty lines before a request are a known bad habit of some clients, and harmless (RFC 9112, 2.2).
fn skip_empty_lines(input: &mut BytesMut) {
    while input.starts_with(b"\r\n") {
        input.advance(2);
    }
}

/// Takes a head away; `clear` is cheaper, and keeps the buffer's start where it is.
fn take(input: &mut BytesMut, used: usize) {
    if used == input.len() {
        input.clear();
    } else {
        input.advance(used);
    }
}
