//! poll: a list of descriptors goes in, with room beside each for what happened to it.
//!
//! **What the kernel does.** Each call copies the list in and asks every descriptor on it. What was asked and what was
//! found stand apart (`events` and `revents`), and descriptors may be of any number: no limit of 1024.
//!
//! **Good at** moderate numbers on every Unix.
//! **Bad at** many quiet connections: the list is scanned whole, by the kernel and again by the program, even if one
//! descriptor is ready. As with all multiplexing, one thread serves all.
//!
//! Source: poll(2); W. R. Stevens, UNIX Network Programming, volume 1, chapter 6.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::Socket;

use super::readiness::{Interest, Readiness, Ready, WatchList, milliseconds};
use super::{Model, ServeError, Start, reactor};

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "poll",
    family: "multiplexing",
    summary: "one thread watches a list of descriptors, all of them scanned at each call",
    room: super::many,
    options: &[],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    reactor::run(Poll::default(), start)
}

#[derive(Default)]
struct Poll {
    watched: WatchList,
}

impl Readiness for Poll {
    fn watch(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        self.watched.set(socket, key, interest);
        Ok(())
    }

    fn forget(&mut self, _: &Socket, key: usize) {
        self.watched.remove(key);
    }

    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let entry = |(key, socket, interest)| (key, PollFd::new(AsFd::as_fd(socket), flags(interest)));
        let (keys, mut list): (Vec<usize>, Vec<PollFd<'_>>) = self.watched.iter().map(entry).unzip();
        let limit = limit.map_or(PollTimeout::NONE, |limit| {
            PollTimeout::try_from(milliseconds(limit)).unwrap_or(PollTimeout::MAX)
        });
        ready.clear();
        match poll(&mut list, limit) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let happened = |entry: &PollFd<'_>| entry.revents().unwrap_or(PollFlags::empty());
        let found = keys.into_iter().zip(list.iter().map(happened)).filter(|(_, flags)| !flags.is_empty());
        ready.extend(found.map(|(key, flags)| Ready {
            key,
            readable: flags.contains(PollFlags::POLLIN),
            writable: flags.contains(PollFlags::POLLOUT),
            broken: flags.intersects(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL),
            more_behind: false,
        }));
        Ok(())
    }
}

fn flags(interest: Interest) -> PollFlags {
    match interest {
        Interest::Nothing => PollFlags::empty(),
        Interest::Read => PollFlags::POLLIN,
        Interest::Write => PollFlags::POLLOUT,
    }
}
