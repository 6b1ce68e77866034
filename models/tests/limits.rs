//! The time limits of a service, kept by every model that can run inside a test: those that fork can't, since a test has
//! threads; they share the code that keeps them with `loop` and `thread`.

#[path = "common/served.rs"]
mod served;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use models::address::Address;
use models::options::Choice;
use models::server::{Transport, server, servers};
use served::served;
use workloads::http::Http;
use workloads::{Limits, Service};

const LIMIT: Duration = Duration::from_millis(600);
/// For clients who keep within their limits, also on a machine that stands still for seconds.
const LONG_LIMIT: Duration = Duration::from_secs(6);
/// No limit ends early; how late one may end is left to the machine, up to this.
const PATIENCE: Duration = Duration::from_secs(30);

/// may has one configuration per process, so one coroutine server runs at a time, and one test.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Models with options under which they keep their limits in another way.
const VARIANTS: [&str; 2] = ["epoll:trigger=edge", "thread-pool:per=request,workers=8"];

fn choices() -> impl Iterator<Item = Choice> {
    let names = servers().iter().filter(|model| model.family != "processes").map(|model| model.name);
    names.chain(VARIANTS).map(|text| text.parse().unwrap())
}

/// Runs `check` against every model over HTTP with short limits, side by side: most of it is waiting.
fn with_every_model(check: impl Fn(&str, SocketAddr) + Sync) {
    with_every_model_within(LIMIT, check);
}

fn with_every_model_within(limit: Duration, check: impl Fn(&str, SocketAddr) + Sync) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        for choice in choices() {
            let check = |model: &str, address: &Address| check(model, address.ip().unwrap());
            scope.spawn(move || with(limit, &choice, &([127, 0, 0, 1], 0).into(), check));
        }
    });
}

/// The same over a Unix socket.
fn with_every_model_over_unix(check: impl Fn(&str, &std::path::Path) + Sync) {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let over_unix = |it: &Choice| (server(&it.name).unwrap().lacks)(&it.options, Transport::Unix).is_none();
    thread::scope(|scope| {
        for choice in choices().filter(over_unix) {
            let check = |model: &str, address: &Address| check(model, address.path().unwrap());
            scope.spawn(move || {
                let directory = tempfile::tempdir().unwrap();
                with(LIMIT, &choice, &Address::unix(directory.path().join("socket")).unwrap(), check);
            });
        }
    });
}

fn with(limit: Duration, choice: &Choice, address: &Address, check: impl Fn(&str, &Address)) {
    let limits = Limits { request_time: limit, idle_time: limit, ..Limits::default() };
    let service: Arc<dyn Service> = Arc::new(Http { limits, ..Http::default() });
    served(choice, &service, address, check);
}

/// A connection that gives up after [`PATIENCE`].
fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads until the server ends the connection; a reset is an end as well. Gives what came before it.
fn until_the_end(model: &str, stream: &mut impl Read) -> Vec<u8> {
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{model}: {error}"),
        _ => heard,
    }
}

#[test]
fn a_silent_connection_is_closed_after_its_idle_time() {
    with_every_model(|model, address| {
        let start = Instant::now();
        let mut client = connect(address);
        assert!(until_the_end(model, &mut client).is_empty(), "{model}");
        assert!(start.elapsed() >= LIMIT / 2, "{model} closed it too early");
    });
}

#[test]
fn a_silent_connection_over_a_unix_socket_is_closed_after_its_idle_time() {
    with_every_model_over_unix(|model, path| {
        let start = Instant::now();
        let mut client = UnixStream::connect(path).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(until_the_end(model, &mut client).is_empty(), "{model}");
        assert!(start.elapsed() >= LIMIT / 2, "{model} closed it too early");
    });
}

#[test]
fn a_request_that_takes_too_long_to_arrive_is_not_waited_for() {
    with_every_model(|model, address| {
        let mut client = TcpStream::connect(address).unwrap();
        let start = Instant::now();
        // A byte now and then: the connection is never idle, yet the request has a time of its own.
        let mut request = b"GET /hello HTTP/1.1\r\nX: ".iter().chain(std::iter::repeat(&b'x'));
        while start.elapsed() < PATIENCE {
            if client.write_all(&[*request.next().unwrap()]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let took = start.elapsed();
        assert!(took >= LIMIT / 2 && took < PATIENCE, "{model} ended it after {took:?}");
    });
}

#[test]
fn a_client_who_keeps_asking_is_not_cut_off_however_long_it_stays() {
    with_every_model_within(LONG_LIMIT, |model, address| {
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let request = b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";
        // Each send is the end of one request and the beginning of the next.
        let (begin, end) = request.split_at(10);
        client.write_all(begin).unwrap();
        for round in 0..36 {
            thread::sleep(LONG_LIMIT / 30);
            client.write_all(&[end, begin].concat()).unwrap();
            let mut reply = [0; 1];
            client.read_exact(&mut reply).unwrap_or_else(|error| panic!("{model}, round {round}: {error}"));
            let mut rest = Vec::new();
            while !rest.ends_with(b"Hello World\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                rest.push(byte[0]);
            }
        }
    });
}

#[test]
fn a_client_who_waits_for_a_slow_answer_is_not_taken_for_silent() {
    with_every_model(|model, address| {
        let mut client = connect(address);
        let request =
            format!("GET /wait/{} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", 3 * LIMIT.as_millis());
        client.write_all(request.as_bytes()).unwrap();
        let reply = String::from_utf8(until_the_end(model, &mut client)).unwrap();
        assert!(reply.ends_with(&format!("waited {} ms\n", 3 * LIMIT.as_millis())), "{model}: {reply}");
    });
}

/// In line no limit can end meanwhile; with a pool behind it the loop goes on. The work is made to take longer than the
/// limits.
#[test]
fn a_client_who_waits_for_a_worker_is_not_taken_for_silent() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let address = ([127, 0, 0, 1], 0).into();
    with(LIMIT, &"hybrid".parse().unwrap(), &address, |model, address| {
        let address = address.ip().unwrap();
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"GET /cpu/5000000 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").unwrap();
        let reply = String::from_utf8(until_the_end(model, &mut client)).unwrap();
        assert!(reply.ends_with("\r\n\r\n348513\n"), "{reply}");
    });
}

#[test]
fn a_refused_client_who_never_ends_is_heard_out_for_a_while_only() {
    with_every_model(|model, address| {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"NONSENSE\r\n\r\n").unwrap();
        let start = Instant::now();
        while start.elapsed() < PATIENCE && client.write_all(b"more of it").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
        assert!(start.elapsed() < PATIENCE, "{model} still listens to it");
    });
}
