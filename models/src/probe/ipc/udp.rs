//! `udp`: two sockets on the loopback that are connected to each other.
//!
//! send(2) hands a datagram to the loopback device and comes back; it never waits for the receiver. If the receiver's buffer
//! (`net.core.rmem_default`) is full when it gets there, it is dropped, and nobody is told. In a round trip one message is
//! under way and none is lost. A burst is faster than its receiver, and what counts as bandwidth is what arrived and was
//! right.
//!
//! Good at short questions and at messages that are worthless when they are late. Bad wherever all must arrive. A datagram is
//! 65,507 bytes at most; longer messages would have to be cut, numbered and asked for again, which is what TCP does.
//!
//! Source: udp(7), RFC 768.

use std::net::{Ipv4Addr, UdpSocket};

use nix::unistd::{read, write};

use super::super::{Probe, Setting, Suite, Trouble};
use super::process::between_processes;
use super::ticks::uninterrupted;
use super::{End, Peer, all_sizes, any_size};

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Ipc,
    name: "udp",
    family: "processes",
    summary: "UDP over the loopback: whole messages, lost where there is no room",
    settings: all_sizes,
    measure: |setting, time| between_processes(setting, size(setting)?, time, ends),
};

/// What an IPv4 packet holds beside its own header and UDP's.
const LONGEST: usize = 65_535 - 20 - 8;

fn size(setting: &Setting) -> Result<usize, Trouble> {
    match any_size(setting)? {
        bytes if bytes > LONGEST => Err(Trouble::Unsupported(format!(
            "a UDP datagram carries {LONGEST} bytes at most; ask for fewer, or send longer messages over tcp"
        ))),
        bytes => Ok(bytes),
    }
}

struct Datagrams {
    socket: UdpSocket,
    bytes: usize,
}

fn ends(bytes: usize) -> Result<(Datagrams, Datagrams), Trouble> {
    let new = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0));
    let (ours, theirs) = (new()?, new()?);
    ours.connect(theirs.local_addr()?)?;
    theirs.connect(ours.local_addr()?)?; // from now on nobody else is heard
    Ok((Datagrams { socket: ours, bytes }, Datagrams { socket: theirs, bytes }))
}

impl End for Datagrams {
    const LOSSY: bool = true;

    fn send(&mut self, message: &[u8], peer: &Peer<'_>) -> Result<(), Trouble> {
        uninterrupted(peer, || write(&self.socket, message)).map(drop)
    }

    fn receive(&mut self, message: &mut Vec<u8>, peer: &Peer<'_>) -> Result<(), Trouble> {
        message.resize(self.bytes, 0);
        let length = uninterrupted(peer, || read(&self.socket, message))?;
        message.truncate(length);
        Ok(())
    }
}
