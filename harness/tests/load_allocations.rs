//! The load generator allocates nothing per request. Alone in its binary, since it counts every allocation in it.

#![allow(unsafe_code)] // to count allocations is to be the global allocator, which is an unsafe trait

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use harness::load::{Clients, Load, Pace, run};
use harness::transport::Transport;
use reports::record::Schedule;
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
    pace: Pace,
    pipeline: usize,
    /// Whether latencies are logged second by second.
    logged: bool,
}

impl Server {
    /// One that is asked as fast as it answers, one request at a time.
    fn new(address: SocketAddr, transport: Transport, keep_alive: bool) -> Self {
        Self { address, transport, keep_alive, pace: Pace::default(), pipeline: 1, logged: false }
    }
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

/// Answers as many requests as have come, each on a thread for its connection, which allocates nothing once it runs.
fn pipelined_server() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let answer = |mut stream: TcpStream| {
        let mut bytes = [0; 4096];
        let mut held = 0;
        while let Ok(count @ 1..) = stream.read(&mut bytes[held..]) {
            held += count;
            while let Some(end) = bytes[..held].windows(4).position(|window| window == b"\r\n\r\n") {
                bytes.copy_within(end + 4..held, 0);
                held -= end + 4;
                if stream.write_all(REPLY).is_err() {
                    return;
                }
            }
        }
    };
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || answer(stream));
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
    let &Server { address, transport, keep_alive, pace, pipeline, logged } = server;
    let load = Load {
        address: address.into(),
        transport,
        connections: 4,
        threads: 1,
        keep_alive,
        pace,
        pipeline,
        histogram_log: logged.then(|| "/dev/null".into()),
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
fn thousands_more_requests_take_no_more_allocations_over_any_kind_of_connection_at_any_pace() {
    for (keep_alive, more) in [(true, 20_000), (false, 2_000)] {
        let address = server(keep_alive);
        let plain = || Server::new(address, Transport::Tcp, keep_alive);
        no_allocation_per_request(&plain(), more);
        let poisson = Pace::Open { rate: 2_000.0, schedule: Schedule::Poisson, seed: 1 };
        let pause = Pace::Closed { think: Duration::from_millis(1) };
        for pace in [poisson, pause] {
            no_allocation_per_request(&Server { pace, ..plain() }, 1_500);
        }
        if keep_alive {
            let too_fast = Pace::Open { rate: 1e5, schedule: Schedule::Constant, seed: 1 };
            no_allocation_per_request(&Server { pace: too_fast, ..plain() }, more);
            no_allocation_per_request(&Server { logged: true, ..plain() }, more);
        }
    }
    let echo = Server::new(pipelined_server(), Transport::Tcp, true);
    no_allocation_per_request(&Server { pipeline: 8, ..echo }, 20_000);
    let plain = || Server::new(datagram_server(), Transport::Udp, true);
    no_allocation_per_request(&plain(), 20_000);
    let pace = Pace::Open { rate: 2_000.0, schedule: Schedule::Constant, seed: 1 };
    no_allocation_per_request(&Server { pace, ..plain() }, 1_500);
}
