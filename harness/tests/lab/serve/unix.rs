//! Servers over Unix sockets: every model serves, and the path comes and goes as it should.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::load::{Load, Outcome};
use harness::server::Server;
use harness::transport::Transport;
use harness::workload::Workload;
use models::address::Address;
use models::options::Options;
use models::server::{self, Room, servers};
use nix::sys::signal::{Signal, kill};
use tempfile::TempDir;

use crate::common::streams::{
    ask_for_long_computations, is_answered_after, is_echoed, is_refused_a_flood, pattern, run_load,
    run_until_served, who_had_connected_is_answered,
};
use crate::common::{
    A_MOMENT, PATIENCE, ask, children_of, ended_in_order, eventually, hear, processes_marked, send,
    serve_over, side_by_side, start, stop,
};

/// The models that this machine can run over Unix sockets.
fn all() -> impl Iterator<Item = &'static server::Model> {
    let can = |model: &&server::Model| (model.lacks)(&Options::default(), server::Transport::Unix).is_none();
    servers().iter().filter(can)
}

fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn path_of(server: &Server) -> PathBuf {
    server.address().path().unwrap().to_owned()
}

fn hello(path: &Path) {
    let mut client = connect(path);
    ask(&mut client, "/hello");
    assert_eq!(hear(&mut client), (200, b"Hello World\n".to_vec()));
}

/// The command for a server at a path that the test chooses.
fn command(model: &str, path: &Path, more: &[&str]) -> Vec<OsString> {
    let bind = format!("unix:{}", path.display());
    let arguments = [env!("CARGO_BIN_EXE_concur"), "serve", model, "--bind", &bind];
    arguments.iter().chain(more).map(OsString::from).collect()
}

fn serve_at(model: &str, path: &Path, more: &[&str]) -> Server {
    start(command(model, path, more)).unwrap()
}

/// What a server says that can't be started.
fn refused(path: &Path) -> String {
    format!("{:#}", start(command("epoll", path, &[])).unwrap_err())
}

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    (directory, path)
}

#[test]
fn every_model_answers_over_a_unix_socket_and_leaves_nothing_of_it() {
    side_by_side(all().map(|model| model.name), |model| {
        let server = serve_over(Transport::Unix, model, "http");
        let path = path_of(&server);
        let mut client = connect(&path);
        for (route, body) in
            [("/hello", "Hello World\n"), ("/cpu/100", "25\n"), ("/wait/20", "waited 20 ms\n")]
        {
            ask(&mut client, route);
            assert_eq!(hear(&mut client), (200, body.into()), "{model} {route}");
        }
        ask(&mut client, "/bytes/3000000");
        assert_eq!(hear(&mut client).1.len(), 3_000_000, "{model}");
        drop(client);
        stop(server);
        assert!(!path.exists() && !path.parent().unwrap().exists(), "{model}");
    });
}

#[test]
fn every_model_echoes_a_half_closed_client_over_a_unix_socket() {
    for model in all().map(|model| model.name) {
        let server = serve_over(Transport::Unix, model, "echo");
        is_echoed(model, &connect(&path_of(&server)), &pattern(3_000_000));
        stop(server);
    }
}

#[test]
fn a_refusal_can_be_read_over_a_unix_socket() {
    for model in all().map(|model| model.name) {
        let server = serve_over(Transport::Unix, model, "http");
        is_refused_a_flood(model, connect(&path_of(&server)));
        stop(server);
    }
}

#[test]
fn the_generator_gets_right_replies_from_every_model_over_a_unix_socket() {
    side_by_side(all(), |model| {
        for name in ["http", "echo"] {
            let server = serve_over(Transport::Unix, model.name, name);
            let workload = Workload::new(name, "/hello", 300).unwrap();
            let at_once = if model.usual_room() == Room::One { 1 } else { 16 };
            for (connections, keep_alive) in [(at_once, true), (16, false)] {
                let outcome = run_until_served(&server, &workload, connections, keep_alive);
                assert_eq!(outcome.errors.total(), 0, "{} {name}: {:?}", model.name, outcome.first_error);
                assert!(outcome.requests > 0, "{} {name}", model.name);
                if keep_alive {
                    assert_eq!(outcome.connections_served, connections, "{} {name}", model.name);
                }
            }
            stop(server);
        }
    });
}

#[test]
fn messages_larger_than_a_unix_socket_holds_come_back_whole() {
    let server = serve_over(Transport::Unix, "epoll", "echo");
    let outcome = run_until_served(&server, &Workload::new("echo", "/", 4 << 20).unwrap(), 2, true);
    assert_eq!(outcome.errors.total(), 0, "{:?}", outcome.first_error);
    assert_eq!(outcome.connections_served, 2);
    stop(server);
}

#[test]
fn what_is_under_way_over_a_unix_socket_is_finished_after_a_signal() {
    side_by_side(all().map(|model| model.name), |model| {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let (_directory, path) = place();
            let server = serve_at(model, &path, &[]);
            is_answered_after(signal, model, &server, connect(&path));
            ended_in_order(server);
            assert!(!path.exists(), "{model} {signal}");
        }
    });
}

#[test]
fn clients_that_had_connected_to_a_unix_socket_before_the_signal_are_answered() {
    side_by_side(all().map(|model| model.name), |model| {
        let server = serve_over(Transport::Unix, model, "http");
        who_had_connected_is_answered(model, server, |server| connect(&path_of(server)));
    });
}

#[test]
fn the_path_goes_also_with_a_server_that_is_cut_off_after_its_grace() {
    side_by_side(all().map(|model| model.name), |model| {
        let (_directory, path) = place();
        let server = serve_at(model, &path, &["--grace", "300ms"]);
        let mut client = connect(&path);
        ask_for_long_computations(&mut client);
        std::thread::sleep(A_MOMENT);
        stop(server);
        assert!(!path.exists(), "{model}");
    });
}

#[test]
fn the_path_goes_also_with_a_server_that_is_interrupted_twice() {
    let (_directory, path) = place();
    let server = serve_at("epoll", &path, &["--grace", "30s"]);
    let mut client = connect(&path);
    ask(&mut client, "/wait/30000");
    std::thread::sleep(A_MOMENT);
    send(&server, Signal::SIGINT);
    std::thread::sleep(A_MOMENT);
    assert!(server.is_running());
    send(&server, Signal::SIGINT);
    eventually("the server ends", || !server.is_running());
    assert_eq!(server.stop(PATIENCE).unwrap().status.code(), Some(130));
    assert!(!path.exists());
}

#[test]
fn a_child_that_ends_leaves_its_parents_path() {
    let (_directory, path) = place();
    let server = serve_at("fork", &path, &["--grace", "300ms"]);
    hello(&path);
    eventually("the child has ended", || children_of(server.pid()).is_empty());
    // One that is cut off by an alarm of its own ends within a signal handler, which knows the path as well.
    let mut client = connect(&path);
    ask_for_long_computations(&mut client);
    eventually("there is a child", || !children_of(server.pid()).is_empty());
    std::thread::sleep(A_MOMENT);
    kill(children_of(server.pid())[0], Signal::SIGTERM).unwrap();
    eventually("the child was cut off", || children_of(server.pid()).is_empty());
    hello(&path);
    stop(server);
    assert!(!path.exists());
}

#[test]
fn the_path_of_a_killed_server_is_taken_over() {
    let (_directory, path) = place();
    let killed = serve_at("epoll", &path, &[]);
    send(&killed, Signal::SIGKILL);
    eventually("it ends", || !killed.is_running());
    assert!(path.exists());
    let next = serve_at("epoll", &path, &[]);
    hello(&path);
    stop(next);
    assert!(!path.exists());
}

#[test]
fn a_path_where_somebody_answers_is_refused_and_goes_on() {
    let (_directory, path) = place();
    let first = serve_at("epoll", &path, &[]);
    let error = refused(&path);
    assert!(error.contains("another program listens there; try another path"), "{error}");
    hello(&path);
    stop(first);
}

#[test]
fn a_file_that_is_no_socket_is_refused_and_stays() {
    let (directory, path) = place();
    fs::write(&path, "a letter").unwrap();
    let error = refused(&path);
    assert!(error.contains("something that is no socket stands there, and is left alone"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "a letter");
    let error = refused(&directory.path().join("nowhere/socket"));
    assert!(error.contains("its directory must exist"), "{error}");
    let error = refused(&directory.path().join("x".repeat(120)));
    assert!(error.contains("a Unix socket's has room for 107; try a shorter one"), "{error}");
}

#[test]
fn a_server_whose_successor_has_taken_its_path_leaves_it() {
    let (_directory, path) = place();
    let first = serve_at("epoll", &path, &["--grace", "20s"]);
    let mut client = connect(&path);
    ask(&mut client, "/wait/1500");
    send(&first, Signal::SIGTERM);
    // Its last client is still served.
    eventually("it listens no more", || UnixStream::connect(&path).is_err());
    let second = serve_at("epoll", &path, &[]);
    assert_eq!(hear(&mut client).1, b"waited 1500 ms\n");
    ended_in_order(first);
    hello(&path);
    stop(second);
    assert!(!path.exists());
}

#[test]
fn a_directory_made_for_a_server_goes_with_it_also_when_its_starter_is_killed() {
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("made-for-it");
    fs::create_dir(&inner).unwrap();
    let mark = format!("CONCUR_TEST=unix-{}", std::process::id());
    let (name, value) = mark.split_once('=').unwrap();
    let program = env!("CARGO_BIN_EXE_concur");
    let bind = format!("unix:{}", inner.join("socket").display());
    let script = format!("{program} serve epoll --bind {bind} --with-parent $$ --remove-directory; true");
    let mut starter = std::process::Command::new("sh")
        .args(["-c", &script])
        .env(name, value)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut greeting = [0; 12];
    starter.stdout.as_mut().unwrap().read_exact(&mut greeting).unwrap();
    starter.kill().unwrap();
    starter.wait().unwrap();
    eventually("nothing is left", || processes_marked(&mark).is_empty() && !inner.exists());
}

#[test]
fn a_socket_at_which_nobody_answers_is_a_connect_error() {
    let (_directory, path) = place();
    let workload = Workload::new("echo", "/", 64).unwrap();
    let go = |address: &Path| {
        let load = Load {
            address: Address::unix(address).unwrap(),
            transport: Transport::Unix,
            connections: 2,
            duration: Duration::from_millis(400),
            timeout: Duration::from_millis(200),
            ..Load::default()
        };
        run_load(&load, &workload)
    };
    let only_connects = |outcome: &Outcome, words: &str| {
        let (errors, first) = (outcome.errors, outcome.first_error.as_deref().unwrap());
        assert!(errors.connect > 0 && errors.connect == errors.total(), "{errors:?}");
        assert!(first.contains(words), "{first}");
    };
    only_connects(&go(&path), "there is no socket at that path");
    drop(UnixListener::bind(&path).unwrap());
    only_connects(&go(&path), "nobody listens there");
    // A server that never accepts, with room for one: the others find its queue full.
    let full = path.with_extension("full");
    let listener = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    listener.bind(&socket2::SockAddr::unix(&full).unwrap()).unwrap();
    listener.listen(0).unwrap();
    only_connects(&go(&full), "no connection came about within 200ms: the server's queue is full");
}
