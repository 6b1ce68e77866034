//! What tells the multiplexing models apart: a set of sockets, and a call that waits until some are ready.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;

/// A set of watched sockets. The reactor names each by a key of its own.
pub(crate) trait Readiness {
    /// When it tells of a socket that is ready.
    fn trigger(&self) -> Trigger {
        Trigger::Level
    }

    /// Whether the set has room for a socket. It is asked before the first byte is read.
    ///
    /// # Errors
    /// It has none: the socket is closed, and the others are served on.
    fn admit(&self, _: &Socket) -> io::Result<()> {
        Ok(())
    }

    /// Watches a socket from now on.
    fn watch(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()>;

    /// Watches a socket that is watched already for something else, or anew. In a list of our own it takes its place
    /// again; a set with edges watches for everything from the start, and has nothing to do.
    fn change(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        self.watch(socket, key, interest)
    }

    /// Watches a socket no more. The reactor closes it right after.
    fn forget(&mut self, socket: &Socket, key: usize);

    /// Waits until something is ready, at most `limit`, and replaces what `ready` holds. A signal ends it early.
    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()>;
}

/// When a set tells of a socket that is ready (epoll(7), "Level-triggered and edge-triggered").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// At each wait, for as long as it is ready.
    Level,
    /// Once; then it is watched for nothing until it is watched anew.
    OneShot,
    /// Once, when it becomes ready. What is left then is not told again, only what comes after it.
    Edge,
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
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that the kernel tells")]
pub(crate) struct Ready {
    /// The key it was watched under.
    pub(crate) key: usize,
    /// There is something to read; the end of input counts.
    pub(crate) readable: bool,
    /// There is room to send.
    pub(crate) writable: bool,
    /// Both directions are over (`POLLHUP`) or the connection broke (`POLLERR`).
    pub(crate) broken: bool,
    /// Behind the bytes there is something that a short read does not show: the end of input (`EPOLLRDHUP`), or an
    /// urgent byte, at which a read stops (`EPOLLPRI`). Only sets with edges need to say so.
    pub(crate) more_behind: bool,
}

impl Ready {
    /// Whether this is what `interest` waits for. A socket that broke is ready for everything: the call that follows
    /// will say what is wrong.
    pub(crate) fn is_for(&self, interest: Interest) -> bool {
        self.broken
            || match interest {
                Interest::Nothing => false,
                Interest::Read => self.readable,
                Interest::Write => self.writable,
            }
    }
}

/// The sockets of a set that the program itself keeps, since the kernel takes a whole list at each call.
#[derive(Default)]
pub(crate) struct WatchList {
    places: Vec<Option<(Arc<Socket>, Interest)>>,
}

impl WatchList {
    pub(crate) fn set(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) {
        if self.places.len() <= key {
            self.places.resize_with(key + 1, || None);
        }
        self.places[key] = Some((Arc::clone(socket), interest));
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
