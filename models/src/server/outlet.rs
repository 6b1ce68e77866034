//! How a service reaches its clients unasked: a second handle of each one's socket, for anybody to send by.
//!
//! A chat room has something to say to everybody whenever one of them speaks, on whatever thread that one is served. To hand
//! it to the thread, the loop or the coroutine that serves each of the others would need another way to wake each model. But
//! a socket may be sent to from anywhere, and a send that does not wait (`MSG_DONTWAIT`) is the same under all models: the
//! kernel's own buffer is the queue. Who leaves that full, by not reading, is cut off.

use std::net::Shutdown as Side;

use socket2::Socket;
use workloads::{Conversation, Outlet, Peer, Service};

use super::socket::{self, Mode, Then};
use super::{Model, Room, trouble};
use crate::options::Options;

/// Opens the conversation with a new client, who is on `socket`.
pub(crate) fn conversation(service: &dyn Service, peer: Peer, socket: &Socket) -> Conversation {
    if service.pushes() {
        Conversation::with_outlet(service, peer, outlet(socket))
    } else {
        Conversation::new(service, peer)
    }
}

/// The client's socket once more; or, where there is no descriptor left for that, nobody, and the client is turned away.
fn outlet(socket: &Socket) -> Box<dyn Outlet> {
    match socket.try_clone() {
        Ok(socket) => Box::new(SocketOutlet(socket)),
        Err(error) => {
            trouble::report(format_args!("can't reach a client: {error}; that client is turned away"));
            let _ = socket.shutdown(Side::Both); // it may be gone already
            Box::new(Nobody)
        }
    }
}

struct SocketOutlet(Socket);

impl Outlet for SocketOutlet {
    fn push(&self, bytes: &[u8]) -> bool {
        let sent = socket::send(&self.0, bytes, Then::Nothing, Mode::NonBlocking);
        let whole = matches!(sent, Ok(sent) if sent == bytes.len());
        if !whole {
            self.cut();
        }
        whole
    }

    fn cut(&self) {
        let _ = self.0.shutdown(Side::Both); // it may be gone already
    }
}

struct Nobody;

impl Outlet for Nobody {
    fn push(&self, _: &[u8]) -> bool {
        false
    }

    fn cut(&self) {}
}

impl Model {
    /// Why it can't carry a service, if it can't: a sentence.
    pub fn refuses(&self, service: &dyn Service, options: &Options) -> Option<&'static str> {
        if !service.pushes() {
            return None;
        }
        match (self.family, (self.room)(options)) {
            ("processes", _) => Some(
                "its clients are served by processes, which share no memory: what one is told can't be said to the others; \
                 try thread or epoll",
            ),
            (_, Room::One) => {
                Some("it serves one client at a time, who would have nobody to talk to; try thread or epoll")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn pair() -> (Socket, UnixStream) {
        let (here, there) = UnixStream::pair().unwrap();
        (Socket::from(here), there)
    }

    #[test]
    fn what_is_pushed_arrives_whole() {
        let (socket, mut client) = pair();
        assert!(outlet(&socket).push(b"hello\n"));
        let mut heard = [0; 6];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"hello\n");
    }

    #[test]
    fn who_never_reads_is_cut_off_and_nobody_waits() {
        let (socket, mut client) = pair();
        let outlet = outlet(&socket);
        while outlet.push(&[b'x'; 1000]) {}
        assert!(!outlet.push(b"more"));
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap(); // it ends: the connection was shut down
        assert_eq!(socket.recv(&mut [std::mem::MaybeUninit::uninit()]).unwrap(), 0, "its session is told");
    }

    #[test]
    fn who_has_gone_takes_nothing() {
        let (socket, client) = pair();
        drop(client);
        assert!(!outlet(&socket).push(b"hello"));
    }
}
