//! The cases that do not ask what is served: many clients, clients who leave without a word, what a server holds on to,
//! and how it ends.

use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::case::{Case, Verdict, Within, ensure, failed, skipped};
use super::client::Client;
use super::subject::{Subject, eventually, unseen};
use crate::measure::tree::Tree;

/// What these cases have to know of a protocol.
pub(super) struct Protocol {
    /// A whole small request.
    pub(super) request: &'static [u8],
    /// Sends one and checks the answer; the connection stays open.
    pub(super) exchange: fn(&Client) -> Verdict,
    /// The same, after which the connection ends in order.
    pub(super) farewell: fn(&Client) -> Verdict,
    /// Has the server owe more than two sockets hold, and reads none of it.
    pub(super) burden: fn(&Client) -> Verdict,
}

/// How many connections come and go where children might stay.
const SHORT_CONNECTIONS: usize = 100;
/// How many before somebody new comes.
const EARLIER_CONNECTIONS: usize = 1_000;
/// Of so many clients one crashes, where many come and go.
const CRASHES_EVERY: usize = 10;
/// How many idle clients there are when a server ends.
const IDLE_CLIENTS: usize = 20;
/// By how much a server's memory may have grown: so much ...
const GROWTH_BYTES: u64 = 1 << 20;
/// ... and so many hundredths of what it was.
const GROWTH_PERCENT: u64 = 10;
/// How much a server may hold for one client who does not read: beyond that it would grow with what clients send.
const UNREAD_BYTES_AT_MOST: u64 = 32 << 20;
/// What is no growth worth waiting for.
const STILL_BYTES: u64 = 256 << 10;
/// Time for a server to go as far as it can, before its memory is looked at.
const A_MOMENT: Duration = Duration::from_millis(200);

pub(super) fn cases(protocol: &'static Protocol) -> Vec<Case> {
    vec![
        Case::shared(
            "many-clients",
            "Many clients (--at-once) are connected together and each gets its answers while all stay: a server that \
             serves a few only leaves the others waiting.",
            |subject| many_clients(subject, protocol),
        ),
        Case::shared(
            "abrupt-reset",
            "Clients reset their connections (RST, as a crash does) on arrival, within a request, before the answer and \
             within it; that is their own end, and others are served on.",
            |subject| abrupt_reset(subject, protocol),
        ),
        Case::shared(
            "after-1000-clients",
            "After 1,000 short connections a new client is served like the first.",
            |subject| after_many(subject, protocol),
        ),
        Case::own(
            "nothing-kept",
            "Thousands of connections (--connections) come and go, every tenth by a reset within its request, after half \
             as many to warm up; then the server has no more descriptors, threads and processes than before, and at most \
             1 MiB and 10% more memory: a server that leaks ends some day.",
            |subject| nothing_kept(subject, protocol),
        ),
        Case::own(
            "children-reaped",
            "After 100 short connections, when the next client is there, no child of theirs is left, neither alive nor as \
             a zombie: zombies fill the table of processes (wait(2)).",
            |subject| children_reaped(subject, protocol),
        ),
        Case::own(
            "drain-idle",
            "Connections that carry no request when SIGTERM comes are closed, in order and at once: within half the grace, \
             or a second if that is more.",
            |subject| drain_idle(subject, protocol),
        ),
        Case::own(
            "ends-in-time",
            "On SIGTERM the server ends within its grace (--grace), although one client is silent and another never \
             reads what it is owed.",
            |subject| ends_in_time(subject, protocol),
        ),
        Case::own(
            "nothing-left",
            "On SIGTERM, with idle clients connected, the server and all its processes end, in order, and its port \
             takes no connection any more.",
            |subject| nothing_left(subject, protocol),
        ),
    ]
}

fn many_clients(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let number = subject.several(usize::MAX)?;
    let mut clients = Vec::with_capacity(number);
    for index in 1..=number {
        clients.push(Client::connect(subject).within(format!("client {index} of {number}"))?);
    }
    // Twice, and the second time in the other order: the last to come was waiting the longest.
    for (index, client) in clients.iter().enumerate().chain(clients.iter().enumerate().rev()) {
        (protocol.exchange)(client).within(format!("client {} of {number}", index + 1))?;
    }
    Ok(())
}

/// What a client does before it is gone.
type Act<'a> = &'a dyn Fn(&Client) -> Verdict;

fn abrupt_reset(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let neighbour = if subject.has_room_for_two() { Some(Client::connect(subject)?) } else { None };
    let request = protocol.request;
    let half = &request[..request.len() / 2];
    let stages: [(&str, Act<'_>); 4] = [
        ("on arrival", &|_| Ok(())),
        ("within a request", &|client| client.send(half)),
        ("before the answer", &|client| client.send(request)),
        ("within the answer", &|client| {
            (protocol.burden)(client)?;
            client.wait_for_something()
        }),
    ];
    for (stage, act) in stages {
        let client = Client::connect(subject)?;
        act(&client).within(stage)?;
        client.reset()?;
        let place = |who: &str| format!("{who}, after a reset {stage}");
        serve_one(subject, protocol).within(place("the next client"))?;
        if let Some(neighbour) = &neighbour {
            (protocol.exchange)(neighbour).within(place("a client who was there before"))?;
        }
    }
    Ok(())
}

fn after_many(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    serve_many(subject, protocol, EARLIER_CONNECTIONS)?;
    let client = Client::connect(subject)?;
    (protocol.exchange)(&client).within("the client after all these")
}

/// One client comes, is served and goes.
pub(super) fn serve_one(subject: &Subject, protocol: &Protocol) -> Verdict {
    (protocol.farewell)(&Client::connect(subject)?)
}

fn serve_many(subject: &mut Subject, protocol: &Protocol, number: usize) -> Verdict {
    one_after_another(subject, number, |subject, _| serve_one(subject, protocol))
}

/// As many, of whom every tenth crashes.
fn serve_many_with_crashes(subject: &mut Subject, protocol: &Protocol, number: usize) -> Verdict {
    one_after_another(subject, number, |subject, index| {
        if !index.is_multiple_of(CRASHES_EVERY) {
            return serve_one(subject, protocol);
        }
        let client = Client::connect(subject)?;
        client.send(&protocol.request[..protocol.request.len() / 2])?;
        client.reset()
    })
}

fn one_after_another(
    subject: &mut Subject,
    number: usize,
    serve: impl Fn(&Subject, usize) -> Verdict,
) -> Verdict {
    subject.allow_for(number);
    for index in 1..=number {
        serve(subject, index).within(format!("connection {index} of {number}"))?;
    }
    subject.begin_case(); // the time for what follows
    Ok(())
}

/// What a server holds at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holding {
    descriptors: u64,
    threads: u64,
    processes: u64,
}

impl Holding {
    fn of(tree: Tree) -> std::io::Result<Self> {
        let sample = tree.sample()?;
        Ok(Self { descriptors: tree.descriptors()?, threads: sample.threads, processes: sample.processes })
    }

    /// What it holds once that has stopped changing.
    fn settled(subject: &Subject) -> Verdict<Self> {
        let tree = subject.tree()?;
        let look = || Self::of(tree).or_else(|error| skipped(unseen(&error)));
        let mut last = look()?;
        loop {
            thread::sleep(A_MOMENT / 4);
            let now = look()?;
            if now == last {
                return Ok(now);
            }
            ensure(Instant::now() < subject.time().until, || {
                "it never came to rest, although nobody is connected".to_owned()
            })?;
            last = now;
        }
    }

    fn is_within(self, before: Self) -> bool {
        self.descriptors <= before.descriptors
            && self.threads <= before.threads
            && self.processes <= before.processes
    }

    fn in_words(self) -> String {
        let Self { descriptors, threads, processes } = self;
        format!("{descriptors} descriptors, {threads} threads and {processes} processes")
    }
}

fn nothing_kept(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let tree = subject.tree()?;
    let number = subject.facts().settings.connections;
    serve_many_with_crashes(subject, protocol, number.div_ceil(2))?; // pools and allocators grow to what they need
    let before = Holding::settled(subject)?;
    let memory_before = memory(tree)?;
    serve_many_with_crashes(subject, protocol, number)?;
    let mut after = before;
    let given_back = eventually(subject.patience(), || {
        after = Holding::of(tree)?;
        Ok(after.is_within(before))
    })?;
    ensure(given_back, || {
        format!(
            "after {number} connections it holds {}; before it held {}",
            after.in_words(),
            before.in_words()
        )
    })?;
    let limit = memory_before + GROWTH_BYTES + memory_before * GROWTH_PERCENT / 100;
    let memory_after = memory(tree)?;
    ensure(memory_after <= limit, || {
        format!(
            "after {number} connections it has {} of memory; before it had {}, and {} would be the most",
            mebibytes(memory_after),
            mebibytes(memory_before),
            mebibytes(limit)
        )
    })
}

fn children_reaped(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let (_, before) = with_one_connected(subject, protocol)?;
    serve_many(subject, protocol, SHORT_CONNECTIONS)?;
    let (mut zombies, mut processes) = (0, before);
    let deadline = Instant::now() + subject.patience();
    while Instant::now() < deadline {
        (zombies, processes) = with_one_connected(subject, protocol)?;
        if zombies == 0 && processes <= before {
            return Ok(());
        }
        thread::sleep(A_MOMENT);
    }
    failed(format!(
        "after {SHORT_CONNECTIONS} connections, with one more client connected, there are {zombies} zombies and \
         {processes} processes alive; before there were {before}"
    ))
}

/// How many zombies and living processes there are while a client is connected: a server may wait for its children when
/// the next client comes, and that leaves none that had ended by then.
fn with_one_connected(subject: &Subject, protocol: &Protocol) -> Verdict<(u64, u64)> {
    let tree = subject.tree()?;
    thread::sleep(A_MOMENT); // who has just left may not have been noticed yet
    let client = Client::connect(subject)?;
    (protocol.exchange)(&client)?;
    thread::sleep(A_MOMENT / 4);
    let looked = || Ok::<_, std::io::Error>((tree.zombies()?, tree.sample()?.processes));
    let found = looked().or_else(|error| skipped(unseen(&error)))?;
    (protocol.farewell)(&client)?;
    Ok(found)
}

fn drain_idle(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let number = subject.several(IDLE_CLIENTS).unwrap_or(1);
    let clients = idle_clients(subject, protocol, number)?;
    subject.ask_to_stop()?;
    for client in &clients {
        client.expect_end().within("an idle connection after SIGTERM")?;
    }
    subject.was_soon().within("the end of the idle connections")?;
    subject.has_stopped()
}

/// So many clients who were served and stay.
fn idle_clients(subject: &Subject, protocol: &Protocol, number: usize) -> Verdict<Vec<Client>> {
    let clients: Vec<_> = (0..number).map(|_| Client::connect(subject)).collect::<Verdict<_>>()?;
    for client in &clients {
        (protocol.exchange)(client)?;
    }
    Ok(clients)
}

fn ends_in_time(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let _silent = if subject.has_room_for_two() {
        let client = Client::connect(subject)?;
        (protocol.exchange)(&client)?;
        Some(client)
    } else {
        None
    };
    let stalled = Client::connect(subject)?;
    (protocol.burden)(&stalled)?;
    subject.ask_to_stop()?;
    subject.has_stopped()
}

fn nothing_left(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let number = subject.several(IDLE_CLIENTS).unwrap_or(1);
    let _clients = idle_clients(subject, protocol, number)?;
    let trouble = subject.stop()?.trouble();
    ensure(trouble.is_none(), || format!("the server {}", trouble.unwrap_or_default()))?;
    // A port that was given back may be somebody else's for a moment: a client's, say.
    let is_taken = || takes_connections(subject.address(), subject.patience());
    let is_kept = is_taken() && {
        thread::sleep(A_MOMENT * 5);
        is_taken()
    };
    ensure(!is_kept, || "the server has ended, but its port still takes connections".to_owned())
}

/// Whether somebody else takes connections at `address`: where nobody listens, the kernel may pick that very port for our
/// end, and we would be talking to ourselves.
fn takes_connections(address: SocketAddr, within: Duration) -> bool {
    let connected = TcpStream::connect_timeout(&address, within);
    connected.is_ok_and(|stream| stream.local_addr().is_ok_and(|ours| ours != address))
}

/// The memory of a server must stay bounded while `burden` runs: it makes the server owe what the client does not read.
pub(super) fn stays_small(subject: &Subject, burden: impl FnOnce() -> Verdict) -> Verdict {
    let tree = subject.tree()?;
    let before = memory(tree)?;
    burden()?;
    let mut after = memory(tree)?;
    let begun = Instant::now();
    loop {
        ensure(after <= before + UNREAD_BYTES_AT_MOST, || {
            format!(
                "its memory grew from {} to {} for one client who does not read; {} more would be the most",
                mebibytes(before),
                mebibytes(after),
                mebibytes(UNREAD_BYTES_AT_MOST)
            )
        })?;
        thread::sleep(A_MOMENT / 4);
        let now = memory(tree)?;
        // As long as it grows it has not gone as far as it can.
        if now <= after + STILL_BYTES && begun.elapsed() >= A_MOMENT {
            return Ok(());
        }
        after = now;
    }
}

fn memory(tree: Tree) -> Verdict<u64> {
    tree.pss_bytes().or_else(|error| skipped(unseen(&error)))
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
