//! A coroutine for each connection: code that looks blocking, on a few threads that never block.
//!
//! **What happens.** A coroutine has a stack of its own, like a thread, but the program switches between coroutines
//! itself: where a call would block, it saves a few registers and goes on with another. The kernel sees `workers`
//! threads and an epoll set. The notes' greenlets and gevent's patched calls are this idea; here the library is may.
//!
//! **Good at** plain code for very many clients: a switch costs tens of nanoseconds, a coroutine a small stack.
//! **Bad at** surprises: a coroutine that computes, or calls something that really blocks, holds up its whole worker,
//! and a stack is of fixed size. And at what the library does not ask for: its epoll set has no EPOLLPRI, so nobody tells of
//! an urgent byte, at which a read stops as if that were all. Within a request one more read finds the rest; what came together
//! with such a byte *after* a whole request, or an echo, is found when its client sends again.
//!
//! Source: M. Conway, "Design of a separable transition-diagram compiler", 1963; the documentation of crate may.

use std::io;
use std::net::Shutdown as Side;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use may::io::{CoIo, WaitIo};
use nix::sys::epoll::EpollFlags;
use socket2::Socket;
use workloads::{FilePart, READ_BYTES, Service};

use super::acceptor::{Accepted, SHORTAGE_PAUSE, accept, report_shortage};
use super::blocking::{self, Wire};
use super::outlet;
use super::shutdown::{Client, Clients, LastArrivals, Seat, Shutdown};
use super::socket::{self, Mode, Then};
use super::{Model, ServeError, Start, lookout, trouble};
use crate::options::{Options, Spec};
use crate::runtime::{self, Home};

/// Enough for every session of the lab, debug builds included. Pages come when they are touched.
const STACK_BYTES: usize = 64 * 1024;
/// How many clients are let in before those who are there get their turn.
const ACCEPTS_A_TURN: usize = 64;
/// may's epoll set is edge-triggered: after one of these nothing more is reported.
const LAST_SIGNS: EpollFlags = EpollFlags::EPOLLRDHUP.union(EpollFlags::EPOLLHUP).union(EpollFlags::EPOLLERR);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "coroutine",
    family: "coroutines",
    summary: "a stackful coroutine for each connection, switched by the program itself",
    room: super::many,
    options: &[
        Spec { help: "threads that run coroutines", ..runtime::WORKERS },
        Spec { key: "stack", kind: runtime::STACK, help: "stack of each coroutine", default: "64k" },
    ],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    start_may(options)?;
    let clients = Arc::new(Clients::default());
    let listener =
        Arc::new(CoIo::new(listener).map_err(|error| ServeError::io("watch the listener", error.into()))?);
    let home = Home::of(listener.inner());
    let acceptor = {
        let (listener, service) = (Arc::clone(&listener), Arc::clone(service));
        let (clients, shutdown) = (Arc::clone(&clients), Arc::clone(shutdown));
        let (tell, told) = mpsc::channel();
        home.start(move || drop(tell.send(accept_all(&listener, home, &service, &clients, &shutdown))))?;
        told
    };
    let early = lookout::keep(&acceptor, "the acceptor", shutdown, || clients.cut_overdue())?;
    let deadline = Instant::now() + shutdown.grace();
    let waker = listener.waker();
    home.start(move || waker.wakeup())?;
    // Its worker may be computing for somebody, and no longer than that is it waited for.
    let outcome = early.unwrap_or_else(|| acceptor.recv_timeout(shutdown.grace()).unwrap_or(Ok(())));
    let _ = listener.inner().shutdown(Side::Both); // in case it is still held over there
    drop(listener);
    clients.drain(deadline.saturating_duration_since(Instant::now()));
    Ok(outcome?)
}

/// Starts may as the options say.
pub(crate) fn start_may(options: &Options) -> Result<(), ServeError> {
    runtime::may(options, STACK_BYTES)
        .map_err(|source| ServeError::io("start may (try fewer workers)", source))
}

/// The coroutine that accepts: it parks where a thread would block.
fn accept_all(
    listener: &CoIo<Socket>,
    home: Home,
    service: &Arc<dyn Service>,
    clients: &Arc<Clients>,
    shutdown: &Arc<Shutdown>,
) -> io::Result<()> {
    let mut last: Option<LastArrivals> = None;
    let mut batch = 0;
    loop {
        batch = (batch + 1) % ACCEPTS_A_TURN;
        if batch == 0 {
            home.turn(); // those who are there already share this worker
        }
        let over = shutdown.requested(); // before the call: see `Acceptor`
        if over && !last.get_or_insert_with(|| LastArrivals::begin(shutdown)).one_more() {
            return Ok(());
        }
        match accept(listener.inner()) {
            Accepted::Client(socket, peer) => {
                let seat = clients.enter(socket);
                let (service, shutdown) = (Arc::clone(service), Arc::clone(shutdown));
                let home = Home::of(seat.socket());
                let serve = move || {
                    let conversation = outlet::conversation(&*service, peer, seat.socket());
                    match ParkingWire::new(seat, home, conversation.limits().idle_time) {
                        // An error ends this client alone.
                        Ok(mut wire) => drop(blocking::serve(&mut wire, conversation, &shutdown)),
                        Err(error) => trouble::report(format_args!("can't watch a client: {error}")),
                    }
                };
                if let Err(error) = home.start(serve) {
                    trouble::report(format_args!(
                        "can't start a coroutine: {error}; that client is turned away"
                    ));
                }
            }
            Accepted::NobodyThere | Accepted::Shortage(_) if over => return Ok(()),
            Accepted::NobodyThere => drop(listener.wait_io()),
            Accepted::Shortage(error) => {
                report_shortage(&error);
                home.sleep(SHORTAGE_PAUSE);
            }
            Accepted::Broken(error) => return Err(error),
        }
    }
}

/// A connection served by a coroutine: where a call would block, the coroutine parks and its worker runs another.
struct ParkingWire {
    /// The fields are dropped in this order. may takes a descriptor out of its epoll set only after it has closed what
    /// the `CoIo` holds; were that the last handle, the number could by then be another client's, who would never be
    /// heard of again. So the seat closes the socket, and comes last.
    io: CoIo<Arc<Client>>,
    seat: Seat,
    home: Home,
    /// How long a reply may find no taker.
    send_limit: Duration,
    /// What has arrived was read to its end, so that trying again before the next sign would be in vain.
    drained: bool,
    /// There was more than one read takes: the others on this worker come first.
    more: bool,
    /// The end of input is there, behind what is still to be read: there will be no further sign.
    last_sign_seen: bool,
}

impl ParkingWire {
    fn new(seat: Seat, home: Home, send_limit: Duration) -> io::Result<Self> {
        Ok(Self {
            io: CoIo::new(seat.client())?,
            seat,
            home,
            send_limit,
            drained: false,
            more: false,
            last_sign_seen: false,
        })
    }

    /// Parks until the socket shows a sign of life. Parking has no time limit of its own: the main thread cuts off
    /// who is overdue, and that is a sign too.
    fn park(&mut self, limit: Duration) {
        self.io.inner().may_be_silent_for(limit);
        let signs = self.io.wait_io();
        self.io.inner().may_be_silent_for(Duration::MAX); // it is not silent while we are busy
        self.last_sign_seen |= signs & LAST_SIGNS.bits() as usize != 0;
    }
}

impl Wire for ParkingWire {
    fn receive(&mut self, scratch: &mut Vec<u8>, limit: Duration) -> io::Result<usize> {
        if std::mem::take(&mut self.more) {
            self.turn();
        }
        loop {
            if std::mem::take(&mut self.drained) {
                self.park(limit);
            }
            match socket::receive(self.socket(), scratch, Mode::NonBlocking) {
                Ok(bytes) => {
                    self.more = bytes == READ_BYTES;
                    self.drained = !self.more && !self.last_sign_seen;
                    return Ok(bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.drained = true,
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&mut self, bytes: &[u8], then: Then) -> io::Result<usize> {
        loop {
            match socket::send(self.socket(), bytes, then, Mode::NonBlocking) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // The sign may be one of input: then it must not be waited for again.
                    self.drained = false;
                    self.park(self.send_limit);
                }
                result => return result,
            }
        }
    }

    fn send_file(&mut self, part: &mut FilePart) -> io::Result<()> {
        self.socket().set_nonblocking(true)?;
        loop {
            match socket::send_file(self.socket(), part) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.drained = false;
                    self.park(self.send_limit);
                }
                result => return result,
            }
        }
    }

    fn sleep(&self, time: Duration) {
        self.home.sleep(time);
    }

    fn turn(&self) {
        self.home.turn();
    }

    /// A short read is no proof if it stopped at an urgent byte. A look costs a call, so none is made where a request has come
    /// whole: that is the usual case.
    fn expect_the_rest(&mut self) {
        self.drained = false;
    }

    fn socket(&self) -> &Socket {
        self.seat.socket()
    }
}
