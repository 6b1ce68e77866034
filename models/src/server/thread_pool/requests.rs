//! `per=request`: workers are handed clients who have something to say, and keep nobody who is silent.
//!
//! All clients are watched in one epoll set, and the workers take turns at it: whoever finds the queue empty is the
//! leader, who alone waits for signs of life and lets new clients in. What it hears of goes into the queue; then it gives
//! the lead up to one of the followers, who sleep until it is free, and takes from the queue like the others. A worker
//! reads, answers, and lets go of the client when nothing more has come. If it waits or computes for a client, it does so
//! in line, and the others go on meanwhile.
//!
//! So nothing is handed from thread to thread while there is more to do: a lone worker never sleeps between two requests
//! that have both come. And the queue needs no bound of its own: each client is in it once at most.
//!
//! The set is edge-triggered: a client costs one `epoll_ctl` in its life. But then the leader may be told of a client
//! whom another worker has just then. What both know of a client is one byte, [`Signs`]: whoever sets `HELD` has the
//! client to himself, and it can only be cleared while nothing has been told since the holder looked. So no client is
//! in two hands, and none is let go of with something unread.
//!
//! Source: D. Schmidt and others, "Leader/Followers", in Pattern-Oriented Software Architecture, volume 2, 2000.

mod signs;
mod watch;

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use slab::Slab;
use workloads::Service;

use self::signs::{BEHIND, LATE, Signs, TOLD};
use self::watch::Watch;
use crate::server::connection::{Connection, Turn};
use crate::server::readiness::{Interest, Ready};
use crate::server::shutdown::Shutdown;
use crate::server::{ServeError, Start, socket, team};

/// The deadline of who has none.
const NEVER: u64 = u64::MAX;

/// Serves with so many workers.
pub(super) fn serve(start: Start<'_>, workers: usize) -> Result<(), ServeError> {
    let Start { listener, service, shutdown, .. } = start;
    let pool = Arc::new(Pool {
        watch: Mutex::new(Watch::new(listener, shutdown)?),
        queue: Mutex::default(),
        clients: Mutex::default(),
        service: Arc::clone(service),
        shutdown: Arc::clone(shutdown),
        began: Instant::now(),
    });
    let worker = |_| {
        let pool = Arc::clone(&pool);
        move || pool.work()
    };
    team::run_all("worker", (0..workers).map(worker), shutdown)
}

/// What the workers share.
struct Pool {
    /// The lead: who holds it watches.
    watch: Mutex<Watch>,
    /// Who has something to say, and no worker yet.
    queue: Mutex<VecDeque<Arc<Client>>>,
    clients: Mutex<Slab<Arc<Client>>>,
    service: Arc<dyn Service>,
    shutdown: Arc<Shutdown>,
    /// Deadlines are told in milliseconds since then.
    began: Instant,
}

/// A client, who is in one pair of hands at a time.
struct Client {
    key: usize,
    signs: Signs,
    /// When its time is up, if it is silent; [`NEVER`] while a worker has it.
    deadline_ms: AtomicU64,
    /// For its holder alone: the lock only lends it out.
    connection: Mutex<Connection>,
}

impl Pool {
    /// What each worker does.
    fn work(&self) -> Result<(), ServeError> {
        let mut scratch = socket::scratch();
        loop {
            let next = lock(&self.queue).pop_front();
            match next {
                Some(client) if self.serve(&client, &mut scratch) => {
                    lock(&self.queue).push_back(client); // others first,
                    self.look()?; // be they in the queue already or not
                }
                Some(_) => {}
                None if self.lead()? => {}
                None => return Ok(()),
            }
        }
    }

    /// Waits for the lead, and then for signs of life, unless there is something to do by then. False when all is done.
    fn lead(&self) -> Result<bool, ServeError> {
        let mut watch = lock(&self.watch);
        if lock(&self.queue).is_empty() {
            if watch.is_over(self) {
                return Ok(false);
            }
            let limit = watch.time_to_wait();
            watch.turn(self, limit)?;
        }
        Ok(true)
    }

    /// Looks for signs of life without waiting for any. There may be no leader: nobody becomes one while there is
    /// somebody in the queue, as those are who always have more to do.
    fn look(&self) -> Result<(), ServeError> {
        match self.watch.try_lock() {
            Ok(mut watch) => Ok(watch.turn(self, Duration::ZERO)?),
            Err(_) => Ok(()), // somebody does
        }
    }

    fn clients(&self) -> MutexGuard<'_, Slab<Arc<Client>>> {
        lock(&self.clients)
    }

    fn ms_until(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.began).as_millis() as u64
    }

    /// Serves a client for one turn, or until it has nothing more to say for now. True if it has.
    fn serve(&self, client: &Client, scratch: &mut Vec<u8>) -> bool {
        loop {
            // A panic in one client's session is the end of that client alone.
            let turn = panic::catch_unwind(AssertUnwindSafe(|| self.turn(client, scratch)));
            match turn.unwrap_or(Fate::Gone) {
                Fate::Again => return true,
                Fate::Silent if client.signs.let_go() => return false,
                Fate::Silent => {} // something has come meanwhile
                Fate::Gone => {
                    self.clients().remove(client.key);
                    return false;
                }
            }
        }
    }

    /// Goes on with a client as far as it can without waiting for the other side.
    fn turn(&self, client: &Client, scratch: &mut Vec<u8>) -> Fate {
        let mut connection = lock(&client.connection);
        let signs = client.signs.take();
        if signs & TOLD != 0 {
            let more_behind = signs & BEHIND != 0;
            let ready = Ready { key: client.key, readable: true, writable: true, broken: false, more_behind };
            connection.hear(ready);
        }
        if self.shutdown.requested() {
            connection.leave();
        }
        let now = Instant::now();
        let was_silent = client.deadline_ms.swap(NEVER, Ordering::Relaxed) != NEVER;
        let is_late = |connection: &Connection| {
            was_silent && signs & LATE != 0 && connection.deadline().is_some_and(|when| when <= now)
        };
        let mut turn = match signs & TOLD {
            0 if is_late(&connection) => connection.time_is_up(now, scratch),
            _ => connection.advance(now, scratch),
        };
        loop {
            turn = match turn {
                Turn::Gone => return Fate::Gone,
                Turn::Again => return Fate::Again,
                Turn::Compute(work) => connection.computed(work()),
                Turn::On(Interest::Nothing) => {
                    let deadline = connection.deadline().unwrap_or(now);
                    thread::sleep(deadline.saturating_duration_since(Instant::now()));
                    connection.time_is_up(Instant::now(), scratch)
                }
                // Nobody would tell of what was left unread.
                Turn::On(Interest::Read) if !connection.drained() => return Fate::Again,
                // What came was in time for an idle client, but a request has to be whole by then.
                Turn::On(_) if is_late(&connection) => connection.time_is_up(now, scratch),
                Turn::On(_) => {
                    let deadline = connection.deadline().map_or(NEVER, |when| self.ms_until(when));
                    client.deadline_ms.store(deadline, Ordering::Relaxed);
                    return Fate::Silent;
                }
            };
        }
    }

    /// Puts those clients into the queue whom `has_been_taken` takes from among the silent ones.
    fn queue_those(&self, has_been_taken: impl Fn(&Client) -> bool) {
        let clients = self.clients();
        lock(&self.queue)
            .extend(clients.iter().map(|(_, client)| client).filter(|it| has_been_taken(it)).cloned());
    }
}

/// How a turn has ended.
enum Fate {
    /// It waits for the other side.
    Silent,
    /// It can go on at once.
    Again,
    /// The connection is over.
    Gone,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
