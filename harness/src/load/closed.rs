//! The closed loop of one thread: an event loop over its share of the connections.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::Context;
use mio::{Poll, Token};
use socket2::SockAddr;
use workloads::client::{Checker, Client};

use super::connection::{Connection, Fate, Readiness, Shared, not_connected};
use super::tally::{Class, Failure, Window};
use super::turn::{Duties, Finished, Open, scan_period, too_many, turn};
use super::{Load, Share};

/// How many connections are opened together. Servers' backlogs start at 128 (std's), and a full one drops
/// connects, which the kernel repeats only after a second.
const BATCH: usize = 128;

/// The next batch is opened once the last one has been answered, or after this long: a server that leaves
/// connections waiting must get them all the same.
const BATCH_EVERY: Duration = Duration::from_millis(30);

/// How long a failed connection stays closed, and how long one waits that found a Unix socket's queue full.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Failed connections are reopened this often and this many at a time: a server that refuses all is asked at most
/// 1,600 times a second, however many connections there are.
const REOPEN_EVERY: Duration = Duration::from_millis(5);
const REOPENED_AT_ONCE: usize = 8;

/// One of the connections the load asks for; it is reopened whenever it ends.
#[derive(Default)]
pub(super) struct Slot {
    connection: Option<Connection>,
    /// The checker of its last connection, for the next one.
    checker: Option<Box<dyn Checker>>,
    /// Whether a whole reply has come, over this or an earlier connection of the slot.
    served: bool,
    /// Whether the first connection has come to anything, a reply or a failure.
    settled: bool,
    /// Since when there has been no room in the server's queue.
    queueing_since: Option<Instant>,
}

/// The state of one thread.
struct Loop<'a> {
    load: &'a Load,
    address: SockAddr,
    client: &'a dyn Client,
    shared: Shared<'a>,
    poll: Poll,
    slots: Vec<Slot>,
    /// How many slots have been opened for the first time, from the front.
    opened: usize,
    settled: usize,
    next_batch: Instant,
    /// Slots whose connection failed or found no room, with when to reopen them, the earliest first.
    failed: VecDeque<(Instant, usize)>,
    next_reopening: Instant,
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
        address: load.address.to_sockaddr()?,
        client,
        shared: Shared::new(client.request(), load.keep_alive, window),
        poll: Poll::new().context("could not open an epoll instance")?,
        slots: (0..share.connections).map(|_| Slot::default()).collect(),
        opened: 0,
        settled: 0,
        next_batch: now,
        failed: VecDeque::with_capacity(share.connections),
        next_reopening: now,
        next_scan: now,
    };
    it.shared.tally.cpu = turn(&mut it, share, window, halt)?;
    Ok(Finished { tally: it.shared.tally, open: Open::Streams(it.slots) })
}

impl Duties for Loop<'_> {
    fn poll(&mut self) -> &mut Poll {
        &mut self.poll
    }

    /// Does what is due by the clock.
    fn look_after(&mut self, now: Instant) -> anyhow::Result<()> {
        if self.opened < self.slots.len() && (self.settled >= self.opened || now >= self.next_batch) {
            self.next_batch = now + BATCH_EVERY;
            self.open_batch()?;
            if self.opened == self.slots.len() {
                self.wake_all()?;
            }
        }
        if !self.failed.is_empty() && now >= self.next_reopening {
            self.reopen_failed(now)?;
        }
        if now >= self.next_scan {
            self.give_up_overdue(now);
            self.next_scan = now + scan_period(self.load.timeout);
        }
        Ok(())
    }

    /// When something will next be due by the clock.
    fn next_care(&self) -> Instant {
        let mut next = self.next_scan;
        if self.opened < self.slots.len() {
            next = next.min(self.next_batch);
        }
        if let Some((due, _)) = self.failed.front() {
            next = next.min(self.next_reopening.max(*due));
        }
        next
    }

    fn ready(&mut self, index: usize, readiness: Readiness) -> anyhow::Result<()> {
        let slot = &mut self.slots[index];
        let Some(connection) = &mut slot.connection else { return Ok(()) };
        let fate = connection.ready(readiness, &mut self.shared);
        if !slot.served && connection.answered() {
            slot.served = true;
            self.shared.tally.connections_served += 1;
            self.settle(index);
        }
        match fate {
            Ok(Fate::Open) => {}
            Ok(Fate::Ended) => {
                let slot = &mut self.slots[index];
                // Closed before the next one is opened.
                slot.checker = slot.connection.take().map(Connection::close);
                self.open(index)?;
            }
            Err(failure) => self.fail(index, failure),
        }
        Ok(())
    }
}

impl Loop<'_> {
    fn open_batch(&mut self) -> anyhow::Result<()> {
        let end = self.slots.len().min(self.opened + BATCH);
        for index in self.opened..end {
            self.open(index)?;
        }
        self.opened = end;
        Ok(())
    }

    /// All connections have been opened: those that rest after their first reply go on.
    fn wake_all(&mut self) -> anyhow::Result<()> {
        self.shared.opening = false;
        for index in 0..self.slots.len() {
            if let Some(connection) = &mut self.slots[index].connection {
                connection.wake();
                self.ready(index, Readiness::default())?;
            }
        }
        Ok(())
    }

    fn reopen_failed(&mut self, now: Instant) -> anyhow::Result<()> {
        self.next_reopening = now + REOPEN_EVERY;
        for _ in 0..REOPENED_AT_ONCE {
            match self.failed.front() {
                Some(&(due, index)) if due <= now => {
                    self.failed.pop_front();
                    self.open(index)?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Opens a slot's connection. What the server does wrong is a failure of the slot; that this process may open
    /// no more descriptors ends the load, which could not be what was asked for.
    fn open(&mut self, index: usize) -> anyhow::Result<()> {
        let checker = self.slots[index].checker.take().unwrap_or_else(|| self.client.checker());
        let mut connection = match Connection::open(&self.address, checker) {
            Ok(Some(connection)) => connection,
            Ok(None) => {
                self.queue(index);
                return Ok(());
            }
            Err(error) => {
                if let Some(refusal) = too_many(self.load, &error) {
                    return Err(refusal);
                }
                self.fail(index, not_connected(&error));
                return Ok(());
            }
        };
        self.slots[index].queueing_since = None;
        match connection.start(&mut self.shared, self.poll.registry(), Token(index)) {
            Ok(()) => self.slots[index].connection = Some(connection),
            Err(failure) => self.fail(index, failure),
        }
        Ok(())
    }

    fn give_up_overdue(&mut self, now: Instant) {
        for index in 0..self.opened {
            let slot = &self.slots[index];
            let may_starve = self.load.keep_alive && !slot.served;
            let overdue = slot
                .connection
                .as_ref()
                .and_then(|connection| connection.overdue(now, self.load.timeout, may_starve));
            if let Some(failure) = overdue {
                self.fail(index, failure);
            }
        }
    }

    /// There is no room in the server's queue: tries again after a while, as TCP does by itself.
    fn queue(&mut self, index: usize) {
        let now = Instant::now();
        let since = *self.slots[index].queueing_since.get_or_insert(now);
        if now.saturating_duration_since(since) < self.load.timeout {
            self.failed.push_back((now + BACK_OFF, index));
        } else {
            self.slots[index].queueing_since = None;
            let why = format!(
                "no connection came about within {:?}: the server's queue is full",
                self.load.timeout
            );
            self.fail(index, Failure::new(Class::Connect, why));
        }
    }

    /// Counts a failure, closes the slot's connection, and has it reopened after a while.
    fn fail(&mut self, index: usize, failure: Failure) {
        self.shared.tally.failed(failure);
        self.slots[index].connection = None;
        self.failed.push_back((Instant::now() + BACK_OFF, index));
        self.settle(index);
    }

    fn settle(&mut self, index: usize) {
        if !self.slots[index].settled {
            self.slots[index].settled = true;
            self.settled += 1;
        }
    }
}
