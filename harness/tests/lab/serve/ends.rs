//! How a server ends: what it finishes, whom it cuts off, and when.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::Signal;

use crate::common::streams::{ask_for_long_computations, is_answered_after, who_had_connected_is_answered};
use crate::common::{
    A_MOMENT, ask, connect, ended_in_order, eventually, hear, ip, processes_marked, send, serve,
    side_by_side, stop,
};
use crate::serve::models::all;

#[test]
fn what_is_under_way_is_finished_after_a_signal_and_then_nobody_is_let_in() {
    side_by_side(all(), |model| {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let server = serve(model, &[]);
            is_answered_after(signal, model, &server, connect(server.address()));
            eventually("the server ends", || !server.is_running());
            assert!(TcpStream::connect(server.address()).is_err(), "{model} still listens");
            ended_in_order(server);
        }
    });
}

#[test]
fn a_request_that_has_begun_to_arrive_is_answered_after_a_signal() {
    side_by_side(all(), |model| {
        let server = serve(model, &[]);
        let mut client = connect(server.address());
        client.write_all(b"GET /hello HT").unwrap();
        std::thread::sleep(A_MOMENT);
        send(&server, Signal::SIGTERM);
        std::thread::sleep(A_MOMENT);
        client.write_all(b"TP/1.1\r\nHost: test\r\n\r\n").unwrap();
        assert_eq!(hear(&mut client).0, 200, "{model}");
        ended_in_order(server);
    });
}

#[test]
fn clients_that_had_connected_before_the_signal_are_answered() {
    side_by_side(all(), |model| {
        let server = serve(model, &[]);
        who_had_connected_is_answered(model, server, |server| connect(server.address()));
    });
}

#[test]
fn a_silent_client_does_not_hold_up_the_end() {
    side_by_side(all(), |model| {
        let server = serve(model, &[]);
        let silent = connect(server.address());
        let mut idle = connect(server.address());
        if model != "loop" {
            ask(&mut idle, "/hello");
            hear(&mut idle);
        }
        stop(server);
        drop((silent, idle));
    });
}

#[test]
fn who_never_finishes_is_cut_off_when_the_grace_is_over() {
    side_by_side(all(), |model| {
        let server = serve(model, &["--grace", "300ms"]);
        let mut client = connect(server.address());
        ask(&mut client, "/wait/60000");
        std::thread::sleep(A_MOMENT);
        stop(server);
    });
}

#[test]
fn a_queue_of_slow_requests_does_not_hold_up_the_end_beyond_the_grace() {
    side_by_side(all(), |model| {
        let server = serve(model, &["--grace", "300ms"]);
        send(&server, Signal::SIGSTOP);
        let mut clients: Vec<TcpStream> = (0..3).map(|_| connect(server.address())).collect();
        for client in &mut clients {
            ask(client, "/wait/60000");
        }
        send(&server, Signal::SIGTERM);
        send(&server, Signal::SIGCONT);
        ended_in_order(server);
    });
}

#[test]
fn a_long_computation_does_not_hold_up_the_end_beyond_the_grace() {
    side_by_side(all(), |model| {
        let server = serve(model, &["--grace", "300ms"]);
        let mut client = connect(server.address());
        ask_for_long_computations(&mut client);
        std::thread::sleep(A_MOMENT);
        stop(server);
    });
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
fn a_server_ends_with_the_process_it_was_started_for() {
    let mark = format!("CONCUR_TEST=parent-{}", std::process::id());
    let program = env!("CARGO_BIN_EXE_concur");
    let (name, value) = mark.split_once('=').unwrap();
    let mut parent = Command::new("sh")
        .args(["-c", &format!("{program} serve epoll --bind 127.0.0.1:0 --with-parent $$; true")])
        .env(name, value)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut greeting = [0; 12];
    parent.stdout.as_mut().unwrap().read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"listening on");
    assert_eq!(processes_marked(&mark).len(), 2, "the shell and the server");
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("nothing is left", || processes_marked(&mark).is_empty());
}

/// By which the program below knows that it is one.
const TO_BE_KILLED: &str = "CONCUR_TEST_TO_BE_KILLED";

/// Not a test, but a test program with a server that is busy, started by a thread that has ended since.
#[test]
#[ignore = "a program that another test kills"]
fn a_program_that_is_killed() {
    if env::var_os(TO_BE_KILLED).is_none() {
        return;
    }
    let server = std::thread::scope(|scope| scope.spawn(|| serve("fork", &[])).join().unwrap());
    let mut client = connect(server.address());
    ask(&mut client, "/wait/60000");
    hear(&mut client);
}

#[test]
fn the_servers_of_a_test_program_that_is_killed_end_too() {
    let value = format!("by-{}", std::process::id());
    let mark = format!("{TO_BE_KILLED}={value}");
    let mut program = Command::new(env::current_exe().unwrap())
        .args(["--exact", "serve::ends::a_program_that_is_killed", "--ignored"])
        .env(TO_BE_KILLED, value)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("there are its server, a child of that, and a guard", || processes_marked(&mark).len() == 4);
    program.kill().unwrap();
    program.wait().unwrap();
    eventually("nothing is left", || processes_marked(&mark).is_empty());
}
