//! The load generator: one closed loop per connection, spread over a few threads.
//!
//! Each connection sends a request, waits for its reply, checks it, and at once sends the next: a closed loop, so
//! the server sets the pace. Each thread is one event loop over its share of the connections and allocates
//! nothing per request, be it over a connection that is kept open or over a new one.
//!
//! Connections are opened in batches, each thread its share, and rest after their first reply until all have been
//! opened: a server under load accepts slowly, its backlog would overflow, and the kernel repeats a dropped
//! connect only after a second. A batch of 128 takes as long as the server takes to answer it, and at most 30 ms,
//! so 10,000 connections want a warm-up of up to 2.4 s over the number of threads.
//!
//! # Datagrams
//!
//! Over UDP a connection is a connected socket with one message under way. A message without a reply within the time
//! limit counts as lost, a timeout, and the next one is sent over the same socket; messages carry a number, so that a late
//! reply is not taken for the next one's.
//!
//! # Which replies count
//!
//! A reply belongs to the measured window if its last byte was read in it, whenever its request was sent. The
//! count and the latencies are of the very same replies. Requests that were already under way when the window
//! opened make up for those still under way when it closes, so in a steady state the rate has no bias, and a
//! request longer than the warm-up is not lost. The latencies are those of whole replies, timed in full; what was
//! still unanswered at the close is in neither figure, so no latency longer than warm-up and window together
//! can be seen.

mod closed;
mod connection;
mod datagrams;
mod tally;
mod turn;

use std::any::Any;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use hdrhistogram::Histogram;
use models::address::Address;
use reports::record::{Errors, Schedule};
use workloads::client::Client;
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;

use self::tally::{Tally, Window};
use self::turn::Finished;
use crate::transport::Transport;

/// How often the calling thread looks around while the generator works.
const WATCH_EVERY: Duration = Duration::from_millis(200);

/// What sets the pace of a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// A connection's next request leaves when its reply is there: the server sets the pace.
    Closed {
        /// How long each connection pauses in between.
        think: Duration,
    },
    /// Requests leave by a schedule, whatever the server does, over whichever connection is free. Where none is, they leave
    /// as soon as one is, in order, and their latency counts from when they should have left.
    Open {
        /// Requests a second, over all connections.
        rate: f64,
        /// How they are spaced.
        schedule: Schedule,
        /// What the distances follow from, where they are random.
        seed: u64,
    },
}

impl Default for Pace {
    fn default() -> Self {
        Self::Closed { think: Duration::ZERO }
    }
}

/// Connections beside the measured ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Company {
    /// Those that are answered once and then say nothing.
    pub idle: usize,
    /// Those that send their requests byte by byte, and whose replies do not count.
    pub slow: usize,
    /// Those that ask for something else, each as fast as it is answered.
    pub beside: usize,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Clients<'a> {
    /// By the measured connections, and by the idle and slow ones.
    pub measured: &'a dyn Client,
    /// By those beside them.
    pub beside: Option<&'a dyn Client>,
}

impl<'a> Clients<'a> {
    /// All ask for the same.
    pub fn of(measured: &'a dyn Client) -> Self {
        Self { measured, beside: None }
    }
}

/// What to do to a server.
pub struct Load {
    /// Where it listens.
    pub address: Address,
    /// What to go over; it must go with the address.
    pub transport: Transport,
    /// How many measured connections to keep open at once.
    pub connections: usize,
    /// What sets the pace.
    pub pace: Pace,
    /// How many requests may be under way at once on each connection.
    pub pipeline: usize,
    /// Who else is connected.
    pub company: Company,
    /// Over how many threads to spread them.
    pub threads: usize,
    /// Whether a connection carries many requests (true) or each request brings its own (false). Datagrams need none.
    pub keep_alive: bool,
    /// What goes before the measured window and does not count. Connecting is part of it.
    pub warm_up: Duration,
    /// The measured window.
    pub duration: Duration,
    /// How long the load goes on after the window: there the server may be looked at in ways that would disturb it.
    pub epilogue: Duration,
    /// Where to write the latencies, second by second, in the log format of `HdrHistogram`; none: nowhere.
    pub histogram_log: Option<PathBuf>,
    /// After this long without a whole reply a request is given up.
    pub timeout: Duration,
    /// The processors the threads are bound to, in turn; empty: not bound.
    pub processors: Vec<usize>,
}

impl Default for Load {
    /// A closed loop over one connection for a second, to nowhere: the address is for the caller to fill in.
    fn default() -> Self {
        Self {
            address: ([127, 0, 0, 1], 0).into(),
            transport: Transport::Tcp,
            connections: 1,
            pace: Pace::default(),
            pipeline: 1,
            company: Company::default(),
            threads: 1,
            keep_alive: true,
            warm_up: Duration::ZERO,
            duration: Duration::from_secs(1),
            epilogue: Duration::ZERO,
            histogram_log: None,
            timeout: Duration::from_secs(2),
            processors: Vec::new(),
        }
    }
}

/// What came of it.
pub struct Outcome {
    /// How long the window was.
    pub seconds: f64,
    /// Whole and right replies in the window.
    pub requests: u64,
    /// Whole and right replies in all, the warm-up's included.
    pub requests_in_all: u64,
    /// Connections made, in all; over UDP, sockets that were answered or at least not refused.
    pub connects: u64,
    /// With keep-alive: how many of the connections were answered at least once. The others starved: they were
    /// connected and waited to the end, which is no error.
    pub connections_served: usize,
    /// What went wrong in the window and the warm-up, by class.
    pub errors: Errors,
    /// The first wrong reply or failed call in words, for the row's reason.
    pub first_error: Option<String>,
    /// From just before the request's first byte was written to just after the last byte of its reply was read,
    /// in nanoseconds, for replies in the window; with a new connection per request, connecting is not in it.
    /// Above a minute it reads as a minute.
    pub latency_ns: Histogram<u64>,
    /// Processor time of the generator's threads in the window, user mode, in seconds.
    pub user_s: f64,
    /// The same in the kernel.
    pub system_s: f64,
    /// In an open loop: as `latency_ns`, from when the request did leave.
    pub uncorrected_ns: Option<Histogram<u64>>,
    /// In an open loop: how much later than it could have each request left.
    pub lag_ns: Option<Histogram<u64>>,
    /// As `latency_ns`, of those who ask for something else.
    pub beside_ns: Option<Histogram<u64>>,
    /// Whole and right replies in the epilogue.
    pub requests_after: u64,
}

/// A moment at which the caller may want to look at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The measured window opens.
    Opens,
    /// The measured window closes.
    Closes,
    /// The epilogue is over, if there is one.
    Ended,
}

/// Puts `load` on a server with `client`'s requests, and returns once the window has closed.
///
/// `window` is called on the calling thread at both edges of the measured window; in between, that thread sleeps
/// and looks at `stop` a few times a second. The generator stops asking as the window closes, and every connection
/// stays open until `window` has returned: what the server looks like then is what it looked like under load, and
/// none of its children has ended yet.
///
/// # Errors
///
/// What a server does wrong is counted, not returned. Errors are loads that make no sense, a machine that refuses
/// a thread, a processor or a descriptor, a panic in `client`, and `stop`.
pub fn run(
    load: &Load,
    clients: Clients<'_>,
    window: &mut dyn FnMut(Edge),
    stop: &AtomicBool,
) -> anyhow::Result<Outcome> {
    let client = clients.measured;
    check(load, client)?;
    let span = Window::after(Instant::now(), load.warm_up, load.duration);
    let halt = AtomicBool::new(false);
    let finished = thread::scope(|scope| {
        let mut workers = Vec::with_capacity(load.threads);
        for share in shares(load) {
            let halt = &halt;
            let worker = thread::Builder::new()
                .name("load".to_owned())
                .spawn_scoped(scope, move || match load.transport {
                    Transport::Tcp | Transport::Unix => closed::run(load, client, &share, span, halt),
                    Transport::Udp => datagrams::run(load, client, &share, span, halt),
                })
                .inspect_err(|_| halt.store(true, Ordering::Relaxed))
                .context("could not start a thread of the load generator; try fewer threads")?;
            workers.push(worker);
        }
        let watched = watch(span, &workers, window, stop);
        if watched != Watched::ToTheEnd {
            halt.store(true, Ordering::Relaxed);
        }
        // All are joined before the first error is returned: a panic left unjoined would become our own.
        let finished: Vec<_> = workers.into_iter().map(joined).collect();
        let finished = finished.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(watched == Watched::ToTheEnd, "the load was interrupted");
        Ok(finished)
    })?;
    Ok(outcome(load, finished))
}

/// Refuses loads that make no sense.
fn check(load: &Load, client: &dyn Client) -> anyhow::Result<()> {
    ensure!(load.connections > 0, "a load needs at least one connection");
    ensure!(load.threads > 0, "a load needs at least one thread");
    ensure!(!load.duration.is_zero(), "the measured window is empty; try a duration of 1s");
    ensure!(!load.timeout.is_zero(), "a timeout of zero gives every request up; try 5s");
    ensure!(!client.request().is_empty(), "an empty request asks for nothing");
    Transport::for_address(Some(load.transport), &load.address)?;
    if load.transport == Transport::Udp {
        ensure!(client.as_datagrams().is_some(), "this workload has no datagrams; try echo");
        let bytes = client.request().len();
        ensure!(
            bytes <= DATAGRAM_BYTES_AT_MOST,
            "a datagram has room for {DATAGRAM_BYTES_AT_MOST} bytes, and the message has {bytes}"
        );
    }
    Ok(())
}

/// One thread's part of the load.
struct Share {
    connections: usize,
    processor: Option<usize>,
}

/// Spreads the connections evenly; no thread goes without.
fn shares(load: &Load) -> impl Iterator<Item = Share> {
    let threads = load.threads.min(load.connections);
    let (each, over) = (load.connections / threads, load.connections % threads);
    (0..threads).map(move |thread| Share {
        connections: each + usize::from(thread < over),
        processor: load.processors.get(thread % load.processors.len().max(1)).copied(),
    })
}

/// How the calling thread's watch ended.
#[derive(PartialEq, Eq)]
enum Watched {
    ToTheEnd,
    Stopped,
    /// A thread of the generator ended before its time; joining it says why.
    Forsaken,
}

type Worker<'scope> = ScopedJoinHandle<'scope, anyhow::Result<Finished>>;

/// Sleeps through the load, calling `window` at its edges.
fn watch(span: Window, workers: &[Worker<'_>], window: &mut dyn FnMut(Edge), stop: &AtomicBool) -> Watched {
    for (edge, at) in [(Edge::Opens, span.opens), (Edge::Closes, span.closes)] {
        loop {
            let ended = workers.iter().any(ScopedJoinHandle::is_finished);
            let left = at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            if ended {
                return Watched::Forsaken;
            }
            if stop.load(Ordering::Relaxed) {
                return Watched::Stopped;
            }
            thread::sleep(left.min(WATCH_EVERY));
        }
        window(edge);
    }
    Watched::ToTheEnd
}

fn joined(worker: Worker<'_>) -> anyhow::Result<Finished> {
    worker.join().unwrap_or_else(|panic| {
        Err(anyhow!("a thread of the load generator panicked: {}", panic_text(panic.as_ref())))
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

fn outcome(load: &Load, finished: Vec<Finished>) -> Outcome {
    let mut sum = Tally::new();
    for thread in finished {
        drop(thread.open);
        sum.merge(thread.tally);
    }
    Outcome {
        seconds: load.duration.as_secs_f64(),
        requests: sum.latency_ns.len(),
        requests_in_all: sum.requests_in_all,
        connects: sum.connects,
        connections_served: sum.connections_served,
        errors: sum.errors,
        first_error: sum.first_error.map(|(_, why)| why),
        latency_ns: sum.latency_ns,
        user_s: sum.cpu.user.as_secs_f64(),
        system_s: sum.cpu.system.as_secs_f64(),
        uncorrected_ns: None,
        lag_ns: None,
        beside_ns: None,
        requests_after: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(connections: usize, threads: usize, processors: &[usize]) -> Load {
        Load { connections, threads, processors: processors.to_vec(), ..Load::default() }
    }

    #[test]
    fn connections_are_spread_evenly() {
        let spread = |connections, threads| {
            shares(&load(connections, threads, &[])).map(|share| share.connections).collect::<Vec<_>>()
        };
        assert_eq!(spread(10, 3), [4, 3, 3]);
        assert_eq!(spread(2, 8), [1, 1]);
    }

    #[test]
    fn threads_take_the_processors_in_turn() {
        let bound = |processors: &[usize]| {
            shares(&load(9, 3, processors)).map(|share| share.processor).collect::<Vec<_>>()
        };
        assert_eq!(bound(&[4, 6]), [Some(4), Some(6), Some(4)]);
        assert_eq!(bound(&[]), [None; 3]);
    }
}
