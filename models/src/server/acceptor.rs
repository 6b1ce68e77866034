//! Waiting for the next client, for the models that accept with blocking calls: in one place, or in many processes or
//! threads that share a listener.

use std::io;
use std::mem::ManuallyDrop;
use std::net::Shutdown as Side;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::unistd::close;
use socket2::{SockAddr, Socket};
use workloads::Peer;

use super::children::Ended;
use super::shutdown::{LastArrivals, Shutdown};
use super::trouble;

/// How long to leave it be when the system has no descriptor or memory for one more client.
pub(crate) const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// Accepts clients one after another until the server is asked to stop.
pub(crate) struct Acceptor {
    listener: Arc<Socket>,
    shutdown: Arc<Shutdown>,
    /// What clients of a Unix socket are given as the time limit of blocking calls.
    time_limit: Option<Duration>,
    /// Where others wait for the same clients: wakes one of them for each client.
    turnstile: Option<Epoll>,
    /// Set once the server was asked to stop.
    last: Option<LastArrivals>,
}

/// What an [`Acceptor`] has met.
pub(crate) enum Arrival {
    /// A client.
    Client(Socket, Peer),
    /// A child may have ended, or the time it was asked to wait is over.
    Other,
    /// The server was asked to stop, and all who had connected until then are in.
    Over,
}

impl Acceptor {
    /// Takes over a listener that does not block.
    pub(crate) fn new(listener: impl Into<Arc<Socket>>, shutdown: &Arc<Shutdown>) -> Self {
        let listener = listener.into();
        let is_unix = listener.local_addr().is_ok_and(|address| address.is_unix());
        let time_limit = if is_unix { listener.read_timeout().ok().flatten() } else { None };
        Self { listener, shutdown: Arc::clone(shutdown), time_limit, turnstile: None, last: None }
    }

    /// One of many in as many processes or threads, who all wait for the clients of one listener.
    ///
    /// Each new client wakes one of them. poll(2) would wake all for one client, and all but the first would find that
    /// somebody else has it: the thundering herd. accept(2) itself wakes one as well, but whoever sleeps in it can't
    /// hear the bell. So each waits in an epoll set of its own with EPOLLEXCLUSIVE, see `epoll_ctl(2)`.
    pub(crate) fn one_of_many(listener: Arc<Socket>, shutdown: &Arc<Shutdown>) -> io::Result<Self> {
        let turnstile = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let one_wakes = EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE;
        turnstile.add(&*listener, EpollEvent::new(one_wakes, 0))?;
        turnstile.add(shutdown.bell(), EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
        Ok(Self { turnstile: Some(turnstile), ..Self::new(listener, shutdown) })
    }

    /// For a forked child that has its client, and will leave by _exit(2): closes its copy of the listener. The memory goes
    /// with the process; to free it first would only write to pages that are still the parent's, and so copy them.
    #[inline]
    pub(crate) fn leave(self) {
        let acceptor = ManuallyDrop::new(self);
        let _ = close(acceptor.listener.as_raw_fd()); // nobody uses or closes it after this
    }

    /// The next client; none once the server has been asked to stop.
    pub(crate) fn client(&mut self) -> io::Result<Option<(Socket, Peer)>> {
        loop {
            match self.next(None, None)? {
                Arrival::Client(socket, peer) => return Ok(Some((socket, peer))),
                Arrival::Other => {}
                Arrival::Over => return Ok(None),
            }
        }
    }

    /// The next client; or, while none is there, word that a child has `ended`; or nobody within `limit`.
    pub(crate) fn next(&mut self, ended: Option<&Ended>, limit: Option<Duration>) -> io::Result<Arrival> {
        loop {
            // Asked before the call: whoever comes between the call and a question after it would be lost.
            let over = self.shutdown.requested();
            if over && !self.last.get_or_insert_with(|| LastArrivals::begin(&self.shutdown)).one_more() {
                return Ok(Arrival::Over);
            }
            match accept(&self.listener) {
                Accepted::Client(socket, peer) => match self.hand_down(&socket) {
                    Ok(()) => return Ok(Arrival::Client(socket, peer)),
                    Err(error) => trouble::report(format_args!("can't set a client's time limits: {error}")),
                },
                // Who had connected before the server was asked to stop is still served: only then is it over.
                Accepted::NobodyThere | Accepted::Shortage(_) if over => return Ok(Arrival::Over),
                // A listener that others share may have been closed: see [`Closing`].
                Accepted::Broken(_) if self.shutdown.requested() => return Ok(Arrival::Over),
                Accepted::NobodyThere => {
                    if self.wait(ended, limit)? {
                        return Ok(Arrival::Other);
                    }
                }
                Accepted::Shortage(error) => {
                    report_shortage(&error);
                    thread::sleep(SHORTAGE_PAUSE);
                }
                Accepted::Broken(error) => return Err(error),
            }
        }
    }

    /// Gives a client the time limits of the Unix socket it came to, which the kernel does for TCP alone. Models that never
    /// block need none.
    fn hand_down(&self, client: &Socket) -> io::Result<()> {
        let Some(limit) = self.time_limit else { return Ok(()) };
        client.set_read_timeout(Some(limit))?;
        client.set_write_timeout(Some(limit))
    }

    /// Sleeps until a client or the bell is there, a child has ended, or `limit` is over; true if it was one of the last
    /// two.
    fn wait(&self, ended: Option<&Ended>, limit: Option<Duration>) -> io::Result<bool> {
        if let Some(turnstile) = &self.turnstile {
            return match turnstile.wait(&mut [EpollEvent::empty(); 2], EpollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
        let mut fds =
            [self.listener.as_fd(), self.shutdown.bell()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let ready = match ended {
            Some(ended) => ended.poll(&mut fds, limit),
            None => poll(&mut fds, timeout(limit)),
        };
        match ready {
            Ok(number) => Ok(number == 0),
            Err(Errno::EINTR) => Ok(ended.is_some()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A time limit as poll(2) takes it; none is for ever.
pub(crate) fn timeout(limit: Option<Duration>) -> PollTimeout {
    limit.map_or(PollTimeout::NONE, |limit| {
        PollTimeout::try_from(limit.as_millis()).unwrap_or(PollTimeout::MAX)
    })
}

/// Closes listeners that several processes or threads accept from. None of them can do it alone, since a listener is
/// open as long as anybody holds it, and one who is busy with its last client may hold it for the whole grace. But
/// shutdown(2) ends the listening itself.
pub(crate) struct Closing {
    open: Vec<Arc<Socket>>,
    last: LastArrivals,
}

impl Closing {
    /// Begins when the server is asked to stop.
    pub(crate) fn begin(listeners: Vec<Arc<Socket>>, shutdown: &Shutdown) -> Self {
        Self { open: listeners, last: LastArrivals::begin(shutdown) }
    }

    /// Closes those whose clients have all been let in, and all of them when the time for that is over.
    pub(crate) fn look(&mut self) {
        let in_time = self.last.in_time();
        self.open.retain(|listener| {
            let waited_for = in_time && has_client(listener);
            if !waited_for {
                let _ = listener.shutdown(Side::Both); // it can only fail if it does not listen any more
            }
            waited_for
        });
    }
}

fn has_client(listener: &Socket) -> bool {
    let mut fds = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO) == Ok(1)
}

/// What one call of accept(2) came to.
pub(crate) enum Accepted {
    /// A client.
    Client(Socket, Peer),
    /// No client waits.
    NobodyThere,
    /// The system has no descriptor or memory left. Trying again at once would burn a processor.
    Shortage(io::Error),
    /// The listener itself does not work.
    Broken(io::Error),
}

/// Accepts from a listener that does not block. A client who left while waiting is passed over.
pub(crate) fn accept(listener: &Socket) -> Accepted {
    loop {
        let error = match listener.accept() {
            Ok((socket, address)) => return Accepted::Client(socket, peer(&address)),
            Err(error) => error,
        };
        if let Some(refused) = refused(error) {
            return refused;
        }
    }
}

/// What an error of accept(2) means; none if it was the trouble of one client, who is passed over.
pub(crate) fn refused(error: io::Error) -> Option<Accepted> {
    match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
        Errno::EAGAIN => Some(Accepted::NobodyThere),
        Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM => Some(Accepted::Shortage(error)),
        // accept(2) passes on network errors that were already pending on the new connection.
        Errno::EINTR
        | Errno::ECONNABORTED
        | Errno::EPROTO
        | Errno::EPERM
        | Errno::ENETDOWN
        | Errno::ENOPROTOOPT
        | Errno::EHOSTDOWN
        | Errno::ENONET
        | Errno::EHOSTUNREACH
        | Errno::EOPNOTSUPP
        | Errno::ENETUNREACH => None,
        _ => Some(Accepted::Broken(error)),
    }
}

/// Says that no more clients can be let in for now.
pub(crate) fn report_shortage(error: &io::Error) {
    trouble::report(format_args!(
        "can't accept: {error}; new clients wait until others leave (see ulimit -n)"
    ));
}

/// Who has this address, as far as the system says.
pub(crate) fn peer(address: &SockAddr) -> Peer {
    Peer { address: address.as_socket() }
}
