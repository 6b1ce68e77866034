//! What a server does alike over TCP and over Unix sockets: the steps of tests that differ in how they connect.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use harness::load::{self, Clients, Load, Outcome};
use harness::server::Server;
use harness::transport::Transport;
use harness::workload::Workload;
use nix::sys::signal::Signal;
use socket2::SockRef;

use super::{A_MOMENT, PATIENCE, ask, ended_in_order, hear, send};

/// So many bytes, no two neighbours the same.
pub(crate) fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

/// Sends all of it and then its end, and hears meanwhile what comes back.
pub(crate) fn exchange<S: AsFd + Sync>(client: &S, sent: &[u8]) -> Vec<u8>
where
    for<'a> &'a S: Read + Write,
{
    let mut heard = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writing = client;
            writing.write_all(sent).unwrap();
            SockRef::from(client).shutdown(Shutdown::Write).unwrap();
        });
        let mut reading = client;
        reading.read_to_end(&mut heard).unwrap();
    });
    heard
}

/// Sends all of it to a server that echoes, and insists that it comes back and then the end.
pub(crate) fn is_echoed<S: AsFd + Sync>(what: &str, client: &S, sent: &[u8])
where
    for<'a> &'a S: Read + Write,
{
    let heard = exchange(client, sent);
    assert!(heard == sent, "{what}: {} of {} bytes came back, or others", heard.len(), sent.len());
}

/// Sends a head that is far too long, and insists that its refusal can be read.
pub(crate) fn is_refused_a_flood(what: &str, mut client: impl Read + Write) {
    let flood = format!("GET / HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
    client.write_all(flood.as_bytes()).unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 431 "), "{what}: {reply}");
}

/// Has the server stop while it is at work for a client, and insists that the client gets its answer and then the end.
pub(crate) fn is_answered_after(signal: Signal, what: &str, server: &Server, mut client: impl Read + Write) {
    ask(&mut client, "/wait/500");
    std::thread::sleep(A_MOMENT);
    send(server, signal);
    assert_eq!(hear(&mut client).1, b"waited 500 ms\n", "{what} {signal}");
    assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{what} {signal}");
}

/// Has clients connect before the server can look, asks it to stop, and insists that they are answered all the same.
pub(crate) fn who_had_connected_is_answered<S: Read + Write>(
    what: &str,
    server: Server,
    connect: impl Fn(&Server) -> S,
) {
    send(&server, Signal::SIGSTOP);
    let mut clients: Vec<S> = (0..8).map(|_| connect(&server)).collect();
    for client in &mut clients {
        ask(client, "/wait/1");
    }
    send(&server, Signal::SIGTERM);
    send(&server, Signal::SIGCONT);
    for client in &mut clients {
        assert_eq!(hear(client).0, 200, "{what}");
    }
    ended_in_order(server);
}

/// More computations than a grace has time for.
pub(crate) fn ask_for_long_computations(client: &mut impl Write) {
    client.write_all(&b"GET /cpu/5000000 HTTP/1.1\r\nHost: test\r\n\r\n".repeat(50)).unwrap();
}

/// A load on a server, from one thread, whose clients are as patient as the tests.
pub(crate) fn load_on(server: &Server, connections: usize, warm_up: Duration, duration: Duration) -> Load {
    let address = server.address();
    let transport = Transport::for_address(None, &address).unwrap();
    Load { address, transport, connections, warm_up, duration, timeout: PATIENCE, ..Load::default() }
}

/// Puts a load of this workload on its server.
pub(crate) fn run_load(load: &Load, workload: &Workload) -> Outcome {
    let client = workload.client("test", load.keep_alive).unwrap();
    load::run(load, Clients::of(&*client), &mut |_| (), &AtomicBool::new(false)).unwrap()
}

/// Loads a server until each connection was served, or some request where each request has a connection of its own: with
/// more and more time, since a busy machine needs longer than a quiet one.
pub(crate) fn run_until_served(
    server: &Server,
    workload: &Workload,
    connections: usize,
    keep_alive: bool,
) -> Outcome {
    // The generator opens some four of them in a millisecond.
    let until_open = Duration::from_millis(connections as u64 / 4);
    let go = |seconds| {
        let warm_up = until_open + Duration::from_secs(seconds);
        let load = load_on(server, connections, warm_up, Duration::from_millis(500));
        run_load(&Load { keep_alive, ..load }, workload)
    };
    let is_enough = |outcome: &Outcome| {
        let all_served = outcome.connections_served == connections || !keep_alive;
        outcome.errors.total() > 0 || (all_served && outcome.requests > 0)
    };
    [0, 1, 3, 9].into_iter().map(go).find(is_enough).unwrap_or_else(|| go(27))
}
