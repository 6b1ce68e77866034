//! What tells the multiplexing models apart: a set of sockets, and a call that waits until some are ready.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use socket2::Socket;

/// A set of watched sockets. The reactor names each by a key of its own.
pub(crate) trait Readiness {
    /// Whether the set has room for a socket. It is asked before the first byte is read.
    ///
    /// # Errors
    /// It has none: the socket is closed, and the others are served on.
    fn admit(&self, _: &Socket) -> io::Result<()> {
        Ok(())
    }

    /// Watches a socket from now on.
    fn watch(&mut self, socket: &Rc<Socket>, key: usize, interest: Interest) -> io::Result<()>;

    /// Watches a socket that is watched already for something else. In a list of our own it takes its place again.
    fn change(&mut self, socket: &Rc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        self.watch(socket, key, interest)
    }

    /// Watches a socket no more. The reactor closes it right after.
    fn forget(&mut self, socket: &Socket, key: usize);

    /// Waits until something is ready, at most `limit`, and replaces what `ready` holds. A signal ends it early.
    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()>;
}

/// What a socket is watched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Only its breaking down, which the kernel reports unasked.
    Nothing,
    /// Something to read.
    Read,
    /// Room to send.
    Write,
}

/// A socket that is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    /// The key it was watched under.
    pub(crate) key: usize,
    /// Both directions are over (`POLLHUP`) or the connection broke (`POLLERR`).
    pub(crate) broken: bool,
}

/// The sockets of a set that the program itself keeps, since the kernel takes a whole list at each call.
#[derive(Default)]
pub(crate) struct WatchList {
    places: Vec<Option<(Rc<Socket>, Interest)>>,
}

impl WatchList {
    pub(crate) fn set(&mut self, socket: &Rc<Socket>, key: usize, interest: Interest) {
        if self.places.len() <= key {
            self.places.resize_with(key + 1, || None);
        }
        self.places[key] = Some((Rc::clone(socket), interest));
    }

    pub(crate) fn remove(&mut self, key: usize) {
        if let Some(place) = self.places.get_mut(key) {
            *place = None;
        }
    }

    /// All that are watched, with their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Socket, Interest)> {
        self.places
            .iter()
            .enumerate()
            .filter_map(|(key, place)| place.as_ref().map(|(socket, interest)| (key, &**socket, *interest)))
    }
}

/// Milliseconds for a kernel call: rounded up, since a call that comes back too early is made again at once.
pub(crate) fn milliseconds(limit: Duration) -> u32 {
    limit.as_nanos().div_ceil(1_000_000).min(60_000) as u32
}
