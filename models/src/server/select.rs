//! select: three sets of descriptors go in, the ready ones come out.
//!
//! **What the kernel does.** The sets are bitmaps of 1024 bits. Each call copies them in, asks every descriptor up to
//! the highest, and copies the result back over them, so the program must build them anew for the next call.
//!
//! **Good at** being there on every system since 4.2BSD.
//! **Bad at** numbers: a descriptor of 1024 or more has no bit in the set, and C's `FD_SET` would write past its end.
//! This model refuses such a client and says so; if its listener has such a number, it does not start. The work of a call grows with the highest descriptor, ready or not.
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
        has_a_bit(socket).map_err(|error| io::Error::other(format!("{error}; that client is refused")))
    }

    fn watch(&mut self, socket: &Arc<Socket>, key: usize, interest: Interest) -> io::Result<()> {
        has_a_bit(socket)?; // of the server's own: a client was asked about already
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

/// Whether a set has a bit for this descriptor.
fn has_a_bit(socket: &Socket) -> io::Result<()> {
    let descriptor = socket.as_raw_fd();
    if usize::try_from(descriptor).is_ok_and(|number| number >= FD_SETSIZE) {
        return Err(io::Error::other(format!(
            "select can't watch descriptor {descriptor}: its sets end at {} (poll and epoll have no such limit)",
            FD_SETSIZE - 1
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use workloads::{Limits, Service, echo::Echo};

    use super::super::{Shutdown, socket};
    use super::*;
    use crate::options::Options;

    /// As where a server has inherited so many descriptors that its own begin where its sets end.
    #[test]
    fn it_does_not_start_where_its_listener_has_no_bit_in_its_sets() {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        if most <= FD_SETSIZE as u64 {
            skipped!("no descriptor can be {FD_SETSIZE} here (ulimit -Hn)");
            return;
        }
        setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
        let listener = socket::listen(&([127, 0, 0, 1], 0).into(), &Limits::default()).unwrap();
        let listener =
            rustix::io::fcntl_dupfd_cloexec(&listener, i32::try_from(FD_SETSIZE).unwrap()).unwrap().into();
        let service: Arc<dyn Service> = Arc::new(Echo);
        let shutdown = Shutdown::by_hand(Duration::ZERO).unwrap();
        let options = Options::default();
        let error = run(Start { listener, service: &service, options: &options, shutdown: &shutdown });
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("can't watch the listener: select can't watch descriptor 1"), "{error}");
        assert!(error.contains("its sets end at 1023") && error.lines().count() == 1, "{error}");
    }
}
