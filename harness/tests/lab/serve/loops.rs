//! The event loops, from outside: what edges, several loops and a pool behind a loop must not lose.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use harness::server::Server;
use nix::sys::signal::Signal;
use nix::sys::socket::{MsgFlags, send};

use crate::common::streams::{exchange, pattern};
use crate::common::{
    A_MOMENT, ask, connect, ended_in_order, eventually, has_something, hear, held_still, hello, runnable,
    serve, side_by_side, start, stop,
};

/// Every event loop there is.
const LOOPS: [&str; 8] =
    ["select", "poll", "epoll", "epoll:trigger=edge", "polling", "mio", "multi-loop", "hybrid"];
/// Those to whom readiness is not told again.
const EDGES: [&str; 2] = ["epoll:trigger=edge", "mio"];
/// Takes a debug build seconds to compute.
const LONG_COMPUTATION: &str = "/cpu/3000000";

/// A client whose connection the server has begun to watch.
fn known_client(server: &Server) -> TcpStream {
    let mut client = connect(server.address());
    ask(&mut client, "/hello");
    hear(&mut client);
    client
}

#[test]
fn a_request_and_the_end_that_come_together_are_both_noticed() {
    for model in LOOPS {
        let server = serve(model, &[]);
        let mut client = known_client(&server);
        held_still(&server, || {
            ask(&mut client, "/hello");
            client.shutdown(Shutdown::Write).unwrap();
        });
        assert_eq!(hear(&mut client).0, 200, "{model}");
        assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{model}");
        stop(server);
    }
}

#[test]
fn requests_and_the_end_that_come_while_a_client_waits_are_not_forgotten() {
    side_by_side(LOOPS, |model| {
        for close_too in [false, true] {
            let server = serve(model, &[]);
            let mut client = known_client(&server);
            ask(&mut client, "/wait/300");
            std::thread::sleep(A_MOMENT);
            ask(&mut client, "/cpu/100");
            std::thread::sleep(A_MOMENT / 10);
            ask(&mut client, "/hello");
            if close_too {
                client.shutdown(Shutdown::Write).unwrap();
            }
            assert_eq!(hear(&mut client).1, b"waited 300 ms\n", "{model}");
            assert_eq!(hear(&mut client).1, b"25\n", "{model}");
            assert_eq!(hear(&mut client).1, b"Hello World\n", "{model}");
            if close_too {
                assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{model}");
            }
            drop(client);
            stop(server);
        }
    });
}

/// What a client sends, with an urgent byte in its middle.
fn send_around_an_urgent_byte(mut client: &TcpStream, before: &[u8], after: &[u8]) {
    client.write_all(before).unwrap();
    assert_eq!(send(client.as_raw_fd(), b"!", MsgFlags::MSG_OOB), Ok(1));
    client.write_all(after).unwrap();
}

#[test]
fn an_urgent_byte_does_not_hide_what_follows_it() {
    let variants =
        ["epoll:trigger=edge", "thread-pool:per=request", "coroutine:workers=1", "async:workers=1"];
    for model in runnable().map(|model| model.name).chain(variants) {
        let server = serve(model, &[]);
        let mut client = known_client(&server);
        for _ in 0..20 {
            held_still(&server, || {
                send_around_an_urgent_byte(&client, b"GET /hel", b"lo HTTP/1.1\r\nHost: test\r\n\r\n");
            });
            assert_eq!(hear(&mut client), (200, b"Hello World\n".to_vec()), "{model}");
        }
        drop(client);
        stop(server);
    }
}

/// But for coroutines, which nobody tells of it.
#[test]
fn an_urgent_byte_between_two_messages_does_not_hide_the_second() {
    let variants = ["epoll:trigger=edge", "thread-pool:per=request", "async:workers=1"];
    let told = runnable().map(|model| model.name).filter(|model| *model != "coroutine");
    for model in told.chain(variants) {
        let server = serve(model, &["--workload", "echo"]);
        let mut client = connect(server.address());
        client.write_all(b"hello").unwrap();
        client.read_exact(&mut [0; 5]).unwrap();
        for _ in 0..20 {
            held_still(&server, || send_around_an_urgent_byte(&client, b"one", b"two"));
            let mut heard = [0; 6];
            client.read_exact(&mut heard).unwrap_or_else(|error| panic!("{model}: {error}"));
            assert_eq!(&heard, b"onetwo", "{model}");
        }
        drop(client);
        stop(server);
    }
}

#[test]
fn sixteen_mebibytes_sent_while_the_server_slept_are_echoed_whole() {
    for model in LOOPS {
        let server = serve(model, &["--workload", "echo"]);
        let client = connect(server.address());
        let sent = pattern(16 << 20);
        let (first, rest) = sent.split_at(200_000); // more than one read, less than the kernel takes
        held_still(&server, || (&client).write_all(first).unwrap());
        let heard = exchange(&client, rest);
        assert!(heard == sent, "{model}: {} of {} bytes came back", heard.len(), sent.len());
        stop(server);
    }
}

#[test]
fn a_client_who_never_reads_is_not_read_from_either_and_gets_everything_in_the_end() {
    for model in LOOPS {
        let server = serve(model, &["--workload", "echo"]);
        let mut client = connect(server.address());
        client.write_all(b"hello").unwrap();
        client.read_exact(&mut [0; 5]).unwrap();
        let before = server.tree().fileless_bytes().unwrap();
        let sent = fill(&mut client);
        let more = server.tree().fileless_bytes().unwrap().saturating_sub(before);
        // The program's own pages count too, and more of them when other servers that share them end.
        assert!(more < 16 << 20, "{model} took {more} bytes for one client");
        let mut heard = 0;
        let mut buffer = vec![0; 1 << 20];
        client.shutdown(Shutdown::Write).unwrap();
        while heard < sent {
            let bytes = client.read(&mut buffer).unwrap();
            assert!(bytes > 0 && buffer[..bytes].iter().all(|byte| *byte == 7), "{model}");
            heard += bytes;
        }
        assert_eq!(client.read(&mut buffer).unwrap(), 0, "{model}");
        stop(server);
    }
}

/// Sends until nothing is taken any more for a while. Gives the number of bytes.
fn fill(client: &mut TcpStream) -> usize {
    let chunk = vec![7; 1 << 20];
    let (mut sent, mut refusals) = (0, 0);
    client.set_nonblocking(true).unwrap();
    while refusals < 30 {
        assert!(sent < 256 << 20, "everything is taken, although nothing is read");
        match client.write(&chunk) {
            Ok(bytes) => (sent, refusals) = (sent + bytes, 0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                refusals += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(error) => panic!("{error}"),
        }
    }
    client.set_nonblocking(false).unwrap();
    sent
}

#[test]
fn more_clients_than_one_turn_lets_in_are_all_served() {
    for model in LOOPS {
        let server = serve(model, &[]);
        let mut clients = held_still(&server, || {
            let mut clients: Vec<TcpStream> = (0..300).map(|_| connect(server.address())).collect();
            for client in &mut clients {
                ask(client, "/hello");
            }
            clients
        });
        for client in &mut clients {
            assert_eq!(hear(client).0, 200, "{model}");
        }
        drop(clients);
        stop(server);
    }
}

#[test]
fn a_client_who_left_in_the_middle_of_a_wait_takes_its_place_with_it() {
    side_by_side(EDGES.into_iter().chain(["epoll", "poll", "polling", "hybrid"]), |model| {
        let server = serve(model, &[]);
        let mut client = known_client(&server);
        ask(&mut client, "/wait/60000");
        std::thread::sleep(A_MOMENT);
        let before = descriptors(&server);
        reset(client);
        eventually("its descriptor is given back", || descriptors(&server) < before);
        stop(server);
    });
}

/// How many descriptors a server has open.
fn descriptors(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

/// Ends a connection by a reset: nobody is there any more.
fn reset(client: TcpStream) {
    let socket = socket2::Socket::from(client);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn every_loop_gets_clients_and_one_that_computes_stalls_its_own_only() {
    let server = serve("multi-loop:workers=2", &[]);
    let mut clients: Vec<TcpStream> = (0..40).map(|_| known_client(&server)).collect();
    let mut computing = known_client(&server);
    ask(&mut computing, LONG_COMPUTATION);
    std::thread::sleep(A_MOMENT);
    for client in &mut clients {
        ask(client, "/hello");
    }
    eventually("the other loop answers", || clients.iter().any(has_something));
    std::thread::sleep(A_MOMENT);
    let answered = clients.iter().filter(|client| has_something(client)).count();
    assert!(!has_something(&computing), "it should still be computing");
    assert!((1..40).contains(&answered), "{answered} of 40 were answered meanwhile");
    for client in &mut clients {
        assert_eq!(hear(client).0, 200);
    }
    drop((clients, computing));
    stop(server);
}

/// Each loop needs descriptors of its own, and the first one that serves could take them all.
#[test]
fn clients_who_take_every_descriptor_leave_no_loop_without_its_own() {
    for _ in 0..10 {
        let program = env!("CARGO_BIN_EXE_concur");
        let script = format!("ulimit -n 48; exec {program} serve multi-loop:workers=8 --bind 127.0.0.1:0");
        let server = start(["sh".into(), "-c".into(), script.into()]).unwrap();
        let crowd: Vec<TcpStream> = (0..60).map(|_| connect(server.address())).collect();
        drop(crowd);
        hello(server.address());
        stop(server);
    }
}

#[test]
fn loops_and_workers_are_threads_with_names() {
    for (model, expected) in [
        ("multi-loop:workers=3", ["loop 0", "loop 1", "loop 2"].as_slice()),
        ("hybrid:workers=2", &["worker 0", "worker 1"]),
        ("thread-pool:per=request,workers=2", &["worker 0", "worker 1"]),
    ] {
        let server = serve(model, &[]);
        let names = || {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
            let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap();
            let mut names: Vec<String> = tasks.map(|task| name(task.unwrap()).trim().to_owned()).collect();
            names.retain(|name| name != "concur");
            names.sort();
            names
        };
        eventually(&format!("{model} has {expected:?}"), || names() == expected);
        stop(server);
    }
}

#[test]
fn more_computations_than_the_pool_and_its_queue_hold_block_nobody_and_are_all_done() {
    let server = serve("hybrid:workers=1", &[]);
    let mut computing: Vec<TcpStream> = (0..6).map(|_| known_client(&server)).collect();
    for client in &mut computing {
        ask(client, "/cpu/1000000");
    }
    let mut other = known_client(&server);
    ask(&mut other, "/hello");
    hear(&mut other);
    assert!(!has_something(computing.last().unwrap()), "the computations should still be under way");
    let values: Vec<_> = computing.iter_mut().map(|client| hear(client).1).collect();
    assert!(values.iter().all(|value| *value == values[0] && value.len() > 1), "{values:?}");
    drop((computing, other));
    stop(server);
}

#[test]
fn a_result_whose_client_has_left_is_given_to_nobody_else() {
    let server = serve("hybrid:workers=1", &[]);
    let mut left = known_client(&server);
    ask(&mut left, LONG_COMPUTATION);
    std::thread::sleep(A_MOMENT);
    let before = descriptors(&server);
    reset(left);
    eventually("its place is free", || descriptors(&server) < before);
    let mut next = connect(server.address()); // it gets the same place, and its work comes after the other's
    ask(&mut next, "/cpu/100");
    assert_eq!(hear(&mut next).1, b"25\n");
    drop(next);
    stop(server);
}

#[test]
fn computations_under_way_and_those_that_wait_for_a_worker_are_finished_after_a_signal() {
    let server = serve("hybrid:workers=1", &["--grace", "60s"]);
    let mut clients: Vec<TcpStream> = (0..4).map(|_| known_client(&server)).collect();
    for client in &mut clients {
        ask(client, "/cpu/1000000");
    }
    std::thread::sleep(A_MOMENT);
    crate::common::send(&server, Signal::SIGTERM);
    for client in &mut clients {
        assert_eq!(hear(client).0, 200);
        assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0);
    }
    ended_in_order(server);
}
