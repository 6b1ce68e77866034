//! select: three sets of descriptors go in, the ready ones come out.
//!
//! **What the kernel does.** The sets are bitmaps of 1024 bits. Each call copies them in, asks every descriptor up to
//! the highest, and copies the result back over them, so the program must build them anew for the next call.
//!
//! **Good at** being there on every system since 4.2BSD.
//! **Bad at** numbers: a descriptor of 1024 or more has no bit in the set, and C's `FD_SET` would write past its end.
//! This model refuses such a client and says so. The work of a call grows with the highest descriptor, ready or not.
//! As with all multiplexing, one thread serves all: a client who makes it compute stalls everybody.
//!
//! Source: select(2); W. R. Stevens, UNIX Network Programming, volume 1, chapter 6.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::select::{FD_SETSIZE, FdSet, select};
use nix::sys::time::{TimeVal, TimeValLike};
use socket2::Socket;

use super::readiness::{Interest, Readiness, Ready, WatchList, milliseconds};
use super::{Model, Room, ServeError, Start, reactor};

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "select",
    family: "multiplexing",
    summary: "one thread watches up to 1024 descriptors, all of them scanned at each call",
    room: |_| Room::Descriptors(FD_SETSIZE),
    options: &[],
    lacks: super::nothing,
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    reactor::run(Select::default(), start)
}

#[derive(Default)]
struct Select {
    watched: WatchList,
}

impl Readiness for Select {
    fn admit(&self, socket: &Socket) -> io::Result<()> {
        let descriptor = socket.as_raw_fd();
        if usize::try_from(descriptor).is_ok_and(|number| number >= FD_SETSIZE) {
            return Err(io::Error::other(format!(
                "select can't watch descriptor {descriptor}: its sets end at {}; that client is refused (poll and \
                 epoll have no such limit)",
                FD_SETSIZE - 1
            )));
        }
        Ok(())
    }

    fn watch(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        self.watched.set(socket, key, interest);
        Ok(())
    }

    fn forget(&mut self, _: &Socket, key: usize) {
        self.watched.remove(key);
    }

    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let (mut to_read, mut to_write) = (FdSet::new(), FdSet::new());
        for (_, socket, interest) in self.watched.iter() {
            match interest {
                Interest::Nothing => {}
                Interest::Read => to_read.insert(socket.as_fd()),
                Interest::Write => to_write.insert(socket.as_fd()),
            }
        }
        let mut limit = limit.map(|limit| TimeVal::milliseconds(milliseconds(limit).into()));
        ready.clear();
        match select(None, &mut to_read, &mut to_write, None, limit.as_mut()) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(()), // the sets hold what was asked, not what is ready
            Err(error) => return Err(error.into()),
        }
        // A broken connection shows as readable and writable; the call that follows will say what is wrong.
        ready.extend(self.watched.iter().filter_map(|(key, socket, _)| {
            let (readable, writable) = (to_read.contains(socket.as_fd()), to_write.contains(socket.as_fd()));
            (readable || writable).then_some(Ready {
                key,
                readable,
                writable,
                broken: false,
                more_behind: false,
            })
        }));
        Ok(())
    }
}
