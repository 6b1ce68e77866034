//! The servers, the client of an echo, and loads to put on them.

use std::io;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use harness::load::{Clients, Load, Outcome, run};
use harness::transport::Transport;
use reports::record::Errors;
use workloads::client::{Checker, Client, Reply};

/// Long enough for a loaded machine to serve a few requests, and short enough for a test.
pub(crate) const WINDOW: Duration = Duration::from_millis(300);
pub(crate) const MESSAGE: usize = 64;

/// Asks for an echo.
pub(crate) struct Echoed {
    pub(crate) request: Vec<u8>,
    /// Whether the server is taken to have announced its close with each reply.
    pub(crate) closing: bool,
}

impl Echoed {
    pub(crate) fn of(bytes: usize) -> Self {
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
pub(crate) struct Seen {
    pub(crate) requests: AtomicU64,
    /// Connections whose client ended them in order.
    pub(crate) ends: AtomicU64,
    /// Connections that are over, in whatever way.
    pub(crate) over: AtomicU64,
}

/// A server that answers each connection with `serve` on a thread of its own, until the test's process ends.
pub(crate) fn server(
    serve: impl Fn(TcpStream, &Seen) -> io::Result<()> + Send + Sync + 'static,
) -> (SocketAddr, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let seen_by_threads = Arc::clone(&seen);
    let address = crate::threads::server(move |stream| {
        let _ = serve(stream, &seen_by_threads); // what the generator makes of it is what the tests look at
        seen_by_threads.over.fetch_add(1, Ordering::SeqCst)
    });
    (address, seen)
}

/// Reads one message; none at the client's end.
pub(crate) fn message(stream: &mut TcpStream, seen: &Seen) -> io::Result<Option<[u8; MESSAGE]>> {
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

pub(crate) fn echo(mut stream: TcpStream, seen: &Seen) -> io::Result<()> {
    while let Some(message) = message(&mut stream, seen)? {
        stream.write_all(&message)?;
    }
    Ok(())
}

/// Never answers, and keeps the connection until the client leaves.
pub(crate) fn silent(mut stream: TcpStream, seen: &Seen) -> io::Result<()> {
    while message(&mut stream, seen)?.is_some() {}
    Ok(())
}

pub(crate) fn load(address: SocketAddr, connections: usize) -> Load {
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

pub(crate) fn go(load: &Load, client: &dyn Client) -> Outcome {
    run(load, Clients::of(client), &mut |_| {}, &AtomicBool::new(false)).unwrap()
}

pub(crate) fn refused(load: &Load, client: &dyn Client) -> String {
    let error = run(load, Clients::of(client), &mut |_| {}, &AtomicBool::new(false)).err().expect("an error");
    format!("{error:#}")
}

pub(crate) fn assert_no_errors(outcome: &Outcome) {
    assert_eq!(outcome.errors, Errors::default(), "{:?}", outcome.first_error);
    assert_eq!(outcome.first_error, None);
}

/// Only this class of errors came up, and its first is told in these words.
pub(crate) fn assert_only(outcome: &Outcome, class: impl Fn(&Errors) -> u64, words: &str) {
    let errors = outcome.errors;
    assert!(class(&errors) > 0 && class(&errors) == errors.total(), "{errors:?} {:?}", outcome.first_error);
    let first = outcome.first_error.as_deref().unwrap();
    assert!(first.contains(words), "{first}");
}
