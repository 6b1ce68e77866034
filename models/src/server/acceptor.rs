//! Waiting for the next client, for the models that accept in one place with blocking calls.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{SockAddr, Socket};
use workloads::Peer;

use super::shutdown::{LastArrivals, Shutdown};
use super::trouble;

/// How long to leave it be when the system has no descriptor or memory for one more client.
pub(crate) const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// Accepts clients one after another until the server is asked to stop.
pub(crate) struct Acceptor {
    listener: Socket,
    shutdown: Arc<Shutdown>,
    /// Set once the server was asked to stop.
    last: Option<LastArrivals>,
}

/// What an [`Acceptor`] has met.
pub(crate) enum Arrival {
    /// A client.
    Client(Socket, Peer),
    /// The other descriptor it was asked to watch is readable.
    Other,
    /// The server was asked to stop, and all who had connected until then are in.
    Over,
}

impl Acceptor {
    /// Takes over a listener that does not block.
    pub(crate) fn new(listener: Socket, shutdown: &Arc<Shutdown>) -> Self {
        Self { listener, shutdown: Arc::clone(shutdown), last: None }
    }

    /// The next client; none once the server has been asked to stop.
    pub(crate) fn client(&mut self) -> io::Result<Option<(Socket, Peer)>> {
        loop {
            match self.next(None)? {
                Arrival::Client(socket, peer) => return Ok(Some((socket, peer))),
                Arrival::Other => {}
                Arrival::Over => return Ok(None),
            }
        }
    }

    /// The next client, or a sign of life on `other`, which is watched only while no client is there.
    pub(crate) fn next(&mut self, other: Option<BorrowedFd<'_>>) -> io::Result<Arrival> {
        loop {
            // Asked before the call: whoever comes between the call and a question after it would be lost.
            let over = self.shutdown.requested();
            if over && !self.last.get_or_insert_with(|| LastArrivals::begin(&self.shutdown)).one_more() {
                return Ok(Arrival::Over);
            }
            match accept(&self.listener) {
                Accepted::Client(socket, peer) => return Ok(Arrival::Client(socket, peer)),
                // Who had connected before the server was asked to stop is still served: only then is it over.
                Accepted::NobodyThere | Accepted::Shortage(_) if over => return Ok(Arrival::Over),
                Accepted::NobodyThere => {
                    if self.wait(other)? {
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

    /// Sleeps until a client, the bell or `other` is there; true if it was `other`.
    fn wait(&self, other: Option<BorrowedFd<'_>>) -> io::Result<bool> {
        let mut fds = vec![
            PollFd::new(self.listener.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.shutdown.bell(), PollFlags::POLLIN),
        ];
        fds.extend(other.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => Ok(fds.get(2).and_then(PollFd::any) == Some(true)),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
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
        match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
            Errno::EAGAIN => return Accepted::NobodyThere,
            Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM => {
                return Accepted::Shortage(error);
            }
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
            | Errno::ENETUNREACH => {}
            _ => return Accepted::Broken(error),
        }
    }
}

/// Says that no more clients can be let in for now.
pub(crate) fn report_shortage(error: &io::Error) {
    trouble::report(format_args!(
        "can't accept: {error}; new clients wait until others leave (see ulimit -n)"
    ));
}

fn peer(address: &SockAddr) -> Peer {
    Peer { address: address.as_socket() }
}
