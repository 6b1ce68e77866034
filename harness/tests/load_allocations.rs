//! The load generator allocates nothing per request. Alone in its binary, since it counts every allocation in it.

#![allow(unsafe_code)] // to count allocations is to be the global allocator, which is an unsafe trait

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use harness::load::{Load, run};
use workloads::client::{Checker, Client, Reply};

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

const MESSAGE: [u8; 16] = *b"sixteen bytes...";

struct Fixed;

impl Client for Fixed {
    fn request(&self) -> &[u8] {
        &MESSAGE
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Self)
    }
}

impl Checker for Fixed {
    fn arrived(&mut self, bytes: &[u8]) -> Reply {
        if bytes == MESSAGE {
            Reply::Whole { used: bytes.len(), closing: false }
        } else {
            Reply::Wrong("not the message".to_owned())
        }
    }

    fn ended(&mut self) -> Reply {
        Reply::More
    }
}

/// Serves each connection on a thread of its own, which allocates nothing once it runs.
fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut message = MESSAGE;
                while stream.read_exact(&mut message).is_ok() && stream.write_all(&message).is_ok() {}
            });
        }
    });
    address
}

/// How many requests a run of this length came to, and how many allocations it took.
fn measured(address: SocketAddr, duration: Duration) -> (u64, u64) {
    let load = Load {
        address: address.into(),
        connections: 4,
        threads: 1,
        keep_alive: true,
        warm_up: Duration::ZERO,
        duration,
        timeout: Duration::from_secs(20),
        processors: Vec::new(),
    };
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let outcome = run(&load, &Fixed, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(outcome.errors.total(), 0, "{:?}", outcome.first_error);
    (outcome.requests_in_all, allocations)
}

#[test]
fn twenty_thousand_more_requests_take_no_more_allocations() {
    let address = echo_server();
    let mut length = Duration::from_millis(50);
    let (few_requests, few_allocations) = measured(address, length);
    loop {
        length *= 2;
        let (requests, allocations) = measured(address, length);
        if requests >= few_requests + 20_000 {
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
