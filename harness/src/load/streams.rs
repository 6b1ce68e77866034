//! One thread's connections: an event loop that opens them, keeps them at work and reopens what has ended.
//!
//! How the measured ones keep the pace is in `pace.rs`.

mod pace;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Context;
use mio::{Poll, Token};
use socket2::SockAddr;
use workloads::client::Client;

use super::connection::{Connection, Fate, Opening, Readiness, Role, Script, Shared, Spare, not_connected};
use super::pacer::Pacer;
use super::share::Share;
use super::source::Source;
use super::tally::{Class, Failure, Tally, Window};
use super::turn::{Duties, Finished, Open, scan_period, too_many};
use super::{Clients, Load, Pace};

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

/// How often a slow connection sends a byte. A request of 50 bytes then takes half a second, which a server with a time limit
/// of some seconds lets pass.
const SLOW_BYTE_EVERY: Duration = Duration::from_millis(10);

/// What a slot's connections have come to so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Past {
    Nothing,
    /// The first one has failed.
    Settled,
    /// A whole reply.
    Served,
}

/// One of the connections the load asks for; it is reopened whenever it ends.
pub(super) struct Slot {
    role: Role,
    connection: Option<Connection>,
    /// What its last connection has left for the next one.
    spare: Option<Spare>,
    /// What has come over this and earlier connections of the slot.
    past: Past,
    /// Whether it is closed for a while, after a failure or since there was no room.
    backing_off: bool,
    /// Since when there has been no room in the server's queue.
    queueing_since: Option<Instant>,
    /// Whether it stands in the line of those that are free for a scheduled request.
    in_line: bool,
    /// Since when it has been free.
    free_since: Instant,
    /// How many pauses of a closed loop are under way.
    pauses: usize,
    /// Replies in the window.
    requests: u64,
}

impl Slot {
    fn new(role: Role, now: Instant) -> Self {
        Self {
            role,
            connection: None,
            spare: None,
            past: Past::Nothing,
            backing_off: false,
            queueing_since: None,
            in_line: false,
            free_since: now,
            pauses: 0,
            requests: 0,
        }
    }
}

/// The state of one thread.
pub(super) struct Loop<'a> {
    load: &'a Load,
    clients: Clients<'a>,
    address: SockAddr,
    source: Source,
    shared: Shared,
    pacer: Pacer,
    poll: Poll,
    /// The idle ones first, then the slow ones, those that ask for something else, and the measured ones.
    slots: Vec<Slot>,
    /// Which of them are slow.
    slow: std::ops::Range<usize>,
    /// How many slots have been opened for the first time, from the front.
    opened: usize,
    settled: usize,
    next_batch: Instant,
    /// Slots whose connection failed or found no room, with when to reopen them, the earliest first.
    failed: VecDeque<(Instant, usize)>,
    next_reopening: Instant,
    next_scan: Instant,
    next_byte: Instant,
}

impl<'a> Duties<'a> for Loop<'a> {
    fn begin(load: &'a Load, clients: Clients<'a>, share: &Share, window: Window) -> anyhow::Result<Self> {
        let now = Instant::now();
        let address = load.address.to_sockaddr()?;
        let company = share.company;
        let roles = [
            (Role::Idle, company.idle),
            (Role::Slow, company.slow),
            (Role::Beside, company.beside),
            (Role::Measured, share.connections),
        ];
        let slots = roles.iter().flat_map(|(role, count)| (0..*count).map(|_| Slot::new(*role, now)));
        let slots: Vec<Slot> = slots.collect();
        let open_loop = load.is_open();
        let beside = clients.beside.map(Client::request);
        Ok(Self {
            load,
            clients,
            source: Source::towards(&address),
            address,
            shared: Shared {
                script: Script::new(clients.measured.request(), load.pipeline),
                beside: beside.map(|request| Script::new(request, 1)),
                keep_alive: load.keep_alive,
                pipeline: load.pipeline,
                at_once: load.pace == Pace::default(),
                opening: true,
                tally: Tally::new(window, open_loop, load.company.beside > 0),
                received: now,
                buffer: Shared::buffer(),
            },
            pacer: Pacer::new(load, share, window, slots.len()),
            poll: Poll::new().context("could not open an epoll instance")?,
            failed: VecDeque::with_capacity(slots.len()),
            slow: company.idle..company.idle + company.slow,
            slots,
            opened: 0,
            settled: 0,
            next_batch: now,
            next_reopening: now,
            next_scan: now,
            next_byte: now,
        })
    }

    fn finish(mut self) -> Finished {
        if self.load.keep_alive {
            let measured = self.slots.iter().filter(|slot| slot.role == Role::Measured);
            self.shared.tally.connection_requests = measured.map(|slot| slot.requests).collect();
        }
        Finished { tally: self.shared.tally, open: Open::Streams(self.slots) }
    }

    fn poll(&mut self) -> &mut Poll {
        &mut self.poll
    }

    fn tally(&mut self) -> &mut Tally {
        &mut self.shared.tally
    }

    fn next_request(&self) -> Option<Instant> {
        self.pacer.next_request()
    }

    fn is_done(&mut self) -> bool {
        self.pacer.is_done(&self.shared.tally)
    }

    fn give_up(&mut self, now: Instant) {
        self.count_unanswered(now);
    }

    /// Does what is due by the clock.
    fn look_after(&mut self, now: Instant) -> anyhow::Result<()> {
        if self.opened < self.slots.len() && (self.settled >= self.opened || now >= self.next_batch) {
            self.next_batch = now + BATCH_EVERY;
            self.open_batch()?;
            if self.opened == self.slots.len() {
                self.wake_all(now)?;
            }
        }
        if !self.failed.is_empty() && now >= self.next_reopening {
            self.reopen_failed(now)?;
        }
        if now >= self.next_scan {
            self.give_up_overdue(now);
            self.next_scan = now + scan_period(self.load.timeout);
        }
        if !self.slow.is_empty() && now >= self.next_byte {
            self.next_byte = now + SLOW_BYTE_EVERY;
            self.send_slow_bytes()?;
        }
        self.keep_pace(now)
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
        if !self.slow.is_empty() {
            next = next.min(self.next_byte);
        }
        next
    }

    fn ready(&mut self, index: usize, readiness: Readiness) -> anyhow::Result<()> {
        let slot = &mut self.slots[index];
        let Some(connection) = &mut slot.connection else { return Ok(()) };
        let before = self.shared.tally.requests;
        let fate = connection.ready(readiness, &mut self.shared);
        slot.requests += self.shared.tally.requests - before;
        if slot.past != Past::Served && connection.answered() {
            self.shared.tally.connections_served += usize::from(slot.role == Role::Measured);
            self.settle(index, Past::Served);
        }
        match fate {
            Ok(Fate::Open) => self.answered(index),
            Ok(Fate::Ended) => {
                self.end(index);
                self.go_on(index)
            }
            Err(failure) => {
                self.fail(index, failure);
                Ok(())
            }
        }
    }
}

impl Loop<'_> {
    fn open_batch(&mut self) -> anyhow::Result<()> {
        let end = self.slots.len().min(self.opened + BATCH);
        for index in self.opened..end {
            self.open(index, None)?;
        }
        self.opened = end;
        Ok(())
    }

    /// All connections have been opened: those that rest after their first reply go on.
    fn wake_all(&mut self, now: Instant) -> anyhow::Result<()> {
        self.shared.opening = false;
        for index in 0..self.slots.len() {
            if let Some(connection) = &mut self.slots[index].connection
                && connection.answered()
            {
                connection.go_on_by_itself(now, &self.shared);
                self.ready(index, Readiness::default())?;
            }
        }
        Ok(())
    }

    fn send_slow_bytes(&mut self) -> anyhow::Result<()> {
        for index in self.slow.clone() {
            if let Some(connection) = &mut self.slots[index].connection {
                connection.allow_a_byte();
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
                    self.slots[index].backing_off = false;
                    self.go_on(index)?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    /// Opens a slot's connection, with a first request that was due then if a schedule asks for it. What the server does wrong
    /// is a failure of the slot; that this process may open no more descriptors ends the load, which could not be what
    /// was asked for.
    fn open(&mut self, index: usize, due: Option<Instant>) -> anyhow::Result<()> {
        let slot = &mut self.slots[index];
        let client = match (slot.role, self.clients.beside) {
            (Role::Beside, Some(beside)) => beside,
            _ => self.clients.measured,
        };
        let pipeline = self.load.pipeline;
        let spare = slot.spare.take().unwrap_or_else(|| Spare::new(client.checker(), pipeline));
        let mut connection = match Connection::open(slot.role, &self.address, &mut self.source, spare) {
            Opening::Begun(connection) => connection,
            Opening::QueueFull(spare) => {
                slot.spare = Some(spare);
                self.queue(index, due);
                return Ok(());
            }
            Opening::Failed(error, spare) => {
                slot.spare = Some(spare);
                if let Some(refusal) = too_many(self.load, &error) {
                    return Err(refusal);
                }
                self.fail(index, not_connected(&error));
                return Ok(());
            }
        };
        slot.queueing_since = None;
        let ready = slot.free_since.max(due.unwrap_or(slot.free_since));
        connection.ask(due, ready, &self.shared);
        match connection.start(&mut self.shared, self.poll.registry(), Token(index)) {
            Ok(()) => slot.connection = Some(connection),
            Err(failure) => {
                slot.connection = Some(connection); // which fails with what it was asked
                self.fail(index, failure);
            }
        }
        Ok(())
    }

    fn give_up_overdue(&mut self, now: Instant) {
        for index in 0..self.opened {
            let slot = &self.slots[index];
            let may_starve = self.load.keep_alive && slot.past != Past::Served;
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
    fn queue(&mut self, index: usize, due: Option<Instant>) {
        let now = Instant::now();
        if let Some(due) = due {
            self.pacer.give_back(due);
        }
        let slot = &mut self.slots[index];
        let since = *slot.queueing_since.get_or_insert(now);
        if now.saturating_duration_since(since) < self.load.timeout {
            slot.backing_off = true;
            self.failed.push_back((now + BACK_OFF, index));
        } else {
            slot.queueing_since = None;
            let why = format!(
                "no connection came about within {:?}: the server's queue is full",
                self.load.timeout
            );
            self.fail(index, Failure::new(Class::Connect, why));
        }
    }

    /// A connection has ended in order. What it was asked for and did not answer is to be asked again.
    fn end(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        let Some(connection) = slot.connection.take() else { return };
        for (due, left) in connection.scheduled() {
            self.shared.tally.given_back(due, left);
            self.pacer.give_back(due);
        }
        // Closed before the next one is opened.
        slot.spare = Some(connection.close());
    }

    /// Counts a failure, closes the slot's connection, and has it reopened after a while.
    fn fail(&mut self, index: usize, failure: Failure) {
        self.shared.tally.failed(failure);
        let slot = &mut self.slots[index];
        if let Some(connection) = slot.connection.take() {
            connection.scheduled().for_each(|(due, _)| self.shared.tally.lost(due));
        }
        slot.backing_off = true;
        self.failed.push_back((Instant::now() + BACK_OFF, index));
        self.settle(index, Past::Settled);
    }

    /// The slot's connections have come to something.
    fn settle(&mut self, index: usize, past: Past) {
        let slot = &mut self.slots[index];
        self.settled += usize::from(slot.past == Past::Nothing);
        if slot.past < past {
            slot.past = past;
        }
    }
}
