//! What a server holds on to when its clients have gone: descriptors, threads, processes and memory.

use std::thread;
use std::time::Instant;

use super::memory::{mebibytes, memory};
use super::{A_MOMENT, Protocol, idle_client, one_after_another, serve_one};
use crate::measure::tree::Tree;
use crate::verify::case::{Case, Verdict, Within, ensure, failed, skipped};
use crate::verify::client::Client;
use crate::verify::subject::{Subject, eventually, unseen};

/// How many connections come and go where children might stay.
const SHORT_CONNECTIONS: usize = 100;
/// Of so many clients one crashes, where many come and go ...
const CRASHES_EVERY: usize = 10;
/// ... and one, half way between two of those, is refused.
const REFUSED_AT: usize = 5;
/// By how much a server's memory may have grown in the end: so much ...
const GROWTH_BYTES: u64 = 1 << 20;
/// ... and so many hundredths of what it was.
const GROWTH_PERCENT: u64 = 10;
/// What grows by more than so much for each connection, and by more than the rest that allocators round to ...
const LEAK_BYTES: u64 = 128;
const LEAST_LEAK_BYTES: u64 = 256 << 10;
/// ... in each of so many batches of connections leaks: what only fills up stops growing before.
const BATCHES: usize = 3;

pub(super) fn cases(protocol: &'static Protocol) -> Vec<Case> {
    vec![
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
    ]
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

/// What a server holds at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holding {
    descriptors: u64,
    threads: u64,
    processes: u64,
}

impl Holding {
    /// What the processes of `tree` hold just now.
    pub(crate) fn of(tree: Tree) -> std::io::Result<Self> {
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

    /// Whether it is no more than there was `before`.
    pub(crate) fn is_within(self, before: Self) -> bool {
        self.descriptors <= before.descriptors
            && self.threads <= before.threads
            && self.processes <= before.processes
    }

    /// The same in words.
    pub(crate) fn in_words(self) -> String {
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
            now = tree.fileless_bytes()?;
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
