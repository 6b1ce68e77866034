//! epoll: one thread sleeps until datagrams are there, and takes them in batches.
//!
//! **What the kernel does.** It wakes the thread when the socket's queue is no longer empty. The thread then receives
//! without blocking until the queue is empty again, and goes back to sleep: under load one wake-up brings many datagrams.
//!
//! **Good at** doing something else besides: the same set can watch other sockets, timers and a bell.
//! **Bad at** being better than the plain loop. With UDP all clients share one socket, so there is nothing to choose
//! among; a quiet server makes three calls a message where blocking makes two.
//!
//! A reply that finds no room in the kernel at once is dropped, since this thread must not block; one of a service that
//! remembers is waited with, for a second at most. Receiving is one call a datagram: recvmmsg(2) takes many at once, but
//! replies are then to be copied and kept until a whole batch is answered. Source: epoll(7).

use std::io::{self, ErrorKind};
use std::thread;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::Socket;
use workloads::DatagramService;

use super::beside::Beside;
use super::exchange::{answer, buffer, is_shortage, receive};
use super::{Model, Start};
use crate::server::acceptor::SHORTAGE_PAUSE;
use crate::server::shutdown::LastArrivals;
use crate::server::socket::Mode;
use crate::server::{ServeError, trouble};

/// How many datagrams are taken before the bell is listened for again.
const BATCH: usize = 64;

/// The model as it stands in the register.
pub const MODEL: Model = Model {
    name: "epoll",
    family: "multiplexing",
    summary: "one thread sleeps until datagrams are there, and takes them in batches",
    options: &[],
    run,
};

fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { socket, service, shutdown, .. } = start;
    shutdown.end_by_alarm();
    let watch = |source: Errno| ServeError::io("watch the socket", source.into());
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(watch)?;
    let readable = EpollEvent::new(EpollFlags::EPOLLIN, 0);
    epoll.add(&socket, readable).map_err(watch)?;
    epoll.add(shutdown.bell(), readable).map_err(watch)?;
    let beside = Beside::begin(&socket, service, shutdown)?;
    let mut data = buffer();
    while !shutdown.requested() {
        match epoll.wait(&mut [EpollEvent::empty(); 2], EpollTimeout::NONE) {
            Ok(_) => {
                let mut left = BATCH + 1;
                answer_while(&socket, &**service, &mut data, || {
                    left -= 1;
                    left > 0
                })?;
            }
            Err(Errno::EINTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
    let mut last = LastArrivals::begin(shutdown);
    answer_while(&socket, &**service, &mut data, || last.one_more())?;
    beside.finish();
    Ok(())
}

/// Answers what has arrived, as long as there may be one more.
fn answer_while(
    socket: &Socket,
    service: &dyn DatagramService,
    data: &mut Vec<u8>,
    mut one_more: impl FnMut() -> bool,
) -> io::Result<()> {
    while one_more() {
        match receive(socket, data, Mode::NonBlocking) {
            Ok(Some(from)) => {
                answer(service, socket, from, data, Mode::NonBlocking);
            }
            Ok(None) => return Err(io::Error::other("somebody shut the socket down")),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if is_shortage(&error) => {
                trouble::report(format_args!("can't receive: {error}; trying again"));
                thread::sleep(SHORTAGE_PAUSE); // nobody else is served here
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
