//! `concur serve`, from outside: what every model does for its clients, and what tells the models apart.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::streams::{
    ask_for_long_computations, is_answered_after, is_echoed, is_refused_a_flood, load_on, pattern, run_load,
    who_had_connected_is_answered,
};
use common::{
    A_MOMENT, PATIENCE, ask, can_run, children_of, connect, ended_in_order, eventually, has_something, hear,
    hello, ip, runnable, send, serve, stop,
};
use harness::load::{Load, Outcome};
use harness::measure::limits::raise_descriptor_limit;
use harness::server::Server;
use harness::workload::Workload;
use models::server::{Model, Room};
use nix::sys::signal::Signal;

/// Takes a debug build seconds to compute.
const LONG_COMPUTATION: &str = "/cpu/400000";

/// Models with options under which they do things in another way.
const VARIANTS: [&str; 2] = ["epoll:trigger=edge", "thread-pool:per=request,workers=4"];
/// One loop each, which computes in line.
const LOOPS: [&str; 8] =
    ["select", "poll", "epoll", "epoll:trigger=edge", "polling", "mio", "io-uring", "multi-loop:workers=1"];

/// All models that this machine can run.
fn all() -> impl Iterator<Item = &'static str> {
    runnable().map(|model| model.name).chain(VARIANTS)
}

/// Those of [`LOOPS`] that this machine can run, and others.
fn loops_and(others: &[&'static str]) -> impl Iterator<Item = &'static str> {
    LOOPS.into_iter().filter(can_run).chain(others.to_vec())
}

/// The models that serve many at once, with room for so many.
fn concurrent(clients: usize) -> impl Iterator<Item = String> {
    let with_room = move |model: &Model| match model.usual_room() {
        Room::Workers(_) => format!("{}:workers={clients}", model.name),
        _ => model.name.to_owned(),
    };
    runnable()
        .filter(|model| model.usual_room() != Room::One)
        .map(with_room)
        .chain(VARIANTS.map(str::to_owned))
}

#[test]
fn every_model_answers_every_route() {
    for model in all() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        for (path, status, body) in [
            ("/hello", 200, "Hello World\n"),
            ("/cpu/100", 200, "25\n"),
            ("/wait/20", 200, "waited 20 ms\n"),
            ("/nothing", 404, ""),
        ] {
            ask(&mut client, path);
            let (got, text) = hear(&mut client);
            assert_eq!(got, status, "{model} {path}");
            assert!(String::from_utf8(text).unwrap().starts_with(body), "{model} {path}");
        }
        ask(&mut client, "/bytes/3000000");
        assert_eq!(hear(&mut client).1.len(), 3_000_000, "{model}");
        drop(client);
        stop(server);
    }
}

#[test]
fn requests_sent_together_are_answered_in_order() {
    for model in all() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        let requests = ["/cpu/10", "/wait/10", "/bytes/200000", "/cpu/20"]
            .map(|path| format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        client.write_all(requests.concat().as_bytes()).unwrap();
        assert_eq!(hear(&mut client).1, b"4\n", "{model}");
        assert_eq!(hear(&mut client).1, b"waited 10 ms\n", "{model}");
        assert_eq!(hear(&mut client).1.len(), 200_000, "{model}");
        assert_eq!(hear(&mut client).1, b"8\n", "{model}");
        drop(client);
        stop(server);
    }
}

#[test]
fn a_half_closed_client_gets_its_answer() {
    for model in all() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        ask(&mut client, "/wait/50");
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(hear(&mut client).1, b"waited 50 ms\n", "{model}");
        assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{model}");
        stop(server);
    }
}

#[test]
fn a_refusal_can_be_read_although_more_was_sent_than_was_read() {
    for model in all() {
        let server = serve(model, &[]);
        is_refused_a_flood(model, connect(server.address()));
        stop(server);
    }
}

#[test]
fn while_one_client_holds_its_connection_only_the_loop_serves_nobody_else() {
    for model in runnable() {
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
    }
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
fn what_is_under_way_is_finished_after_a_signal_and_then_nobody_is_let_in() {
    for model in all() {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let server = serve(model, &[]);
            is_answered_after(signal, model, &server, connect(server.address()));
            eventually("the server ends", || !server.is_running());
            assert!(TcpStream::connect(server.address()).is_err(), "{model} still listens");
            ended_in_order(server);
        }
    }
}

#[test]
fn a_request_that_has_begun_to_arrive_is_answered_after_a_signal() {
    for model in all() {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        client.write_all(b"GET /hello HT").unwrap();
        std::thread::sleep(A_MOMENT);
        send(&server, Signal::SIGTERM);
        std::thread::sleep(A_MOMENT);
        client.write_all(b"TP/1.1\r\nHost: test\r\n\r\n").unwrap();
        assert_eq!(hear(&mut client).0, 200, "{model}");
        ended_in_order(server);
    }
}

#[test]
fn clients_that_had_connected_before_the_signal_are_answered() {
    for model in all() {
        let server = serve(model, &[]);
        who_had_connected_is_answered(model, server, |server| connect(server.address()));
    }
}

#[test]
fn a_silent_client_does_not_hold_up_the_end() {
    for model in all() {
        let server = serve(model, &[]);
        let silent = connect(server.address());
        let mut idle = connect(server.address());
        if model != "loop" {
            ask(&mut idle, "/hello");
            hear(&mut idle);
        }
        stop(server);
        drop((silent, idle));
    }
}

#[test]
fn who_never_finishes_is_cut_off_when_the_grace_is_over() {
    for model in all() {
        let server = serve(model, &["--grace", "300ms"]);
        let mut client = connect(server.address());
        ask(&mut client, "/wait/60000");
        std::thread::sleep(A_MOMENT);
        stop(server);
    }
}

#[test]
fn a_queue_of_slow_requests_does_not_hold_up_the_end_beyond_the_grace() {
    for model in all() {
        let server = serve(model, &["--grace", "300ms"]);
        send(&server, Signal::SIGSTOP);
        let mut clients: Vec<TcpStream> = (0..3).map(|_| connect(server.address())).collect();
        for client in &mut clients {
            ask(client, "/wait/60000");
        }
        send(&server, Signal::SIGTERM);
        send(&server, Signal::SIGCONT);
        ended_in_order(server);
    }
}

#[test]
fn a_long_computation_does_not_hold_up_the_end_beyond_the_grace() {
    for model in all() {
        let server = serve(model, &["--grace", "300ms"]);
        let mut client = connect(server.address());
        ask_for_long_computations(&mut client);
        std::thread::sleep(A_MOMENT);
        stop(server);
    }
}

#[test]
fn a_server_ends_although_new_clients_keep_coming() {
    for model in all() {
        let server = serve(model, &["--grace", "1s"]);
        let address = ip(&server);
        let over = Arc::new(AtomicBool::new(false));
        let crowd: Vec<_> = (0..16)
            .map(|_| {
                let over = Arc::clone(&over);
                std::thread::spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        let Ok(mut client) = TcpStream::connect(address) else { continue };
                        let _ = client
                            .write_all(b"GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
                        let _ = client.read_to_end(&mut Vec::new());
                    }
                })
            })
            .collect();
        std::thread::sleep(A_MOMENT);
        send(&server, Signal::SIGTERM);
        ended_in_order(server);
        over.store(true, Ordering::Relaxed);
        for client in crowd {
            client.join().unwrap();
        }
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

#[test]
fn every_model_echoes_what_is_sent_and_ends_with_its_client() {
    for model in all() {
        let server = serve(model, &["--workload", "echo"]);
        is_echoed(model, &connect(server.address()), &pattern(3_000_000));
        stop(server);
    }
}

#[test]
fn idle_connections_give_back_what_a_large_reply_took() {
    for model in loops_and(&["async"]) {
        let server = serve(model, &[]);
        let memory = || server.tree().pss_bytes().unwrap();
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

#[test]
fn a_thousand_short_connections_leave_no_zombie() {
    let server = serve("fork", &[]);
    for _ in 0..1_000 {
        hello(server.address());
    }
    // The last child is still on its way out when its client has its answer.
    eventually("all children have been waited for", || children_of(server.pid()).is_empty());
    stop(server);
}

fn load(server: &Server, connections: usize, keep_alive: bool) -> Outcome {
    let warm_up = Duration::from_secs(2 + connections as u64 / 2_000);
    let load = load_on(server, connections, warm_up, Duration::from_secs(1));
    run_load(&Load { keep_alive, ..load }, &Workload::new("http", "/hello", 1).unwrap())
}

#[test]
fn two_hundred_clients_at_once_are_served_by_every_concurrent_model() {
    raise_descriptor_limit().unwrap();
    for model in concurrent(200) {
        let server = serve(&model, &[]);
        let outcome = load(&server, 200, true);
        assert_eq!(outcome.errors.total(), 0, "{model}: {:?}", outcome.first_error);
        assert_eq!(outcome.connections_served, 200, "{model}");
        stop(server);
    }
}

#[test]
fn ten_thousand_clients_at_once_are_served_by_the_models_made_for_them() {
    let limit = raise_descriptor_limit().unwrap();
    if limit < 10_100 {
        println!("skipped: this needs 10,100 descriptors, and the limit is {limit} (ulimit -n)");
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
    for model in all() {
        let server = serve(model, &[]);
        let outcome = load(&server, 8, false);
        assert_eq!(outcome.errors.total(), 0, "{model}: {:?}", outcome.first_error);
        assert!(outcome.requests > 0, "{model}");
        stop(server);
    }
}

/// A library that forgets a descriptor only after it was closed, and was given to the next client, loses that client.
#[test]
fn twenty_thousand_short_connections_side_by_side_are_all_answered_by_coroutines() {
    for model in ["coroutine", "async"] {
        let server = serve(model, &[]);
        let address = ip(&server);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..1_250 {
                        let mut client = connect(address);
                        client
                            .write_all(b"GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                            .unwrap();
                        let mut reply = String::new();
                        client.read_to_string(&mut reply).unwrap();
                        assert!(reply.ends_with("Hello World\n"), "{model}: {reply}");
                    }
                });
            }
        });
        stop(server);
    }
}

#[test]
fn select_refuses_descriptors_beyond_its_sets_and_serves_the_others() {
    let limit = raise_descriptor_limit().unwrap();
    if limit < 1_300 {
        println!("skipped: this needs 1,300 descriptors, and the limit is {limit} (ulimit -n)");
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
    for model in all() {
        let program = env!("CARGO_BIN_EXE_concur");
        let script = format!("ulimit -n 48; exec {program} serve {model} --bind 127.0.0.1:0");
        let server = Server::start(&["sh".into(), "-c".into(), script.into()], PATIENCE).unwrap();
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
    }
}

#[test]
fn a_server_ends_with_the_process_it_was_started_for() {
    let mark = format!("CONCUR_TEST=parent-{}", std::process::id());
    let program = env!("CARGO_BIN_EXE_concur");
    let (name, value) = mark.split_once('=').unwrap();
    let mut parent = std::process::Command::new("sh")
        .args(["-c", &format!("{program} serve epoll --bind 127.0.0.1:0 --with-parent $$; true")])
        .env(name, value)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut greeting = [0; 12];
    parent.stdout.as_mut().unwrap().read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"listening on");
    assert_eq!(common::processes_marked(&mark).len(), 2, "the shell and the server");
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("nothing is left", || common::processes_marked(&mark).is_empty());
}
