//! `io_uring`: completions, not readiness. The program says what is to be done and hears when it has been done.
//!
//! **What the kernel does.** It shares two rings of memory with the program: operations go down one, completions come
//! up the other. One call, `io_uring_enter(2)`, hands over all that was asked for in a turn of the loop and waits for what
//! is done, so a busy server makes one system call for many requests. An accept and a receive are asked for once and
//! complete again and again (*multishot*), the receive into a buffer that the kernel takes from a pool when bytes are
//! there. Sends are done at once where there is room, else when there is.
//!
//! **Good at** saving system calls: epoll makes two for each request, and a wait. The busier, the more it saves.
//! **Bad at** simple answers to who owns what: memory belongs to the kernel until the completion is there, a
//! cancellation may come too late, and a connection can't be forgotten before the last completion of it was heard. The
//! kernel receives unasked, so whoever must be stopped has to be cancelled, and what came until then kept. Linux only,
//! from 6.1 on as used here, and often forbidden, since the kernel's part was broken into more than once.
//!
//! A receive that goes on by itself fits who asks and waits for the answer. Who sends before the last answer is taken is
//! cancelled, and received from one piece at a time until they have caught up: so memory stays bounded.
//!
//! Source: `io_uring(7)`, `io_uring_prep_recv_multishot(3)`; J. Axboe, "`io_uring` and networking in 2023".

mod accept;
mod buffers;
mod connection;
mod lacks;
mod ring;

use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::time::{Duration, Instant};

use slab::Slab;
use socket2::Socket;
use workloads::Service;

use self::connection::{Connection, Turn};
use self::lacks::lacks;
use self::ring::{Client, Completion, Receipt, Ring};
use super::shutdown::Shutdown;
use super::timers::Timers;
use super::{Model, ServeError, Start, trouble};
use crate::options::{Kind, Spec};

/// Operations that one call can hand over. Two for each of 512 clients who are answered in the same turn.
const ENTRIES: u32 = 1024;
/// How long the completions of what was cancelled at the very end are waited for before it is looked again.
const LAST_COMPLETIONS: Duration = Duration::from_secs(1);

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "io-uring",
    family: "completions",
    summary: "one thread hands the kernel batches of operations, and hears when they are done",
    room: super::many,
    options: &[Spec {
        key: "entries",
        // The queue of completions is four times as long, and its limit is 65,536.
        kind: Kind::Number(16_384),
        help: "operations that one call can hand over, and receive buffers, up to 64",
        default: "1024",
    }],
    lacks,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    shutdown.end_by_alarm();
    let entries = options.number("entries").and_then(|number| u32::try_from(number).ok()).unwrap_or(ENTRIES);
    let ring = Ring::new(entries).map_err(|source| ServeError::io("set up an io_uring", source))?;
    listener.set_nonblocking(false)?; // an accept in the ring waits for clients only if the listener would
    let mut server = Server {
        ring,
        service: &**service,
        listener: Some(listener),
        accepting: false,
        accepting_again_at: None,
        shutdown,
        leaving_by: None,
        places: Slab::new(),
        clients: 0,
        timers: Timers::default(),
        again: Vec::new(),
        without_buffer: VecDeque::new(),
        now: Instant::now(),
    };
    Ok(server.serve()?)
}

struct Server<'a> {
    ring: Ring,
    service: &'a dyn Service,
    /// None once the server is to stop and nobody more is let in.
    listener: Option<Socket>,
    /// An accept is in flight.
    accepting: bool,
    /// Set while nobody is accepted for want of descriptors.
    accepting_again_at: Option<Instant>,
    shutdown: &'a Shutdown,
    /// Set once the server is to stop.
    leaving_by: Option<Instant>,
    places: Slab<Place>,
    /// How many clients there have been, modulo [`GENERATIONS`].
    clients: u32,
    timers: Timers,
    again: Vec<usize>,
    /// Whose receive found no buffer.
    without_buffer: VecDeque<usize>,
    now: Instant,
}

/// A connection with what the loop knows about it.
struct Place {
    connection: Connection,
    /// Whether it is on the `again` list, or waits for a buffer: it has a turn coming.
    again: bool,
}

impl Server<'_> {
    fn serve(&mut self) -> io::Result<()> {
        self.accept();
        self.ring.watch_bell(self.shutdown.bell());
        while self.leaving_by.is_none() || self.accepting || !self.places.is_empty() {
            self.ring.wait(self.time_to_wait())?;
            self.now = Instant::now();
            self.receive_where_no_buffer_was();
            for _ in 0..self.ring.completed() {
                let Some(completion) = self.ring.next() else { break };
                self.handle(completion)?;
            }
            for key in std::mem::take(&mut self.again) {
                self.turn_again(key);
            }
            self.ring_alarms();
            if self.accepting_again_at.is_some_and(|when| when <= self.now) {
                self.accept();
            }
            if self.leaving_by.is_some_and(|when| when <= self.now) {
                self.cut_off();
            }
        }
        Ok(())
    }

    fn time_to_wait(&self) -> Option<Duration> {
        if !self.again.is_empty() || !self.without_buffer.is_empty() {
            return Some(Duration::ZERO);
        }
        let moments = [self.timers.next(), self.accepting_again_at, self.leaving_by];
        let first = moments.into_iter().flatten().min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    fn handle(&mut self, completion: Completion) -> io::Result<()> {
        match completion {
            Completion::Received { client, what, more } => self.received(client, what, more),
            Completion::Sent { client, output, sent } => {
                if self.is_present(client) {
                    self.turn_after(client.key, |connection, now, ring| {
                        connection.sent(output, sent, now, ring)
                    });
                }
            }
            Completion::Accepted { client, more } => {
                self.accepting = more;
                return self.accepted(client);
            }
            Completion::Bell => return self.stop(),
        }
        Ok(())
    }

    fn received(&mut self, client: Client, what: Receipt, more: bool) {
        if !self.is_present(client) {
            if let Receipt::Bytes(chunk, _) = what {
                drop(self.ring.open(chunk));
            }
            return;
        }
        if matches!(what, Receipt::NoBuffer) && !self.places[client.key].again {
            // The buffers are with other completions of this turn. At its end all are free.
            self.places[client.key].again = true;
            self.without_buffer.push_back(client.key);
        }
        self.turn_after(client.key, |connection, _, ring| connection.received(what, more, ring));
    }

    /// Whether a completion is of a connection that is there, and not of one that had its key before.
    fn is_present(&self, client: Client) -> bool {
        self.places.get(client.key).is_some_and(|place| place.connection.client() == client)
    }

    /// Who found no buffer asks again, before anybody else does: no more of them at a time than there are buffers.
    fn receive_where_no_buffer_was(&mut self) {
        for _ in 0..self.ring.buffers() {
            let Some(key) = self.without_buffer.pop_front() else { return };
            self.turn_again(key);
        }
    }

    /// Tells a connection what has been done, and gives it a turn unless it has one coming. What has been done says
    /// false where the connection is over.
    fn turn_after(&mut self, key: usize, done: impl FnOnce(&mut Connection, Instant, &mut Ring) -> bool) {
        let Some(place) = self.places.get(key) else { return };
        let again = place.again;
        self.turn(key, move |connection, now, ring| match done(connection, now, ring) {
            false => Turn::Gone,
            true if again => Turn::Parked,
            true => connection.advance(now, ring),
        });
    }

    fn turn_again(&mut self, key: usize) {
        if let Some(place) = self.places.get_mut(key) {
            place.again = false;
            self.turn(key, Connection::advance);
        }
    }

    /// Gives a connection its turn and does what it asks for.
    fn turn(&mut self, key: usize, turn: impl FnOnce(&mut Connection, Instant, &mut Ring) -> Turn) {
        let Some(place) = self.places.get_mut(key) else { return };
        let (connection, now, ring) = (&mut place.connection, self.now, &mut self.ring);
        // A panic in one client's session must not take the others down.
        let turn = panic::catch_unwind(AssertUnwindSafe(|| turn(connection, now, ring)));
        match turn.unwrap_or(Turn::Gone) {
            Turn::Gone => self.close(key),
            Turn::Again => {
                place.again = true;
                self.again.push(key);
            }
            Turn::Parked => self.timers.set(place.connection.deadline(), key),
        }
    }

    fn ring_alarms(&mut self) {
        while let Some(key) = self.timers.due(self.now) {
            match self.places.get(key) {
                Some(place) if place.connection.deadline() > self.now => {
                    self.timers.set(place.connection.deadline(), key); // it has moved on
                }
                Some(place) if !place.again => self.turn(key, Connection::time_is_up),
                _ => {} // it has a turn coming anyway, or is gone
            }
        }
    }

    /// Ends a connection, as soon as nothing of it is in flight: until then its place is kept.
    fn close(&mut self, key: usize) {
        let Some(place) = self.places.get_mut(key) else { return };
        if place.connection.is_in_flight() {
            return place.connection.end(&mut self.ring);
        }
        self.places.remove(key);
        if self.accepting_again_at.is_some() {
            self.accepting_again_at = Some(self.now); // there is a descriptor again
        }
    }

    /// Lets in who has connected until now, then nobody, and lets everyone finish.
    fn stop(&mut self) -> io::Result<()> {
        self.leaving_by = Some(self.now + self.shutdown.grace());
        self.accept_the_last()?;
        for key in self.keys() {
            if let Some(place) = self.places.get_mut(key) {
                place.connection.leave();
                if !place.again {
                    self.turn(key, Connection::advance);
                }
            }
        }
        Ok(())
    }

    /// Ends the connections that are still busy after the grace.
    fn cut_off(&mut self) {
        let (number, grace) = (self.places.len(), self.shutdown.grace());
        trouble::report(format_args!("still busy after {grace:?} and cut off: {number} connection(s)"));
        self.keys().into_iter().for_each(|key| self.close(key));
        self.leaving_by = Some(self.now + LAST_COMPLETIONS);
    }

    fn keys(&self) -> Vec<usize> {
        self.places.iter().map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::Arc;
    use std::thread;

    use bytes::BytesMut;
    use workloads::echo::Echo;
    use workloads::{Done, Limits, Next, Peer, Session};

    use super::super::{Transport, socket};
    use super::*;
    use crate::options::Options;

    /// Serves with `entries` while `clients` runs, if this machine can.
    fn serve(listener: Socket, service: &Arc<dyn Service>, entries: &str, clients: impl FnOnce()) {
        if let Some(reason) = lacks(&Options::default(), Transport::Tcp) {
            skipped!("{reason}");
            return;
        }
        let shutdown = Shutdown::by_hand(Duration::from_secs(5)).unwrap();
        let mut options = Options::default();
        options.set_default("entries", entries);
        thread::scope(|scope| {
            let server = scope.spawn(|| {
                run(Start { listener, service, options: &options, shutdown: &shutdown }).unwrap();
            });
            let clients = panic::catch_unwind(AssertUnwindSafe(clients));
            shutdown.request();
            server.join().unwrap();
            clients.unwrap();
        });
    }

    fn echo(mut client: impl Read + Write, bytes: &[u8]) {
        client.write_all(bytes).unwrap();
        let mut heard = vec![0; bytes.len()];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(heard, bytes);
    }

    #[test]
    fn clients_of_a_unix_socket_are_served() {
        let path = std::env::temp_dir().join(format!("concur-io-uring-{}", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let service: Arc<dyn Service> = Arc::new(Echo);
        serve(listener.into(), &service, "8", || {
            let clients: Vec<UnixStream> = (0..20).map(|_| UnixStream::connect(&path).unwrap()).collect();
            for client in &clients {
                echo(client, &vec![7; 100_000]);
            }
        });
        std::fs::remove_file(&path).unwrap();
    }

    /// Echoes, and panics at an exclamation mark.
    struct Nervous;

    impl Service for Nervous {
        fn session(&self, _: Peer) -> Box<dyn Session> {
            Box::new(Self)
        }
    }

    impl Session for Nervous {
        fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
            assert!(!input.contains(&b'!'), "an exclamation mark");
            output.extend_from_slice(&input.split());
            Next::Read
        }

        fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
            Next::Read
        }
    }

    #[test]
    fn a_panic_in_a_session_ends_that_client_alone_and_gives_its_buffer_back() {
        let listener = socket::listen(&([127, 0, 0, 1], 0).into(), &Limits::default()).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let service: Arc<dyn Service> = Arc::new(Nervous);
        serve(listener, &service, "1", || {
            let calm = TcpStream::connect(address).unwrap();
            for _ in 0..3 {
                let mut nervous = TcpStream::connect(address).unwrap();
                echo(&nervous, b"hello");
                nervous.write_all(b"!").unwrap();
                let end = nervous.read(&mut [0]);
                assert!(!matches!(end, Ok(1..)), "its connection is closed");
                echo(&calm, b"still there"); // through the only buffer
            }
        });
    }
}
