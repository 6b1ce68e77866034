//! Parts of files, and what is said unasked, under every model that can run inside a test: those that fork can't, since a
//! test has threads; they share the code that sends with `loop` and `thread`.

#[path = "common/served.rs"]
mod served;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::BytesMut;
use models::options::{Choice, Options};
use models::server::{server, servers};
use served::served;
use workloads::{Done, FilePart, Next, Outlet, Peer, Service, Session};

const PATIENCE: Duration = Duration::from_secs(30);
/// More than a socket takes at once, and no whole number of parts.
const FILE_BYTES: u64 = 9_000_001;
const HEAD: &[u8] = b"here it comes\n";
const TAIL: &[u8] = b"\nthat was it\n";

/// may has one configuration per process, so one coroutine server runs at a time, and one test.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn with_every_model(service: &Arc<dyn Service>, check: impl Fn(&str, SocketAddr) + Sync) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let names = servers().iter().filter(|model| model.family != "processes").map(|model| model.name);
    let choices = names.chain(["epoll:trigger=edge", "thread-pool:per=request,workers=8"]);
    for choice in choices.map(|text| text.parse::<Choice>().unwrap()) {
        if server(&choice.name).unwrap().refuses(&**service, &choice.options).is_none() {
            let address = ([127, 0, 0, 1], 0).into();
            served(&choice, service, &address, |model, address| check(model, address.ip().unwrap()));
        }
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Gives the same file for each byte, between a head and a tail.
struct Library(Arc<File>, u64);

struct Reading(Arc<File>, u64, u64);

impl Service for Library {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        Box::new(Reading(Arc::clone(&self.0), 0, self.1))
    }
}

impl Session for Reading {
    fn receive(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Next {
        if input.is_empty() {
            return Next::Read;
        }
        let _ = input.split_to(1);
        output.extend_from_slice(HEAD);
        self.1 = 0;
        Next::Flush
    }

    fn resume(&mut self, _: Done, output: &mut BytesMut) -> Next {
        if self.1 == self.2 {
            output.extend_from_slice(TAIL);
            return Next::Read;
        }
        let part = FilePart::new(Arc::clone(&self.0), self.1, self.2 - self.1);
        self.1 += part.length();
        Next::File(part)
    }
}

fn numbers() -> Vec<u8> {
    (0..FILE_BYTES).map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8).collect()
}

fn file_of(bytes: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Arc::new(file)
}

#[test]
fn a_file_arrives_whole_and_in_its_place_also_for_who_reads_late() {
    let bytes = numbers();
    let service: Arc<dyn Service> = Arc::new(Library(file_of(&bytes), FILE_BYTES));
    with_every_model(&service, |model, address| {
        let mut client = connect(address);
        client.write_all(b"12").unwrap();
        thread::sleep(Duration::from_millis(100)); // by then the socket is full, most likely
        for _ in 0..2 {
            let mut heard = vec![0; HEAD.len() + bytes.len() + TAIL.len()];
            client.read_exact(&mut heard).unwrap();
            let (front, rest) = heard.split_at(HEAD.len());
            let (body, tail) = rest.split_at(bytes.len());
            assert!(front == HEAD && body == bytes && tail == TAIL, "{model}");
        }
    });
}

#[test]
fn a_file_that_has_become_shorter_ends_the_connection_and_no_other() {
    let service: Arc<dyn Service> = Arc::new(Library(file_of(b"too short"), 1000));
    with_every_model(&service, |model, address| {
        for _ in 0..2 {
            let mut client = connect(address);
            client.write_all(b"1").unwrap();
            let mut heard = Vec::new();
            let _ = client.read_to_end(&mut heard); // a reset is an end as well
            assert!(heard.len() <= HEAD.len() + 9, "{model}: {} bytes", heard.len());
        }
    });
}

/// Tells everybody what anybody says.
#[derive(Default)]
struct Shouting(Arc<Mutex<Vec<Arc<dyn Outlet>>>>);

impl Service for Shouting {
    fn session(&self, _: Peer) -> Box<dyn Session> {
        unreachable!("it pushes")
    }

    fn pushes(&self) -> bool {
        true
    }

    fn open(&self, _: Peer, outlet: Box<dyn Outlet>) -> Box<dyn Session> {
        self.0.lock().unwrap().push(Arc::from(outlet));
        Box::new(Self(Arc::clone(&self.0)))
    }
}

impl Session for Shouting {
    fn receive(&mut self, input: &mut BytesMut, _: &mut BytesMut) -> Next {
        let said = input.split();
        self.0.lock().unwrap().retain(|outlet| said.is_empty() || outlet.push(&said));
        Next::Read
    }

    fn resume(&mut self, _: Done, _: &mut BytesMut) -> Next {
        Next::Close
    }
}

#[test]
fn what_one_says_reaches_all_who_say_nothing() {
    with_every_model(&(Arc::new(Shouting::default()) as Arc<dyn Service>), |model, address| {
        let hear = |clients: &mut [TcpStream], text: &[u8]| {
            for client in clients {
                let mut heard = vec![0; text.len()];
                client.read_exact(&mut heard).unwrap();
                assert_eq!(heard, text, "{model}");
            }
        };
        // Each is there once it has heard itself.
        let mut clients = vec![connect(address)];
        clients[0].write_all(b"one").unwrap();
        hear(&mut clients, b"one");
        clients.push(connect(address));
        clients[1].write_all(b"two").unwrap();
        hear(&mut clients, b"two");
        for _ in 0..100 {
            clients[0].write_all(b"hello, everybody").unwrap();
            hear(&mut clients, b"hello, everybody");
        }
    });
}

#[test]
fn a_service_that_pushes_is_refused_where_clients_share_no_memory_or_come_one_at_a_time() {
    let refusing =
        servers().iter().filter(|model| model.refuses(&Shouting::default(), &Options::default()).is_some());
    let names: Vec<_> = refusing.map(|model| model.name).collect();
    assert_eq!(names, ["loop", "fork", "prefork"]);
}
