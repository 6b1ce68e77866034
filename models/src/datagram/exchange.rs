//! Receiving a datagram and answering it: the part that all datagram models share.
//!
//! Trouble with one datagram is never the server's: what can't be sent is lost, as it could have been on its way.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Socket, Type};
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;
use workloads::{DatagramService, Peer};

use crate::server::acceptor::SHORTAGE_PAUSE;
use crate::server::shutdown::{LastArrivals, Shutdown};
use crate::server::socket::Mode;
use crate::server::trouble;

/// What waits in the kernel beyond this is lost. It grants as much of it as `net.core.rmem_max` allows (socket(7)).
const QUEUE_BYTES: usize = 4 * 1024 * 1024;
/// A reply that finds no room in the kernel for so long is lost.
const SEND_LIMIT: Duration = Duration::from_secs(1);
/// How long it waits for room before it tries again.
const ROOM_LOOK: Duration = Duration::from_millis(1);
/// A send may be told of an earlier datagram's fate instead of its own, and is then tried again.
const TRIES: usize = 3;

/// A socket that gets datagrams for `address`; port 0 takes any free one.
///
/// Bound to every address of the machine (0.0.0.0), it answers from the one that the way back begins at, which need not
/// be the one that was asked.
///
/// # Errors
/// `AddrInUse`: another program is bound to it.
pub fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_recv_buffer_size(QUEUE_BYTES)?;
    socket.set_write_timeout(Some(SEND_LIMIT))?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A buffer to [`receive`] into: one byte more than a datagram can have, so that none is ever cut short.
pub(super) fn buffer() -> Vec<u8> {
    Vec::with_capacity(DATAGRAM_BYTES_AT_MOST + 1)
}

/// Replaces what `data` holds by the next datagram and says who sent it; nobody, if the socket's reading side has been
/// shut down and nothing is left.
pub(super) fn receive(socket: &Socket, data: &mut Vec<u8>, mode: Mode) -> io::Result<Option<SocketAddr>> {
    let flags = match mode {
        Mode::Blocking => RecvFlags::empty(),
        Mode::NonBlocking => RecvFlags::DONTWAIT,
    };
    loop {
        data.clear();
        match rustix::net::recvfrom(socket, spare_capacity(data), flags) {
            Ok((_, _, from)) => match from.map(SocketAddr::try_from) {
                None => return Ok(None),
                Some(Ok(from)) => return Ok(Some(from)),
                Some(Err(_)) => {} // not from an IP address: nobody who could be answered
            },
            // ICMP's answer to an earlier reply (udp(7)): that client has gone, and others have not.
            Err(Errno::INTR | Errno::CONNREFUSED | Errno::HOSTUNREACH | Errno::NETUNREACH) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// How long what a service says in one go may wait for room in the kernel, all of it together.
type Patience = Duration;

/// The patience with a service: some with one that remembers, since what it has to say is said once, and none with others.
/// Where others could be answered meanwhile they wait as well, so it is short.
fn patience_with(service: &dyn DatagramService) -> Patience {
    if service.remembers() { SEND_LIMIT } else { Patience::ZERO }
}

/// Sends one datagram. What can't be sent is lost: that is its receiver's business alone. Where `mode` would not wait, some
/// patience may be left for it.
fn send(socket: &Socket, to: Peer, bytes: &[u8], mode: Mode, patience: &mut Patience) {
    let Some(address) = to.address else { return };
    let flags = match mode {
        Mode::Blocking => SendFlags::NOSIGNAL,
        Mode::NonBlocking => SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
    };
    let mut tries = TRIES;
    loop {
        match rustix::net::sendto(socket, bytes, flags, &address) {
            Ok(_) => return,
            Err(Errno::INTR) => {}
            Err(Errno::CONNREFUSED) if tries > 1 => tries -= 1,
            Err(error @ (Errno::AGAIN | Errno::NOBUFS)) if !patience.is_zero() => {
                let begun = Instant::now();
                wait_for_room(socket, error);
                *patience = patience.saturating_sub(begun.elapsed());
            }
            Err(error) => {
                let bytes = bytes.len();
                return trouble::report(format_args!("{bytes} bytes to {address} are lost: {error}"));
            }
        }
    }
}

/// Waits a moment for room: in the socket, or, where a device's queue is full (`ENOBUFS`), for that, which nobody tells of.
fn wait_for_room(socket: &Socket, lack: Errno) {
    if lack == Errno::NOBUFS {
        thread::sleep(ROOM_LOOK);
    } else {
        let limit = PollTimeout::try_from(ROOM_LOOK).unwrap_or(PollTimeout::ZERO);
        let _ = poll(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)], limit); // the next try shows
    }
}

/// Has the service answer a datagram. A panic in it is the end of that answer alone.
pub(super) fn answer(
    service: &dyn DatagramService,
    socket: &Socket,
    from: SocketAddr,
    data: &[u8],
    mode: Mode,
) {
    // Many may be told of one line: all of them together, and not each, may take so long.
    let mode = if service.remembers() { Mode::NonBlocking } else { mode };
    say(service, socket, mode, |send| service.datagram(Peer { address: Some(from) }, data, send));
}

/// Has a service say something, in answer or unasked.
pub(super) fn say(
    service: &dyn DatagramService,
    socket: &Socket,
    mode: Mode,
    act: impl FnOnce(&mut dyn FnMut(Peer, &[u8])),
) {
    let mut patience = patience_with(service);
    let act = || act(&mut |to, bytes| send(socket, to, bytes, mode, &mut patience));
    // A panic itself has said what there is to say.
    let _ = panic::catch_unwind(AssertUnwindSafe(act));
}

/// Whether the kernel had no memory for one more datagram just then.
pub(super) fn is_shortage(error: &io::Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(number, Some(Errno::NOBUFS | Errno::NOMEM))
}

/// Receives one datagram after another with blocking calls, for the models with one thread that does so.
///
/// When the server is asked to stop, the reading side of the socket is shut down by the signal handler: that wakes a
/// blocked recvfrom(2), also of a socket that was never connected (Linux; shutdown(2) itself then says `ENOTCONN`), and
/// leaves what has arrived to be read.
pub(super) struct Receiver<'a> {
    socket: &'a Socket,
    shutdown: &'a Shutdown,
    /// Set once the server was asked to stop.
    last: Option<LastArrivals>,
    data: Vec<u8>,
}

impl<'a> Receiver<'a> {
    /// `socket` must be known to the shutdown as its only client, for it to be woken.
    pub(super) fn new(socket: &'a Socket, shutdown: &'a Shutdown) -> Self {
        Self { socket, shutdown, last: None, data: buffer() }
    }

    /// The next datagram and who sent it; none once the server was asked to stop and what had arrived by then is through.
    pub(super) fn next(&mut self) -> io::Result<Option<(SocketAddr, &[u8])>> {
        loop {
            let stopping = self.shutdown.requested();
            if stopping && !self.last.get_or_insert_with(|| LastArrivals::begin(self.shutdown)).one_more() {
                return Ok(None);
            }
            let mode = if stopping { Mode::NonBlocking } else { Mode::Blocking };
            match receive(self.socket, &mut self.data, mode) {
                Ok(Some(from)) => return Ok(Some((from, &self.data))),
                Ok(None) if self.shutdown.requested() => {
                    if stopping {
                        return Ok(None);
                    }
                }
                Ok(None) => return Err(io::Error::other("somebody shut the socket down")),
                Err(error) if stopping && error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if is_shortage(&error) => {
                    trouble::report(format_args!("can't receive: {error}; trying again"));
                    thread::sleep(SHORTAGE_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use workloads::echo::Echo;

    use super::*;

    fn pair() -> (Socket, UdpSocket) {
        let server = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.local_addr().unwrap().as_socket().unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        (server, client)
    }

    #[test]
    fn a_datagram_comes_whole_whatever_its_size() {
        let (server, client) = pair();
        let mut data = buffer();
        for bytes in [0, 1, 1472, 1473, DATAGRAM_BYTES_AT_MOST] {
            client.send(&vec![b'x'; bytes]).unwrap();
            let from = receive(&server, &mut data, Mode::Blocking).unwrap().unwrap();
            assert_eq!((from, data.len()), (client.local_addr().unwrap(), bytes));
            answer(&Echo, &server, from, &data, Mode::Blocking);
            let mut back = vec![0; DATAGRAM_BYTES_AT_MOST + 1];
            assert_eq!(client.recv(&mut back).unwrap(), bytes);
        }
    }

    #[test]
    fn what_cannot_be_sent_is_lost_and_nothing_else() {
        let (server, client) = pair();
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let nowhere = [gone, ([127, 0, 0, 1], 0).into(), ([255, 255, 255, 255], 9).into()];
        for address in nowhere {
            for _ in 0..3 {
                answer(&Echo, &server, address, b"hello", Mode::Blocking);
            }
        }
        send(&server, Peer::default(), b"to nobody", Mode::Blocking, &mut patience_with(&Echo));
        let here = Peer { address: Some(client.local_addr().unwrap()) };
        send(&server, here, &vec![0; DATAGRAM_BYTES_AT_MOST + 1], Mode::Blocking, &mut { SEND_LIMIT });
        send(&server, here, b"still there", Mode::Blocking, &mut { SEND_LIMIT });
        let mut back = [0; 100];
        assert_eq!(client.recv(&mut back).unwrap(), b"still there".len());
        client.send(b"me too").unwrap();
        assert!(receive(&server, &mut buffer(), Mode::Blocking).unwrap().is_some());
    }

    #[test]
    fn a_panic_is_the_end_of_one_answer_alone() {
        struct Panics;
        impl DatagramService for Panics {
            fn datagram(&self, _: Peer, _: &[u8], _: &mut dyn FnMut(Peer, &[u8])) {
                panic!("a bug in a service")
            }
        }
        let (server, client) = pair();
        answer(&Panics, &server, client.local_addr().unwrap(), b"?", Mode::Blocking);
    }

    #[test]
    fn a_receiver_gives_what_had_arrived_and_then_ends() {
        let (server, client) = pair();
        let shutdown = Shutdown::by_hand(Duration::from_secs(30)).unwrap();
        let _reachable = shutdown.only_client(&server);
        let mut receiver = Receiver::new(&server, &shutdown);
        for text in ["one", "", "three"] {
            client.send(text.as_bytes()).unwrap();
        }
        shutdown.request();
        for text in ["one", "", "three"] {
            assert_eq!(receiver.next().unwrap().unwrap().1, text.as_bytes());
        }
        assert_eq!(receiver.next().unwrap(), None);
    }

    #[test]
    fn a_receiver_that_sleeps_is_woken_to_stop() {
        let (server, _client) = pair();
        let shutdown = Shutdown::by_hand(Duration::from_secs(30)).unwrap();
        let _reachable = shutdown.only_client(&server);
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100)); // so that it sleeps by then, most likely
                shutdown.request();
            });
            assert_eq!(Receiver::new(&server, &shutdown).next().unwrap(), None);
        });
    }

    #[test]
    fn a_flood_does_not_keep_a_server_from_stopping() {
        let (server, client) = pair();
        let shutdown = Shutdown::by_hand(Duration::from_secs(2)).unwrap();
        let _reachable = shutdown.only_client(&server);
        let mut receiver = Receiver::new(&server, &shutdown);
        shutdown.request();
        let mut taken = 0;
        client.send(b"more").unwrap();
        while receiver.next().unwrap().is_some() {
            taken += 1;
            client.send(b"more").unwrap(); // there is always one more
            assert!(taken < 100_000);
        }
        assert!(taken > 0);
    }
}
