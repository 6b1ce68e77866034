//! The event loop over a readiness set, shared by all models that multiplex: wait, and give each connection that can
//! go on a turn.
//!
//! A turn of the loop reads the clock once. Whoever has more to do than one turn allows goes on the `again` list and
//! gets the next one. When the system has no descriptor left, the listener is left alone until somebody leaves or a
//! moment has passed: it stays ready, and watching it would burn a processor.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::time::{Duration, Instant};

use slab::Slab;
use socket2::Socket;
use workloads::{Peer, Service};

use super::acceptor::{Accepted, SHORTAGE_PAUSE, accept, report_shortage};
use super::connection::{Connection, Turn};
use super::readiness::{Interest, Readiness, Ready};
use super::shutdown::{LastArrivals, Shutdown};
use super::timers::Timers;
use super::{ServeError, Start, socket, trouble};

const LISTENER: usize = 0;
const BELL: usize = 1;
/// Connections have the keys from here on.
const FIRST_CONNECTION: usize = 2;
/// How many clients are let in per turn, before the others get theirs.
const ACCEPTS_A_TURN: usize = 64;

/// Serves over `set` until the shutdown is requested and what was under way is finished.
pub(crate) fn run(set: impl Readiness, start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, shutdown, .. } = start;
    shutdown.end_by_alarm();
    let bell = Rc::new(Socket::from(shutdown.bell().try_clone_to_owned()?));
    let listener = Rc::new(listener);
    let mut reactor = Reactor {
        set,
        service: &**service,
        listener: Some(Rc::clone(&listener)),
        accepting_again_at: None,
        shutdown,
        leaving_by: None,
        connections: Slab::new(),
        timers: Timers::default(),
        again: Vec::new(),
        scratch: socket::scratch(),
        now: Instant::now(),
    };
    let watch = |source| ServeError::io("watch the listener", source);
    reactor.set.watch(&listener, LISTENER, Interest::Read).map_err(watch)?;
    reactor.set.watch(&bell, BELL, Interest::Read).map_err(watch)?;
    drop(listener);
    Ok(reactor.serve(&bell)?)
}

struct Reactor<'a, R> {
    set: R,
    service: &'a dyn Service,
    /// None once the server is to stop.
    listener: Option<Rc<Socket>>,
    /// Set while the listener is left alone for want of descriptors.
    accepting_again_at: Option<Instant>,
    shutdown: &'a Shutdown,
    /// Set once the server is to stop.
    leaving_by: Option<Instant>,
    connections: Slab<Place>,
    timers: Timers,
    again: Vec<usize>,
    scratch: Vec<u8>,
    now: Instant,
}

/// A connection with what the loop knows about it.
struct Place {
    connection: Connection,
    /// What the set watches it for; nothing yet if it was served before it had to be watched.
    watched: Option<Interest>,
    /// Whether it is on the `again` list.
    again: bool,
}

impl<R: Readiness> Reactor<'_, R> {
    fn serve(&mut self, bell: &Rc<Socket>) -> io::Result<()> {
        let mut ready = Vec::new();
        while self.leaving_by.is_none() || !self.connections.is_empty() {
            self.set.wait(self.time_to_wait(), &mut ready)?;
            self.now = Instant::now();
            for ready in &ready {
                match ready.key {
                    LISTENER => self.accept_some()?,
                    BELL => self.stop(bell)?,
                    _ => self.handle(*ready),
                }
            }
            for key in std::mem::take(&mut self.again) {
                if let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) {
                    place.again = false;
                    self.advance(key, Connection::advance);
                }
            }
            self.ring_alarms();
            if self.accepting_again_at.is_some_and(|when| when <= self.now) {
                self.accept_again()?;
            }
            if self.leaving_by.is_some_and(|when| when <= self.now) {
                let (number, grace) = (self.connections.len(), self.shutdown.grace());
                trouble::report(format_args!(
                    "still busy after {grace:?} and cut off: {number} connection(s)"
                ));
                self.connections.clear();
            }
        }
        Ok(())
    }

    fn time_to_wait(&self) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        let moments = [self.timers.next(), self.accepting_again_at, self.leaving_by];
        let first = moments.into_iter().flatten().min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    fn handle(&mut self, ready: Ready) {
        match self.connections.get(ready.key - FIRST_CONNECTION) {
            // Nobody is there any more to wait for.
            Some(place) if ready.broken && place.watched == Some(Interest::Nothing) => self.close(ready.key),
            Some(place) if !place.again => self.advance(ready.key, Connection::advance),
            _ => {} // it has its turn in the `again` list, or is gone
        }
    }

    /// Gives a connection its turn and does what it asks for.
    fn advance(&mut self, key: usize, turn: fn(&mut Connection, Instant, &mut Vec<u8>) -> Turn) {
        let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) else { return };
        let (connection, now, scratch) = (&mut place.connection, self.now, &mut self.scratch);
        // A panic in one client's session must not take the others down.
        let turn = panic::catch_unwind(AssertUnwindSafe(|| turn(connection, now, scratch)));
        match turn.unwrap_or(Turn::Gone) {
            Turn::Gone => return self.close(key),
            Turn::Again => {
                place.again = true;
                self.again.push(key);
                return;
            }
            // A call that changes nothing is not made.
            Turn::On(interest) if place.watched == Some(interest) => {}
            Turn::On(interest) => {
                let socket = place.connection.socket();
                let watch = match place.watched {
                    None => self.set.watch(socket, key, interest),
                    Some(_) => self.set.change(socket, key, interest),
                };
                place.watched = Some(interest);
                if let Err(error) = watch {
                    trouble::report(error);
                    return self.close(key);
                }
            }
        }
        self.timers.set(place.connection.deadline(), key);
    }

    fn ring_alarms(&mut self) {
        while let Some(key) = self.timers.due(self.now) {
            match self.connections.get(key - FIRST_CONNECTION) {
                Some(place) if place.connection.deadline() > self.now => {
                    self.timers.set(place.connection.deadline(), key); // it has moved on
                }
                Some(place) if !place.again => self.advance(key, Connection::time_is_up),
                _ => {} // it has a turn coming anyway, or is gone
            }
        }
    }

    fn close(&mut self, key: usize) {
        let place = self.connections.remove(key - FIRST_CONNECTION);
        if place.watched.is_some() {
            self.set.forget(place.connection.socket(), key);
        }
        if self.accepting_again_at.is_some() {
            self.accepting_again_at = Some(self.now); // there is a descriptor again
        }
    }

    fn accept_some(&mut self) -> io::Result<()> {
        let Some(listener) = self.listener.clone() else { return Ok(()) };
        for _ in 0..ACCEPTS_A_TURN {
            match accept(&listener) {
                Accepted::Client(socket, peer) => self.admit(socket, peer),
                Accepted::NobodyThere => break,
                Accepted::Shortage(error) => {
                    report_shortage(&error);
                    self.accepting_again_at = Some(self.now + SHORTAGE_PAUSE);
                    return self.set.change(&listener, LISTENER, Interest::Nothing);
                }
                Accepted::Broken(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A new client gets a turn at once: its first request has often arrived with it, and a connection that is done
    /// within one turn is never watched at all.
    fn admit(&mut self, socket: Socket, peer: Peer) {
        if let Err(error) = self.set.admit(&socket) {
            return trouble::report(error);
        }
        let mut connection = Connection::new(socket, self.service, peer, self.now);
        if self.leaving_by.is_some() {
            connection.leave();
        }
        let place = Place { connection, watched: None, again: false };
        let key = self.connections.insert(place) + FIRST_CONNECTION;
        self.advance(key, Connection::advance);
    }

    fn accept_again(&mut self) -> io::Result<()> {
        self.accepting_again_at = None;
        match &self.listener {
            Some(listener) => self.set.change(listener, LISTENER, Interest::Read),
            None => Ok(()),
        }
    }

    /// Lets in who has connected until now, then nobody, and lets everyone finish.
    fn stop(&mut self, bell: &Rc<Socket>) -> io::Result<()> {
        let mut last = LastArrivals::begin(self.shutdown);
        self.set.change(bell, BELL, Interest::Nothing)?; // it rings on
        self.leaving_by = Some(self.now + self.shutdown.grace());
        if let Some(listener) = self.listener.take() {
            while last.one_more() {
                let Accepted::Client(socket, peer) = accept(&listener) else { break };
                self.admit(socket, peer);
            }
            self.set.forget(&listener, LISTENER);
        }
        let keys: Vec<usize> = self.connections.iter().map(|(key, _)| key + FIRST_CONNECTION).collect();
        for key in keys {
            if let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) {
                place.connection.leave();
                if !place.again {
                    self.advance(key, Connection::advance);
                }
            }
        }
        Ok(())
    }
}
