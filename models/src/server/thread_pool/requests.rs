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

use std::collections::VecDeque;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use slab::Slab;
use socket2::Socket;
use workloads::{Peer, Service};

use crate::server::acceptor::{Accepted, SHORTAGE_PAUSE, accept, report_shortage, timeout};
use crate::server::connection::{Connection, Turn};
use crate::server::readiness::{Interest, Ready};
use crate::server::shutdown::{LastArrivals, OVERDUE_LOOK, Shutdown};
use crate::server::{ServeError, Start, socket, team, trouble};

/// How many clients are let in before the others are looked at again.
const ACCEPTS_A_TURN: usize = 64;
/// How many signs one wait hands over at most; the rest come with the next.
const EVENTS: usize = 512;
/// How often a leader looks whether the last client has gone, when the server is to stop.
const LAST_LOOK: Duration = Duration::from_millis(5);

const LISTENER: u64 = 0;
const BELL: u64 = 1;
/// Clients have the keys from here on.
const FIRST_CLIENT: u64 = 2;

/// The deadline of who has none.
const NEVER: u64 = u64::MAX;

/// What has come up to the end of input, and room to send: whatever a worker may have to wait for.
const EVERYTHING: EpollFlags = EpollFlags::EPOLLIN
    .union(EpollFlags::EPOLLOUT)
    .union(EpollFlags::EPOLLRDHUP)
    .union(EpollFlags::EPOLLPRI)
    .union(EpollFlags::EPOLLET);

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

impl Client {
    /// Takes in a sign of life. True if nobody had the client until now.
    fn hear(&self, event: EpollEvent) -> bool {
        let behind = EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLPRI;
        self.signs.tell(if event.events().intersects(behind) { TOLD | BEHIND } else { TOLD })
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

/// The client is in the queue, or a worker has it.
const HELD: u8 = 1;
/// Something was told of its socket since its holder looked last.
const TOLD: u8 = 2;
/// Its deadline had passed when the leader looked.
const LATE: u8 = 4;
/// For good: see [`Ready::more_behind`].
const BEHIND: u8 = 8;

/// What is known of a client by those who don't have it.
#[derive(Default)]
struct Signs(AtomicU8);

impl Signs {
    /// Adds signs. True if nobody had the client: whoever is told so has it now, and must see to it that it is served.
    fn tell(&self, signs: u8) -> bool {
        self.0.fetch_or(signs | HELD, Ordering::AcqRel) & HELD == 0
    }

    /// For the holder: what was told since the last time.
    fn take(&self) -> u8 {
        self.0.fetch_and(!(TOLD | LATE), Ordering::AcqRel)
    }

    /// For the holder: lets go of the client, unless something has been told that nobody has taken.
    fn let_go(&self) -> bool {
        let nothing_new = |signs: u8| (signs & (TOLD | LATE) == 0).then_some(signs & !HELD);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, nothing_new).is_ok()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the leader needs: the set in which all are watched, and the way in.
struct Watch {
    epoll: Epoll,
    events: Vec<EpollEvent>,
    /// None once the server is to stop.
    listener: Option<Socket>,
    /// Set while the listener is left alone for want of descriptors.
    accepting_again_at: Option<Instant>,
    /// Set once the server is to stop.
    leaving_by: Option<Instant>,
    looking_at: Instant,
}

impl Watch {
    fn new(listener: Socket, shutdown: &Shutdown) -> Result<Self, ServeError> {
        let failed = |doing| move |errno: Errno| ServeError::io(doing, errno.into());
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(failed("make an epoll set"))?;
        let readable = |key| EpollEvent::new(EpollFlags::EPOLLIN, key);
        epoll.add(&listener, readable(LISTENER)).map_err(failed("watch the listener"))?;
        epoll.add(shutdown.bell(), readable(BELL)).map_err(failed("watch for the end"))?;
        Ok(Self {
            epoll,
            events: vec![EpollEvent::empty(); EVENTS],
            listener: Some(listener),
            accepting_again_at: None,
            leaving_by: None,
            looking_at: Instant::now() + OVERDUE_LOOK,
        })
    }

    /// Whether everyone has gone, or the time for that is over, once the server is to stop.
    fn is_over(&self, pool: &Pool) -> bool {
        let Some(deadline) = self.leaving_by else { return false };
        let number = pool.clients().len();
        let is_late = number > 0 && deadline <= Instant::now();
        if is_late {
            let grace = pool.shutdown.grace();
            trouble::report(format_args!("still busy after {grace:?} and cut off: {number} connection(s)"));
        }
        number == 0 || is_late // they are cut off with the process
    }

    fn time_to_wait(&self) -> Duration {
        match (self.leaving_by, self.accepting_again_at) {
            (Some(_), _) => LAST_LOOK,
            (_, Some(_)) => SHORTAGE_PAUSE,
            _ => OVERDUE_LOOK,
        }
    }

    /// Waits once, at most `limit`, and puts those who show a sign of life into the queue.
    fn turn(&mut self, pool: &Pool, limit: Duration) -> io::Result<()> {
        let number = match self.epoll.wait(&mut self.events, timeout(Some(limit))) {
            Err(Errno::EINTR) => 0,
            number => number?,
        };
        let (mut has_arrival, mut rings) = (false, false);
        {
            let (clients, mut queue) = (pool.clients(), lock(&pool.queue));
            for event in &self.events[..number] {
                match event.data() {
                    LISTENER => has_arrival = true,
                    BELL => rings = true,
                    // A worker may have closed its connection since.
                    key => queue.extend(
                        clients.get((key - FIRST_CLIENT) as usize).filter(|it| it.hear(*event)).cloned(),
                    ),
                }
            }
        }
        // New clients come last: a key that somebody gives up may be one of theirs after that.
        if has_arrival {
            self.accept_some(pool)?;
        }
        if rings {
            self.stop(pool)?;
        }
        let now = Instant::now();
        if self.looking_at <= now {
            // Those who are heard out when the server is to stop are looked at often.
            self.looking_at = now + if self.leaving_by.is_some() { LAST_LOOK } else { OVERDUE_LOOK };
            let now_ms = pool.ms_until(now);
            pool.queue_those(|client| {
                client.deadline_ms.load(Ordering::Relaxed) < now_ms && client.signs.tell(LATE)
            });
        }
        if self.accepting_again_at.is_some_and(|when| when <= now) {
            self.accepting_again_at = None;
            self.watch_listener(EpollFlags::EPOLLIN)?;
        }
        Ok(())
    }

    fn accept_some(&mut self, pool: &Pool) -> io::Result<()> {
        for _ in 0..ACCEPTS_A_TURN {
            let Some(listener) = &self.listener else { return Ok(()) };
            match accept(listener) {
                Accepted::Client(socket, peer) => self.admit(pool, socket, peer),
                Accepted::NobodyThere => return Ok(()),
                Accepted::Shortage(error) => {
                    report_shortage(&error);
                    self.accepting_again_at = Some(Instant::now() + SHORTAGE_PAUSE);
                    return self.watch_listener(EpollFlags::empty());
                }
                Accepted::Broken(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// From here on a client is watched. It has room to send, so there is a sign of it at once.
    fn admit(&self, pool: &Pool, socket: Socket, peer: Peer) {
        // A panic in opening one client's session must not take the others down.
        let open = || Connection::new(socket, &*pool.service, peer, Instant::now());
        let Ok(connection) = panic::catch_unwind(AssertUnwindSafe(open)) else { return };
        let socket = Arc::clone(connection.socket());
        let mut clients = pool.clients();
        let key = clients.vacant_key();
        if let Err(errno) = self.epoll.add(&*socket, EpollEvent::new(EVERYTHING, FIRST_CLIENT + key as u64)) {
            return trouble::report(format_args!("can't watch a client: {errno}; it is turned away"));
        }
        clients.insert(Arc::new(Client {
            key,
            signs: Signs::default(),
            deadline_ms: AtomicU64::new(NEVER),
            connection: Mutex::new(connection),
        }));
    }

    fn watch_listener(&self, flags: EpollFlags) -> io::Result<()> {
        let Some(listener) = &self.listener else { return Ok(()) };
        Ok(self.epoll.modify(listener, &mut EpollEvent::new(flags, LISTENER))?)
    }

    /// Lets in who has connected until now, then nobody, and has the workers look at everyone once more.
    fn stop(&mut self, pool: &Pool) -> io::Result<()> {
        self.epoll.delete(pool.shutdown.bell())?; // it rings on
        self.leaving_by = Some(Instant::now() + pool.shutdown.grace());
        self.looking_at = Instant::now();
        let mut last = LastArrivals::begin(&pool.shutdown);
        if let Some(listener) = self.listener.take() {
            while last.one_more() {
                let Accepted::Client(socket, peer) = accept(&listener) else { break };
                self.admit(pool, socket, peer);
            }
        }
        pool.queue_those(|client| client.signs.tell(TOLD));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_taken_by_the_first_who_tells() {
        let signs = Signs::default();
        assert!(signs.tell(TOLD));
        assert!(!signs.tell(TOLD | BEHIND), "somebody has it");
        assert_eq!(signs.take() & TOLD, TOLD);
        assert!(signs.let_go());
        assert!(signs.tell(LATE), "nobody has it");
    }

    #[test]
    fn nobody_lets_go_of_a_client_of_whom_something_was_told() {
        for sign in [TOLD, LATE] {
            let signs = Signs::default();
            assert!(signs.tell(TOLD));
            signs.take();
            assert!(!signs.tell(sign));
            assert!(!signs.let_go());
            signs.take();
            assert!(signs.let_go());
        }
    }

    #[test]
    fn what_hides_behind_the_bytes_is_told_for_good() {
        let signs = Signs::default();
        signs.tell(TOLD | BEHIND);
        signs.take();
        assert!(signs.let_go());
        signs.tell(TOLD);
        assert_eq!(signs.take() & BEHIND, BEHIND);
    }

    #[test]
    fn two_who_tell_at_the_same_time_never_both_have_it() {
        let (signs, holders) = (Signs::default(), AtomicU8::new(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        if signs.tell(TOLD) {
                            assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                            loop {
                                signs.take();
                                holders.fetch_sub(1, Ordering::SeqCst);
                                if signs.let_go() {
                                    break;
                                }
                                holders.fetch_add(1, Ordering::SeqCst);
                            }
                        }
                    }
                });
            }
        });
        assert!(signs.tell(TOLD), "in the end nobody has it");
    }
}
