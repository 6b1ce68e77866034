//! Clients who misbehave together, driven by one thread: whoever is thrown out comes again.

use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use socket2::{Domain, Socket, Type};

use reports::record::Inflicted;

/// So many clients.
pub(super) struct Crowd {
    address: SocketAddr,
    members: Vec<Option<Member>>,
    receive_buffer: Option<usize>,
}

/// One of them.
pub(super) struct Member {
    pub(super) socket: Socket,
    /// How many bytes it has sent or read, as its fault counts.
    pub(super) at: usize,
    /// Its place among them.
    pub(super) index: usize,
}

/// What became of a client in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It stays.
    Stays,
    /// The server has ended the connection, or it has come to its own end.
    Over,
}

impl Crowd {
    /// None of them has come yet. A small `receive_buffer` takes little before it is read.
    pub(super) fn new(address: SocketAddr, number: usize, receive_buffer: Option<usize>) -> Self {
        Self { address, members: (0..number).map(|_| None).collect(), receive_buffer }
    }

    /// Each does what `act` says, once. Those who are not there come.
    pub(super) fn turn(
        &mut self,
        done: &mut Inflicted,
        mut act: impl FnMut(&mut Member, &mut Inflicted) -> io::Result<Turn>,
    ) {
        for index in 0..self.members.len() {
            if self.members[index].is_none() {
                // Where there is no port or descriptor left here, somebody else has to leave first.
                let Ok(socket) = dial(self.address, self.receive_buffer) else { continue };
                done.connections += 1;
                self.members[index] = Some(Member { socket, at: 0, index });
            }
            let Some(member) = &mut self.members[index] else { continue };
            match act(member, done) {
                Ok(Turn::Stays) => {}
                Err(error) if is_not_yet(&error) => {}
                Ok(Turn::Over) | Err(_) => self.members[index] = None,
            }
        }
    }

    /// All leave by a reset.
    pub(super) fn reset(self, done: &mut Inflicted) {
        for member in self.members.into_iter().flatten() {
            done.resets += 1;
            let _ = member.socket.set_linger(Some(Duration::ZERO)); // else it is just closed
        }
    }
}

impl Member {
    /// Sends these bytes, as far as they go in.
    pub(super) fn send(&mut self, bytes: &[u8], done: &mut Inflicted) -> io::Result<usize> {
        let sent = self.socket.send_with_flags(bytes, nix::libc::MSG_NOSIGNAL)?;
        done.sent_bytes += sent as u64;
        Ok(sent)
    }

    /// Reads at most so many bytes of what there is; whether the connection has ended.
    pub(super) fn hear(&mut self, at_most: usize) -> io::Result<Turn> {
        let mut room = vec![0; at_most];
        match (&self.socket).read(&mut room) {
            Ok(0) => Ok(Turn::Over),
            Ok(read) => {
                self.at += read;
                Ok(Turn::Stays)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the server has ended the connection. What it has said is passed over.
    pub(super) fn is_thrown_out(&mut self) -> io::Result<bool> {
        let mut room = [0; 1024];
        match (&self.socket).read(&mut room) {
            Ok(read) => Ok(read == 0),
            Err(error) if is_not_yet(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Begins to connect; nobody waits for it.
fn dial(address: SocketAddr, receive_buffer: Option<usize>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?; // what is sent apart must travel apart
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::EINPROGRESS as i32) => Err(error),
        _ => Ok(socket),
    }
}

/// Nothing is there to read, there is no room to send, or the connection is not made yet.
fn is_not_yet(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::NotConnected)
}
