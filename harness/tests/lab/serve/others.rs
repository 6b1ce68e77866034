//! What one client does to the others: who is served beside whom.

use std::io::{Read, Write};
use std::net::TcpStream;

use harness::server::Server;
use models::server::Room;

use crate::common::{
    A_MOMENT, ask, connect, eventually, has_something, hear, runnable, serve, side_by_side, stop,
};
use crate::serve::models::{LONG_COMPUTATION, loops_and};

#[test]
fn while_one_client_holds_its_connection_only_the_loop_serves_nobody_else() {
    side_by_side(runnable(), |model| {
        let server = serve(model.name, &[]);
        let mut holder = connect(server.address());
        ask(&mut holder, "/hello");
        hear(&mut holder);
        let mut other = connect(server.address());
        ask(&mut other, "/hello");
        if model.usual_room() == Room::One {
            std::thread::sleep(A_MOMENT);
            assert!(!has_something(&other), "{} served a second client", model.name);
            drop(holder);
        }
        assert_eq!(hear(&mut other).0, 200, "{}", model.name);
        drop(other);
        stop(server);
    });
}

#[test]
fn a_pool_serves_as_many_clients_as_it_has_workers() {
    let server = serve("thread-pool:workers=2", &[]);
    let mut clients: Vec<TcpStream> = (0..3).map(|_| connect(server.address())).collect();
    for client in &mut clients {
        ask(client, "/hello");
    }
    assert_eq!(hear(&mut clients[0]).0, 200);
    assert_eq!(hear(&mut clients[1]).0, 200);
    std::thread::sleep(A_MOMENT);
    assert!(!has_something(&clients[2]));
    clients.remove(0);
    assert_eq!(hear(&mut clients[1]).0, 200);
    drop(clients);
    stop(server);
}

#[test]
fn a_pool_that_is_handed_requests_serves_more_clients_than_it_has_workers() {
    let server = serve("thread-pool:per=request,workers=1", &[]);
    let mut clients: Vec<TcpStream> = (0..200).map(|_| connect(server.address())).collect();
    for _ in 0..3 {
        for client in &mut clients {
            ask(client, "/hello");
        }
        for client in &mut clients {
            assert_eq!(hear(client).0, 200);
        }
    }
    // Its one worker waits along with whom it has.
    ask(&mut clients[0], "/wait/300");
    std::thread::sleep(A_MOMENT);
    ask(&mut clients[1], "/hello");
    assert_eq!(hear(&mut clients[1]).0, 200);
    assert!(has_something(&clients[0]), "nobody else was there who could have answered meanwhile");
    drop(clients);
    stop(server);
}

#[test]
fn a_computing_request_stalls_the_other_clients_of_an_event_loop() {
    for model in loops_and(&["coroutine:workers=1", "async:workers=1"]) {
        let server = serve(model, &[]);
        let (mut other, mut computing) = (connect(server.address()), connect(server.address()));
        ask(&mut other, "/hello");
        hear(&mut other);
        let before = ticks(&server);
        ask(&mut computing, LONG_COMPUTATION);
        // Told of both in one turn, a loop may well take the other one first.
        eventually("it computes", || ticks(&server) > before + 1);
        ask(&mut other, "/hello");
        hear(&mut other);
        assert!(has_something(&computing), "{model} answered another client while it computed");
        drop((other, computing));
        stop(server);
    }
}

/// The processor time that a server's first process has used, in the kernel's ticks: hundredths of a second.
fn ticks(server: &Server) -> u64 {
    let stat = procfs::process::Process::new(server.pid().cast_signed()).unwrap().stat().unwrap();
    stat.utime + stat.stime
}

#[test]
fn a_computing_request_does_not_stall_the_other_clients_of_threads_processes_and_pools() {
    for model in [
        "thread",
        "prethread",
        "thread-pool",
        "thread-pool:per=request,workers=2",
        "fork",
        "prefork",
        "hybrid",
    ] {
        let server = serve(model, &[]);
        let (mut other, mut computing) = (connect(server.address()), connect(server.address()));
        ask(&mut computing, LONG_COMPUTATION);
        ask(&mut other, "/hello");
        hear(&mut other);
        assert!(!has_something(&computing), "{model}: the computation should still be under way");
        hear(&mut computing);
        drop((other, computing));
        stop(server);
    }
}

#[test]
fn a_client_who_asks_for_many_computations_at_once_lets_others_through_between_them() {
    for model in loops_and(&["hybrid", "coroutine:workers=1", "async:workers=1"]) {
        let server = serve(model, &[]);
        let (mut other, mut greedy) = (connect(server.address()), connect(server.address()));
        ask(&mut other, "/hello");
        hear(&mut other);
        greedy.write_all(&b"GET /cpu/100000 HTTP/1.1\r\nHost: test\r\n\r\n".repeat(40)).unwrap();
        hear(&mut greedy); // the first is done, and the others are under way
        ask(&mut other, "/hello");
        hear(&mut other);
        greedy.set_nonblocking(true).unwrap();
        let mut replies = vec![0; 64 * 1024];
        let bytes = greedy.read(&mut replies).unwrap_or(0);
        let replies = replies[..bytes].windows(4).filter(|bytes| bytes == b"HTTP").count();
        assert!(replies < 30, "{model}: {replies} of 39 computations came first");
        drop((other, greedy));
        stop(server);
    }
}
