//! epoll: descriptors are registered once, and only those that are ready come back.
//!
//! **What the kernel does.** The set lives in the kernel. Each registered socket puts itself on a ready list when
//! something happens to it, and a wait hands that list over, so its work grows with what happened and not with what
//! is watched. Level-triggered readiness, used here, is reported again until it is dealt with. Registering a
//! descriptor twice is an error; closing its last copy takes it out.
//!
//! **Good at** very many connections, most of them quiet: the classic answer to ten thousand clients.
//! **Bad at** computing: one thread serves all, so one request that computes stalls everybody. Linux only.
//!
//! Source: epoll(7); D. Kegel, "The C10K problem".

use std::io;
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::Socket;

use super::readiness::{Interest, Readiness, Ready, milliseconds};
use super::{Model, Room, ServeError, Start, reactor};

/// How many ready sockets one wait hands over at most; the rest come with the next.
const EVENTS: usize = 512;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "epoll",
    family: "multiplexing",
    summary: "one thread watches any number of descriptors, and only the ready ones come back",
    room: Room::Many,
    options: &[],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let set = EpollSet::new().map_err(|source| ServeError::io("make an epoll set", source))?;
    reactor::run(set, start)
}

struct EpollSet {
    epoll: Epoll,
    events: Vec<EpollEvent>,
}

impl EpollSet {
    fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Self { epoll, events: vec![EpollEvent::empty(); EVENTS] })
    }
}

impl Readiness for EpollSet {
    fn watch(&mut self, socket: &Rc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        Ok(self.epoll.add(&**socket, EpollEvent::new(flags(interest), key as u64))?)
    }

    fn change(&mut self, socket: &Rc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        Ok(self.epoll.modify(&**socket, &mut EpollEvent::new(flags(interest), key as u64))?)
    }

    fn forget(&mut self, _: &Socket, _: usize) {
        // Closing the last copy of a descriptor takes it out of the set, and here is no other copy: nobody forks.
    }

    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let limit = limit.map_or(EpollTimeout::NONE, |limit| {
            EpollTimeout::try_from(milliseconds(limit)).unwrap_or(EpollTimeout::MAX)
        });
        ready.clear();
        let number = match self.epoll.wait(&mut self.events, limit) {
            Ok(number) => number,
            Err(Errno::EINTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        ready.extend(self.events[..number].iter().map(|event| Ready {
            key: event.data() as usize,
            broken: event.events().intersects(EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP),
        }));
        Ok(())
    }
}

fn flags(interest: Interest) -> EpollFlags {
    match interest {
        Interest::Nothing => EpollFlags::empty(),
        Interest::Read => EpollFlags::EPOLLIN,
        Interest::Write => EpollFlags::EPOLLOUT,
    }
}
