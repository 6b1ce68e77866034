//! The load generator against small servers, each of which does one thing right or wrong.

#[path = "common/threads.rs"]
mod threads;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use harness::load::{Clients, Edge, Load, Outcome, run};
use harness::transport::Transport;
use models::address::Address;
use reports::record::Errors;
use socket2::{Domain, SockRef, Socket, Type};
use workloads::client::{Checker, Client, Reply};

/// Long enough for a loaded machine to serve a few requests, and short enough for a test.
const WINDOW: Duration = Duration::from_millis(300);
const MESSAGE: usize = 64;

/// Asks for an echo.
struct Echoed {
    request: Vec<u8>,
    /// Whether the server is taken to have announced its close with each reply.
    closing: bool,
}

impl Echoed {
    fn of(bytes: usize) -> Self {
        Self { request: (0..bytes).map(|at| (at % 251) as u8).collect(), closing: false }
    }
}

impl Client for Echoed {
    fn request(&self) -> &[u8] {
        &self.request
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(EchoChecker { expected: self.request.clone(), at: 0, closing: self.closing })
    }
}

struct EchoChecker {
    expected: Vec<u8>,
    at: usize,
    closing: bool,
}

impl Checker for EchoChecker {
    fn restart(&mut self) {
        self.at = 0;
    }

    fn arrived(&mut self, bytes: &[u8]) -> Reply {
        let used = bytes.len().min(self.expected.len() - self.at);
        if bytes[..used] != self.expected[self.at..][..used] {
            return Reply::Wrong("the echo is not what was sent".to_owned());
        }
        self.at += used;
        if self.at < self.expected.len() {
            return Reply::More;
        }
        self.at = 0;
        Reply::Whole { used, closing: self.closing }
    }

    fn ended(&mut self) -> Reply {
        if self.at == 0 { Reply::More } else { Reply::Short }
    }
}

/// What a server under test has seen.
#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    /// Connections whose client ended them in order.
    ends: AtomicU64,
    /// Connections that are over, in whatever way.
    over: AtomicU64,
}

/// A server that answers each connection with `serve` on a thread of its own, until the test's process ends.
fn server(
    serve: impl Fn(TcpStream, &Seen) -> io::Result<()> + Send + Sync + 'static,
) -> (SocketAddr, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let seen_by_threads = Arc::clone(&seen);
    let address = threads::server(move |stream| {
        let _ = serve(stream, &seen_by_threads); // what the generator makes of it is what the tests look at
        seen_by_threads.over.fetch_add(1, Ordering::SeqCst)
    });
    (address, seen)
}

/// Reads one message; none at the client's end.
fn message(stream: &mut TcpStream, seen: &Seen) -> io::Result<Option<[u8; MESSAGE]>> {
    let mut message = [0; MESSAGE];
    match stream.read_exact(&mut message) {
        Ok(()) => {
            seen.requests.fetch_add(1, Ordering::SeqCst);
            Ok(Some(message))
        }
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            seen.ends.fetch_add(1, Ordering::SeqCst);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn echo(mut stream: TcpStream, seen: &Seen) -> io::Result<()> {
    while let Some(message) = message(&mut stream, seen)? {
        stream.write_all(&message)?;
    }
    Ok(())
}

/// Never answers, and keeps the connection until the client leaves.
fn silent(mut stream: TcpStream, seen: &Seen) -> io::Result<()> {
    while message(&mut stream, seen)?.is_some() {}
    Ok(())
}

fn load(address: SocketAddr, connections: usize) -> Load {
    Load {
        address: address.into(),
        transport: Transport::Tcp,
        connections,
        threads: 1,
        keep_alive: true,
        warm_up: Duration::from_millis(50),
        duration: WINDOW,
        timeout: Duration::from_secs(20),
        processors: Vec::new(),
        ..Load::default()
    }
}

fn go(load: &Load, client: &dyn Client) -> Outcome {
    run(load, Clients::of(client), &mut |_| {}, &AtomicBool::new(false)).unwrap()
}

fn refused(load: &Load, client: &dyn Client) -> String {
    let error = run(load, Clients::of(client), &mut |_| {}, &AtomicBool::new(false)).err().expect("an error");
    format!("{error:#}")
}

fn assert_no_errors(outcome: &Outcome) {
    assert_eq!(outcome.errors, Errors::default(), "{:?}", outcome.first_error);
    assert_eq!(outcome.first_error, None);
}

/// Only this class of errors came up, and its first is told in these words.
fn assert_only(outcome: &Outcome, class: impl Fn(&Errors) -> u64, words: &str) {
    let errors = outcome.errors;
    assert!(class(&errors) > 0 && class(&errors) == errors.total(), "{errors:?} {:?}", outcome.first_error);
    let first = outcome.first_error.as_deref().unwrap();
    assert!(first.contains(words), "{first}");
}

#[test]
fn every_reply_is_counted_once() {
    let (address, seen) = server(echo);
    let outcome = go(&load(address, 8), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    let served = seen.requests.load(Ordering::SeqCst);
    // What was still under way at the end was served and not counted: at most one request per connection.
    assert!((served - 8..=served).contains(&outcome.requests_in_all), "{} {served}", outcome.requests_in_all);
    assert!((1..=outcome.requests_in_all).contains(&outcome.requests));
    assert_eq!(outcome.latency_ns.len(), outcome.requests);
    assert_eq!((outcome.connects, outcome.connections_served), (8, 8));
    assert!(outcome.user_s + outcome.system_s > 0.0);
    assert!((outcome.seconds - WINDOW.as_secs_f64()).abs() < 1e-9);
}

#[test]
fn latency_is_the_time_from_request_to_reply() {
    const DELAY: Duration = Duration::from_millis(40);
    let (address, _) = server(|mut stream, seen| {
        while let Some(message) = message(&mut stream, seen)? {
            thread::sleep(DELAY);
            stream.write_all(&message)?;
        }
        Ok(())
    });
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests >= 2);
    assert!(u128::from(outcome.latency_ns.min()) >= DELAY.as_nanos() * 999 / 1000);
}

#[test]
fn a_request_longer_than_the_warm_up_counts_where_it_ends() {
    let (address, _) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            thread::sleep(Duration::from_millis(120)); // more than the warm-up, and less than the window
            stream.write_all(&message)?;
        }
        silent(stream, seen)
    });
    let plan = Load { duration: Duration::from_secs(1), ..load(address, 1) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert_eq!((outcome.requests, outcome.requests_in_all), (1, 1));
}

#[test]
fn a_reply_in_pieces_is_one_reply() {
    let (address, seen) = server(|mut stream, seen| {
        stream.set_nodelay(true)?;
        while let Some(message) = message(&mut stream, seen)? {
            for piece in message.chunks(7) {
                stream.write_all(piece)?;
                thread::yield_now();
            }
        }
        Ok(())
    });
    let outcome = go(&load(address, 4), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests > 0);
    assert!(outcome.requests_in_all <= seen.requests.load(Ordering::SeqCst));
}

#[test]
fn a_changed_byte_is_a_wrong_reply() {
    let (address, seen) = server(|mut stream, seen| {
        while let Some(mut message) = message(&mut stream, seen)? {
            if seen.requests.load(Ordering::SeqCst).is_multiple_of(100) {
                message[MESSAGE - 1] ^= 1;
            }
            stream.write_all(&message)?;
        }
        Ok(())
    });
    let outcome = go(&load(address, 1), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.wrong, "not what was sent");
    let served = seen.requests.load(Ordering::SeqCst);
    let wrong = outcome.errors.wrong;
    assert!((wrong..=wrong + 1).contains(&outcome.connects), "each wrong reply costs its connection");
    assert!((served - wrong - 1..=served - wrong).contains(&outcome.requests_in_all), "{served} {wrong}");
}

#[test]
fn bytes_beyond_the_reply_are_wrong() {
    let (address, _) = server(|mut stream, seen| {
        while let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&[&message[..], b"!"].concat())?;
        }
        Ok(())
    });
    let outcome = go(&load(address, 1), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.wrong, "belong to no reply");
    assert_eq!(outcome.requests_in_all, 0);
}

#[test]
fn a_close_within_a_reply_is_short() {
    let (address, _) = server(|mut stream, seen| match message(&mut stream, seen)? {
        Some(message) => stream.write_all(&message[..MESSAGE / 2]),
        None => Ok(()),
    });
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.short, "within a reply");
    assert_eq!((outcome.requests_in_all, outcome.connections_served), (0, 0));
}

#[test]
fn a_close_instead_of_the_first_reply_is_short_and_no_storm() {
    let (address, _) = server(|mut stream, seen| message(&mut stream, seen).map(drop));
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.short, "without a reply");
    // 350 ms at one attempt per 50 ms and connection.
    assert!(outcome.connects <= 2 * 9, "{}", outcome.connects);
}

#[test]
fn a_reset_is_told_from_a_close() {
    let (address, _) = server(|mut stream, seen| {
        message(&mut stream, seen)?;
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))
    });
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.reset, "the connection broke");
}

#[test]
fn never_to_be_answered_is_to_starve_and_no_error() {
    let (address, seen) = server(silent);
    let plan = Load { timeout: Duration::from_millis(50), ..load(address, 3) };
    let begun = Instant::now();
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_no_errors(&outcome);
    assert_eq!((outcome.requests_in_all, outcome.connections_served), (0, 0));
    assert_eq!(outcome.connects, 3, "a starved connection is left in its place");
    while seen.over.load(Ordering::SeqCst) < 3 && begun.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(seen.requests.load(Ordering::SeqCst), 3);
}

#[test]
fn silence_after_a_reply_is_a_timeout() {
    let (address, _) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&message)?;
        }
        silent(stream, seen)
    });
    let plan =
        Load { timeout: Duration::from_millis(200), duration: Duration::from_secs(1), ..load(address, 2) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.timeout, "no whole reply within 200ms");
    assert_eq!(outcome.connections_served, 2);
}

#[test]
fn silence_within_the_first_reply_is_a_timeout() {
    let (address, _) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&message[..1])?;
        }
        silent(stream, seen)
    });
    let plan = Load { timeout: Duration::from_millis(100), ..load(address, 1) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.timeout, "no whole reply within 100ms");
}

#[test]
fn without_keep_alive_silence_is_a_timeout_at_once() {
    let (address, _) = server(silent);
    let plan = Load { timeout: Duration::from_millis(100), keep_alive: false, ..load(address, 1) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.timeout, "no whole reply within 100ms");
}

#[test]
fn nobody_listening_is_a_connect_error_and_no_storm() {
    // Bound and not listening: the port is refused, and nobody else can come by it meanwhile.
    let held = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    held.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = held.local_addr().unwrap().as_socket().unwrap();
    let outcome = go(&load(address, 200), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.connect, "nobody listens there");
    // Each of 200 once, and then at most 1,600 a second for 350 ms.
    assert!((200..=200 + 600).contains(&outcome.errors.connect), "{}", outcome.errors.connect);
    assert_eq!(outcome.connects, 0);
}

#[test]
fn without_keep_alive_each_request_brings_its_own_connection() {
    let (address, seen) = server(echo);
    let plan = Load { keep_alive: false, ..load(address, 4) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests > 4);
    assert!(
        (outcome.requests_in_all..=outcome.requests_in_all + 4).contains(&outcome.connects),
        "{} connects for {} requests",
        outcome.connects,
        outcome.requests_in_all
    );
    let ends = seen.ends.load(Ordering::SeqCst);
    assert!(ends + 4 >= outcome.requests_in_all, "the server sees each client end in order: {ends}");
}

#[test]
fn a_close_announced_with_the_reply_is_awaited() {
    let (address, seen) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&message)?;
        }
        stream.shutdown(std::net::Shutdown::Write)?;
        message(&mut stream, seen).map(drop) // the client closes only now
    });
    for keep_alive in [true, false] {
        let plan = Load { keep_alive, ..load(address, 4) };
        let outcome = go(&plan, &Echoed { closing: true, ..Echoed::of(MESSAGE) });
        assert_no_errors(&outcome);
        assert!(outcome.requests > 4);
        assert!(outcome.connects >= outcome.requests_in_all);
    }
    assert!(seen.ends.load(Ordering::SeqCst) > 0);
}

#[test]
fn an_announced_close_that_never_comes_is_a_timeout() {
    let (address, _) = server(echo);
    let plan = Load { timeout: Duration::from_millis(100), ..load(address, 1) };
    let outcome = go(&plan, &Echoed { closing: true, ..Echoed::of(MESSAGE) });
    assert_only(&outcome, |errors| errors.timeout, "did not close within 100ms");
}

#[test]
fn a_close_between_replies_is_no_error() {
    let (address, _) = server(|mut stream, seen| {
        for _ in 0..3 {
            let Some(message) = message(&mut stream, seen)? else { return Ok(()) };
            stream.write_all(&message)?;
        }
        // The close comes with the third reply or soon after it, and the next request may be on its way by then:
        // it is read, so that nothing is reset.
        stream.shutdown(std::net::Shutdown::Write)?;
        silent(stream, seen)
    });
    let outcome = go(&load(address, 4), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests_in_all > 12);
    assert!(outcome.connects >= outcome.requests_in_all / 3, "{}", outcome.connects);
    assert_eq!(outcome.connections_served, 4);
}

#[test]
fn several_threads_share_the_connections() {
    let (address, _) = server(echo);
    let plan = Load { threads: 3, ..load(address, 10) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert_eq!((outcome.connects, outcome.connections_served), (10, 10));
    assert_eq!(outcome.latency_ns.len(), outcome.requests);
}

#[test]
fn more_connections_than_one_batch_are_all_served_on_and_on() {
    let served_again = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&served_again);
    let (address, _) = server(move |mut stream, seen| {
        let mut requests = 0;
        while let Some(message) = message(&mut stream, seen)? {
            requests += 1;
            if requests == 2 {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            stream.write_all(&message)?;
        }
        Ok(())
    });
    // A machine busy with other things may need longer for 300 threads; the last run is the longest by far.
    for seconds in [1, 4, 20] {
        served_again.store(0, Ordering::SeqCst);
        let plan = Load { duration: Duration::from_secs(seconds), ..load(address, 300) };
        let outcome = go(&plan, &Echoed::of(MESSAGE));
        assert_no_errors(&outcome);
        if (outcome.connects, outcome.connections_served) == (300, 300)
            && served_again.load(Ordering::SeqCst) == 300
        {
            return;
        }
    }
    panic!("only {} of 300 were served a second time", served_again.load(Ordering::SeqCst));
}

#[test]
fn a_request_larger_than_all_buffers_does_not_block_its_own_reply() {
    let (address, _) = server(|mut stream, _| {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                count => stream.write_all(&buffer[..count])?,
            }
        }
    });
    let plan = Load { duration: Duration::from_secs(1), ..load(address, 2) };
    let outcome = go(&plan, &Echoed::of(4 << 20));
    assert_no_errors(&outcome);
    assert!(outcome.requests_in_all > 0);
    assert_eq!(outcome.connections_served, 2);
}

#[test]
fn connections_stay_open_until_the_closing_edge_has_been_seen() {
    let (address, seen) = server(echo);
    let mut edges = Vec::new();
    let mut look = |edge| {
        if edge == Edge::Closes {
            thread::sleep(Duration::from_millis(100));
        }
        edges.push((edge, seen.over.load(Ordering::SeqCst)));
    };
    run(&load(address, 4), Clients::of(&Echoed::of(MESSAGE)), &mut look, &AtomicBool::new(false)).unwrap();
    assert_eq!(edges, [(Edge::Opens, 0), (Edge::Closes, 0)]);
}

#[test]
fn stop_ends_the_load_early() {
    let (address, _) = server(echo);
    let plan = Load { duration: Duration::from_secs(600), ..load(address, 2) };
    let stop = AtomicBool::new(false);
    let mut look = |_| stop.store(true, Ordering::SeqCst);
    let error = run(&plan, Clients::of(&Echoed::of(MESSAGE)), &mut look, &stop).err().expect("an error");
    assert_eq!(error.to_string(), "the load was interrupted");
}

/// Panics at the first byte of a reply.
struct Panics;

impl Client for Panics {
    fn request(&self) -> &[u8] {
        &[b'?'; MESSAGE]
    }

    fn checker(&self) -> Box<dyn Checker> {
        Box::new(Self)
    }
}

impl Checker for Panics {
    fn restart(&mut self) {}

    fn arrived(&mut self, _: &[u8]) -> Reply {
        panic!("a bug in a checker")
    }

    fn ended(&mut self) -> Reply {
        Reply::More
    }
}

#[test]
fn a_panic_in_a_thread_is_an_error_at_once() {
    let (address, _) = server(echo);
    let plan = Load { threads: 2, duration: Duration::from_secs(600), ..load(address, 2) };
    assert!(refused(&plan, &Panics).ends_with("panicked: a bug in a checker"));
}

#[test]
fn loads_that_make_no_sense_are_refused() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let echo = Echoed::of(1);
    assert!(refused(&load(address, 0), &echo).contains("at least one connection"));
    assert!(refused(&Load { threads: 0, ..load(address, 1) }, &echo).contains("at least one thread"));
    assert!(refused(&Load { duration: Duration::ZERO, ..load(address, 1) }, &echo).contains("empty"));
    assert!(refused(&load(address, 1), &Echoed::of(0)).contains("empty request"));
    let unix = Load { address: Address::unix("/tmp/socket").unwrap(), ..load(address, 1) };
    assert!(refused(&unix, &echo).contains("is a path"));
    let nowhere = Load { processors: vec![1023], ..load(address, 1) };
    assert!(refused(&nowhere, &echo).contains("processor 1023"));
}
