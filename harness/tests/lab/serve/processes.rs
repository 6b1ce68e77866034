//! The models that make processes, and those whose workers are made beforehand: every way they have of doing it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use harness::server::Server;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use procfs::process::{Stat, all_processes};

use crate::common::{
    A_MOMENT, PATIENCE, ask, connect, eventually, has_something, hear, held_still, hello, serve,
    side_by_side, stop,
};

const REAPING: [&str; 4] = ["fork", "fork:reap=ignore", "fork:reap=wait", "fork:reap=double-fork"];
const PREFORK: [&str; 5] = [
    "prefork:accept=shared",
    "prefork:accept=flock",
    "prefork:accept=mutex",
    "prefork:accept=fd-pass",
    "prefork:accept=reuseport",
];
const PRETHREAD: [&str; 2] = ["prethread:accept=shared", "prethread:accept=mutex"];

fn processes() -> impl Iterator<Item = &'static str> {
    REAPING.into_iter().chain(PREFORK)
}

fn workers() -> impl Iterator<Item = &'static str> {
    PREFORK.into_iter().chain(PRETHREAD)
}

/// Those whose idle workers are all there for any client. With a listener for each worker, two clients may have to
/// share one.
fn sharing_workers() -> impl Iterator<Item = &'static str> {
    workers().filter(|model| !model.ends_with("reuseport"))
}

/// What there is in the server's process group besides itself.
fn others(server: &Server) -> Vec<Stat> {
    let stats = all_processes().unwrap().filter_map(|process| process.ok()?.stat().ok());
    let (group, pid) = (server.pid().cast_signed(), server.pid().cast_signed());
    stats.filter(|stat| stat.pgrp == group && stat.pid != pid).collect()
}

fn zombies(server: &Server) -> usize {
    others(server).iter().filter(|stat| stat.state == 'Z').count()
}

fn children(server: &Server) -> BTreeSet<i32> {
    others(server).iter().filter(|stat| stat.state != 'Z').map(|stat| stat.pid).collect()
}

fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

#[test]
fn no_way_of_reaping_lets_zombies_pile_up() {
    for model in REAPING {
        let server = serve(model, &[]);
        for _ in 0..250 {
            hello(server.address());
        }
        if model == "fork:reap=wait" {
            eventually("the last child stays a zombie", || zombies(&server) > 0);
            // Each next client has those before it waited for, but for one that is just ending.
            eventually("the next clients clear them away", || {
                hello(server.address());
                zombies(&server) <= 2
            });
        } else {
            eventually(&format!("{model} leaves no zombie"), || zombies(&server) == 0);
        }
        stop(server);
    }
}

#[test]
fn each_client_has_a_process_that_ends_with_it() {
    for model in REAPING {
        let server = serve(model, &[]);
        let mut clients: Vec<TcpStream> = (0..100).map(|_| connect(server.address())).collect();
        for client in &mut clients {
            ask(client, "/hello");
        }
        for client in &mut clients {
            assert_eq!(hear(client).0, 200, "{model}");
        }
        // A look is not a moment: who makes the next child and ends may be seen as well.
        eventually(&format!("{model} has a process for each client"), || children(&server).len() == 100);
        drop(clients);
        eventually(&format!("{model}'s processes end with their clients"), || children(&server).is_empty());
        stop(server);
    }
}

#[test]
fn nothing_is_left_of_a_server_that_is_killed() {
    side_by_side(processes(), |model| {
        let server = serve(model, &[]);
        let mut clients: Vec<TcpStream> = (0..3).map(|_| connect(server.address())).collect();
        ask(&mut clients[0], "/wait/60000");
        ask(&mut clients[1], "/cpu/50000000");
        eventually(&format!("{model} has its processes"), || children(&server).len() >= 3);
        std::thread::sleep(A_MOMENT);
        send(server.pid().cast_signed(), Signal::SIGKILL);
        eventually(&format!("{model}'s processes end with it"), || children(&server).is_empty());
        assert_eq!(server.stop(PATIENCE).unwrap().leftovers, 0, "{model}");
    });
}

#[test]
fn a_key_press_in_the_terminal_ends_all_processes_in_order() {
    side_by_side(processes(), |model| {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        ask(&mut client, "/wait/500");
        std::thread::sleep(A_MOMENT);
        killpg(Pid::from_raw(server.pid().cast_signed()), Signal::SIGINT).unwrap();
        assert_eq!(hear(&mut client).1, b"waited 500 ms\n", "{model}");
        assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0, "{model}");
        eventually("the server ends", || !server.is_running());
        let ended = server.stop(PATIENCE).unwrap();
        assert!(ended.status.success() && ended.leftovers == 0, "{model}: {ended:?}");
    });
}

#[test]
fn every_way_finishes_what_is_under_way_and_lets_in_who_had_connected() {
    side_by_side(REAPING.into_iter().chain(workers()), |model| {
        let options = if model.contains("accept") { ",workers=2" } else { "" };
        let server = serve(&format!("{model}{options}"), &[]);
        let mut busy = connect(server.address());
        ask(&mut busy, "/wait/500");
        std::thread::sleep(A_MOMENT);
        send(server.pid().cast_signed(), Signal::SIGSTOP);
        let mut later: Vec<TcpStream> = (0..6).map(|_| connect(server.address())).collect();
        for client in &mut later {
            ask(client, "/wait/5");
        }
        send(server.pid().cast_signed(), Signal::SIGTERM);
        send(server.pid().cast_signed(), Signal::SIGCONT);
        assert_eq!(hear(&mut busy).1, b"waited 500 ms\n", "{model}");
        for client in &mut later {
            assert_eq!(hear(client).1, b"waited 5 ms\n", "{model}");
        }
        eventually("the server ends", || !server.is_running());
        let ended = server.stop(PATIENCE).unwrap();
        assert!(ended.status.success() && ended.leftovers == 0, "{model}: {ended:?}");
    });
}

#[test]
fn clients_who_stay_silent_do_not_hold_up_the_end_of_any_way() {
    side_by_side(REAPING.into_iter().chain(workers()), |model| {
        let options = if model.contains("accept") { ",workers=2" } else { "" };
        let server = serve(&format!("{model}{options}"), &["--grace", "20s"]);
        let silent: Vec<TcpStream> = (0..4).map(|_| connect(server.address())).collect();
        std::thread::sleep(A_MOMENT);
        let start = Instant::now();
        stop(server);
        assert!(start.elapsed() < Duration::from_secs(15), "{model} waited for its grace to pass");
        drop(silent);
    });
}

#[test]
fn who_never_finishes_is_cut_off_by_every_way_when_the_grace_is_over() {
    side_by_side(REAPING.into_iter().chain(workers()), |model| {
        let server = serve(model, &["--grace", "300ms"]);
        let mut clients: Vec<TcpStream> = (0..2).map(|_| connect(server.address())).collect();
        ask(&mut clients[0], "/wait/60000");
        ask(&mut clients[1], "/cpu/50000000");
        std::thread::sleep(A_MOMENT);
        stop(server);
    });
}

#[test]
fn nobody_new_is_let_in_while_the_last_clients_finish() {
    side_by_side(workers(), |model| {
        let server = serve(&format!("{model},workers=2"), &[]);
        let mut busy = connect(server.address());
        ask(&mut busy, "/wait/1500");
        std::thread::sleep(A_MOMENT);
        send(server.pid().cast_signed(), Signal::SIGTERM);
        eventually("new clients are refused", || TcpStream::connect(server.address()).is_err());
        assert!(!has_something(&busy), "{model}: the listener stayed open as long as a client did");
        assert_eq!(hear(&mut busy).0, 200, "{model}");
        eventually("the server ends", || !server.is_running());
        let ended = server.stop(PATIENCE).unwrap();
        assert!(ended.status.success() && ended.leftovers == 0, "{model}: {ended:?}");
    });
}

#[test]
fn two_hundred_short_connections_are_served_by_every_kind_of_workers() {
    for model in workers() {
        let server = serve(&format!("{model},workers=4"), &[]);
        let address = server.address().ip().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..25).for_each(|_| hello(address)));
            }
        });
        stop(server);
    }
}

#[test]
fn as_many_clients_as_there_are_workers_are_served_at_once_and_no_more() {
    side_by_side(sharing_workers(), |model| {
        let server = serve(&format!("{model},workers=8"), &[]);
        let mut clients: Vec<TcpStream> = (0..9).map(|_| connect(server.address())).collect();
        for client in &mut clients[..8] {
            ask(client, "/hello");
            assert_eq!(hear(client).0, 200, "{model}");
        }
        ask(&mut clients[8], "/hello");
        std::thread::sleep(A_MOMENT);
        assert!(!has_something(&clients[8]), "{model} served a ninth client");
        clients.remove(0);
        assert_eq!(hear(&mut clients[7]).0, 200, "{model}");
        drop(clients);
        stop(server);
    });
}

#[test]
fn with_a_listener_for_each_worker_a_client_waits_for_its_own_worker() {
    let server = serve("prefork:accept=reuseport,workers=2", &[]);
    // Who comes before all listeners are there waits behind the first one.
    eventually("all workers are there", || children(&server).len() == 2);
    let mut clients: Vec<TcpStream> = (0..32).map(|_| connect(server.address())).collect();
    for client in &mut clients {
        ask(client, "/hello");
    }
    eventually("each worker has a client", || {
        clients.iter().filter(|client| has_something(client)).count() == 2
    });
    // Whoever leaves makes room for one behind the same worker.
    while !clients.is_empty() {
        let mut next = None;
        eventually("somebody is served", || {
            next = clients.iter().position(has_something);
            next.is_some()
        });
        assert_eq!(hear(&mut clients.remove(next.unwrap())).0, 200);
    }
    stop(server);
}

#[test]
fn a_worker_process_that_is_killed_is_replaced_and_nobody_who_waits_is_lost() {
    for model in PREFORK {
        let server = serve(&format!("{model},workers=1"), &[]);
        eventually("there is a worker", || children(&server).len() == 1);
        let (mut busy, mut waiting) = (connect(server.address()), connect(server.address()));
        ask(&mut busy, "/hello");
        assert_eq!(hear(&mut busy).0, 200, "{model}: it has the first worker, and not its successor");
        ask(&mut busy, "/wait/60000");
        ask(&mut waiting, "/hello");
        let first = children(&server);
        send(*first.first().unwrap(), Signal::SIGKILL);
        assert_eq!(hear(&mut waiting).0, 200, "{model}");
        assert!(children(&server).is_disjoint(&first), "{model}");
        assert!(matches!(busy.read(&mut [0]), Ok(0) | Err(_)), "{model}: the killed worker's client");
        drop((busy, waiting));
        stop(server);
    }
}

#[test]
fn whoever_holds_the_right_to_wait_may_be_killed() {
    side_by_side(PREFORK, |model| {
        let server = serve(&format!("{model},workers=4"), &[]);
        eventually("all workers are there", || children(&server).len() == 4);
        std::thread::sleep(A_MOMENT);
        // One of them has the lock, where there is one.
        for worker in children(&server) {
            send(worker, Signal::SIGKILL);
            eventually("it is gone", || !children(&server).contains(&worker)); // and takes no client with it
            hello(server.address());
        }
        eventually("all are replaced", || children(&server).len() == 4);
        for _ in 0..20 {
            hello(server.address());
        }
        stop(server);
    });
}

#[test]
fn a_worker_that_is_asked_to_leave_does_so_alone() {
    side_by_side(PREFORK, |model| {
        let server = serve(&format!("{model},workers=2"), &[]);
        eventually("all workers are there", || children(&server).len() == 2);
        std::thread::sleep(A_MOMENT);
        let first = children(&server);
        for worker in &first {
            send(*worker, Signal::SIGTERM);
        }
        // Where they queue for a lock, one leaves as soon as it has it. Whoever one of them lets in meanwhile may be too
        // late.
        eventually("they are replaced", || {
            drop(connect(server.address()));
            let now = children(&server);
            now.len() == 2 && now.is_disjoint(&first)
        });
        hello(server.address());
        stop(server);
    });
}

#[test]
fn workers_that_keep_dying_are_replaced_at_a_bounded_rate() {
    let server = serve("prefork:workers=2", &[]);
    let mut seen = BTreeSet::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        held_still(&server, || {
            for worker in children(&server) {
                send(worker, Signal::SIGKILL);
                seen.insert(worker);
            }
        });
        std::thread::sleep(Duration::from_millis(50)); // while it is held still, its rest takes longer
    }
    assert!((3..=16).contains(&seen.len()), "{} workers were made in two seconds", seen.len());
    hello(server.address());
    let ended = server.stop(PATIENCE).unwrap();
    assert_eq!(ended.trouble(), None);
}

#[test]
fn one_client_wakes_one_worker() {
    const CLIENTS: u64 = 200;
    // Of a file lock that is not promised: see `prefork/lock.rs`.
    for model in workers().filter(|model| !model.ends_with("flock")) {
        let server = serve(&format!("{model},workers=16"), &[]);
        for _ in 0..20 {
            hello(server.address()); // by then all of them wait
        }
        std::thread::sleep(A_MOMENT);
        let before = naps(&server);
        for _ in 0..CLIENTS {
            let mut client = connect(server.address());
            client.write_all(b"GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
            client.read_to_end(&mut Vec::new()).unwrap();
        }
        let naps = naps(&server) - before;
        // A worker sleeps for its client and for its request, the one to take its place once more, and a parent that
        // passes clients on as well. Were all sixteen woken, they would sleep sixteen times.
        assert!(naps < 6 * CLIENTS, "{model}: {naps} naps for {CLIENTS} clients");
        stop(server);
    }
}

/// How often the server's threads, in all its processes, went to sleep by themselves.
fn naps(server: &Server) -> u64 {
    let processes =
        others(server).iter().map(|stat| stat.pid).chain([server.pid().cast_signed()]).collect::<Vec<_>>();
    let tasks = processes.into_iter().flat_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).unwrap());
    let naps = tasks.map(|task| {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse::<u64>().unwrap()
    });
    naps.sum()
}
