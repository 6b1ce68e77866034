//! epoll: descriptors are registered once, and only those that are ready come back.
//!
//! **What the kernel does.** The set lives in the kernel. Each registered socket puts itself on a ready list when
//! something happens to it, and a wait hands that list over, so its work grows with what happened and not with what
//! is watched. Registering a descriptor twice is an error; closing its last copy takes it out.
//!
//! Level-triggered readiness is reported again at each wait until it is dealt with; a socket that is to be left alone
//! must be watched for less. Edge-triggered readiness is reported once, when something new comes. Then a socket is
//! registered a single time, for everything, and no further `epoll_ctl` is ever made for it; in return the program
//! must remember what it has left, since nobody will remind it.
//!
//! **Good at** very many connections, most of them quiet: the classic answer to ten thousand clients.
//! **Bad at** computing: one thread serves all, so one request that computes stalls everybody. Linux only.
//!
//! Source: epoll(7); D. Kegel, "The C10K problem".

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::Socket;

use super::readiness::{Interest, Readiness, Ready, Trigger, milliseconds};
use super::{Model, ServeError, Start, reactor};
use crate::options::{Kind, Spec};

/// How many ready sockets one wait hands over at most; the rest come with the next.
const EVENTS: usize = 512;

const TRIGGER: Spec = Spec {
    key: "trigger",
    kind: Kind::Word(&["level", "edge"]),
    help: "level: readiness is told as long as it lasts; edge: when it begins",
    default: "level",
};

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "epoll",
    family: "multiplexing",
    summary: "one thread watches any number of descriptors, and only the ready ones come back",
    room: super::many,
    options: &[TRIGGER],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let trigger = match start.options.word(&TRIGGER) {
        "edge" => Trigger::Edge,
        _ => Trigger::Level,
    };
    reactor::run(EpollSet::new(trigger)?, start)
}

/// A set of watched sockets in the kernel.
pub(super) struct EpollSet {
    epoll: Epoll,
    events: Vec<EpollEvent>,
    trigger: Trigger,
}

impl EpollSet {
    pub(super) fn new(trigger: Trigger) -> Result<Self, ServeError> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
        let epoll = epoll.map_err(|errno| ServeError::io("make an epoll set", errno.into()))?;
        Ok(Self { epoll, events: vec![EpollEvent::empty(); EVENTS], trigger })
    }

    fn event(&self, interest: Interest, key: usize) -> EpollEvent {
        let flags = match (self.trigger, interest) {
            (Trigger::Edge, _) => everything(),
            (_, Interest::Nothing) => EpollFlags::empty(),
            (_, Interest::Read) => EpollFlags::EPOLLIN,
            (_, Interest::Write) => EpollFlags::EPOLLOUT,
        };
        EpollEvent::new(flags, key as u64)
    }
}

fn everything() -> EpollFlags {
    EpollFlags::EPOLLIN
        | EpollFlags::EPOLLOUT
        | EpollFlags::EPOLLRDHUP
        | EpollFlags::EPOLLPRI
        | EpollFlags::EPOLLET
}

impl Readiness for EpollSet {
    fn trigger(&self) -> Trigger {
        self.trigger
    }

    fn watch(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        Ok(self.epoll.add(&**socket, self.event(interest, key))?)
    }

    fn change(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        match self.trigger {
            Trigger::Edge => Ok(()), // it is watched for everything already
            _ => Ok(self.epoll.modify(&**socket, &mut self.event(interest, key))?),
        }
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
        ready.extend(self.events[..number].iter().map(|event| {
            let flags = event.events();
            Ready {
                key: event.data() as usize,
                readable: flags.contains(EpollFlags::EPOLLIN),
                writable: flags.contains(EpollFlags::EPOLLOUT),
                broken: flags.intersects(EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP),
                more_behind: flags.intersects(EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLPRI),
            }
        }));
        Ok(())
    }
}
