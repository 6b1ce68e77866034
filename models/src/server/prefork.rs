//! A fixed number of child processes, made beforehand, each serving one client after another.
//!
//! **What the kernel does.** All that fork(2) costs is paid once, before there are clients. A worker with nothing to do
//! sleeps until there is a client for it; it has its own memory, as any process.
//!
//! **Good at** many short connections with the isolation of processes: a worker that crashes takes one client with it,
//! and the parent makes another in its place.
//! **Bad at** clients who stay: a worker belongs to its client until that client leaves.
//!
//! Who of the idle workers gets a new client is the option `accept`:
//!
//! | way | idle workers wait for | what it costs |
//! |---|---|---|
//! | `shared` | the one listener; the kernel wakes one of them | were all to wake, the others would find nothing: the thundering herd |
//! | `flock` | a file lock; who has it waits for the listener | two calls more for each client, and at times a small herd |
//! | `mutex` | a mutex in shared memory, in the same way | no call more as long as nobody else wants it |
//! | `fd-pass` | the parent, who accepts and passes the client on to one who is free | the parent is in everybody's way |
//! | `reuseport` | a listener of their own: the kernel deals clients out by their addresses | who is behind a busy worker waits, though others are idle |
//!
//! With `reuseport` the parent keeps all listeners open, so that whoever waits behind a worker that dies is served by
//! the one in its place.
//!
//! Source: W. R. Stevens, UNIX Network Programming, volume 1, chapter 30, "TCP preforked server" in its four forms (no
//! locking, file locking, thread locking, descriptor passing); `SO_REUSEPORT` in socket(7).

mod line;
mod lock;

use std::io;
use std::mem;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use socket2::Socket;
use workloads::{Peer, Service};

use self::line::{Lines, Passed, WorkersEnd};
use self::lock::{Lock, LockFile, SharedMutex};
use super::acceptor::{Acceptor, Arrival, Closing};
use super::children::{self, Children, Ended};
use super::shutdown::{Quiet, Shutdown};
use super::socket::{listen_beside, scratch};
use super::workers::{WORKERS, workers};
use super::{Model, Room, ServeError, Start, Transport, blocking, trouble};
use crate::forking::{Alone, Side};
use crate::options::{Kind, Options, Spec};

/// A worker that ends sooner than this after its start did not end because of its clients.
const YOUNG: Duration = Duration::from_secs(1);
/// How long to leave it be when workers end young, or can't be made: trying again at once would burn a processor.
const REST: Duration = Duration::from_millis(500);

const ACCEPT: Spec = Spec {
    key: "accept",
    kind: Kind::Word(&["shared", "flock", "mutex", "fd-pass", "reuseport"]),
    help: "how idle workers come by new clients",
    default: "shared",
};

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "prefork",
    family: "processes",
    summary: "a fixed number of child processes, made beforehand",
    room,
    options: &[WORKERS, ACCEPT],
    lacks,
    run,
};

fn room(options: &Options) -> Room {
    match options.word(&ACCEPT) {
        "reuseport" => Room::DealtOut(workers(options)),
        _ => Room::Workers(workers(options)),
    }
}

fn lacks(options: &Options, transport: Transport) -> Option<String> {
    match options.word(&ACCEPT) {
        "reuseport" if transport == Transport::Unix => Some(
            "Unix sockets can't share a path as TCP sockets can share a port; try another way to accept"
                .into(),
        ),
        "flock" => LockFile::lacks(),
        _ => Alone::lacks(),
    }
}

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let alone = Alone::wait()?;
    let shutdown = start.shutdown;
    let workers = workers(start.options);
    let mut crew = Crew::new(start, workers, alone)?;
    for place in 0..workers {
        if let Err(source) = crew.hire(place) {
            crew.dismiss(Duration::ZERO)?;
            return Err(ServeError::io("start a worker process (try fewer workers)", source));
        }
    }
    match crew.accept {
        Accept::FromParent(_) => crew.pass_clients_on()?,
        _ => crew.keep_complete()?,
    }
    Ok(crew.dismiss(shutdown.grace())?)
}

/// Where a worker waits for its next client.
trait Door {
    /// The next client; none once the server has been asked to stop, and all who had connected by then are in.
    fn client(&mut self) -> io::Result<Option<(Socket, Peer)>>;
}

/// `shared` and `reuseport`: the listener itself, be it everybody's or one's own.
impl Door for Acceptor {
    fn client(&mut self) -> io::Result<Option<(Socket, Peer)>> {
        self.client()
    }
}

/// `flock` and `mutex`: whoever has the lock waits alone, and gives it back with its client in hand.
struct Locked<L> {
    lock: L,
    acceptor: Acceptor,
}

impl<L: Lock> Door for Locked<L> {
    fn client(&mut self) -> io::Result<Option<(Socket, Peer)>> {
        self.lock.hold(|| self.acceptor.client())
    }
}

/// What a worker does.
fn work(mut door: Box<dyn Door>, service: &dyn Service, shutdown: &Shutdown) -> io::Result<()> {
    let mut scratch = scratch();
    while let Some((socket, peer)) = door.client()? {
        let _ = blocking::serve_only(&mut scratch, &socket, peer, service, shutdown); // a panic is that client's end alone
    }
    Ok(())
}

/// How idle workers come by new clients, with what they share for it.
enum Accept {
    Together,
    ByFileLock(LockFile),
    ByMutex(SharedMutex),
    FromParent(Lines),
    FromTheirOwn,
}

/// The workers, as the parent sees them.
struct Crew {
    accept: Accept,
    /// The one listener, or one for each worker.
    listeners: Vec<Arc<Socket>>,
    children: Children<Worker>,
    ended: Ended,
    /// The places without a worker.
    vacant: Vec<usize>,
    /// `fd-pass`: where the parent waits for clients, and the client whom it has not passed on yet. A worker that is made
    /// meanwhile begins with a copy of both, and lets go of it.
    reception: Option<Acceptor>,
    in_hand: Option<Socket>,
    /// Before this moment no place is filled.
    resting_until: Option<Instant>,
    service: Arc<dyn Service>,
    shutdown: Arc<Shutdown>,
}

struct Worker {
    place: usize,
    since: Instant,
}

impl Crew {
    fn new(start: Start<'_>, workers: usize, alone: Alone) -> Result<Self, ServeError> {
        let Start { listener, service, options, shutdown } = start;
        let accept = match options.word(&ACCEPT) {
            "flock" => Accept::ByFileLock(LockFile::new()?),
            "mutex" => Accept::ByMutex(SharedMutex::new()?),
            "fd-pass" => Accept::FromParent(Lines::new(workers)?),
            "reuseport" => Accept::FromTheirOwn,
            _ => Accept::Together,
        };
        let mut listeners = vec![Arc::new(listener)];
        while matches!(accept, Accept::FromTheirOwn) && listeners.len() < workers {
            let one_more = listen_beside(&listeners[0], &service.limits());
            let one_more =
                one_more.map_err(|source| ServeError::io("listen for each worker (try fewer)", source))?;
            listeners.push(Arc::new(one_more));
        }
        Ok(Self {
            accept,
            listeners,
            children: Children::new(alone),
            ended: Ended::new()?,
            vacant: Vec::new(),
            reception: None,
            in_hand: None,
            resting_until: None,
            service: Arc::clone(service),
            shutdown: Arc::clone(shutdown),
        })
    }

    /// Makes the worker for a place.
    fn hire(&mut self, place: usize) -> io::Result<()> {
        let line = match &mut self.accept {
            Accept::FromParent(lines) => Some(lines.lay(place)?),
            _ => None,
        };
        let quiet = Quiet::begin()?;
        match self.children.fork(Worker { place, since: Instant::now() })? {
            Side::Parent(_) => Ok(()),
            Side::Child => children::leave_after(|| {
                self.shutdown.become_worker()?;
                drop(quiet);
                self.children.forget();
                let door = self.door(place, line)?;
                work(door, &*self.service, &self.shutdown)
            }),
        }
    }

    /// For a worker: its own way to clients; it lets go of those of the others.
    fn door(&mut self, place: usize, line: Option<WorkersEnd>) -> io::Result<Box<dyn Door>> {
        (self.reception, self.in_hand) = (None, None);
        let shutdown = &self.shutdown;
        let mine = place % self.listeners.len();
        let listener = mem::take(&mut self.listeners).swap_remove(mine);
        let accept = mem::replace(&mut self.accept, Accept::Together);
        if let Some(line) = line {
            return Ok(Box::new(line.door()));
        }
        Ok(match accept {
            Accept::Together => Box::new(Acceptor::one_of_many(listener, shutdown)?),
            Accept::ByFileLock(file) => {
                Box::new(Locked { lock: file.open()?, acceptor: Acceptor::new(listener, shutdown) })
            }
            Accept::ByMutex(mutex) => {
                Box::new(Locked { lock: mutex, acceptor: Acceptor::new(listener, shutdown) })
            }
            Accept::FromTheirOwn | Accept::FromParent(_) => Box::new(Acceptor::new(listener, shutdown)),
        })
    }

    /// Puts a new worker in the place of each that has ended, until the server is asked to stop.
    fn keep_complete(&mut self) -> io::Result<()> {
        loop {
            self.fill_places()?;
            if self.shutdown.requested() {
                return Ok(());
            }
            wait_for([self.shutdown.bell()], &self.ended, self.rest())?;
        }
    }

    /// `fd-pass`: accepts clients and passes them on, until the server is asked to stop.
    fn pass_clients_on(&mut self) -> io::Result<()> {
        self.reception = Some(Acceptor::new(Arc::clone(&self.listeners[0]), &self.shutdown));
        loop {
            self.fill_places()?;
            let rest = self.rest();
            let Some(acceptor) = &mut self.reception else { break };
            match acceptor.next(Some(&self.ended), rest)? {
                Arrival::Client(socket, _) => {
                    self.in_hand = Some(socket);
                    self.pass_on()?;
                    self.in_hand = None;
                }
                Arrival::Other => {}
                Arrival::Over => break,
            }
        }
        self.reception = None;
        self.listeners.clear(); // no worker has it
        Ok(())
    }

    /// Passes the client in hand to a worker that is free, once there is one. When the server is to stop, nobody gets free by
    /// waiting: then the workers get the last clients in turn, and serve those before they leave.
    fn pass_on(&mut self) -> io::Result<()> {
        let mut tries_left = self.places();
        while tries_left > 0 {
            self.fill_places()?;
            let rest = self.rest();
            let (Accept::FromParent(lines), Some(client)) = (&mut self.accept, &self.in_hand) else {
                return Ok(());
            };
            let place = match lines.next_free()? {
                Some(place) => place,
                None if self.shutdown.requested() => {
                    tries_left -= 1;
                    lines.next_in_turn()
                }
                None => {
                    wait_for([lines.anybody_free(), self.shutdown.bell()], &self.ended, rest)?;
                    continue;
                }
            };
            match lines.pass(place, client) {
                Ok(Passed::Through) => return Ok(()),
                Ok(Passed::Not) => {}
                Err(error) => {
                    trouble::report(format_args!("can't pass a client on: {error}; it is turned away"));
                    return Ok(());
                }
            }
        }
        trouble::report("no worker is there any more for a client, who is turned away");
        Ok(())
    }

    /// Waits for the workers that have ended, and makes others in their places.
    fn fill_places(&mut self) -> io::Result<()> {
        if self.ended.any() {
            while let Some(worker) = self.children.reap_one()? {
                self.vacate(&worker);
            }
        }
        if self.shutdown.requested() || self.rest().is_some_and(|rest| !rest.is_zero()) {
            return Ok(());
        }
        while let Some(place) = self.vacant.pop() {
            if let Err(error) = self.hire(place) {
                self.vacant.push(place);
                self.resting_until = Some(Instant::now() + REST);
                trouble::report(format_args!("can't fork: {error}; there are fewer workers for now"));
                break;
            }
        }
        Ok(())
    }

    fn vacate(&mut self, worker: &Worker) {
        self.vacant.push(worker.place);
        if let Accept::FromParent(lines) = &mut self.accept {
            lines.cut(worker.place);
        }
        if worker.since.elapsed() < YOUNG {
            self.resting_until = Some(Instant::now() + REST);
            trouble::report("workers end soon after their start; others are made at most twice a second");
        }
    }

    /// How long to wait before places are filled; none if there is nothing to fill.
    fn rest(&self) -> Option<Duration> {
        let until = self.resting_until.unwrap_or_else(Instant::now);
        (!self.vacant.is_empty()).then(|| until.saturating_duration_since(Instant::now()))
    }

    fn places(&self) -> usize {
        match &self.accept {
            Accept::FromParent(lines) => lines.places(),
            _ => 0,
        }
    }

    /// Lets everyone finish; whoever has not after `grace` is ended.
    fn dismiss(mut self, grace: Duration) -> io::Result<()> {
        if let Accept::FromParent(lines) = &mut self.accept {
            lines.cut_all();
        }
        let mut closing = Closing::begin(self.listeners, &self.shutdown);
        self.children.drain(grace, || closing.look())
    }
}

/// Sleeps until one of these is readable, a child has ended or another signal has come, or `limit` is over.
fn wait_for<const N: usize>(
    fds: [BorrowedFd<'_>; N],
    ended: &Ended,
    limit: Option<Duration>,
) -> io::Result<()> {
    match ended.poll(&mut fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)), limit) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
