//! The closed loop over datagrams, of one thread: a connected socket for each of its clients, with one message under way.
//!
//! A message whose answer has not come when its time is up is counted as lost, and the next one goes out over the same
//! socket. What comes in is told apart by the number it carries: only the answer to the present message counts.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Context;
use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Socket, Type};
use workloads::client::{Answer, Client, DatagramClient};
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;

use super::connection::{Readiness, not_connected};
use super::tally::{Class, Failure, Tally, Window};
use super::turn::{Duties, Finished, Open, scan_period, too_many, turn};
use super::{Load, Share};

/// How many sockets are opened, and send their first message, in one turn: all at once would be a burst that no server's
/// queue has room for, and that no later moment of a closed loop is like.
const BATCH: usize = 64;
const BATCH_EVERY: Duration = Duration::from_millis(1);
/// How long a socket rests after it was refused: ICMP has said that nobody listens.
const BACK_OFF: Duration = Duration::from_millis(50);

/// One client: its socket, and how far it has got.
struct Line {
    socket: Socket,
    /// The number of its first message, at random: another load's late replies must not be taken for its own.
    first: u64,
    number: u64,
    state: State,
    served: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The answer is waited for since then.
    Waiting(Instant),
    /// The message has found no room in the socket since then, and is tried again now and then.
    Full(Instant),
    /// Refused; the next message is sent then.
    Resting(Instant),
}

/// The state of one thread.
struct Loop<'a> {
    load: &'a Load,
    client: &'a dyn DatagramClient,
    address: SocketAddr,
    window: Window,
    tally: Tally,
    poll: Poll,
    lines: Vec<Line>,
    wanted: usize,
    /// The message to be sent, and room for what comes back.
    message: Vec<u8>,
    buffer: Box<[u8]>,
    next_batch: Instant,
    next_scan: Instant,
}

/// Runs one thread's share of `load` until the window closes or `halt` is set.
pub(super) fn run(
    load: &Load,
    client: &dyn Client,
    share: &Share,
    window: Window,
    halt: &AtomicBool,
) -> anyhow::Result<Finished> {
    let now = Instant::now();
    let mut it = Loop {
        load,
        client: client.as_datagrams().context("this workload has no datagrams")?,
        address: load.address.ip().context("datagrams need an IP address")?,
        window,
        tally: Tally::new(),
        poll: Poll::new().context("could not open an epoll instance")?,
        lines: Vec::with_capacity(share.connections),
        wanted: share.connections,
        message: Vec::with_capacity(client.request().len()),
        buffer: vec![0; DATAGRAM_BYTES_AT_MOST + 1].into_boxed_slice(),
        next_batch: now,
        next_scan: now,
    };
    it.tally.cpu = turn(&mut it, share, window, halt)?;
    let sockets = it.lines.into_iter().map(|line| line.socket).collect();
    Ok(Finished { tally: it.tally, open: Open::Datagrams(sockets) })
}

impl Duties for Loop<'_> {
    fn poll(&mut self) -> &mut Poll {
        &mut self.poll
    }

    fn look_after(&mut self, now: Instant) -> anyhow::Result<()> {
        if self.lines.len() < self.wanted && now >= self.next_batch {
            self.next_batch = now + BATCH_EVERY;
            self.open_batch()?;
        }
        if now >= self.next_scan {
            self.next_scan = now + scan_period(self.load.timeout).min(BACK_OFF);
            for index in 0..self.lines.len() {
                self.look_at(index, now);
            }
        }
        Ok(())
    }

    fn next_care(&self) -> Instant {
        let opening = self.lines.len() < self.wanted;
        if opening { self.next_scan.min(self.next_batch) } else { self.next_scan }
    }

    fn ready(&mut self, index: usize, readiness: Readiness) -> anyhow::Result<()> {
        if readiness.readable {
            self.receive(index);
        }
        Ok(())
    }
}

impl Loop<'_> {
    fn open_batch(&mut self) -> anyhow::Result<()> {
        for _ in 0..BATCH.min(self.wanted - self.lines.len()) {
            let index = self.lines.len();
            let socket = match connected(self.address) {
                Ok(socket) => socket,
                Err(error) => {
                    if let Some(refusal) = too_many(self.load, &error) {
                        return Err(refusal);
                    }
                    // Nothing that waiting would change: this machine has no way there.
                    self.tally.failed(not_connected(&error));
                    self.wanted -= 1;
                    continue;
                }
            };
            // Of reading alone: each datagram that leaves makes room, and would be an event.
            let watched = SourceFd(&socket.as_raw_fd()).register(
                self.poll.registry(),
                Token(index),
                Interest::READABLE,
            );
            watched.context("could not watch a socket")?;
            let (first, now) = (fastrand::u64(..), Instant::now());
            self.lines.push(Line { socket, first, number: first, state: State::Full(now), served: false });
            self.tally.connects += 1;
            self.send(index, now);
        }
        Ok(())
    }

    /// Does what the clock says about a line: gives up a message that is overdue, ends a rest.
    fn look_at(&mut self, index: usize, now: Instant) {
        match self.lines[index].state {
            State::Waiting(since) | State::Full(since)
                if now.saturating_duration_since(since) >= self.load.timeout =>
            {
                let timeout = self.load.timeout;
                self.tally.failed(Failure::new(
                    Class::Timeout,
                    format!("no reply to a datagram within {timeout:?}: the message or its reply is lost"),
                ));
                self.send_next(index);
            }
            State::Full(since) => self.send(index, since),
            State::Resting(until) if now >= until => self.send_next(index),
            State::Waiting(_) | State::Resting(_) => {}
        }
    }

    fn send_next(&mut self, index: usize) {
        self.lines[index].number = self.lines[index].number.wrapping_add(1);
        self.send(index, Instant::now());
    }

    /// Sends the line's present message, whose time has run since `since`.
    fn send(&mut self, index: usize, since: Instant) {
        let line = &mut self.lines[index];
        self.client.write(line.number, &mut self.message);
        let mut refused = false;
        line.state = loop {
            match rustix::net::send(&line.socket, &self.message, SendFlags::NOSIGNAL) {
                Ok(_) => break State::Waiting(since),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break State::Full(since),
                // That was said of an earlier message: this one has not been sent yet.
                Err(Errno::CONNREFUSED) if !refused => refused = true,
                Err(error) => {
                    self.tally.failed(not_connected(&error.into()));
                    break State::Resting(Instant::now() + BACK_OFF);
                }
            }
        };
    }

    /// Takes what has come, until nothing is left: readiness is edge-triggered.
    fn receive(&mut self, index: usize) {
        loop {
            let line = &mut self.lines[index];
            let received = rustix::net::recv(&line.socket, &mut *self.buffer, RecvFlags::empty());
            let bytes = match received {
                Ok((bytes, _)) => bytes,
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => continue,
                Err(error) => {
                    self.tally.failed(not_connected(&error.into()));
                    line.state = State::Resting(Instant::now() + BACK_OFF);
                    continue;
                }
            };
            let now = Instant::now();
            let answer = self.client.check(line.first, line.number, &self.buffer[..bytes]);
            match (answer, line.state) {
                (Answer::Right, State::Waiting(since)) => {
                    self.tally.replied(self.window, since, now);
                    self.tally.connections_served += usize::from(!line.served);
                    line.served = true;
                    self.send_next(index);
                }
                // The answer to a message that was not sent yet, or is not sent again: it came twice.
                (Answer::Right | Answer::Late, _) => {}
                (Answer::Wrong(why), _) => {
                    self.tally.failed(Failure::new(Class::Wrong, why));
                    line.state = State::Resting(now + BACK_OFF);
                }
            }
        }
    }
}

/// A socket that sends to `address` alone and gets nothing from anybody else.
fn connected(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM.nonblocking().cloexec(), None)?;
    socket.connect(&address.into())?;
    Ok(socket)
}
