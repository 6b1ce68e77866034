//! A fixed number of threads that each accept.
//!
//! **What the kernel does.** All threads wait for the same listener, and for each new client one of them is woken, which
//! takes the client out of the kernel's queue by itself. Nothing is handed over between threads, so there is no queue
//! but the kernel's: clients for whom no thread is free wait there.
//!
//! **Good at** many short connections: neither creation nor hand-over costs anything.
//! **Bad at** clients who stay: a thread belongs to its client until that client leaves.
//!
//! Who waits is the option `accept`. With `shared` all idle threads do, and the kernel picks one. With `mutex` they queue
//! for a lock, and the one who has it waits alone: Stevens needed that where accept(2) was not safe to share, and today
//! it shows what a lock around it costs.
//!
//! Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP prethreaded server, per-thread accept".

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::Socket;
use workloads::{Peer, Service};

use super::acceptor::{Acceptor, Closing};
use super::blocking;
use super::shutdown::{Clients, Shutdown};
use super::workers::{WORKERS, workers};
use super::{Model, Room, ServeError, Start, trouble};
use crate::options::{Kind, Options, Spec};

/// How often a server whose threads might all have given up looks whether they have.
const DEAF_LOOK: Duration = Duration::from_millis(500);
/// How often a server that is to stop looks whether its listener can be closed.
const CLOSING_LOOK: Duration = Duration::from_millis(5);

const ACCEPT: Spec = Spec {
    key: "accept",
    kind: Kind::Word(&["shared", "mutex"]),
    help: "how idle threads wait for clients: all at once, or one at a time",
    default: "shared",
};

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "prethread",
    family: "threads",
    summary: "a fixed number of threads that each accept and serve",
    room,
    options: &[WORKERS, ACCEPT],
    lacks: super::nothing,
    run,
};

fn room(options: &Options) -> Room {
    Room::Workers(workers(options))
}

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { listener, service, options, shutdown } = start;
    let listener = Arc::new(listener);
    let doors = doors(options.word(&ACCEPT), workers(options), &listener, shutdown).map_err(|source| {
        ServeError::io("have so many threads wait for clients (try fewer workers)", source)
    })?;
    let clients = Arc::new(Clients::default());
    let (working, all_ended) = mpsc::channel();
    for door in doors {
        let worker = Worker {
            door,
            service: Arc::clone(service),
            clients: Arc::clone(&clients),
            shutdown: Arc::clone(shutdown),
            _working: working.clone(),
        };
        let start = thread::Builder::new().spawn(|| worker.work());
        start.map_err(|source| ServeError::io("start a worker thread (try fewer workers)", source))?;
    }
    drop(working);
    while !shutdown.rings_within(DEAF_LOOK)? {
        if all_ended.try_recv() == Err(TryRecvError::Disconnected) {
            return Err(io::Error::other("none of the threads can accept any more").into());
        }
    }
    clients.hear_no_more();
    if !ended_within(shutdown.grace(), &all_ended, Closing::begin(vec![listener], shutdown)) {
        clients.drain(Duration::ZERO);
    }
    Ok(())
}

/// How each of the threads comes by its clients.
fn doors(
    accept: &str,
    workers: usize,
    listener: &Arc<Socket>,
    shutdown: &Arc<Shutdown>,
) -> io::Result<Vec<Door>> {
    if accept == "mutex" {
        let acceptor = Arc::new(Mutex::new(Acceptor::new(Arc::clone(listener), shutdown)));
        return Ok((0..workers).map(|_| Door::OneAtATime(Arc::clone(&acceptor))).collect());
    }
    (0..workers).map(|_| Acceptor::one_of_many(Arc::clone(listener), shutdown).map(Door::Shared)).collect()
}

/// Where a thread waits for its next client.
enum Door {
    Shared(Acceptor),
    OneAtATime(Arc<Mutex<Acceptor>>),
}

impl Door {
    fn client(&mut self) -> io::Result<Option<(Socket, Peer)>> {
        match self {
            Self::Shared(acceptor) => acceptor.client(),
            // The lock is held while waiting: that is its meaning.
            Self::OneAtATime(acceptor) => acceptor.lock().unwrap_or_else(PoisonError::into_inner).client(),
        }
    }
}

/// What a thread needs for its work.
struct Worker {
    door: Door,
    service: Arc<dyn Service>,
    clients: Arc<Clients>,
    shutdown: Arc<Shutdown>,
    /// Tells by its end that this thread has ended.
    _working: Sender<()>,
}

impl Worker {
    fn work(mut self) {
        loop {
            match self.door.client() {
                Ok(Some((socket, peer))) => self.serve(socket, peer),
                Ok(None) => return,
                Err(error) => {
                    return trouble::report(format_args!("a thread gives up: it can't accept: {error}"));
                }
            }
        }
    }

    fn serve(&self, socket: Socket, peer: Peer) {
        let seat = self.clients.enter(socket);
        if self.shutdown.requested() {
            seat.hear_no_more(); // it may have come too late to be told with the others
        }
        blocking::serve_seat(&seat, peer, &*self.service, &self.shutdown);
    }
}

/// Whether all threads end within the grace; meanwhile, closes the listener as soon as the last clients are in.
fn ended_within(grace: Duration, all_ended: &Receiver<()>, mut closing: Closing) -> bool {
    let deadline = Instant::now() + grace;
    while Instant::now() < deadline {
        closing.look();
        if all_ended.recv_timeout(CLOSING_LOOK) == Err(RecvTimeoutError::Disconnected) {
            return true;
        }
    }
    false
}
