//! What the servers do with a connection, and loads to put on them.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use harness::load::{Clients, Load, Outcome, Pace, run};
use reports::record::{Errors, Schedule};
use workloads::client::EchoClient;

use crate::threads;

/// The size of a message.
pub(crate) const MESSAGE: usize = 64;

/// A server that treats each connection so. What goes wrong is not its business: the tests look at what the generator makes of it.
pub(crate) fn server(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    threads::server(serve)
}

/// Reads one message; none at the client's end.
pub(crate) fn message(stream: &mut TcpStream) -> io::Result<Option<[u8; MESSAGE]>> {
    let mut message = [0; MESSAGE];
    match stream.read_exact(&mut message) {
        Ok(()) => Ok(Some(message)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn echo(mut stream: TcpStream) -> io::Result<()> {
    while let Some(message) = message(&mut stream)? {
        stream.write_all(&message)?;
    }
    Ok(())
}

/// Answers each message after this long.
pub(crate) fn echo_after(delay: Duration) -> impl Fn(TcpStream) -> io::Result<()> {
    move |mut stream| {
        while let Some(message) = message(&mut stream)? {
            thread::sleep(delay);
            stream.write_all(&message)?;
        }
        Ok(())
    }
}

/// Never answers, and keeps the connection until the client leaves.
pub(crate) fn silent(mut stream: TcpStream) -> io::Result<()> {
    while message(&mut stream)?.is_some() {}
    Ok(())
}

/// Answers three messages and sends its end; what comes after that is read, so that nothing is reset.
pub(crate) fn echo_thrice(mut stream: TcpStream) -> io::Result<()> {
    for _ in 0..3 {
        let Some(message) = message(&mut stream)? else { return Ok(()) };
        stream.write_all(&message)?;
    }
    stream.shutdown(Shutdown::Write)?;
    silent(stream)
}

pub(crate) fn load(address: SocketAddr, connections: usize) -> Load {
    Load {
        address: address.into(),
        connections,
        warm_up: Duration::from_millis(100),
        duration: Duration::from_millis(500),
        timeout: Duration::from_secs(20),
        ..Load::default()
    }
}

/// So many requests a second at equal distances.
pub(crate) fn rate(rate: f64) -> Pace {
    Pace::Open { rate, schedule: Schedule::Constant, seed: 0 }
}

pub(crate) fn go(load: &Load) -> Outcome {
    let echo = EchoClient::new(MESSAGE);
    run(load, Clients::of(&echo), &mut |_| {}, &AtomicBool::new(false)).unwrap()
}

pub(crate) fn refused(load: &Load, clients: Clients<'_>) -> String {
    let error = run(load, clients, &mut |_| {}, &AtomicBool::new(false)).err().expect("an error");
    format!("{error:#}")
}

pub(crate) fn assert_no_errors(outcome: &Outcome) {
    assert_eq!(outcome.errors, Errors::default(), "{:?}", outcome.first_error);
}
