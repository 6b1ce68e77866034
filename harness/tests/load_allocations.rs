//! The load generator allocates nothing per request. Alone in its binary, since it counts every allocation in it.

#![allow(unsafe_code)] // to count allocations is to be the global allocator, which is an unsafe trait

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use harness::load::{Clients, Load, run};
use harness::transport::Transport;
use workloads::client::{Client, EchoClient, HttpClient};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: all is done by the system's allocator, which keeps the trait's promises; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on as they are.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above; `pointer` came from `System`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const REQUEST_BYTES: usize = 128;
const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nHello World\n";
const LAST_REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\nHello World\n";

/// What is to be loaded, and how.
struct Server {
    address: SocketAddr,
    transport: Transport,
    keep_alive: bool,
}

/// Answers over connections that stay open, each on a thread of its own, which allocates nothing once it runs; or over
/// ones that it closes, one after another on one thread.
fn server(keep_alive: bool) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let answer = move |mut stream: TcpStream| {
        let mut request = [0; REQUEST_BYTES];
        // A request comes in one piece: it is small, and it is the only one under way.
        while stream.read(&mut request).is_ok_and(|bytes| bytes > 0) {
            if !keep_alive {
                let _ = stream.write_all(LAST_REPLY);
                return;
            }
            if stream.write_all(REPLY).is_err() {
                return;
            }
        }
    };
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            if keep_alive {
                thread::spawn(move || answer(stream));
            } else {
                answer(stream);
            }
        }
    });
    address
}

/// Answers datagrams on one thread, which allocates nothing once it runs.
fn datagram_server() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; REQUEST_BYTES];
        while let Ok((bytes, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..bytes], from);
        }
    });
    address
}

/// How many requests a run of this length came to, and how many allocations it took.
fn measured(server: &Server, duration: Duration) -> (u64, u64) {
    let &Server { address, transport, keep_alive } = server;
    let load = Load {
        address: address.into(),
        transport,
        connections: 4,
        threads: 1,
        keep_alive,
        warm_up: Duration::ZERO,
        duration,
        timeout: Duration::from_secs(20),
        processors: Vec::new(),
        ..Load::default()
    };
    let client: Box<dyn Client> = match transport {
        Transport::Udp => Box::new(EchoClient::new(REQUEST_BYTES)),
        Transport::Tcp | Transport::Unix => Box::new(HttpClient::new("/hello", "test", keep_alive).unwrap()),
    };
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let outcome = run(&load, Clients::of(&*client), &mut |_| {}, &AtomicBool::new(false)).unwrap();
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(outcome.errors.total(), 0, "{:?}", outcome.first_error);
    (outcome.requests_in_all, allocations)
}

/// Compares a short run with one of at least `more` requests more.
fn no_allocation_per_request(server: &Server, more: u64) {
    let mut length = Duration::from_millis(50);
    let (few_requests, few_allocations) = measured(server, length);
    loop {
        length *= 2;
        let (requests, allocations) = measured(server, length);
        if requests >= few_requests + more {
            // A thread of the server that ends a little late may fall into either run.
            assert!(allocations <= few_allocations + 100, "{few_allocations} became {allocations}");
            return;
        }
        assert!(
            length < Duration::from_secs(120),
            "{requests} requests in {length:?} are too few to judge by"
        );
    }
}

/// One test, since it counts what the whole process allocates.
#[test]
fn thousands_more_requests_take_no_more_allocations_over_any_kind_of_connection() {
    for (keep_alive, more) in [(true, 20_000), (false, 2_000)] {
        let address = server(keep_alive);
        no_allocation_per_request(&Server { address, transport: Transport::Tcp, keep_alive }, more);
    }
    let address = datagram_server();
    no_allocation_per_request(&Server { address, transport: Transport::Udp, keep_alive: true }, 20_000);
}
