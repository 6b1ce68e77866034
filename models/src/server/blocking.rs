//! Serving one connection with calls that block: the part that all blocking models share.
//!
//! Who calls [`serve`] is what tells these models apart: the accepting loop itself, a forked child, a thread, a
//! worker of a pool, a coroutine. The code reads the same in all of them, which is the charm of blocking calls.

use std::io;
use std::net::Shutdown as Side;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use socket2::Socket;
use workloads::{Conversation, Done, FilePart, Next, Peer, Service};

use super::outlet;
use super::request_clock::RequestClock;
use super::shutdown::{Seat, Shutdown};
use super::socket::{self, Mode, Then};

/// After a refusal a client is heard out for at most this long ...
pub(crate) const HEAR_OUT_TIME: Duration = Duration::from_secs(2);
/// ... and for at most this many bytes.
pub(crate) const HEAR_OUT_BYTES: usize = 16 * 1024 * 1024;
/// The next piece of a request is waited for this long at most when a server is to stop. A client who has left can't be told
/// from one who is slow, as the reading side was closed here too.
const REST_AT_MOST: Duration = Duration::from_secs(1);
/// How often a server that is to stop looks for the rest of a request that has begun to arrive, or of a reply that is on
/// its way.
pub(crate) const REST_PAUSE: Duration = Duration::from_millis(5);

/// A connection whose calls block the caller, be it a thread or a coroutine.
pub(crate) trait Wire {
    /// Replaces what `scratch` holds by what arrives within `limit`; zero bytes mean that the peer sends no more.
    fn receive(&mut self, scratch: &mut Vec<u8>, limit: Duration) -> io::Result<usize>;
    /// Sends from the front of `bytes` and says how many were taken.
    fn send(&mut self, bytes: &[u8], then: Then) -> io::Result<usize>;
    /// Sends from the front of a part of a file.
    fn send_file(&mut self, part: &mut FilePart) -> io::Result<()>;
    /// Lets time pass.
    fn sleep(&self, time: Duration);
    /// Lets others have their turn, where the caller shares a thread with them.
    fn turn(&self) {}
    /// A request has come in part, and the rest may be there already: for those who don't look after a short read.
    fn expect_the_rest(&mut self) {}
    /// The socket itself.
    fn socket(&self) -> &Socket;
}

/// Serves one connection to its end. An error is this connection's own trouble: a reset, a broken pipe, a peer who
/// took too long.
pub(crate) fn serve(wire: &mut impl Wire, conversation: Conversation, shutdown: &Shutdown) -> io::Result<()> {
    serve_with(&mut socket::scratch(), wire, conversation, shutdown)
}

/// The same with a buffer to receive into that is there already.
fn serve_with(
    scratch: &mut Vec<u8>,
    wire: &mut impl Wire,
    mut conversation: Conversation,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let mut clock = RequestClock::default();
    let mut rest = Rest::new(shutdown);
    let mut next = Next::Read;
    loop {
        send_all(wire, &mut conversation, what_follows(&next, shutdown))?;
        next = match next {
            Next::Read => {
                let limit = time_to_read(&conversation, &mut clock)?;
                if conversation.pending() {
                    wire.expect_the_rest();
                }
                match wire.receive(scratch, limit)? {
                    0 if conversation.pending() && rest.may_come() => {
                        wire.sleep(REST_PAUSE);
                        Next::Read
                    }
                    // The end is our own doing, so nobody is told that the request ended too soon.
                    0 if conversation.pending() && shutdown.requested() => Next::Close,
                    0 => conversation.ended(),
                    _ => {
                        rest.has_come();
                        conversation.arrived(scratch)
                    }
                }
            }
            Next::Flush => {
                wire.turn();
                conversation.resumed(Done::Flushed)
            }
            Next::File(mut part) => {
                while part.length() > 0 {
                    wire.send_file(&mut part)?;
                }
                wire.turn();
                conversation.resumed(Done::Flushed)
            }
            Next::Wait(time) => {
                wire.sleep(time);
                conversation.resumed(Done::Waited)
            }
            Next::Compute(work) => {
                let next = conversation.resumed(Done::Computed(work()));
                send_all(wire, &mut conversation, what_follows(&next, shutdown))?;
                wire.turn(); // others first: this client may have asked for much more
                next
            }
            Next::Close if shutdown.requested() => return see_out(wire, scratch, shutdown),
            Next::Close => return Ok(()),
            Next::Refuse => return hear_out(wire, scratch),
        }
    }
}

/// Serves the one client of a process that serves one at a time, whose buffer is there for one after another. An error
/// ends this client alone, and so does a panic: it is caught, and given back.
pub(crate) fn serve_only(
    scratch: &mut Vec<u8>,
    socket: &Socket,
    peer: Peer,
    service: &dyn Service,
    shutdown: &Shutdown,
) -> thread::Result<()> {
    let serve = || {
        let _reachable = shutdown.only_client(socket);
        let conversation = outlet::conversation(service, peer, socket);
        let mut wire = KernelWire::new(socket, service.limits().idle_time);
        let _ = serve_with(scratch, &mut wire, conversation, shutdown);
    };
    panic::catch_unwind(AssertUnwindSafe(serve))
}

/// Serves one client of a thread that serves one after another. An error ends this client alone, and so does a panic.
pub(crate) fn serve_seat(seat: &Seat, peer: Peer, service: &dyn Service, shutdown: &Shutdown) {
    let serve = || {
        let conversation = outlet::conversation(service, peer, seat.socket());
        serve(&mut KernelWire::new(seat.socket(), service.limits().idle_time), conversation, shutdown)
    };
    let _ = panic::catch_unwind(AssertUnwindSafe(serve));
}

/// What follows once the output is sent. A server that is to stop does not close at once: see [`see_out`].
pub(crate) fn what_follows(next: &Next, shutdown: &Shutdown) -> Then {
    match next {
        Next::Close if !shutdown.requested() => Then::End,
        Next::Refuse => Then::End,
        Next::File(_) => Then::File,
        _ => Then::Nothing,
    }
}

fn send_all(wire: &mut impl Wire, conversation: &mut Conversation, then: Then) -> io::Result<()> {
    while !conversation.output().is_empty() {
        let sent = wire.send(conversation.output(), then)?;
        conversation.sent(sent);
    }
    Ok(())
}

/// How long the next read may take: between requests the idle time, within one what is left of its own time.
pub(crate) fn time_to_read(conversation: &Conversation, clock: &mut RequestClock) -> io::Result<Duration> {
    if !conversation.pending() {
        clock.rest();
        return Ok(conversation.limits().idle_time); // and no need to ask what time it is
    }
    let now = Instant::now();
    match clock.deadline(conversation, now).map(|deadline| deadline.saturating_duration_since(now)) {
        Some(Duration::ZERO) => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left.unwrap_or(conversation.limits().idle_time)),
    }
}

/// The rest of a request that had begun to arrive when the server was asked to stop.
///
/// The end of input is then our own doing: the reading side was closed to wake us (see [`Shutdown`]). What the
/// client still sends can be read all the same, so the request gets a while to become whole.
pub(crate) struct Rest<'a> {
    shutdown: &'a Shutdown,
    until: Option<Instant>,
}

impl<'a> Rest<'a> {
    pub(crate) fn new(shutdown: &'a Shutdown) -> Self {
        Self { shutdown, until: None }
    }

    /// Some of it has come: who keeps sending is not slow.
    pub(crate) fn has_come(&mut self) {
        self.until = None;
    }

    /// Whether it is to be waited for once more.
    pub(crate) fn may_come(&mut self) -> bool {
        self.shutdown.requested() && {
            let now = Instant::now();
            now < *self.until.get_or_insert(now + self.shutdown.grace().min(REST_AT_MOST))
        }
    }
}

/// Reads and drops until the client has seen our end and closed, within bounds (RFC 9112, 9.6: lingering close).
fn hear_out(wire: &mut impl Wire, scratch: &mut Vec<u8>) -> io::Result<()> {
    wire.socket().shutdown(Side::Write)?;
    let deadline = Instant::now() + HEAR_OUT_TIME;
    let mut heard = 0;
    while heard < HEAR_OUT_BYTES {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match wire.receive(scratch, left)? {
            0 => break,
            bytes => heard += bytes,
        }
    }
    Ok(())
}

/// Waits until the last reply has arrived, within bounds, and drops what comes meanwhile: a client who asks for more can't
/// know that the server is to stop, and a close would answer with a reset that takes the rest of the reply along.
///
/// The sending side stays open, other than in [`hear_out`]: the reading side was shut down to wake us, and with both shut
/// Linux resets the connection by itself when something comes. And since a read then gives the end of input where there
/// is nothing, time passes between two looks.
fn see_out(wire: &mut impl Wire, scratch: &mut Vec<u8>, shutdown: &Shutdown) -> io::Result<()> {
    let mut farewell = Farewell::begin(shutdown);
    while farewell.goes_on(wire.socket()) {
        match socket::receive(wire.socket(), scratch, Mode::NonBlocking) {
            Ok(bytes @ 1..) => farewell.heard(bytes),
            Ok(0) => wire.sleep(REST_PAUSE),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => wire.sleep(REST_PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How long a connection is kept when the server is to stop and nothing but the arrival of the last reply is waited for.
pub(crate) struct Farewell {
    until: Instant,
    bytes_left: usize,
}

impl Farewell {
    pub(crate) fn begin(shutdown: &Shutdown) -> Self {
        Self { until: Instant::now() + HEAR_OUT_TIME.min(shutdown.grace()), bytes_left: HEAR_OUT_BYTES }
    }

    /// Whether it is to be waited for once more.
    pub(crate) fn goes_on(&self, socket: &Socket) -> bool {
        self.bytes_left > 0 && socket::has_unacknowledged(socket) && Instant::now() < self.until
    }

    /// So much has come meanwhile, and was dropped.
    pub(crate) fn heard(&mut self, bytes: usize) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
    }
}

/// A connection served by a process or a kernel thread: the kernel puts the caller to sleep.
pub(crate) struct KernelWire<'a> {
    socket: &'a Socket,
    read_limit: Option<Duration>,
}

impl<'a> KernelWire<'a> {
    /// `inherited` is the read time limit that the socket already has from its listener.
    pub(crate) fn new(socket: &'a Socket, inherited: Duration) -> Self {
        Self { socket, read_limit: Some(inherited) }
    }
}

impl Wire for KernelWire<'_> {
    fn receive(&mut self, scratch: &mut Vec<u8>, limit: Duration) -> io::Result<usize> {
        // A limit that shrinks by the time that passes within a request is set anew now and then, not for every piece.
        let near_enough = |set: Duration| set >= limit && set.saturating_sub(limit) <= limit / 8;
        if !self.read_limit.is_some_and(near_enough) {
            self.socket.set_read_timeout(Some(limit.max(Duration::from_millis(1))))?;
            self.read_limit = Some(limit);
        }
        socket::receive(self.socket, scratch, Mode::Blocking)
    }

    fn send(&mut self, bytes: &[u8], then: Then) -> io::Result<usize> {
        socket::send(self.socket, bytes, then, Mode::Blocking)
    }

    fn send_file(&mut self, part: &mut FilePart) -> io::Result<()> {
        socket::send_file(self.socket, part)
    }

    fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }

    fn socket(&self) -> &Socket {
        self.socket
    }
}
