//! A panic in one client's session ends that client alone, in every event loop and in the pool behind one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use models::options::Options;
use models::server::{Shutdown, Start, server, socket};
use workloads::{Done, Limits, Next, Peer, Service, Session};

const PATIENCE: Duration = Duration::from_secs(30);

/// Computes an answer to each byte, and panics at `!` when it receives it, at `?` when it computes, and at `.` when it
/// gives the result.
struct Fragile;

impl Service for Fragile {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(Fragile)
    }
}

impl Session for Fragile {
    fn receive(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Next {
        if input.is_empty() {
            return Next::Read;
        }
        let byte = input.split_to(1)[0];
        assert_ne!(byte, b'!', "on purpose");
        Next::Compute(Box::new(move || {
            assert_ne!(byte, b'?', "on purpose");
            byte.into()
        }))
    }

    fn resume(&mut self, done: Done, output: &mut BytesMut) -> Next {
        let Done::Computed(value) = done else { panic!("it asked for nothing else: {done:?}") };
        assert_ne!(value, u64::from(b'.'), "on purpose");
        output.extend_from_slice(&[value as u8]);
        Next::Read
    }
}

#[test]
fn a_panic_anywhere_in_a_session_ends_its_client_alone() {
    for model in ["select", "poll", "epoll", "polling", "mio", "multi-loop", "hybrid"] {
        let listener = socket::listen(&"127.0.0.1:0".parse().unwrap(), &Limits::default()).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let service: Arc<dyn Service> = Arc::new(Fragile);
        let shutdown = Shutdown::by_hand(Duration::from_secs(1)).unwrap();
        let server = {
            let shutdown = Arc::clone(&shutdown);
            thread::spawn(move || {
                let (service, shutdown, options) = (&service, &shutdown, &Options::default());
                (server(model).unwrap().run)(Start { listener, service, options, shutdown })
            })
        };
        let connect = || {
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream
        };
        let mut bystander = connect();
        for fatal in ["!", "?", "."] {
            let mut client = connect();
            client.write_all(b"a").unwrap();
            client.read_exact(&mut [0]).unwrap();
            client.write_all(fatal.as_bytes()).unwrap();
            assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{model} {fatal}");
            let mut answer = [0; 2];
            bystander.write_all(b"ok").unwrap();
            bystander.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"ok", "{model} {fatal}");
        }
        shutdown.request();
        server.join().unwrap().unwrap();
    }
}
