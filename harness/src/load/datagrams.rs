//! One thread's load of datagrams: a connected socket for each of its clients, with one message under way.
//!
//! A message whose answer has not come when its time is up is counted as lost, and the next one goes out over the same
//! socket. What comes in is told apart by the number it carries: only the answer to the present message counts.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use anyhow::Context;
use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use socket2::{Domain, Socket, Type};
use workloads::client::{Answer, DatagramClient};
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;

use super::connection::{Readiness, not_connected};
use super::pacer::Pacer;
use super::share::Share;
use super::tally::{Asked, Class, Failure, Tally, Window};
use super::turn::{Duties, Finished, Open, scan_period, too_many};
use super::{Clients, Load};

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
    /// Replies in the window.
    requests: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The answer is waited for.
    Waiting(Asked),
    /// The message has found no room in the socket, and is tried again now and then.
    Full(Asked),
    /// Refused; it goes on then.
    Resting(Instant),
    /// Nothing is under way since then.
    Free(Instant),
}

/// The state of one thread.
pub(super) struct Loop<'a> {
    load: &'a Load,
    client: &'a dyn DatagramClient,
    address: SocketAddr,
    tally: Tally,
    pacer: Pacer,
    poll: Poll,
    lines: Vec<Line>,
    wanted: usize,
    /// The message to be sent, and room for what comes back.
    message: Vec<u8>,
    buffer: Box<[u8]>,
    next_batch: Instant,
    next_scan: Instant,
}

impl<'a> Duties<'a> for Loop<'a> {
    fn begin(load: &'a Load, clients: Clients<'a>, share: &Share, window: Window) -> anyhow::Result<Self> {
        let (now, client) = (Instant::now(), clients.measured);
        Ok(Self {
            load,
            client: client.as_datagrams().context("this workload has no datagrams")?,
            address: load.address.ip().context("datagrams need an IP address")?,
            tally: Tally::new(window, load.is_open(), false),
            pacer: Pacer::new(load, share, window, share.connections),
            poll: Poll::new().context("could not open an epoll instance")?,
            lines: Vec::with_capacity(share.connections),
            wanted: share.connections,
            message: Vec::with_capacity(client.request().len()),
            buffer: vec![0; DATAGRAM_BYTES_AT_MOST + 1].into_boxed_slice(),
            next_batch: now,
            next_scan: now,
        })
    }

    fn finish(mut self) -> Finished {
        self.tally.connection_requests = self.lines.iter().map(|line| line.requests).collect();
        let sockets = self.lines.into_iter().map(|line| line.socket).collect();
        Finished { tally: self.tally, open: Open::Datagrams(sockets) }
    }

    fn poll(&mut self) -> &mut Poll {
        &mut self.poll
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.tally
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
        self.keep_pace(now);
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

    fn next_request(&self) -> Option<Instant> {
        self.pacer.next_request()
    }

    fn is_done(&mut self) -> bool {
        self.pacer.is_done(&self.tally)
    }

    fn give_up(&mut self, now: Instant) {
        for line in &self.lines {
            if let State::Waiting(asked) | State::Full(asked) = line.state
                && let Some(due) = asked.due
            {
                self.tally.unanswered(due, now);
            }
        }
        self.pacer.never_sent(now, &mut self.tally);
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
            let number = first.wrapping_sub(1); // each message counts it up
            self.lines.push(Line {
                socket,
                first,
                number,
                state: State::Free(now),
                served: false,
                requests: 0,
            });
            self.tally.connects += 1;
            self.send_new(index, None, now);
        }
        Ok(())
    }

    /// Does what the clock says about a line: gives up a message that is overdue, ends a rest.
    fn look_at(&mut self, index: usize, now: Instant) {
        match self.lines[index].state {
            State::Waiting(asked) | State::Full(asked)
                if now.saturating_duration_since(asked.left) >= self.load.timeout =>
            {
                let timeout = self.load.timeout;
                let why =
                    format!("no reply to a datagram within {timeout:?}: the message or its reply is lost");
                self.fail(index, Failure::new(Class::Timeout, why));
                self.go_on(index, now);
            }
            State::Full(asked) => self.send(index, asked),
            State::Resting(until) if now >= until => self.go_on(index, now),
            State::Waiting(_) | State::Resting(_) | State::Free(_) => {}
        }
    }

    /// Counts a failure, which takes the message with it that is under way.
    fn fail(&mut self, index: usize, failure: Failure) {
        self.tally.failed(failure);
        if let State::Waiting(asked) | State::Full(asked) = self.lines[index].state
            && let Some(due) = asked.due
        {
            self.tally.lost(due);
        }
        self.lines[index].state = State::Resting(Instant::now() + BACK_OFF);
    }

    /// A line has nothing under way: it sends its next message, or waits until it is to.
    fn go_on(&mut self, index: usize, now: Instant) {
        self.lines[index].state = State::Free(now);
        match &mut self.pacer {
            Pacer::Replies => self.send_new(index, None, now),
            Pacer::Pauses { think, ends } => ends.push_back((now + *think, index)),
            Pacer::Schedule { line, .. } => {
                line.push_back(index);
                self.keep_schedule(now);
            }
        }
    }

    fn keep_pace(&mut self, now: Instant) {
        match &self.pacer {
            Pacer::Replies => {}
            Pacer::Pauses { .. } => self.end_pauses(now),
            Pacer::Schedule { .. } => {
                self.pacer.begin(now, self.lines.len() == self.wanted);
                self.keep_schedule(now);
            }
        }
    }

    fn end_pauses(&mut self, now: Instant) {
        while let Pacer::Pauses { ends, .. } = &mut self.pacer
            && let Some((_, index)) = ends.front().copied().filter(|(end, _)| *end <= now)
        {
            ends.pop_front();
            self.send_new(index, None, now);
        }
    }

    /// Has the messages leave that are due, as far as lines are free.
    fn keep_schedule(&mut self, now: Instant) {
        while let Pacer::Schedule { agenda, line, .. } = &mut self.pacer
            && let Some(index) = line.front().copied()
            && let Some(due) = agenda.take(now)
        {
            line.pop_front();
            let free_since = if let State::Free(since) = self.lines[index].state { since } else { now };
            self.send_new(index, Some(due), due.max(free_since));
        }
    }

    /// Sends a line's next message, which could have left at `ready`.
    fn send_new(&mut self, index: usize, due: Option<Instant>, ready: Instant) {
        let now = Instant::now();
        self.lines[index].number = self.lines[index].number.wrapping_add(1);
        let asked = Asked { due, ready, left: now };
        self.tally.leaves(&asked, now);
        self.send(index, asked);
    }

    /// Sends the line's present message.
    fn send(&mut self, index: usize, asked: Asked) {
        let line = &mut self.lines[index];
        self.client.write(line.number, &mut self.message);
        line.state = State::Full(asked);
        let mut refused = false;
        loop {
            match rustix::net::send(&line.socket, &self.message, SendFlags::NOSIGNAL) {
                Ok(_) => {
                    line.state = State::Waiting(asked);
                    return;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // That was said of an earlier message: this one has not been sent yet.
                Err(Errno::CONNREFUSED) if !refused => refused = true,
                Err(error) => return self.fail(index, not_connected(&error.into())),
            }
        }
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
                    self.fail(index, not_connected(&error.into()));
                    continue;
                }
            };
            let now = Instant::now();
            let answer = self.client.check(line.first, line.number, &self.buffer[..bytes]);
            match (answer, line.state) {
                (Answer::Right, State::Waiting(asked)) => {
                    let before = self.tally.requests;
                    self.tally.replied(&asked, now);
                    line.requests += self.tally.requests - before;
                    self.tally.connections_served += usize::from(!line.served);
                    line.served = true;
                    self.go_on(index, now);
                }
                // The answer to a message that was not sent yet, or is not sent again: it came twice.
                (Answer::Right | Answer::Late, _) => {}
                (Answer::Wrong(why), _) => self.fail(index, Failure::new(Class::Wrong, why)),
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
