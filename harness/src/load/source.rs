//! Local addresses to connect from, once the ports of one run short.
//!
//! A connection is known by both addresses and both ports. Towards one server the kernel has some 28,000 local ports to
//! give (`net.ipv4.ip_local_port_range`), those of closed connections in `TIME_WAIT` among them. All of 127.0.0.0/8 is this
//! machine, so a server there can be reached from further addresses, each with ports of its own.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use nix::libc;
use nix::sys::socket::setsockopt;
use nix::{setsockopt_impl, sockopt_impl};
use socket2::{SockAddr, Socket};

sockopt_impl!(
    /// The kernel picks the port only as the connection is made, when it knows the other end: so a port may serve
    /// several connections to different places (ip(7), `IP_BIND_ADDRESS_NO_PORT`).
    BindAddressNoPort,
    SetOnly,
    libc::IPPROTO_IP,
    libc::IP_BIND_ADDRESS_NO_PORT,
    bool
);

/// How many further addresses there are: with 28,000 ports each, more than any process has descriptors for.
const FURTHER: u8 = 63;

/// Where one thread's connections come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// Whether the server is on the loopback's network.
    loopback: bool,
    /// The last byte of the address in use, 127.0.0.1 being left to the kernel's choice.
    last: u8,
}

impl Source {
    pub(super) fn towards(address: &SockAddr) -> Self {
        let loopback = matches!(address.as_socket(), Some(SocketAddr::V4(v4)) if v4.ip().is_loopback());
        Self { loopback, last: 1 }
    }

    /// Connects a fresh socket of `open` from the first address that has a port left, from the one in use on. What
    /// the connecting comes to is given as connect(2) gives it.
    pub(super) fn connect(
        &mut self,
        address: &SockAddr,
        open: impl Fn() -> io::Result<Socket>,
    ) -> io::Result<(Socket, io::Result<()>)> {
        let first = self.last;
        loop {
            let socket = open()?;
            self.bind(&socket)?;
            match socket.connect(address) {
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable && self.move_on(first) => {}
                result => return Ok((socket, result)),
            }
        }
    }

    /// Goes on to the next address, until all have been tried.
    fn move_on(&mut self, first: u8) -> bool {
        if !self.loopback {
            return false;
        }
        self.last = if self.last > FURTHER { 1 } else { self.last + 1 };
        self.last != first
    }

    fn bind(self, socket: &Socket) -> io::Result<()> {
        if self.last == 1 {
            return Ok(());
        }
        setsockopt(socket, BindAddressNoPort, &true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, self.last), 0)).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> Source {
        Source::towards(&address.parse::<SocketAddr>().unwrap().into())
    }

    #[test]
    fn every_address_is_tried_once() {
        let mut source = source("127.0.0.1:80");
        for first in [1, 5, FURTHER + 1] {
            source.last = first;
            let mut tried = vec![first];
            while source.move_on(first) {
                tried.push(source.last);
            }
            tried.sort_unstable();
            assert_eq!(tried, (1..=FURTHER + 1).collect::<Vec<_>>());
            assert_eq!(source.last, first, "the next connection begins where this one did");
        }
    }

    #[test]
    fn a_server_elsewhere_is_reached_from_one_address_only() {
        for address in ["192.0.2.1:80", "[::1]:80"] {
            let mut source = source(address);
            assert!(!source.move_on(1), "{address}");
        }
    }
}
