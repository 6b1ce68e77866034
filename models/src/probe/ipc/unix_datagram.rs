//! `unix-datagram`: a pair of Unix datagram sockets.
//!
//! Each send(2) is a message and each recv(2) gives a whole one. Unlike UDP's, they are not lost and stay in order: who sends
//! faster than the other receives sleeps, once some ten messages wait (`net.unix.max_dgram_qlen`) or the sender's buffer is
//! used up. A message must fit that buffer whole, which can be made as large as `net.core.wmem_max` allows, with
//! as much again for what the kernel keeps beside it.
//!
//! Good at short messages with borders: system logs take them. Bad at long ones, for which the kernel needs so much
//! memory in one piece.
//!
//! Source: unix(7), socket(7).

use std::os::unix::net::UnixDatagram;

use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};

use super::super::{Probe, Suite, Trouble};
use super::process::between_processes;
use super::ticks::uninterrupted;
use super::{End, Peer, all_sizes, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "unix-datagram",
    family: "processes",
    summary: "socketpair(2), SOCK_DGRAM: whole messages, none lost",
    settings: all_sizes,
    measure: |setting, time| between_processes(setting, any_size(setting)?, time, ends),
};

struct Datagrams {
    socket: UnixDatagram,
    bytes: usize,
}

fn ends(bytes: usize) -> Result<(Datagrams, Datagrams), Trouble> {
    let (ours, theirs) = UnixDatagram::pair()?;
    for socket in [&ours, &theirs] {
        setsockopt(socket, sockopt::SndBuf, &(2 * bytes).max(64 * 1024))?; // no more than the system allows
    }
    Ok((Datagrams { socket: ours, bytes }, Datagrams { socket: theirs, bytes }))
}

impl End for Datagrams {
    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        uninterrupted(peer, || match self.socket.send(message) {
            Ok(_) => Ok(Ok(())),
            Err(error) => match Errno::from_raw(error.raw_os_error().unwrap_or_default()) {
                Errno::EMSGSIZE | Errno::ENOBUFS => Ok(Err(too_long(self.bytes))),
                error => Err(error),
            },
        })?
    }

    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        message.resize(self.bytes, 0);
        let length = uninterrupted(peer, || nix::unistd::read(&self.socket, message))?;
        message.truncate(length);
        Ok(())
    }
}

fn too_long(bytes: usize) -> Trouble {
    Trouble::Unsupported(format!(
        "a datagram of {bytes} bytes does not fit a socket's buffer; raise net.core.wmem_max (sysctl) to twice that"
    ))
}
