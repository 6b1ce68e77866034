//! The event loop over a readiness set, shared by all models that multiplex: wait, and give each connection that can
//! go on a turn.
//!
//! A turn of the loop reads the clock once. Whoever has more to do than one turn allows goes on the `again` list and
//! gets the next one. Clients are let in by `accept`; computations are done in line, or elsewhere by `offload`.
//!
//! While a connection waits for nothing (time passes, or its work is being done) it stays watched for input: usually
//! none comes, and then no call is needed when it goes on. Input that comes all the same is told once, and from then
//! on it is watched for nothing, so that it can't be told over and over.

use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use slab::Slab;
use socket2::Socket;
use workloads::{Service, Work};

use self::offload::{Computation, Offload};
use super::connection::{Connection, Turn};
use super::readiness::{Interest, Readiness, Ready, Trigger};
use super::shutdown::Shutdown;
use super::timers::Timers;
use super::{ServeError, Start, socket, trouble};

mod accept;
pub(crate) mod offload;

/// A moment that is nearer than this is waited for by the exact time.
const SOON: Duration = Duration::from_millis(20);
const LISTENER: usize = 0;
const BELL: usize = 1;
/// Where computations done elsewhere are told to be over.
const OUTCOMES: usize = 2;
/// Connections have the keys from here on.
const FIRST_CONNECTION: usize = 3;

/// Serves over `set`, in this one thread, until the shutdown is requested and what was under way is finished.
pub(crate) fn run(set: impl Readiness, start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, shutdown, .. } = start;
    shutdown.end_by_alarm();
    Reactor::new(Parts::new(set, listener, shutdown)?, &**service, shutdown)?.serve()
}

/// What a loop needs of the system to begin, for its thread to take along. It is opened before any client is let in, also
/// by another loop: afterwards there may be no descriptor left.
pub(crate) struct Parts<R> {
    set: R,
    listener: Socket,
    bell: Socket,
}

impl<R: Readiness> Parts<R> {
    pub(crate) fn new(set: R, listener: Socket, shutdown: &Shutdown) -> Result<Self, ServeError> {
        let bell = shutdown.bell().try_clone_to_owned();
        let bell = Socket::from(bell.map_err(|source| ServeError::io("watch for the end", source))?);
        Ok(Self { set, listener, bell })
    }
}

/// One event loop. It has a thread to itself.
pub(crate) struct Reactor<'a, R> {
    set: R,
    service: &'a dyn Service,
    /// None once the server is to stop.
    listener: Option<Arc<Socket>>,
    /// Set while the listener is left alone for want of descriptors.
    accepting_again_at: Option<Instant>,
    shutdown: &'a Shutdown,
    bell: Arc<Socket>,
    /// Set once the server is to stop.
    leaving_by: Option<Instant>,
    connections: Slab<Place>,
    timers: Timers,
    again: Vec<usize>,
    /// Who computes, if not this loop itself.
    offload: Option<Box<dyn Offload>>,
    computations: u64,
    scratch: Vec<u8>,
    now: Instant,
}

/// A connection with what the loop knows about it.
struct Place {
    connection: Connection,
    /// What it waits for.
    wants: Interest,
    /// What the set watches it for.
    watched: Watched,
    /// Whether it is on the `again` list.
    again: bool,
    /// The number of the computation that is being done for it elsewhere.
    computation: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watched {
    /// Not yet: so far it could be served without.
    Never,
    For(Interest),
    /// A one-shot set has told of it, and watches it no more.
    Told,
}

impl<'a, R: Readiness> Reactor<'a, R> {
    /// A loop that lets in the clients of a listener and computes in line.
    pub(crate) fn new(
        parts: Parts<R>,
        service: &'a dyn Service,
        shutdown: &'a Shutdown,
    ) -> Result<Self, ServeError> {
        let Parts { mut set, listener, bell } = parts;
        let (listener, bell) = (Arc::new(listener), Arc::new(bell));
        set.watch(&listener, LISTENER, Interest::Read)
            .map_err(|it| ServeError::io("watch the listener", it))?;
        set.watch(&bell, BELL, Interest::Read).map_err(|it| ServeError::io("watch for the end", it))?;
        Ok(Self {
            set,
            service,
            listener: Some(listener),
            accepting_again_at: None,
            shutdown,
            bell,
            leaving_by: None,
            connections: Slab::new(),
            timers: Timers::default(),
            again: Vec::new(),
            offload: None,
            computations: 0,
            scratch: socket::scratch(),
            now: Instant::now(),
        })
    }

    /// Serves until the shutdown is requested and what was under way is finished.
    pub(crate) fn serve(mut self) -> Result<(), ServeError> {
        let (mut ready, mut turns) = (Vec::new(), Vec::new());
        while self.leaving_by.is_none() || !self.connections.is_empty() {
            self.set.wait(self.time_to_wait(), &mut ready)?;
            self.now = Instant::now();
            self.handle_all(&ready)?;
            mem::swap(&mut self.again, &mut turns);
            for key in turns.drain(..) {
                self.take_turn(key)?;
            }
            self.ring_alarms();
            if self.accepting_again_at.is_some_and(|when| when <= self.now) {
                self.accept_again()?;
            }
            if self.leaving_by.is_some_and(|when| when <= self.now) {
                self.cut_off();
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
        // The clock is read again only where the length of this turn could make the wait notably late.
        let left = first.saturating_duration_since(self.now);
        Some(if left > SOON { left } else { first.saturating_duration_since(Instant::now()) })
    }

    /// Connections come first: a key that one of them gives up may be somebody else's after the rest.
    fn handle_all(&mut self, ready: &[Ready]) -> io::Result<()> {
        for ready in ready.iter().filter(|ready| ready.key >= FIRST_CONNECTION) {
            self.handle(*ready);
        }
        for ready in ready.iter().filter(|ready| ready.is_for(Interest::Read)) {
            match ready.key {
                LISTENER => self.accept_some()?,
                BELL => self.stop()?,
                OUTCOMES => self.take_outcomes()?,
                _ => {}
            }
        }
        Ok(())
    }

    fn handle(&mut self, ready: Ready) {
        let Some(place) = self.connections.get_mut(ready.key - FIRST_CONNECTION) else { return };
        place.connection.hear(ready);
        if self.set.trigger() == Trigger::OneShot {
            place.watched = Watched::Told;
        }
        match place.wants {
            _ if place.again => {} // it has its turn there
            // Nobody is there any more to wait for.
            Interest::Nothing if ready.broken => self.close(ready.key),
            Interest::Nothing => self.watch(ready.key, Interest::Nothing),
            wants if ready.is_for(wants) => self.advance(ready.key, Connection::advance),
            _ => {} // an edge of the other direction
        }
    }

    /// The turn of somebody on the `again` list.
    fn take_turn(&mut self, key: usize) -> io::Result<()> {
        if key == LISTENER {
            return self.accept_some();
        }
        if let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) {
            place.again = false;
            self.advance(key, Connection::advance);
        }
        Ok(())
    }

    /// Gives a connection its turn and does what it asks for.
    fn advance(&mut self, key: usize, turn: impl FnOnce(&mut Connection, Instant, &mut Vec<u8>) -> Turn) {
        let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) else { return };
        let (connection, now, scratch) = (&mut place.connection, self.now, &mut self.scratch);
        // A panic in one client's session must not take the others down.
        let turn = panic::catch_unwind(AssertUnwindSafe(|| turn(connection, now, scratch)));
        match turn.unwrap_or(Turn::Gone) {
            Turn::Gone => self.close(key),
            Turn::Again => self.put_on_again(key),
            Turn::Compute(work) => self.compute(key, work),
            // The edge has been told, and nobody would tell of what was left unread.
            Turn::On(Interest::Read) if self.set.trigger() == Trigger::Edge && !connection.drained() => {
                self.put_on_again(key);
            }
            Turn::On(interest) => self.park(key, interest),
        }
    }

    fn put_on_again(&mut self, key: usize) {
        let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) else { return };
        place.again = true;
        self.again.push(key);
    }

    /// In line, everybody else waits meanwhile.
    fn compute(&mut self, key: usize, work: Work) {
        let (Some(place), Some(offload)) =
            (self.connections.get_mut(key - FIRST_CONNECTION), &mut self.offload)
        else {
            return self.advance(key, |connection, _, _| connection.computed(work()));
        };
        self.computations += 1;
        place.computation = Some(self.computations);
        offload.begin(Computation { number: self.computations, key, work });
        self.park(key, Interest::Nothing);
    }

    /// Leaves a connection until its socket is ready for `interest`, or its deadline has come.
    fn park(&mut self, key: usize, interest: Interest) {
        let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) else { return };
        place.wants = interest;
        if let Some(deadline) = place.connection.deadline() {
            self.timers.set(deadline, key);
        }
        match (interest, place.watched) {
            (Interest::Nothing, Watched::For(Interest::Nothing)) => {}
            (Interest::Nothing, _) => self.watch(key, Interest::Read), // see above
            _ => self.watch(key, interest),
        }
    }

    /// Has a connection watched for `interest`. A call that changes nothing is not made.
    fn watch(&mut self, key: usize, interest: Interest) {
        let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) else { return };
        let socket = place.connection.socket();
        let watch = match place.watched {
            Watched::For(watched) if watched == interest => return,
            Watched::Never => self.set.watch(socket, key, interest),
            Watched::For(_) | Watched::Told => self.set.change(socket, key, interest),
        };
        place.watched = Watched::For(interest);
        if let Err(error) = watch {
            trouble::report(error);
            self.close(key);
        }
    }

    fn ring_alarms(&mut self) {
        while let Some(key) = self.timers.due(self.now) {
            let Some(place) = self.connections.get(key - FIRST_CONNECTION) else { continue };
            match place.connection.deadline() {
                Some(deadline) if deadline > self.now => self.timers.set(deadline, key), // it has moved on
                Some(_) if !place.again => self.advance(key, Connection::time_is_up),
                _ => {} // it has a turn coming anyway
            }
        }
    }

    fn close(&mut self, key: usize) {
        let place = self.connections.remove(key - FIRST_CONNECTION);
        if place.watched != Watched::Never {
            self.set.forget(place.connection.socket(), key);
        }
        if let (Some(number), Some(offload)) = (place.computation, &mut self.offload) {
            offload.forget(number);
        }
        if self.accepting_again_at.is_some() {
            self.accepting_again_at = Some(self.now); // there is a descriptor again
        }
    }

    /// Lets in who has connected until now, then nobody, and lets everyone finish.
    fn stop(&mut self) -> io::Result<()> {
        self.set.change(&self.bell, BELL, Interest::Nothing)?; // it rings on
        self.leaving_by = Some(self.now + self.shutdown.grace());
        self.accept_the_last();
        for key in self.keys() {
            let Some(place) = self.connections.get_mut(key - FIRST_CONNECTION) else { continue };
            place.connection.leave();
            if !place.again {
                self.advance(key, Connection::advance);
            }
        }
        Ok(())
    }

    fn cut_off(&mut self) {
        let (number, grace) = (self.connections.len(), self.shutdown.grace());
        trouble::report(format_args!("still busy after {grace:?} and cut off: {number} connection(s)"));
        for key in self.keys() {
            self.close(key);
        }
    }

    fn keys(&self) -> Vec<usize> {
        self.connections.iter().map(|(key, _)| key + FIRST_CONNECTION).collect()
    }
}
