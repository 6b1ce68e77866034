//! Sockets as every model uses them: listening, and reading and sending without a buffer of zeros.
//!
//! Reads and sends carry `MSG_DONTWAIT` where a model must not block, so an accepted socket needs no call that
//! makes it non-blocking. `TCP_NODELAY` is set once, on the listener: what it accepts inherits it.

use std::io;
use std::net::SocketAddr;

use rustix::buffer::spare_capacity;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Protocol, Socket, Type};
use workloads::{Limits, READ_BYTES};

/// How many clients may wait to be accepted. The kernel lowers it to `net.core.somaxconn`.
pub(crate) const BACKLOG: i32 = 4096;

/// Listens on `address`; port 0 takes any free one. The listener itself never blocks.
///
/// What it accepts inherits the idle time of `limits` as the time limit of blocking calls. All that is to be inherited
/// is set before listening: a client may be connected a moment later.
pub fn listen(address: SocketAddr, limits: &Limits) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?; // else a restart would wait for the last run's TIME_WAIT
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(limits.idle_time))?;
    socket.set_write_timeout(Some(limits.idle_time))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whether a call is to wait for the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As long as the socket's time limit allows.
    Blocking,
    /// Not at all: `WouldBlock` instead.
    NonBlocking,
}

/// A buffer to [`receive`] into, the same size for all models. It is not filled with zeros first: a connection
/// that carries a hundred bytes touches one page of it.
pub(crate) fn scratch() -> Vec<u8> {
    Vec::with_capacity(READ_BYTES)
}

/// Replaces what `scratch` holds by what has arrived; nothing means that the peer sends no more.
pub(crate) fn receive(socket: &Socket, scratch: &mut Vec<u8>, mode: Mode) -> io::Result<usize> {
    let flags = match mode {
        Mode::Blocking => RecvFlags::empty(),
        Mode::NonBlocking => RecvFlags::DONTWAIT,
    };
    scratch.clear();
    loop {
        match rustix::net::recv(socket, spare_capacity(scratch), flags) {
            Ok((_, bytes)) => return Ok(bytes),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Sends from the front of `bytes`, and says how many the system took. A peer that has gone is an error, not a
/// signal.
pub(crate) fn send(socket: &Socket, bytes: &[u8], mode: Mode) -> io::Result<usize> {
    let flags = match mode {
        Mode::Blocking => SendFlags::NOSIGNAL,
        Mode::NonBlocking => SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
    };
    loop {
        match rustix::net::send(socket, bytes, flags) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map_err(io::Error::from),
        }
    }
}
