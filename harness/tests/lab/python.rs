//! The course's servers in Python: `concur verify` grades each, and what it does not ask is asked here.
//!
//! Where there is no Python, or no gevent, a sentence says what is not tried.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use harness::python;
use harness::server::Server;
use harness::subject::Foreign;
use models::server::Room;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{
    A_MOMENT, PATIENCE, ask, concur, connect, ended_in_order, eventually, hear, processes_marked, send,
    side_by_side, stop,
};
use crate::verify::grading::names;

/// How many clients there are at once: few enough for as many Python processes.
const MANY: &str = "60";

/// Calls `check` with each server that can run here.
fn each(check: impl FnMut(&Foreign)) {
    runnable().iter().for_each(check);
}

/// Those that can be run here; the others are named.
fn runnable() -> Vec<Foreign> {
    let mut servers = python::servers(&interpreter()).unwrap();
    assert_eq!(servers.len(), 8);
    servers.retain(|server| match &server.lacks {
        Some(reason) => {
            skipped!("{}: {reason}", server.name);
            false
        }
        None => true,
    });
    servers
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

/// Every case of the suite, with no exception: a server that a class reads must be a good one, whatever it is written in. What
/// a thousand clients leave behind is counted under one workload: who comes and goes is the server's matter, and not that of
/// what it says.
#[test]
fn every_server_passes_the_conformance_suite() {
    let echo = names("echo", |name| !["after-1000-clients", "nothing-kept"].contains(&name)).join(",");
    let http = names("http", |_| true).join(",");
    let suites = [("echo", &echo), ("http", &http)];
    let servers = runnable();
    side_by_side(
        servers.iter().flat_map(|server| suites.map(|suite| (server, suite))),
        |(foreign, suite)| {
            let at_once = if foreign.room == Some(Room::One) { "1" } else { MANY };
            let output = concur()
                .args([
                    "verify",
                    "--json",
                    "--workload",
                    suite.0,
                    "--case",
                    suite.1,
                    "--cmd",
                    &words(foreign),
                ])
                // It finishes what is under way for five seconds.
                .args(["--grace", "7s", "--patience", "10s", "--connections", "200", "--at-once", at_once])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
            let suites = answer["suites"].as_array().unwrap().iter();
            for case in suites.flat_map(|suite| suite["cases"].as_array().unwrap()) {
                let reason = case["reason"].as_str().unwrap_or_default();
                let apart =
                    ["the lab's own models", "room for one client", "the folder that the server serves"];
                let is_apart = apart.iter().any(|words| reason.contains(words));
                assert!(
                    case["outcome"] == "passed" || (case["outcome"] == "skipped" && is_apart),
                    "{}: {case:#}",
                    foreign.name
                );
            }
        },
    );
}

#[test]
fn what_is_beyond_their_own_limits_is_refused() {
    let host = "Host: a\r\n";
    let long = "x".repeat(20_000);
    let cases = [
        (405, format!("GET /echo HTTP/1.1\r\n{host}\r\n")),
        (413, format!("POST /echo HTTP/1.1\r\n{host}Content-Length: 1048577\r\n\r\n")),
        (413, format!("POST /echo HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n100001\r\n")),
        (414, format!("GET /{long} HTTP/1.1\r\n{host}\r\n")),
        (431, format!("GET /hello HTTP/1.1\r\n{host}A: {long}\r\n\r\n")),
        (431, format!("GET /hello HTTP/1.1\r\n{host}{}\r\n", "A: b\r\n".repeat(100))),
    ];
    with_each("http", |name, address| {
        for (status, request) in &cases {
            let reply = conversation(address, request.as_bytes());
            let start = &request[..request.len().min(60)];
            assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {start:?}: {reply}");
        }
    });
}

#[test]
fn a_target_is_judged_as_by_the_models() {
    let good = ["/hello", "/hello?a=/b", "http://a/hello", "HTTP://[::1]:80/hello?a", "http://a%41b:/hello"];
    let bad = [
        "*",
        "a:80",
        "hello",
        "/hello#x",
        "/hello?a#x",
        "http:///hello",
        "http://:80/hello",
        "http://[x/hello",
        "http://[.]/hello",
        "http://u@h/hello",
        "http://h:x/hello",
        "http://h:80:80/hello",
        "http://%4/hello",
        "ftp://h/hello",
        "/h\u{e9}llo",
    ];
    let behind = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    with_each("http", |name, address| {
        for target in good {
            let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let reply = conversation(address, request.as_bytes());
            assert!(reply.ends_with("\r\n\r\nHello World\n"), "{name}: {target}: {reply}");
        }
        let refused = |request: &str, status: &str| {
            let reply = conversation(address, format!("{request}{behind}").as_bytes());
            assert!(reply.starts_with(status), "{name}: {request:?}: {reply}");
            assert!(!reply.contains("Hello World"), "{name}: {request:?}: what is behind it was answered");
        };
        for target in bad {
            for method in ["GET", "POST"] {
                refused(&format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 400 ");
            }
        }
        refused("GET /bytes/1073741825 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 400 ");
        refused("GET /hello HTTP/1.2\r\nHost: a\r\n\r\n", "HTTP/1.1 505 ");
        refused("GET /hello HTTP/1.1\r\nHost: a:b\r\n\r\n", "HTTP/1.1 400 ");
        refused("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 ");
        refused("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 ");
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
        send(&server, Signal::SIGTERM);
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
fn the_rest_of_a_request_is_waited_for_on_sigterm() {
    let post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    let requests = [
        ("GET /hello HT".to_owned(), "TP/1.1\r\nHost: a\r\n\r\n", "Hello World\n"),
        (format!("{post}Content-Length: 10\r\n\r\n01234"), "56789", "0123456789"),
        (format!("{post}Transfer-Encoding: chunked\r\n\r\na\r\n01234"), "56789\r\n0\r\n\r\n", "0123456789"),
        (format!("{post}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"), "0123456789", "0123456789"),
    ];
    each(|foreign| {
        let number = if foreign.room == Some(Room::One) { 1 } else { requests.len() };
        for requests in requests.chunks(number) {
            let server = start(foreign, "http");
            let mut clients: Vec<_> = requests.iter().map(|_| connect(server.address())).collect();
            for (client, (begin, ..)) in clients.iter_mut().zip(requests) {
                client.write_all(begin.as_bytes()).unwrap();
                if begin.contains("Expect") {
                    let mut go_on = [0; 25];
                    client.read_exact(&mut go_on).unwrap();
                    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n", "{}", foreign.name);
                }
            }
            std::thread::sleep(A_MOMENT);
            send(&server, Signal::SIGTERM);
            std::thread::sleep(A_MOMENT);
            for (client, (begin, rest, body)) in clients.iter_mut().zip(requests) {
                client.write_all(rest.as_bytes()).unwrap();
                assert_eq!(hear(client), (200, body.as_bytes().to_vec()), "{}: {begin:?}", foreign.name);
            }
            for client in clients {
                assert_eq!(text(client), "", "{}", foreign.name);
            }
            ended_in_order(server);
        }
    });
}

/// All servers at once, since each takes its whole grace.
#[test]
fn who_ends_within_a_request_is_told_so_on_sigterm_and_who_only_takes_long_is_not() {
    for (ends, heard) in [(true, "HTTP/1.1 400 "), (false, "")] {
        let mut started = Vec::new();
        each(|foreign| {
            let server = start(foreign, "http");
            let mut client = connect(server.address());
            client.write_all(b"GET /hello HT").unwrap();
            started.push((foreign.name.clone(), server, client));
        });
        std::thread::sleep(A_MOMENT);
        for (_, server, _) in &started {
            send(server, Signal::SIGTERM);
        }
        std::thread::sleep(A_MOMENT);
        if ends {
            // All within their grace, however long the first ones take to end.
            for (.., client) in &started {
                client.shutdown(Shutdown::Write).unwrap();
            }
        }
        for (name, server, client) in started {
            let reply = text(client);
            assert!(reply.starts_with(heard) && reply.is_empty() != ends, "{name}: {reply}");
            ended_in_order(server);
        }
    }
}

#[test]
fn a_reply_that_is_still_on_its_way_is_not_lost_when_a_request_comes_after_sigterm() {
    each(|foreign| {
        let server = start(foreign, "http");
        let mut client = connect(server.address());
        ask(&mut client, "/bytes/500000"); // more than the client's side takes unread, less than both sides do
        std::thread::sleep(A_MOMENT);
        send(&server, Signal::SIGTERM);
        std::thread::sleep(A_MOMENT);
        ask(&mut client, "/hello");
        let (status, body) = hear(&mut client);
        assert_eq!((status, body.len()), (200, 500_000), "{}", foreign.name);
        ended_in_order(server);
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

/// Its command with the script's place filled in.
fn words(foreign: &Foreign) -> String {
    let directory = foreign.files.as_ref().unwrap().directory().display().to_string();
    let typed = foreign.command.typed();
    let (interpreter, rest) = typed.split_once(' ').unwrap();
    format!("{interpreter} {directory}/{rest}")
}
