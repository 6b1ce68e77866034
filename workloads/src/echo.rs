//! The echo service: what came in goes out again, in order and whole.

use bytes::BytesMut;

use crate::datagram::DatagramService;
use crate::session::{Done, Next, Peer, Service, Session};

/// Sends back whatever arrives (RFC 862).
#[derive(Debug, Clone, Copy, Default)]
pub struct Echo;

impl Service for Echo {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(Self)
    }
}

impl Session for Echo {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        if output.is_empty() {
            std::mem::swap(input, output); // nothing is copied
        } else {
            output.extend_from_slice(input);
            input.clear();
        }
        Next::Read
    }

    fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
        Next::Read // echo asks for nothing that could be done
    }
}

/// A message comes back as one message, also an empty one.
impl DatagramService for Echo {
    fn datagram(&self, from: Peer, data: &[u8], send: &mut dyn FnMut(Peer, &[u8])) {
        send(from, data);
    }
}
