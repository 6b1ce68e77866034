//! Many clients: memory, descriptors, and room for all of them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use harness::load::Outcome;
use harness::measure::limits::raise_descriptor_limit;
use harness::server::Server;
use harness::workload::Workload;

use crate::common::streams::run_until_served;
use crate::common::{
    A_MOMENT, PATIENCE, ask, can_run, connect, hear, hello, serve, side_by_side, start, stop,
};
use crate::serve::models::{all, concurrent, loops_and};

#[test]
fn idle_connections_give_back_what_a_large_reply_took() {
    for model in loops_and(&["async"]) {
        let server = serve(model, &[]);
        let memory = || server.tree().fileless_bytes().unwrap();
        let mut clients: Vec<TcpStream> = (0..300).map(|_| connect(server.address())).collect();
        for client in &mut clients {
            ask(client, "/hello");
            hear(client);
        }
        let before = memory();
        for client in &mut clients {
            ask(client, "/bytes/1000000");
            hear(client);
        }
        let more = memory().saturating_sub(before);
        assert!(more < 300 * 16 * 1024, "{model} holds {more} bytes more for 300 idle connections");
        drop(clients);
        stop(server);
    }
}

fn load(server: &Server, connections: usize, keep_alive: bool) -> Outcome {
    run_until_served(server, &Workload::new("http", "/hello", 1).unwrap(), connections, keep_alive)
}

#[test]
fn two_hundred_clients_at_once_are_served_by_every_concurrent_model() {
    raise_descriptor_limit().unwrap();
    side_by_side(concurrent(200), |model| {
        let server = serve(&model, &[]);
        let outcome = load(&server, 200, true);
        assert_eq!(outcome.errors.total(), 0, "{model}: {:?}", outcome.first_error);
        assert_eq!(outcome.connections_served, 200, "{model}");
        stop(server);
    });
}

#[test]
fn ten_thousand_clients_at_once_are_served_by_the_models_made_for_them() {
    let limit = raise_descriptor_limit().unwrap();
    if limit < 10_100 {
        skipped!("this needs 10,100 descriptors, and the limit is {limit} (ulimit -n)");
        return;
    }
    let loops = ["epoll", "epoll:trigger=edge", "polling", "mio", "multi-loop", "hybrid"];
    for model in loops.into_iter().chain(["io-uring", "coroutine", "async"]).filter(can_run) {
        let server = serve(model, &[]);
        let outcome = load(&server, 10_000, true);
        assert_eq!(outcome.errors.total(), 0, "{model}: {:?}", outcome.first_error);
        assert_eq!(outcome.connections_served, 10_000, "{model}");
        stop(server);
    }
}

#[test]
fn a_new_connection_per_request_is_served_by_every_model() {
    side_by_side(all(), |model| {
        let server = serve(model, &[]);
        let outcome = load(&server, 8, false);
        assert_eq!(outcome.errors.total(), 0, "{model}: {:?}", outcome.first_error);
        assert!(outcome.requests > 0, "{model}");
        stop(server);
    });
}

#[test]
fn select_refuses_descriptors_beyond_its_sets_and_serves_the_others() {
    let limit = raise_descriptor_limit().unwrap();
    if limit < 1_300 {
        skipped!("this needs 1,300 descriptors, and the limit is {limit} (ulimit -n)");
        return;
    }
    let server = serve("select", &[]);
    let mut clients: Vec<TcpStream> = (0..1_100).map(|_| connect(server.address())).collect();
    let mut refused = 0;
    for client in &mut clients {
        // A client that was refused finds its connection closed: here at the latest.
        let asked = client.write_all(b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
        match asked.and_then(|()| client.read(&mut [0])) {
            Ok(1) => {}
            Ok(_) | Err(_) => refused += 1,
        }
    }
    assert!((76..150).contains(&refused), "{refused} of 1100 were refused");
    let ended = server.stop(PATIENCE).unwrap();
    assert_eq!(ended.trouble(), None);
    assert!(ended.stderr.contains("select can't watch descriptor 10"), "{}", ended.stderr);
    assert!(ended.stderr.contains("its sets end at 1023"), "{}", ended.stderr);
}

#[test]
fn a_server_without_descriptors_neither_stops_nor_spins() {
    side_by_side(all(), |model| {
        let program = env!("CARGO_BIN_EXE_concur");
        let script = format!("ulimit -n 48; exec {program} serve {model} --bind 127.0.0.1:0");
        let server = start(["sh".into(), "-c".into(), script.into()]).unwrap();
        let crowd: Vec<TcpStream> = (0..100).map(|_| connect(server.address())).collect();
        std::thread::sleep(A_MOMENT);
        let before = server.tree().reading().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let used = before.until(&server.tree().reading().unwrap());
        let burned = used.cpu_s().unwrap();
        assert!(burned < 0.5, "{model} burned {burned} s of a second");
        drop(crowd);
        hello(server.address());
        stop(server);
    });
}
