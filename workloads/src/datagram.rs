//! The contract for datagrams: a [`DatagramService`] answers each message by itself.
//!
//! There is no connection, so there is no session: a message comes whole, from somebody, and whatever the service has to
//! say to it goes out at once, to whom it likes. The network may lose, double or reorder messages on both ways, and a
//! model may lose some as well where it has no room: a client that wants to be sure asks again.
//!
//! ```
//! use workloads::datagram::DatagramService;
//! use workloads::{Peer, echo::Echo};
//!
//! let mut sent = Vec::new();
//! Echo.datagram(Peer::default(), b"hello", &mut |to, bytes| sent.push((to, bytes.to_vec())));
//! assert_eq!(sent, [(Peer::default(), b"hello".to_vec())]);
//! ```

use crate::session::Peer;

/// The most bytes that fit into one datagram over IPv4: 65,535 less 20 for the IP header and 8 for UDP's (RFC 768).
pub const DATAGRAM_BYTES_AT_MOST: usize = 65_507;

/// What a server does with the datagrams it gets.
///
/// It takes `&self`, since under most models several threads are in it at once. A service that keeps something between
/// datagrams locks it, for as short as it can, and says so ([`remembers`](Self::remembers)): under a model that forks each
/// child has a copy of its own that ends with it.
pub trait DatagramService: Send + Sync {
    /// Takes a message and calls `send` for each message that is to go out. It neither waits nor blocks.
    ///
    /// Who sent a datagram can be forged, so a service must not let a small one cause many or large ones: it would lend
    /// its strength to whoever wants to flood a third party (amplification, RFC 4732, 3.1).
    fn datagram(&self, from: Peer, data: &[u8], send: &mut dyn FnMut(Peer, &[u8]));

    /// Whether it sends to broadcast addresses, which a socket must be told beforehand (`SO_BROADCAST`).
    fn broadcasts(&self) -> bool {
        false
    }

    /// Whether it keeps something from one datagram to the next. A model then has all of them come to one process, in the
    /// order in which they arrived, and does all that a member of a room may expect so that no answer is lost: it waits for
    /// room in the kernel, for a while. It also passes on what is typed at the server's [`console`](Self::console), and
    /// says every now and then that [`time_passes`](Self::time_passes).
    fn remembers(&self) -> bool {
        false
    }

    /// Somebody typed a line at the server's console.
    fn console(&self, _line: &str, _send: &mut dyn FnMut(Peer, &[u8])) {}

    /// Some time has passed, half a second or so.
    fn time_passes(&self, _send: &mut dyn FnMut(Peer, &[u8])) {}

    /// The server ends: the last that can be said. What is returned is said of it all on the console.
    fn closes(&self, _send: &mut dyn FnMut(Peer, &[u8])) -> Option<String> {
        None
    }
}
