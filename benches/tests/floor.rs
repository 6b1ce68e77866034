//! The C floors give right answers: else a comparison with them would mean nothing.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

use benches::floor::{self, Floors, NO_COMPILER};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longer than anything here takes; a test that waits so long has failed.
const LIMIT: Duration = Duration::from_secs(10);
const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: floor\r\n\r\n";
const LAST_REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: floor\r\nConnection: close\r\n\r\n";

/// A running floor; dropped, it is killed.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(program: &Path) -> Self {
        let mut child = Command::new(program).arg("0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").expect(&line).to_owned();
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does `test` with each of the three, if there is a C compiler.
fn with_each(test: impl Fn(&mut Server)) {
    static FLOORS: OnceLock<Option<Floors>> = OnceLock::new();
    let Some(floors) = FLOORS.get_or_init(|| floor::build().unwrap()) else {
        skipped!("{NO_COMPILER}");
        return;
    };
    for program in [&floors.epoll, &floors.thread, &floors.fork] {
        println!("{}", program.display());
        test(&mut Server::start(program));
    }
}

/// Takes one reply from the stream, checks it, and says whether it announces a close.
fn reply(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    assert_eq!(lines[0], "HTTP/1.1 200 OK");
    assert!(lines[1].starts_with("Date: ") && lines[1].ends_with(" GMT") && lines[1].len() == 35, "{head}");
    assert_eq!(lines[2..4], ["Content-Type: text/plain; charset=utf-8", "Content-Length: 12"]);
    let mut body = [0; 12];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"Hello World\n");
    match &lines[4..] {
        [] => false,
        ["Connection: close"] => true,
        others => panic!("{others:?}"),
    }
}

fn assert_closed(stream: &mut TcpStream) {
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_request_in_two_pieces_is_answered_once() {
    with_each(|server| {
        let mut stream = server.connect();
        let (first, second) = REQUEST.split_at(REQUEST.len() - 2); // in the middle of what ends it
        stream.write_all(first).unwrap();
        sleep(Duration::from_millis(50)); // so that the pieces arrive apart
        stream.write_all(second).unwrap();
        assert!(!reply(&mut stream));
        stream.shutdown(Shutdown::Write).unwrap();
        assert_closed(&mut stream);
    });
}

#[test]
fn two_requests_at_once_are_answered_twice_and_the_connection_stays() {
    with_each(|server| {
        let mut stream = server.connect();
        stream.write_all(&[REQUEST, REQUEST].concat()).unwrap();
        assert!(!reply(&mut stream));
        assert!(!reply(&mut stream));
        stream.write_all(REQUEST).unwrap();
        assert!(!reply(&mut stream));
    });
}

#[test]
fn a_wish_to_close_is_granted_after_the_requests_before_it() {
    with_each(|server| {
        let mut stream = server.connect();
        stream.write_all(&[REQUEST, LAST_REQUEST].concat()).unwrap();
        assert!(!reply(&mut stream));
        assert!(reply(&mut stream));
        assert_closed(&mut stream);
    });
}

#[test]
fn a_client_who_reads_late_gets_every_reply() {
    const REQUESTS: usize = 50_000; // replies of several megabytes: more than the sockets' buffers take
    with_each(|server| {
        let mut stream = server.connect();
        let mut writer = stream.try_clone().unwrap();
        let writing = std::thread::spawn(move || writer.write_all(&REQUEST.repeat(REQUESTS)).unwrap());
        sleep(Duration::from_millis(200)); // so that the server finds no room to send
        let mut replies = BufReader::new(&mut stream);
        let mut bodies = 0;
        let mut line = String::new();
        while bodies < REQUESTS {
            line.clear();
            assert!(replies.read_line(&mut line).unwrap() > 0, "closed after {bodies} replies");
            bodies += usize::from(line == "Hello World\n");
        }
        writing.join().unwrap();
    });
}

#[test]
fn several_clients_are_served_at_once() {
    with_each(|server| {
        let mut streams: Vec<TcpStream> = (0..20).map(|_| server.connect()).collect();
        for stream in streams.iter_mut().rev() {
            stream.write_all(REQUEST).unwrap();
            assert!(!reply(stream));
        }
    });
}

#[test]
fn a_head_too_long_ends_the_connection() {
    with_each(|server| {
        let mut stream = server.connect();
        let _ = stream.write_all(&b"x".repeat(20_000)); // the server may close in the middle of it
        match stream.read(&mut [0]) {
            Ok(read) => assert_eq!(read, 0, "it was answered"),
            // A reset; Linux says the other when it had been told of the end before.
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
                    "{error}"
                );
            }
        }
    });
}

#[test]
fn a_terminated_floor_ends_with_0_and_takes_its_connections_along() {
    with_each(|server| {
        let mut stream = server.connect();
        stream.write_all(REQUEST).unwrap();
        assert!(!reply(&mut stream));
        kill(Pid::from_raw(server.child.id().cast_signed()), Signal::SIGTERM).unwrap();
        assert_eq!(server.child.wait().unwrap().code(), Some(0));
        assert_closed(&mut stream);
    });
}

#[test]
fn a_port_that_is_none_is_refused_with_2() {
    with_each(|server| {
        let program = std::fs::read_link(format!("/proc/{}/exe", server.child.id())).unwrap();
        for arguments in [&["x"][..], &["65536"], &["-1"], &[""], &[], &["1", "2"]] {
            let refused = Command::new(&program).args(arguments).output().unwrap();
            assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
            assert!(String::from_utf8(refused.stderr).unwrap().starts_with("usage: "));
        }
    });
}
