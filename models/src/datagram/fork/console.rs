//! A service that remembers, with its console in a child process: the way that the course goes.
//!
//! What a child of fork(2) changes in its memory nobody else sees, so all datagrams are answered by the parent, in whose memory
//! the room is. But the parent sleeps in recvfrom(2) and can't read the keyboard as well. So a child does that, and says
//! each line to the parent as everybody says things to it: it sends a datagram to the parent's own socket. That is what passing
//! messages between processes comes to without shared memory.
//!
//! The parent must know such a datagram from those of others, and by nothing that others could write as well. It made
//! the child's socket itself, before the fork, so it knows that address, and a word that was drawn by the kernel for this one server,
//! of which the child has a copy, stands at the front. A name would not do: anybody can write a name.

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::super::Start;
use super::super::beside::{close, happened};
use super::super::exchange::{Receiver, answer};
use crate::console::{Event, attend, standard_input};
use crate::forking::{Alone, fork_child, reap};
use crate::server::socket::Mode;
use crate::server::{ServeError, Shutdown, trouble};

/// How long the word is that only parent and child know.
const WORD_BYTES: usize = 16;

type Word = [u8; WORD_BYTES];

pub(super) fn run(start: Start<'_>) -> Result<(), ServeError> {
    let Start { socket, service, shutdown, .. } = start;
    let alone = Alone::wait()?;
    let console = Console::fork(&alone, &socket, shutdown)
        .map_err(|source| ServeError::io("start a process for the console", source))?;
    shutdown.end_by_alarm();
    let _wakeable = shutdown.only_client(&socket);
    let mut receiver = Receiver::new(&socket, shutdown);
    while let Some((from, data)) = receiver.next()? {
        match console.said(from, data) {
            Some(event) => happened(&**service, &socket, event),
            None => answer(&**service, &socket, from, data, Mode::Blocking),
        }
    }
    drop(console);
    close(&**service, &socket);
    Ok(())
}

/// The child, as its parent knows it. It ends when this is dropped.
struct Console {
    child: Pid,
    address: SocketAddr,
    word: Word,
}

impl Console {
    fn fork(alone: &Alone, socket: &socket2::Socket, shutdown: &Shutdown) -> io::Result<Self> {
        let mut server =
            socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("it is no IP socket"))?;
        server.set_ip(reachable(server.ip())); // a link that IPv6 names besides stays
        let mut any_port = server;
        any_port.set_port(0);
        let own = UdpSocket::bind(any_port)?;
        own.connect(server)?;
        let address = own.local_addr()?;
        let word = drawn()?;
        let input = standard_input()?;
        let hear = move || {
            shutdown.become_child();
            attend(input, shutdown, shutdown.bell(), |event| {
                // The server may have no room just then, or have gone, and then this process goes as well.
                if let Err(error) = own.send(&message(&word, event)) {
                    trouble::report(format_args!(
                        "the console can't reach its server: {error}; that line is lost"
                    ));
                }
            });
            true
        };
        let (child, ()) = fork_child(alone, (), hear)?;
        Ok(Self { child, address, word })
    }

    /// What the child says in this datagram, if it is the child's.
    fn said<'a>(&self, from: SocketAddr, data: &'a [u8]) -> Option<Event<'a>> {
        if from != self.address {
            return None;
        }
        let said = data.strip_prefix(&self.word[..])?;
        let (kind, text) = said.split_first()?;
        match kind {
            b'T' => Some(Event::Time),
            _ => str::from_utf8(text).ok().map(Event::Line),
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It has not been waited for, so the number is its own.
        let _ = kill(self.child, Signal::SIGKILL);
        let _ = reap(self.child);
    }
}

fn message(word: &Word, event: Event<'_>) -> Vec<u8> {
    let (kind, text) = match event {
        Event::Line(line) => (b'L', line),
        Event::Time | Event::Stop => (b'T', ""),
    };
    [&word[..], &[kind], text.as_bytes()].concat()
}

/// Where a server that is bound to all addresses is reached from its own machine.
fn reachable(server: IpAddr) -> IpAddr {
    match server {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// Random bytes from the kernel.
fn drawn() -> io::Result<Word> {
    let mut word = Word::default();
    File::open("/dev/urandom")?.read_exact(&mut word)?;
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_childs_address_and_word_together_are_the_consoles() {
        let (address, word) = (SocketAddr::from(([127, 0, 0, 1], 9)), [7; WORD_BYTES]);
        // There is no child to be ended.
        let console = std::mem::ManuallyDrop::new(Console { child: Pid::from_raw(0), address, word });
        let line = message(&word, Event::Line("hello"));
        assert_eq!(console.said(address, &line), Some(Event::Line("hello")));
        assert_eq!(console.said(address, &message(&word, Event::Time)), Some(Event::Time));
        assert_eq!(console.said(([127, 0, 0, 1], 10).into(), &line), None);
        assert_eq!(console.said(address, &message(&[8; WORD_BYTES], Event::Line("hello"))), None);
        assert_eq!(console.said(address, b"L hello"), None);
    }
}
