//! What the leader does: it waits for signs of life and lets new clients in.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use socket2::Socket;
use workloads::Peer;

use super::signs::{BEHIND, LATE, Signs, TOLD};
use super::{Client, NEVER, Pool, lock};
use crate::server::acceptor::{Accepted, SHORTAGE_PAUSE, accept, report_shortage, timeout};
use crate::server::connection::Connection;
use crate::server::shutdown::{LastArrivals, OVERDUE_LOOK, Shutdown};
use crate::server::{ServeError, trouble};

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

/// What has come up to the end of input, and room to send: whatever a worker may have to wait for.
const EVERYTHING: EpollFlags = EpollFlags::EPOLLIN
    .union(EpollFlags::EPOLLOUT)
    .union(EpollFlags::EPOLLRDHUP)
    .union(EpollFlags::EPOLLPRI)
    .union(EpollFlags::EPOLLET);

/// What the leader needs: the set in which all are watched, and the way in.
pub(super) struct Watch {
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
    pub(super) fn new(listener: Socket, shutdown: &Shutdown) -> Result<Self, ServeError> {
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
    pub(super) fn is_over(&self, pool: &Pool) -> bool {
        let Some(deadline) = self.leaving_by else { return false };
        let number = pool.clients().len();
        let is_late = number > 0 && deadline <= Instant::now();
        if is_late {
            let grace = pool.shutdown.grace();
            trouble::report(format_args!("still busy after {grace:?} and cut off: {number} connection(s)"));
        }
        number == 0 || is_late // they are cut off with the process
    }

    pub(super) fn time_to_wait(&self) -> Duration {
        match (self.leaving_by, self.accepting_again_at) {
            (Some(_), _) => LAST_LOOK,
            (_, Some(_)) => SHORTAGE_PAUSE,
            _ => OVERDUE_LOOK,
        }
    }

    /// Waits once, at most `limit`, and puts those who show a sign of life into the queue.
    pub(super) fn turn(&mut self, pool: &Pool, limit: Duration) -> io::Result<()> {
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

impl Client {
    /// Takes in a sign of life. True if nobody had the client until now.
    fn hear(&self, event: EpollEvent) -> bool {
        let behind = EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLPRI;
        self.signs.tell(if event.events().intersects(behind) { TOLD | BEHIND } else { TOLD })
    }
}
