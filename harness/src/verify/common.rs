//! The cases that do not ask what is served: many clients, clients who leave without a word, what a server holds on to,
//! and how it ends.

use std::thread;
use std::time::{Duration, Instant};

use models::address::Address;

use super::case::{Case, Verdict, Within, ensure, failed, skipped};
use super::client::{self, Client};
use super::subject::{Subject, eventually, unseen};
use crate::measure::tree::Tree;

/// What these cases have to know of a protocol.
pub(super) struct Protocol {
    /// A whole small request.
    pub(super) request: &'static [u8],
    /// Sends one and checks the answer; says whether the connection stays open.
    pub(super) exchange: fn(&Client) -> Verdict<Stays>,
    /// The same, after which the connection ends in order.
    pub(super) farewell: fn(&Client) -> Verdict,
    /// Has the server owe more than two sockets hold, and reads none of it.
    pub(super) burden: fn(&Client) -> Verdict,
    /// Small requests that have answers of their own.
    pub(super) apart: fn(&Subject) -> Verdict<Apart>,
    /// Sends what must be refused, and hears the refusal to its end; none where nothing is wrong.
    pub(super) refused: Option<fn(&Client) -> Verdict>,
}

/// Whether a connection goes on behind an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    Open,
    /// The server is one that ends it there.
    Closed,
}

/// Requests by number, each of which has an answer of its own: what another client was to get shows.
pub(super) struct Apart {
    pub(super) request: Box<dyn Fn(usize) -> Vec<u8>>,
    /// Reads the answer to the request of this number, and nothing more may have come.
    pub(super) answer: Box<ReadAnswer>,
}

type ReadAnswer = dyn Fn(&Client, usize) -> Verdict<Stays>;

/// How many connections come and go where children might stay.
const SHORT_CONNECTIONS: usize = 100;
/// How many before somebody new comes.
const EARLIER_CONNECTIONS: usize = 1_000;
/// Of so many clients one crashes, where many come and go ...
const CRASHES_EVERY: usize = 10;
/// ... and one, half way between two of those, is refused.
const REFUSED_AT: usize = 5;
/// How many idle clients there are when a server ends, and how many who wait for an answer.
const IDLE_CLIENTS: usize = 20;
const DRAINED_CLIENTS: usize = 20;
/// By how much a server's memory may have grown in the end: so much ...
const GROWTH_BYTES: u64 = 1 << 20;
/// ... and so many hundredths of what it was.
const GROWTH_PERCENT: u64 = 10;
/// What grows by more than so much for each connection, and by more than the rest that allocators round to ...
const LEAK_BYTES: u64 = 128;
const LEAST_LEAK_BYTES: u64 = 256 << 10;
/// ... in each of so many batches of connections leaks: what only fills up stops growing before.
const BATCHES: usize = 3;
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
            "Many clients (--at-once) are connected together, all ask for something of their own before any reads, and \
             each gets its own: a server that serves a few leaves the others waiting, and one whose clients share a \
             buffer gives them each other's answers.",
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
            "Thousands of connections (--connections) come and go, every tenth by a reset within its request and every \
             tenth refused where something can be, after half as many to warm up; then the server has no more \
             descriptors, threads and processes than before, its memory does not grow by 128 bytes for each connection \
             batch after batch, and not by more than 1 MiB and 10%: a server that leaks ends some day.",
            |subject| nothing_kept(subject, protocol),
        ),
        Case::own(
            "children-reaped",
            "After 100 short connections, every tenth of which is reset, when the next client is there, no child of \
             theirs is left, neither alive nor as a zombie: zombies fill the table of processes (wait(2)).",
            |subject| children_reaped(subject, protocol),
        ),
        Case::own(
            "drain-idle",
            "Connections that carry no request when SIGTERM comes are closed, in order and at once: within half the grace, a \
             second, or a fifth of the patience, whichever is most.",
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
            "On SIGTERM, with idle clients connected, the server and all its processes end, in order, and its port (or path) \
             takes no connection any more.",
            |subject| nothing_left(subject, protocol),
        ),
    ]
}

fn many_clients(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let number = subject.several(usize::MAX)?;
    let apart = (protocol.apart)(subject)?;
    let place = |index: usize| format!("client {} of {number}", index + 1);
    subject.allow_for(number);
    let connect = |index| Client::connect(subject).within(place(index));
    let clients: Vec<_> = (0..number).map(connect).collect::<Verdict<_>>()?;
    // What took them long to connect is not to be blamed on their answers.
    subject.allow_for(2 * number);
    let (first, last): (Vec<usize>, Vec<usize>) = ((0..number).collect(), (0..number).rev().collect());
    // Twice, and the second time in the other order: the last to come was waiting the longest.
    for (round, order) in [first, last].into_iter().enumerate() {
        let request = |index| round * number + index;
        for &index in &order {
            clients[index].send(&(apart.request)(request(index))).within(place(index))?;
        }
        let mut all_stay = true;
        for &index in &order {
            let stays = (apart.answer)(&clients[index], request(index)).within(place(index))?;
            all_stay &= stays == Stays::Open;
        }
        if !all_stay {
            break;
        }
    }
    Ok(())
}

/// What a client does before it is gone.
type Act<'a> = &'a dyn Fn(&Client) -> Verdict;

fn abrupt_reset(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let mut neighbour = if subject.has_room_for_two() { Some(Client::connect(subject)?) } else { None };
    let request = protocol.request;
    let half = &request[..request.len() / 2];
    let stages: [(&str, Act<'_>); 4] = [
        ("on arrival", &|_| Ok(())),
        ("within a request", &|client| client.send(half)),
        ("before the answer", &|client| client.send(request)),
        ("within the answer", &|client| {
            (protocol.burden)(client)?;
            client.wait_for_something().map(|_| ())
        }),
    ];
    for (stage, act) in stages {
        let client = Client::connect(subject)?;
        act(&client).within(stage)?;
        client.reset()?;
        let place = |who: &str| format!("{who}, after a reset {stage}");
        serve_one(subject, protocol).within(place("the next client"))?;
        if let Some(there) = &neighbour {
            let stays = (protocol.exchange)(there).within(place("a client who was there before"))?;
            if stays == Stays::Closed {
                neighbour = Some(Client::connect(subject)?);
            }
        }
    }
    Ok(())
}

fn after_many(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    serve_many(subject, protocol, EARLIER_CONNECTIONS)?;
    let client = Client::connect(subject)?;
    (protocol.exchange)(&client).within("the client after all these").map(|_| ())
}

/// One client comes, is served and goes.
pub(super) fn serve_one(subject: &Subject, protocol: &Protocol) -> Verdict {
    (protocol.farewell)(&Client::connect(subject)?)
}

/// Where there is room for another client, one is served now.
pub(super) fn others_are_served(subject: &Subject, protocol: &Protocol) -> Verdict {
    if !subject.has_room_for_two() {
        return Ok(());
    }
    serve_one(subject, protocol).within("another client meanwhile")
}

fn serve_many(subject: &mut Subject, protocol: &Protocol, number: usize) -> Verdict {
    one_after_another(subject, number, |subject, _| serve_one(subject, protocol))
}

/// As many, of whom every tenth crashes, and every tenth is refused where there is something to refuse.
fn serve_all_kinds(subject: &mut Subject, protocol: &Protocol, number: usize) -> Verdict {
    one_after_another(subject, number, |subject, index| match (index % CRASHES_EVERY, protocol.refused) {
        (0, _) => {
            let client = Client::connect(subject)?;
            client.send(&protocol.request[..protocol.request.len() / 2])?;
            client.reset()
        }
        (REFUSED_AT, Some(refused)) => refused(&Client::connect(subject)?),
        _ => serve_one(subject, protocol),
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
            subject.time().left().within("it never came to rest, although nobody is connected")?;
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
    serve_all_kinds(subject, protocol, number.div_ceil(2))?; // pools and allocators grow to what they need
    let before = Holding::settled(subject)?;
    let memory_before = memory(tree)?;
    let step = LEAST_LEAK_BYTES.max(LEAK_BYTES.saturating_mul(number as u64));
    let mut memories = vec![memory_before];
    for batch in 1..=BATCHES {
        serve_all_kinds(subject, protocol, number)?;
        gives_back(subject, before, batch * number)?;
        let limit = memories[batch - 1] + step;
        let mut now = 0;
        let is_still = eventually(A_MOMENT, || {
            now = tree.pss_without_files_bytes()?;
            Ok(now <= limit)
        })?;
        memories.push(now);
        if is_still {
            break;
        }
    }
    let batches = memories.len() - 1;
    let has_grown_each_time = memories.windows(2).all(|pair| pair[1] > pair[0] + step);
    let limit = memory_before + GROWTH_BYTES + memory_before * GROWTH_PERCENT / 100;
    let is_small = memories[batches] <= limit;
    ensure(is_small && !has_grown_each_time, || {
        let all: Vec<String> = memories.iter().map(|bytes| mebibytes(*bytes)).collect();
        format!(
            "its memory went from {}, with {number} connections between two figures: more than {LEAK_BYTES} bytes for each of them, \
             time after time, or {} in the end, would be too much",
            all.join(" to "),
            mebibytes(limit)
        )
    })
}

/// After so many connections the server holds no more than before, as soon as it had the time to let go.
fn gives_back(subject: &Subject, before: Holding, connections: usize) -> Verdict {
    let tree = subject.tree()?;
    let mut after = before;
    let given_back = eventually(subject.patience(), || {
        after = Holding::of(tree)?;
        Ok(after.is_within(before))
    })?;
    ensure(given_back, || {
        format!(
            "after {connections} connections it holds {}; before it held {}",
            after.in_words(),
            before.in_words()
        )
    })
}

fn children_reaped(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let (_, before) = with_one_connected(subject, protocol)?;
    serve_all_kinds(subject, protocol, SHORT_CONNECTIONS)?;
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
    let client = idle_client(subject, protocol)?;
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

/// So many clients who are there and ask for nothing.
fn idle_clients(subject: &Subject, protocol: &Protocol, number: usize) -> Verdict<Vec<Client>> {
    let clients: Vec<_> = (0..number).map(|_| Client::connect(subject)).collect::<Verdict<_>>()?;
    // They have been let in if they were served. Where that ends a connection it is not known of the next one.
    clients.into_iter().map(|client| served(client, subject, protocol)).collect()
}

/// A client who is there, and asks for nothing so far.
pub(super) fn idle_client(subject: &Subject, protocol: &Protocol) -> Verdict<Client> {
    served(Client::connect(subject)?, subject, protocol)
}

/// A client who was served and is still there, or another one in its place.
fn served(client: Client, subject: &Subject, protocol: &Protocol) -> Verdict<Client> {
    match (protocol.exchange)(&client)? {
        Stays::Open => Ok(client),
        Stays::Closed => {
            let next = Client::connect(subject)?;
            thread::sleep(A_MOMENT / 20);
            Ok(next)
        }
    }
}

/// Clients who have asked for what is `apart`, and have had no answer when SIGTERM comes, get it whole.
pub(super) fn drain(subject: &mut Subject, protocol: &Protocol, apart: &Apart) -> Verdict {
    subject.tree()?; // else it can't be stopped
    let number = subject.several(DRAINED_CLIENTS).unwrap_or(1);
    let clients = idle_clients(subject, protocol, number)?;
    subject.ask_to_stop_behind(|| {
        let mut all = clients.iter().enumerate();
        all.try_for_each(|(index, client)| client.send(&(apart.request)(index)))
    })?;
    for (index, client) in clients.iter().enumerate() {
        let place = format!("client {} of {number}, after SIGTERM", index + 1);
        (apart.answer)(client, index).within(&place)?;
        client.expect_end().within(&place)?;
    }
    drop(clients);
    subject.has_stopped()
}

fn ends_in_time(subject: &mut Subject, protocol: &Protocol) -> Verdict {
    let _silent = if subject.has_room_for_two() { Some(idle_client(subject, protocol)?) } else { None };
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
fn takes_connections(address: &Address, within: Duration) -> bool {
    let is_ours = |socket: &socket2::Socket| Address::of(socket).is_ok_and(|ours| ours == *address);
    client::connect(address, within).is_ok_and(|socket| !is_ours(&socket))
}

/// The memory of a server must stay bounded while `burden` runs: it makes the server owe what the client does not read.
pub(super) fn stays_small(subject: &Subject, burden: impl FnOnce() -> Verdict) -> Verdict {
    let memory = Growth::of(subject)?;
    burden()?;
    memory.settles()
}

/// How the memory of a server grows for one client.
pub(super) struct Growth {
    tree: Tree,
    before: u64,
}

impl Growth {
    /// From now on.
    pub(super) fn of(subject: &Subject) -> Verdict<Self> {
        let tree = subject.tree()?;
        Ok(Self { tree, before: memory(tree)? })
    }

    /// It must be bounded so far. Gives what the server holds now.
    pub(super) fn is_bounded(&self) -> Verdict<u64> {
        let now = memory(self.tree)?;
        ensure(now <= self.before + UNREAD_BYTES_AT_MOST, || {
            format!(
                "its memory grew from {} to {} for one client; {} more would be the most",
                mebibytes(self.before),
                mebibytes(now),
                mebibytes(UNREAD_BYTES_AT_MOST)
            )
        })?;
        Ok(now)
    }

    /// It must be bounded, and for as long as it still grows.
    pub(super) fn settles(&self) -> Verdict {
        let begun = Instant::now();
        let mut last = self.is_bounded()?;
        loop {
            thread::sleep(A_MOMENT / 4);
            let now = self.is_bounded()?;
            // As long as it grows it has not gone as far as it can.
            if now <= last + STILL_BYTES && begun.elapsed() >= A_MOMENT {
                return Ok(());
            }
            last = now;
        }
    }
}

fn memory(tree: Tree) -> Verdict<u64> {
    tree.pss_without_files_bytes().or_else(|error| skipped(unseen(&error)))
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
