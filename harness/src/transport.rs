//! What a workload goes over: TCP, a Unix socket, or UDP.

use std::fmt;

use clap::ValueEnum;
use models::address::Address;
use models::server;

use crate::failure::Usage;

/// What a workload goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, ValueEnum)]
pub enum Transport {
    /// A stream over TCP.
    #[default]
    Tcp,
    /// A stream over a Unix socket.
    Unix,
    /// Datagrams over UDP.
    Udp,
}

impl Transport {
    /// The name as it is asked for and as it stands in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Unix => "unix",
            Self::Udp => "udp",
        }
    }

    /// The kind of stream it is; none for datagrams.
    pub fn stream(self) -> Option<server::Transport> {
        match self {
            Self::Tcp => Some(server::Transport::Tcp),
            Self::Unix => Some(server::Transport::Unix),
            Self::Udp => None,
        }
    }

    /// The transport to use with this address: the one that was asked for, if the two go together, else the address's
    /// stream.
    pub fn for_address(asked: Option<Self>, address: &Address) -> anyhow::Result<Self> {
        let stream = if address.is_unix() { Self::Unix } else { Self::Tcp };
        match (asked.unwrap_or(stream), address.is_unix()) {
            (transport @ (Self::Tcp | Self::Udp), true) => Err(Usage::error(format!(
                "--transport {transport} needs an IP address, and {address} is a path; try 127.0.0.1:8888"
            ))),
            (Self::Unix, false) => Err(Usage::error(format!(
                "--transport unix needs a path, and {address} is an IP address; try unix:/tmp/concur.sock"
            ))),
            (transport, _) => Ok(transport),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_stream_of_its_own_and_refuses_what_does_not_go_with_it() {
        let (ip, unix) = (Address::from(([127, 0, 0, 1], 1)), Address::unix("/tmp/socket").unwrap());
        let found = |asked, address| Transport::for_address(asked, address).ok();
        assert_eq!((found(None, &ip), found(None, &unix)), (Some(Transport::Tcp), Some(Transport::Unix)));
        for asked in [Transport::Tcp, Transport::Udp] {
            assert_eq!((found(Some(asked), &ip), found(Some(asked), &unix)), (Some(asked), None));
        }
        assert_eq!(found(Some(Transport::Unix), &ip), None);
        assert_eq!(found(Some(Transport::Unix), &unix), Some(Transport::Unix));
    }

    #[test]
    fn a_transport_is_written_as_it_is_asked_for() {
        for transport in Transport::value_variants() {
            assert_eq!(Transport::from_str(&transport.to_string(), false), Ok(*transport));
        }
    }
}
