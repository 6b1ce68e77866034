//! The course's servers in Python: each is asked what a browser, a script and a rude client would ask.
//!
//! Where there is no Python, or no gevent, a sentence says what is not tried.

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use common::{PATIENCE, ask, connect, eventually, hear, hello, processes_marked, stop};
use harness::python;
use harness::server::Server;
use harness::subject::Foreign;
use models::server::Room;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// More clients than any of them has workers or backlog trouble with, and few enough for 100 Python processes.
const MANY: usize = 60;

/// Calls `check` with each server that can run here.
fn each(mut check: impl FnMut(&Foreign)) {
    let servers = python::servers(&interpreter()).unwrap();
    assert_eq!(servers.len(), 8);
    for server in &servers {
        match &server.lacks {
            Some(reason) => eprintln!("skipped: {}: {reason}", server.name),
            None => check(server),
        }
    }
}

/// Another one than `python3`: one that has gevent, say.
fn interpreter() -> String {
    std::env::var("CONCUR_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn start(server: &Foreign, workload: &str) -> Server {
    let command = server.command.clone().launched_by(env!("CARGO_BIN_EXE_concur"));
    command.start(workload, &[], PATIENCE).unwrap()
}

fn with_each(workload: &str, check: impl Fn(&str, SocketAddr)) {
    each(|foreign| {
        let server = start(foreign, workload);
        check(&foreign.name, server.address().ip().unwrap());
        stop(server);
    });
}

/// Sends all of `request`, and reads to the end of the connection.
fn conversation(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    text(stream)
}

fn text(mut stream: TcpStream) -> String {
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    String::from_utf8(reply).unwrap()
}

#[test]
fn requests_on_one_connection_are_answered_in_order_also_when_they_come_together() {
    with_each("http", |name, address| {
        let mut stream = connect(address);
        for _ in 0..3 {
            ask(&mut stream, "/hello");
            assert_eq!(hear(&mut stream), (200, b"Hello World\n".to_vec()), "{name}");
        }
        for path in ["/bytes/1", "/wait/20", "/cpu/100", "/nothing", "/bytes/2", "/hello?a=b"] {
            ask(&mut stream, path);
        }
        let replies: Vec<_> = (0..6).map(|_| hear(&mut stream)).collect();
        let bodies: Vec<_> = replies.iter().map(|(_, body)| body.as_slice()).collect();
        assert_eq!(replies[3].0, 404, "{name}");
        assert_eq!(bodies[..3], [&b"0"[..], b"waited 20 ms\n", b"25\n"], "{name}");
        assert_eq!(bodies[4..], [&b"01"[..], b"Hello World\n"], "{name}");
    });
}

#[test]
fn a_connection_ends_when_it_should_and_a_half_closed_one_is_answered() {
    with_each("http", |name, address| {
        for request in [
            "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET http://a/hello HTTP/1.0\r\n\r\n",
        ] {
            let reply = conversation(address, request.as_bytes());
            assert!(
                reply.starts_with("HTTP/1.1 200 ") && reply.ends_with("\r\n\r\nHello World\n"),
                "{name}: {reply}"
            );
        }
        let head = conversation(address, b"HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert!(head.contains("Content-Length: 12\r\n") && head.ends_with("\r\n\r\n"), "{name}: {head}");
        let mut half = connect(address);
        ask(&mut half, "/hello");
        half.shutdown(Shutdown::Write).unwrap();
        assert!(text(half).ends_with("Hello World\n"), "{name}");
    });
}

#[test]
fn bodies_come_back_by_length_and_in_chunks() {
    with_each("http", |name, address| {
        for (fields, body) in [
            ("Content-Length: 5\r\n", "hello"),
            ("Content-Length: 0\r\n", ""),
            ("Transfer-Encoding: chunked\r\n", "2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: t\r\n\r\n"),
        ] {
            let request =
                format!("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n{body}");
            let reply = conversation(address, request.as_bytes());
            let expected = if body.is_empty() { "\r\n\r\n" } else { "\r\n\r\nhello" };
            assert!(reply.starts_with("HTTP/1.1 200 ") && reply.ends_with(expected), "{name}: {reply}");
        }
        let mut stream = connect(address);
        let head = b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
        stream.write_all(head).unwrap();
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n", "{name}");
        stream.write_all(b"x").unwrap();
        assert_eq!(hear(&mut stream), (200, b"x".to_vec()), "{name}");
    });
}

#[test]
fn what_is_wrong_is_refused_with_a_reply_that_arrives() {
    let host = "Host: a\r\n";
    let long = "x".repeat(20_000);
    let cases = [
        (400, "GET /hello HTTP/1.1\r\n\r\n".to_owned()),
        (400, format!("GET /hello HTTP/1.1\r\n{host}{host}\r\n")),
        (400, format!("GET /hello HTTP/1.1\n{host}\r\n")),
        (400, format!("GET /hello HTTP/1.1\r\n{host}A : b\r\n\r\n")),
        (400, format!("GET /hello HTTP/1.1\r\n{host} folded\r\n\r\n")),
        (400, "\u{16}\u{3}\u{1}".to_owned()),
        (400, format!("POST /echo HTTP/1.1\r\n{host}Content-Length: +1\r\n\r\nx")),
        (
            400,
            format!("POST /echo HTTP/1.1\r\n{host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ),
        (400, format!("POST /echo HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n")),
        (400, format!("POST /echo HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n1\r\nxyz0\r\n\r\n")),
        (405, format!("DELETE /hello HTTP/1.1\r\n{host}\r\n")),
        (405, format!("GET /echo HTTP/1.1\r\n{host}\r\n")),
        (413, format!("POST /echo HTTP/1.1\r\n{host}Content-Length: 99999999999999999999\r\n\r\n")),
        (414, format!("GET /{long} HTTP/1.1\r\n{host}\r\n")),
        (417, format!("POST /echo HTTP/1.1\r\n{host}Expect: miracles\r\nContent-Length: 1\r\n\r\nx")),
        (431, format!("GET /hello HTTP/1.1\r\n{host}A: {long}\r\n\r\n")),
        (431, format!("GET /hello HTTP/1.1\r\n{host}{}\r\n", "A: b\r\n".repeat(101))),
        (501, format!("BREW /hello HTTP/1.1\r\n{host}\r\n")),
        (501, format!("POST /echo HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n")),
        (505, format!("GET /hello HTTP/2.0\r\n{host}\r\n")),
    ];
    with_each("http", |name, address| {
        for (status, request) in &cases {
            // What comes behind must neither be answered nor turn the reply into a reset.
            let behind = format!("GET /hello HTTP/1.1\r\n{host}\r\n").repeat(500);
            let reply = conversation(address, &[request.as_bytes(), behind.as_bytes()].concat());
            let start = &request[..request.len().min(60)];
            assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {start:?}: {reply}");
            assert!(!reply.contains("Hello World"), "{name}: {start:?}: {reply}");
        }
        let cut = {
            let mut stream = connect(address);
            stream.write_all(b"GET /hello HTT").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            text(stream)
        };
        assert!(cut.starts_with("HTTP/1.1 400 "), "{name}: {cut}");
        hello(address);
    });
}

#[test]
fn large_messages_are_echoed_whole_after_the_end_of_input() {
    let message: Vec<u8> = (0..4_000_000_u32).map(|number| ((number * 31) >> 3) as u8).collect();
    with_each("echo", |name, address| {
        let mut stream = connect(address);
        let mut sending = stream.try_clone().unwrap();
        let echoed = std::thread::scope(|scope| {
            scope.spawn(|| {
                sending.write_all(&message).unwrap();
                sending.shutdown(Shutdown::Write).unwrap();
            });
            let mut echoed = Vec::new();
            stream.read_to_end(&mut echoed).unwrap();
            echoed
        });
        assert!(echoed == message, "{name}: {} bytes", echoed.len());
    });
}

#[test]
fn a_client_that_never_reads_does_not_fill_the_servers_memory() {
    each(|foreign| {
        let server = start(foreign, "echo");
        let mut stream = connect(server.address());
        stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        let piece = vec![b'x'; 1 << 20];
        // Each side's kernel buffers take a few megabytes.
        let taken = (0..64).take_while(|_| stream.write_all(&piece).is_ok()).count();
        assert!(taken < 64, "{}: it takes all that comes", foreign.name);
        let memory = server.tree().pss_bytes().unwrap();
        assert!(memory < 64 << 20, "{}: {memory} bytes", foreign.name);
        drop(stream);
        stop(server);
    });
}

#[test]
fn many_clients_are_served_at_once_and_no_child_is_left_when_they_have_gone() {
    each(|foreign| {
        if foreign.room == Some(Room::One) {
            return;
        }
        let server = start(foreign, "http");
        let mut streams: Vec<_> = (0..MANY).map(|_| connect(server.address())).collect();
        for _ in 0..2 {
            for stream in &mut streams {
                ask(stream, "/hello");
            }
            for stream in &mut streams {
                assert_eq!(hear(stream).0, 200, "{}", foreign.name);
            }
        }
        drop(streams);
        eventually("only the first process is left, and no zombie", || processes_of_group(server.pid()) == 1);
        stop(server);
    });
}

#[test]
fn what_is_under_way_is_finished_on_sigterm_and_idle_clients_are_let_go() {
    each(|foreign| {
        let server = start(foreign, "http");
        let mut busy = connect(server.address());
        ask(&mut busy, "/wait/700");
        let idle = (foreign.room != Some(Room::One)).then(|| {
            let mut idle = connect(server.address());
            ask(&mut idle, "/hello");
            hear(&mut idle);
            idle
        });
        std::thread::sleep(Duration::from_millis(200)); // the wait has begun
        kill(Pid::from_raw(server.pid().cast_signed()), Signal::SIGTERM).unwrap();
        assert_eq!(hear(&mut busy), (200, b"waited 700 ms\n".to_vec()), "{}", foreign.name);
        assert_eq!(text(busy), "");
        if let Some(idle) = idle {
            assert_eq!(text(idle), "");
        }
        eventually("the server ends by itself", || !server.is_running());
        let ended = server.stop(PATIENCE).unwrap();
        assert_eq!((ended.status.code(), ended.leftovers), (Some(0), 0), "{}: {ended:?}", foreign.name);
        assert_eq!(ended.stderr, "", "{}", foreign.name);
    });
}

#[test]
fn children_end_when_their_server_is_killed() {
    each(|foreign| {
        // The environment is inherited, and marks whatever this server starts.
        let mark = format!("CONCUR_TEST_MARK={}-{}", foreign.name, std::process::id());
        let typed = format!("env {mark} {}", words(foreign));
        let command = harness::server::ForeignCommand::parse(&typed).unwrap();
        let command = command.launched_by(env!("CARGO_BIN_EXE_concur"));
        let server = command.start("http", &[], PATIENCE).unwrap();
        let streams: Vec<_> = (0..3)
            .map(|_| {
                let mut stream = connect(server.address());
                ask(&mut stream, "/wait/60000");
                stream
            })
            .collect();
        std::thread::sleep(Duration::from_millis(200)); // children are there
        kill(Pid::from_raw(server.pid().cast_signed()), Signal::SIGKILL).unwrap();
        drop(streams);
        eventually("nothing is left", || processes_marked(&mark).is_empty());
        assert_eq!(server.stop(PATIENCE).unwrap().leftovers, 0, "{}", foreign.name);
    });
}

/// How many processes a group has, zombies included.
fn processes_of_group(group: u32) -> usize {
    let stats = procfs::process::all_processes().unwrap().filter_map(|process| process.ok()?.stat().ok());
    stats.filter(|stat| stat.pgrp == group.cast_signed()).count()
}

/// Its command with the script's place filled in.
fn words(foreign: &Foreign) -> String {
    let directory = foreign.files.as_ref().unwrap().path().display().to_string();
    let typed = foreign.command.typed();
    let (interpreter, rest) = typed.split_once(' ').unwrap();
    format!("{interpreter} {directory}/{rest}")
}
