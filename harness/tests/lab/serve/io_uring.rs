//! What is hard about completions: memory that the kernel fills unasked, buffers that run out, queues that are too
//! short, and completions that come late. With `entries=1` there is one receive buffer for all clients, and room for
//! one operation and four completions at a time: then nearly everything is short.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use harness::measure::limits::raise_descriptor_limit;
use harness::server::Server;
use harness::workload::Workload;
use socket2::SockRef;
use workloads::READ_BYTES;

use crate::common::streams::{is_echoed, run_until_served};
use crate::common::{
    A_MOMENT, PATIENCE, ask, can_run, connect, eventually, has_something, hear, hello, ip, serve,
    side_by_side, stop,
};

/// One of everything, and as it comes.
const MODELS: [&str; 2] = ["io-uring:entries=1", "io-uring"];

fn models() -> impl Iterator<Item = &'static str> {
    MODELS.into_iter().filter(can_run)
}

/// Writes until nothing more has been taken for half a second, at most `limit` bytes; how many were taken.
fn flood(client: &TcpStream, bytes: &[u8], limit: usize) -> usize {
    client.set_nonblocking(true).unwrap();
    let (mut taken, mut last) = (0, Instant::now());
    while taken < limit && last.elapsed() < Duration::from_millis(500) {
        match (&*client).write(&bytes[taken % bytes.len()..]) {
            Ok(more) => (taken, last) = (taken + more, Instant::now()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(1)),
            Err(error) => panic!("{error} after {taken} bytes"),
        }
    }
    client.set_nonblocking(false).unwrap();
    taken
}

/// What it holds of its own: its share of the program's file changes with every other server that comes or goes.
fn memory(server: &Server) -> u64 {
    server.tree().fileless_bytes().unwrap()
}

/// The most bytes that a server may come to hold for clients whom it does not serve just now.
///
/// A receive goes on unasked until its client's bytes have no use, which the server finds out when the call that waits has
/// returned. By then the kernel may have filled every buffer for one client, on a machine that is fast enough: these pages
/// are touched from then on, and as much is held for that client. No more comes, since the next call hands the
/// cancellation over before the kernel does anything else. What is held is collected in a vector that doubles: it is
/// moved by changing page tables where it is large, but an allocator that copies it leaves the places that it outgrew, less
/// than its length altogether, which the next client's fits into. Beside that each has an output and an input.
fn most_held(model: &str, clients: usize) -> u64 {
    let buffers = if model.ends_with("entries=1") { 1 } else { 64 };
    let turn = buffers * READ_BYTES;
    let (pool, held, outgrown) = (turn, clients * turn, turn);
    (pool + held + outgrown + clients * 4 * READ_BYTES + (1 << 20)) as u64
}

/// Sends all of it, hears all of it, and insists that it is the same.
fn echo(address: SocketAddr, bytes: usize, salt: usize) {
    let sent: Vec<u8> = (0..bytes).map(|index| ((index + salt) % 251) as u8).collect();
    is_echoed(&format!("from {salt} on"), &connect(address), &sent);
}

#[test]
fn clients_who_flood_and_never_read_do_not_fill_memory() {
    for model in models() {
        let server = serve(model, &["--workload", "echo"]);
        echo(ip(&server), 1_000_000, 0);
        let before = memory(&server);
        let flooders: Vec<TcpStream> = (0..8).map(|_| connect(server.address())).collect();
        side_by_side(&flooders, |flooder| {
            let taken = flood(flooder, &vec![7; 64 * 1024], 100_000_000);
            assert!(taken < 100_000_000, "{model} took {taken} bytes from a client who takes none");
        });
        let more = memory(&server).saturating_sub(before);
        assert!(more < most_held(model, 8), "{model} holds {more} bytes more for 8 clients who never read");
        drop(flooders);
        stop(server);
    }
}

#[test]
fn a_client_who_floods_while_it_waits_is_not_received_from() {
    for model in models() {
        let server = serve(model, &[]);
        let before = memory(&server);
        let mut client = connect(server.address());
        ask(&mut client, "/wait/60000");
        let taken = flood(&client, &b"GET /wait/1 HTTP/1.1\r\nHost: test\r\n\r\n".repeat(1_000), 100_000_000);
        assert!(taken < 100_000_000, "{model} took {taken} bytes");
        let more = memory(&server).saturating_sub(before);
        assert!(more < most_held(model, 1), "{model} holds {more} bytes more for a client who floods");
        drop(client);
        stop_within_grace(server);
    }
}

/// Stops a server who has a client to cut off.
fn stop_within_grace(server: Server) {
    let ended = server.stop(PATIENCE).unwrap();
    assert!(ended.status.success() && ended.leftovers == 0, "{ended:?}");
}

#[test]
fn what_came_while_it_could_not_be_dealt_with_is_served_in_order() {
    for model in models() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        ask(&mut client, "/wait/300");
        for number in 1..=20 {
            thread::sleep(Duration::from_millis(5)); // each comes by itself, while the first one waits
            ask(&mut client, &format!("/wait/{number}"));
        }
        client.shutdown(Shutdown::Write).unwrap();
        for number in [300].into_iter().chain(1..=20) {
            assert_eq!(hear(&mut client).1, format!("waited {number} ms\n").as_bytes(), "{model}");
        }
        assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{model}");
        stop(server);
    }
}

#[test]
fn sixteen_mebibytes_come_back_whole() {
    for model in models() {
        let server = serve(model, &["--workload", "echo"]);
        echo(ip(&server), 16 << 20, 1);
        stop(server);
    }
}

#[test]
fn more_clients_than_buffers_send_a_lot_at_once_and_get_it_back() {
    for model in models() {
        let server = serve(model, &["--workload", "echo"]);
        let address = ip(&server);
        thread::scope(|scope| {
            for salt in 0..100 {
                scope.spawn(move || echo(address, 300_000, salt));
            }
        });
        stop(server);
    }
}

#[test]
fn two_hundred_clients_share_one_buffer_and_short_queues() {
    raise_descriptor_limit().unwrap();
    for model in models() {
        let server = serve(model, &[]);
        let workload = Workload::new("http", "/hello", 1).unwrap();
        let outcome = run_until_served(&server, &workload, 200, true);
        assert_eq!(outcome.errors.total(), 0, "{model}: {:?}", outcome.first_error);
        assert_eq!(outcome.connections_served, 200, "{model}");
        stop(server);
    }
}

#[test]
fn clients_who_send_without_end_leave_buffers_to_the_others() {
    for model in models() {
        let server = serve(model, &["--workload", "echo"]);
        let address = ip(&server);
        let flooders: Vec<TcpStream> = (0..4).map(|_| connect(address)).collect();
        thread::scope(|scope| {
            for flooder in &flooders {
                scope.spawn(|| {
                    let bytes = vec![7; 64 * 1024];
                    while (&*flooder).write(&bytes).is_ok() {}
                });
                scope.spawn(|| {
                    let mut scratch = vec![0; 64 * 1024];
                    while (&*flooder).read(&mut scratch).is_ok_and(|bytes| bytes > 0) {}
                });
            }
            thread::sleep(A_MOMENT);
            for salt in 0..50 {
                echo(address, 1_000, salt);
            }
            for flooder in &flooders {
                flooder.shutdown(Shutdown::Both).unwrap();
            }
        });
        drop(flooders);
        stop(server);
    }
}

#[test]
fn late_completions_of_clients_who_left_do_not_reach_those_who_took_their_place() {
    for model in models() {
        let server = serve(model, &[]);
        let address = ip(&server);
        thread::scope(|scope| {
            for thread in 0..8 {
                scope.spawn(move || {
                    for round in 0..100 {
                        let mut rude = connect(address);
                        ask(&mut rude, "/bytes/3000000"); // a send is in flight, and a receive
                        if round % 2 == 0 {
                            SockRef::from(&rude).set_linger(Some(Duration::ZERO)).unwrap(); // a reset
                        }
                        if (round + thread) % 3 == 0 {
                            let _ = rude.read(&mut [0; 1000]);
                        }
                        drop(rude);
                        hello(address);
                    }
                });
            }
        });
        hello(address);
        eventually("all connections are closed", || {
            let descriptors = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
            let sockets = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
            // The listener and the two ends of the bell.
            sockets.filter(|link| link.to_string_lossy().starts_with("socket:")).count() <= 3
        });
        stop(server);
    }
}

#[test]
fn a_send_that_nobody_takes_is_cut_off_when_the_grace_is_over() {
    for model in models() {
        let server = serve(model, &["--grace", "300ms"]);
        let mut clients: Vec<TcpStream> = (0..8).map(|_| connect(server.address())).collect();
        for client in &mut clients {
            ask(client, "/bytes/500000000");
        }
        eventually(&format!("{model} sends to all of them"), || clients.iter().all(has_something));
        stop(server);
    }
}
