//! One sender, many receivers: what comes in goes out once, to the address that a whole network listens to.
//!
//! A network's highest address is everybody's (RFC 919); on the loopback network 127.0.0.0/8 that is 127.255.255.255.
//! The kernel hands a copy to each socket that is bound to the port, if they have agreed to share it (`SO_REUSEADDR`,
//! socket(7)), and a sender must say beforehand that it means it (`SO_BROADCAST`).

use std::net::SocketAddr;

use crate::datagram::DatagramService;
use crate::session::Peer;

/// Sends each datagram on to [`to`](Self::to), and tells its sender so.
#[derive(Debug, Clone, Copy)]
pub struct Broadcast {
    /// A network's broadcast address with the port that is listened to, which is not the server's own.
    pub to: SocketAddr,
}

impl DatagramService for Broadcast {
    fn datagram(&self, from: Peer, data: &[u8], send: &mut dyn FnMut(Peer, &[u8])) {
        send(Peer { address: Some(self.to) }, data);
        send(from, format!("{} bytes went to {}", data.len(), self.to).as_bytes());
    }

    fn broadcasts(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_goes_to_the_network_and_its_sender_is_told() {
        let to = SocketAddr::from(([127, 255, 255, 255], 9));
        let mut sent = Vec::new();
        Broadcast { to }.datagram(Peer::default(), b"hello", &mut |to, data| {
            sent.push((to.address, String::from_utf8(data.to_vec()).unwrap()));
        });
        let expected = [(Some(to), "hello".to_owned()), (None, format!("5 bytes went to {to}"))];
        assert_eq!(sent, expected);
    }
}
