//! How many requests the load generator can ask for and check: it loads a server that answers from a constant.
//!
//! Generator and server each have a processor where there are two. Which of them is the limit does not matter: what counts is
//! the generator's requests by its own processor time. A generator that has to wait costs a little more for each request, since
//! it hears of fewer replies at once, so this server does as little as a server can.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use reports::record::Placement;
use workloads::client::http::HttpClient;

use crate::load::{self, Clients, Load};
use crate::measure::placement::{bind_thread, first};

/// As in the record's words.
const CONNECTIONS: usize = 64;
/// So much of the time goes before what is measured.
const WARM_UP_SHARE: f64 = 0.25;
/// Right for `/hello`, and with the fields of an ordinary reply.
const REPLY: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nHello World\n";
/// What ends a request that has no body.
const END: &[u8; 4] = b"\r\n\r\n";

const LISTENER: Token = Token(usize::MAX);
const STOP: Token = Token(usize::MAX - 1);

/// Requests by the generator's own CPU second, measured in about `how_long`.
pub(super) fn per_second(
    placement: &Placement,
    how_long: Duration,
    stop: &AtomicBool,
) -> anyhow::Result<f64> {
    let mut server = Server::new()?;
    let address = server.listener.local_addr()?;
    let waker = Waker::new(server.poll.registry(), STOP)?;
    let ended = AtomicBool::new(false);
    let processor = first(&placement.server).to_vec();
    let outcome = thread::scope(|scope| {
        let ended = &ended;
        let thread = thread::Builder::new().name("constant".to_owned()).spawn_scoped(scope, move || {
            bind_thread(&processor)?;
            server.serve(ended)
        })?;
        let outcome = load(address, placement, how_long, stop);
        ended.store(true, Ordering::Release);
        let woken = waker.wake().context("the server can't be stopped");
        let ending = thread.join().unwrap_or_else(|_| Err(anyhow!("the server panicked")));
        woken.and(ending).and(outcome)
    })?;
    let errors = outcome.errors.total();
    let first = outcome.first_error.unwrap_or_default();
    ensure!(errors == 0, "{errors} requests failed; the first: {first}");
    let cpu_s = outcome.user_s + outcome.system_s;
    ensure!(outcome.requests > 0 && cpu_s > 0.0, "no request was answered in {how_long:?}");
    Ok(outcome.requests as f64 / cpu_s)
}

fn load(
    address: SocketAddr,
    placement: &Placement,
    how_long: Duration,
    stop: &AtomicBool,
) -> anyhow::Result<load::Outcome> {
    let client = HttpClient::new("/hello", &address.to_string(), true)?;
    let warm_up = how_long.mul_f64(WARM_UP_SHARE);
    let load = Load {
        address: address.into(),
        connections: CONNECTIONS,
        warm_up,
        duration: how_long.saturating_sub(warm_up),
        processors: first(&placement.client).to_vec(),
        ..Load::default()
    };
    load::run(&load, Clients::of(&client), &mut |_| (), stop)
}

/// A loop that answers every whole request with the same bytes.
struct Server {
    poll: Poll,
    listener: TcpListener,
    clients: BTreeMap<usize, Client>,
    buffer: Vec<u8>,
    replies: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    /// How much of [`END`] the last bytes were.
    matched: usize,
}

impl Server {
    fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self { poll, listener, clients: BTreeMap::new(), buffer: vec![0; 16 * 1024], replies: Vec::new() })
    }

    /// Until it is told to end.
    fn serve(&mut self, ended: &AtomicBool) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(CONNECTIONS + 2);
        while !ended.load(Ordering::Acquire) {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    STOP => return Ok(()),
                    Token(key) => self.answer(key),
                }
            }
        }
        Ok(())
    }

    /// Lets in who waits, as many as the generator has; others, who can only be strangers, are shown out.
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let free = (0..CONNECTIONS).find(|key| !self.clients.contains_key(key));
            let Some(key) = free else { continue };
            stream.set_nodelay(true)?;
            self.poll.registry().register(&mut stream, Token(key), Interest::READABLE)?;
            self.clients.insert(key, Client { stream, matched: 0 });
        }
    }

    /// Reads what there is and answers it. A client who has gone, or whose replies find no room, is let go: the generator
    /// counts that as an error, and then there is no figure.
    fn answer(&mut self, key: usize) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        if client.answer(&mut self.buffer, &mut self.replies).is_err() {
            self.clients.remove(&key);
        }
    }
}

impl Client {
    fn answer(&mut self, buffer: &mut [u8], replies: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            replies.clear();
            for _ in 0..ends_in(&buffer[..read], &mut self.matched) {
                replies.extend_from_slice(REPLY);
            }
            self.stream.write_all(replies)?;
            // A short read has emptied the socket (epoll(7)); the next bytes, or the end, are told of.
            if read < buffer.len() {
                return Ok(());
            }
        }
    }
}

/// How many requests end in these bytes, which follow bytes whose last ones were `matched` of an end.
fn ends_in(bytes: &[u8], matched: &mut usize) -> usize {
    let mut ends = 0;
    for byte in bytes {
        *matched = match byte {
            _ if *byte == END[*matched] => *matched + 1,
            b'\r' => 1,
            _ => 0,
        };
        if *matched == END.len() {
            (*matched, ends) = (0, ends + 1);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_their_ends_however_they_are_split() {
        let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\r\n\r\n";
        for at in 0..=text.len() {
            let mut matched = 0;
            let (first, second) = text.split_at(at);
            let ends = ends_in(first, &mut matched) + ends_in(second, &mut matched);
            assert_eq!((ends, matched), (2, 0), "split at {at}");
        }
    }
}
