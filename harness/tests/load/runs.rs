//! The run as a whole: its edges, its end, and what is refused.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use harness::load::{Clients, Edge, Load, run};
use models::address::Address;
use workloads::client::{Checker, Client, Reply};

use crate::servers::{Echoed, MESSAGE, echo, load, refused, server};

#[test]
fn connections_stay_open_until_the_closing_edge_has_been_seen() {
    let (address, seen) = server(echo);
    let mut edges = Vec::new();
    let mut look = |edge| {
        if edge == Edge::Closes {
            thread::sleep(Duration::from_millis(100));
        }
        edges.push((edge, seen.over.load(Ordering::SeqCst)));
    };
    run(&load(address, 4), Clients::of(&Echoed::of(MESSAGE)), &mut look, &AtomicBool::new(false)).unwrap();
    assert_eq!(edges, [(Edge::Opens, 0), (Edge::Closes, 0)]);
}

#[test]
fn stop_ends_the_load_early() {
    let (address, _) = server(echo);
    let plan = Load { duration: Duration::from_secs(600), ..load(address, 2) };
    let stop = AtomicBool::new(false);
    let mut look = |_| stop.store(true, Ordering::SeqCst);
    let error = run(&plan, Clients::of(&Echoed::of(MESSAGE)), &mut look, &stop).err().expect("an error");
    assert_eq!(error.to_string(), "the load was interrupted");
}

/// Panics at the first byte of a reply.
struct Panics;

impl Client for Panics {
    fn request(&self) -> &[u8] {
        &[b'?'; MESSAGE]
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Self)
    }
}

impl Checker for Panics {
    fn restart(&mut self) {}

    fn arrived(&mut self, _: &[u8]) -> Reply {
        panic!("a bug in a checker")
    }

    fn ended(&mut self) -> Reply {
        Reply::More
    }
}

#[test]
fn a_panic_in_a_thread_is_an_error_at_once() {
    let (address, _) = server(echo);
    let plan = Load { threads: 2, duration: Duration::from_secs(600), ..load(address, 2) };
    assert!(refused(&plan, &Panics).ends_with("panicked: a bug in a checker"));
}

#[test]
fn loads_that_make_no_sense_are_refused() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let echo = Echoed::of(1);
    assert!(refused(&load(address, 0), &echo).contains("at least one connection"));
    assert!(refused(&Load { threads: 0, ..load(address, 1) }, &echo).contains("at least one thread"));
    assert!(refused(&Load { duration: Duration::ZERO, ..load(address, 1) }, &echo).contains("empty"));
    assert!(refused(&load(address, 1), &Echoed::of(0)).contains("empty request"));
    let unix = Load { address: Address::unix("/tmp/socket").unwrap(), ..load(address, 1) };
    assert!(refused(&unix, &echo).contains("is a path"));
    let nowhere = Load { processors: vec![1023], ..load(address, 1) };
    assert!(refused(&nowhere, &echo).contains("processor 1023"));
}
