//! Sockets as every model uses them: listening, and reading and sending without a buffer of zeros.
//!
//! Reads and sends carry `MSG_DONTWAIT` where a model must not block, so an accepted socket needs no call that
//! makes it non-blocking. `TCP_NODELAY` is set once, on the listener: what it accepts inherits it. A Unix socket inherits
//! nothing, so what its listener would hand down is set on each client.

use std::ffi::c_int;
use std::io;

use nix::libc;
use rustix::buffer::spare_capacity;
use rustix::ioctl::{self, Getter};
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, SockAddr, Socket, Type};
use workloads::{FilePart, Limits, READ_BYTES};

use super::path;
use crate::address::Address;

/// How many clients may wait to be accepted. The kernel lowers it to `net.core.somaxconn`.
pub(crate) const BACKLOG: i32 = 4096;

/// Listens on `address`; port 0 takes any free one, and the path of a Unix socket may be one that a server has left who
/// is gone. The listener itself never blocks.
///
/// What it accepts inherits the idle time of `limits` as the time limit of blocking calls (over a Unix socket it is
/// set on each client). All that is to be inherited is set before listening: a client may be connected a moment later.
///
/// # Errors
/// `AddrInUse`: another program listens there. `AlreadyExists`: a file that is no socket stands at the path.
pub fn listen(address: &Address, limits: &Limits) -> io::Result<Socket> {
    let socket = unbound(&address.to_sockaddr()?, limits)?;
    match address {
        Address::Ip(address) => {
            socket.bind(&(*address).into())?; // fails if anybody else is bound to it
            share_port(&socket)?;
            begin(&socket)?;
        }
        Address::Unix(path) => path::bind(&socket, path, begin)?,
    }
    Ok(socket)
}

/// Listens once more where `listener` does: the kernel deals new clients out between the two (`SO_REUSEPORT`,
/// socket(7)), each with a queue of its own.
///
/// # Errors
/// Unix sockets can't share a path.
pub(crate) fn listen_beside(listener: &Socket, limits: &Limits) -> io::Result<Socket> {
    let address = listener.local_addr()?;
    let socket = unbound(&address, limits)?;
    share_port(&socket)?;
    socket.bind(&address)?;
    begin(&socket)?;
    Ok(socket)
}

fn unbound(address: &SockAddr, limits: &Limits) -> io::Result<Socket> {
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    if !address.is_unix() {
        socket.set_reuse_address(true)?; // else a restart would wait for the last run's TIME_WAIT
        socket.set_nodelay(true)?;
    }
    socket.set_read_timeout(Some(limits.idle_time))?;
    socket.set_write_timeout(Some(limits.idle_time))?;
    Ok(socket)
}

/// Lets other sockets of this user listen on the same port. Said after the first one was bound, so that a second server
/// is still told that the address is taken, and before it listens, since it is then that they become a group.
fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

fn begin(socket: &Socket) -> io::Result<()> {
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)
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

/// What follows the bytes that are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing, for now: they leave at once.
    Nothing,
    /// The end of what we send, by close(2) or shutdown(2), as soon as all of them are taken. The kernel holds the last
    /// packet back for it (`MSG_MORE`, send(2)), and both leave together: one packet less on the way, and one sign of
    /// life less at the other side.
    End,
    /// A part of a file: the kernel holds a short packet back for it.
    File,
}

impl Then {
    /// The flags that go with it.
    pub(crate) fn flags(self) -> SendFlags {
        match self {
            Self::Nothing => SendFlags::NOSIGNAL,
            Self::End | Self::File => SendFlags::NOSIGNAL | SendFlags::MORE,
        }
    }
}

/// Sends from the front of `bytes`, and says how many the system took. A peer that has gone is an error, not a
/// signal.
pub(crate) fn send(socket: &Socket, bytes: &[u8], then: Then, mode: Mode) -> io::Result<usize> {
    let flags = match mode {
        Mode::Blocking => then.flags(),
        Mode::NonBlocking => then.flags() | SendFlags::DONTWAIT,
    };
    loop {
        match rustix::net::send(socket, bytes, flags) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map_err(io::Error::from),
        }
    }
}

/// Sends from the front of a part of a file, from the page cache to the socket without a copy in between (sendfile(2)). It
/// waits as the socket itself does, which has no flag for one call: see [`Socket::set_nonblocking`].
///
/// # Errors
/// `UnexpectedEof`: the file has become shorter, and what was promised can't be kept.
pub(crate) fn send_file(socket: &Socket, part: &mut FilePart) -> io::Result<()> {
    loop {
        let mut offset = part.offset();
        match rustix::fs::sendfile(socket, part.file(), Some(&mut offset), part.length() as usize) {
            Err(rustix::io::Errno::INTR) => {}
            Ok(0) if part.length() > 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => {
                part.sent(bytes as u64);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether something that was sent has not been acknowledged yet (`SIOCOUTQ`, tcp(7)). The kernel goes on sending it
/// after a close, but answers whatever still comes by then with a reset, and drops the rest. What has been acknowledged
/// is with the peer, reset or not; over a Unix socket everything is at once.
pub(crate) fn has_unacknowledged(socket: &Socket) -> bool {
    if socket.domain().is_ok_and(|domain| domain == Domain::UNIX) {
        return false;
    }
    // SAFETY: for a socket, this number stands for `SIOCOUTQ`, which writes one C int and nothing else.
    #[allow(unsafe_code)]
    let bytes = unsafe { ioctl::ioctl(socket, Getter::<{ libc::TIOCOUTQ as ioctl::Opcode }, c_int>::new()) };
    bytes.is_ok_and(|bytes| bytes > 0) // it fails for a socket that is no connection
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::net::{SocketAddr, TcpStream};
    use std::time::Duration;

    use super::super::acceptor::Acceptor;
    use super::super::shutdown::Shutdown;
    use super::*;

    fn local() -> Socket {
        listen(&([127, 0, 0, 1], 0).into(), &Limits::default()).unwrap()
    }

    fn address(listener: &Socket) -> SocketAddr {
        listener.local_addr().unwrap().as_socket().unwrap()
    }

    #[test]
    fn a_second_server_is_told_that_the_address_is_taken() {
        let first = local();
        let error = listen(&address(&first).into(), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let _second = listen_beside(&first, &Limits::default()).unwrap();
        let error = listen(&address(&first).into(), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn what_a_peer_has_no_room_for_is_unacknowledged_until_it_reads() {
        use std::io::Read;

        let listener = local();
        let mut client = TcpStream::connect(address(&listener)).unwrap();
        let (server, _) = listener.accept().unwrap();
        assert!(!has_unacknowledged(&server));
        let mut sent = 0;
        while let Ok(bytes) = send(&server, &[7; 10_000], Then::Nothing, Mode::NonBlocking) {
            sent += bytes;
        }
        assert!(has_unacknowledged(&server));
        client.read_exact(&mut vec![0; sent]).unwrap();
        // The last acknowledgement may take its time.
        let arrived = || {
            (0..3_000).any(|_| {
                std::thread::sleep(Duration::from_millis(10));
                !has_unacknowledged(&server)
            })
        };
        assert!(arrived());
    }

    #[test]
    fn what_the_end_follows_leaves_with_it() {
        use std::io::Read;

        let listener = local();
        // The kernel holds nothing back for longer than 200 ms; who was not scheduled meanwhile tries again.
        let held_back = || {
            let mut client = TcpStream::connect(address(&listener)).unwrap();
            let (server, _) = listener.accept().unwrap();
            let begin = std::time::Instant::now();
            send(&server, b"goodbye", Then::End, Mode::NonBlocking).unwrap();
            client.set_nonblocking(true).unwrap();
            let early = client.peek(&mut [0]).map_err(|error| error.kind());
            let in_time = begin.elapsed() < Duration::from_millis(100);
            drop(server);
            client.set_nonblocking(false).unwrap();
            let mut heard = Vec::new();
            client.read_to_end(&mut heard).unwrap();
            assert_eq!(heard, b"goodbye");
            in_time.then_some(early)
        };
        let early = (0..100).find_map(|_| held_back()).expect("one try within 100 ms");
        assert_eq!(early, Err(io::ErrorKind::WouldBlock));
    }

    #[test]
    fn what_was_sent_over_a_unix_socket_has_arrived() {
        let (server, _client) = Socket::pair(Domain::UNIX, Type::STREAM, None).unwrap();
        send(&server, b"hello", Then::Nothing, Mode::NonBlocking).unwrap();
        assert!(!has_unacknowledged(&server));
    }

    #[test]
    fn clients_are_dealt_out_between_listeners_that_share_a_port() {
        let first = local();
        let second = listen_beside(&first, &Limits::default()).unwrap();
        let clients: Vec<_> = (0..200).map(|_| TcpStream::connect(address(&first)).unwrap()).collect();
        let take = |listener: &Socket| -> HashSet<u16> {
            std::iter::from_fn(|| listener.accept().ok())
                .filter_map(|(_, peer)| Some(peer.as_socket()?.port()))
                .collect()
        };
        let (of_first, of_second) = (take(&first), take(&second));
        assert!(of_first.len() > 20 && of_second.len() > 20, "{} {}", of_first.len(), of_second.len());
        assert_eq!(of_first.len() + of_second.len(), clients.len());
    }

    #[test]
    fn clients_of_a_unix_socket_have_its_time_limits() {
        let directory = tempfile::tempdir().unwrap();
        let limits = Limits { idle_time: Duration::from_secs(7), ..Limits::default() };
        let path = directory.path().join("socket");
        let listener = listen(&Address::unix(&path).unwrap(), &limits).unwrap();
        let _client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let shutdown = Shutdown::by_hand(Duration::ZERO).unwrap();
        let (socket, peer) = Acceptor::new(listener, &shutdown).client().unwrap().unwrap();
        assert_eq!(peer.address, None);
        assert_eq!(socket.read_timeout().unwrap(), Some(limits.idle_time));
        assert_eq!(socket.write_timeout().unwrap(), Some(limits.idle_time));
    }
}
