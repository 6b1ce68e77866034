//! The load generator: connections under a closed or an open loop, spread over a few threads.
//!
//! In a closed loop each connection sends a request, waits for its reply, checks it, and then sends the next, at once or
//! after a pause: the server sets the pace. In an open loop requests are due by a schedule, whatever the server does, and
//! leave over whichever connection is free. Each thread is one event loop over its share of the connections and of
//! the schedule and allocates nothing per request, be it over a connection that is kept open or over a new one.
//!
//! Connections are opened in batches, each thread its share, and rest after their first reply until all have been
//! opened: a server under load accepts slowly, its backlog would overflow, and the kernel repeats a dropped
//! connect only after a second. A batch of 128 takes as long as the server takes to answer it, and at most 30 ms,
//! so 10,000 connections want a warm-up of up to 2.4 s over the number of threads. Those that are idle, slow or ask for
//! something else come first, so that the server has them when it gets to those that are measured.
//!
//! # The open loop
//!
//! Its schedule begins once all connections have been opened, and with the window at the latest. Each connection has
//! brought one reply by then, to a request beside the schedule, which is in no latency; one that is never answered takes no
//! request with it. Where no connection is free when a request is due, nothing is put aside: the request leaves, in its
//! turn, as soon as one is, and its latency counts from when it was due (wrk2 calls that corrected for coordinated
//! omission). How late the generator itself was, from when the request was due and a connection was free, is the lag. When a
//! connection became free is when its reply was read: a generator that is too busy to read replies shows it in its
//! processor time.
//!
//! # Datagrams
//!
//! Over UDP a connection is a connected socket with one message under way. A message without a reply within the time
//! limit counts as lost, a timeout, and the next one is sent over the same socket; messages carry a number, so that a late
//! reply is not taken for the next one's.
//!
//! # Which replies count
//!
//! A reply belongs to the measured window if its last byte was read in it, whenever its request was sent: that is the count
//! and the rate. Requests that were already under way when the window
//! opened make up for those still under way when it closes, so in a steady state the rate has no bias, and a
//! request longer than the warm-up is not lost.
//!
//! In a closed loop the latencies are of the very same replies. They are those of whole replies, timed in full; what was
//! still unanswered at the close is in neither figure, so no latency longer than warm-up and window together
//! can be seen.
//!
//! In an open loop that would flatter a server that falls behind: what it had not got to when the window closed would
//! have been its worst latencies. So there the latencies are of all requests that were *due* in the window, each once. What was
//! not answered by its close is waited for, and what could not leave yet still leaves, for as long as a request may
//! take (`timeout`); whatever is left then is counted with the time it has waited, which is more than the timeout and less than
//! it would have come to ([`Offered::unanswered`]). Only requests whose connection failed are in no latency: they are
//! errors.

mod alarm;
mod connection;
mod datagrams;
mod log;
mod pacer;
mod replies;
mod schedule;
mod share;
mod source;
mod streams;
mod tally;
mod turn;

use std::any::Any;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, anyhow, ensure};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use models::address::Address;
pub use reports::record::Offered;
use reports::record::{Errors, Schedule};
use workloads::client::Client;
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;

use self::log::{Collector, Log};
pub use self::replies::Replies;
use self::share::{Share, shares};
use self::tally::{Tally, Window};
use self::turn::Finished;
use crate::transport::Transport;

/// How often the calling thread looks around while the generator works.
const WATCH_EVERY: Duration = Duration::from_millis(200);
/// The same while it waits for what was due in the window, which mostly takes no longer than a request.
const WATCH_END_EVERY: Duration = Duration::from_millis(5);

/// The most requests a second that may be asked for, which is more than any machine can send.
pub const RATE_AT_MOST: f64 = 1e8;
/// The most requests that may be under way at once on one connection.
pub const PIPELINE_AT_MOST: usize = 4096;

/// A side that uses this much of its processors can't do more.
pub const BUSY_SHARE: f64 = 0.95;
/// A rate is kept if so much of it leaves, or is answered.
pub const KEPT_SHARE: f64 = 0.99;
/// A generator whose requests leave later than this by its own fault, in microseconds, is late.
pub const LATE_US: f64 = 1_000.0;
/// Where so many of the connections were in use on average, there was mostly none for the next request.
pub const IN_USE_SHARE: f64 = 0.90;

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
    /// How long the load goes on after the window at most: there the server may be looked at in ways that would disturb it.
    /// [`Replies::enough`] ends it earlier.
    pub epilogue: Duration,
    /// Where its threads say how many replies they have had.
    pub replies: Replies,
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
            replies: Replies::default(),
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
    /// In nanoseconds, to just after the last byte of the reply was read. In a closed loop from just before the request's first
    /// byte was written, for replies in the window; with a new connection per request, connecting is not in it. In an open
    /// loop from when the request was due, for requests due in the window; connecting and waiting for a free
    /// connection are then in it. Above a minute it reads as a minute.
    pub latency_ns: Histogram<u64>,
    /// Processor time of the generator's threads in the window, user mode, in seconds.
    pub user_s: f64,
    /// The same in the kernel.
    pub system_s: f64,
    /// How often they left their processors in the window because they had to wait.
    pub voluntary_switches: u64,
    /// How often their processors were taken away.
    pub involuntary_switches: u64,
    /// How long they could have run in the window and no processor was free, in seconds, summed; none where the kernel does not
    /// say.
    pub run_queue_wait_s: Option<f64>,
    /// In an open loop: what has become of the schedule's requests.
    pub offered: Option<Offered>,
    /// In an open loop: as `latency_ns`, from when the request did leave, for those that were answered.
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

/// Puts `load` on a server with the clients' requests, and returns once it is over.
///
/// `window` is called on the calling thread at the edges of the measured window and at the epilogue's end; in between, that
/// thread sleeps, looks at `stop` a few times a second, and writes the histogram log. The generator stops asking as
/// window and epilogue end, but for what was due in the window, and every connection
/// stays open until `window` has returned: what the server looks like then is what it looked like under load, and
/// none of its children has ended yet. The load does not wait for `window`: who does something at the window's close may take
/// the epilogue for it, and says [`Replies::enough`] at its end.
///
/// # Errors
///
/// What a server does wrong is counted, not returned. Errors are loads that make no sense, a machine that refuses
/// a thread, a processor, a descriptor or room on a disk, a panic in a client, and `stop`.
pub fn run(
    load: &Load,
    clients: Clients<'_>,
    window: &mut dyn FnMut(Edge),
    stop: &AtomicBool,
) -> anyhow::Result<Outcome> {
    check(load, clients)?;
    let mut shares: Vec<Share> = shares(load).collect();
    let Some(path) = &load.histogram_log else {
        let span = Window::after(Instant::now(), load.warm_up, load.duration, load.epilogue);
        let finished = drive(load, clients, shares, span, &mut Caller { window, stop, logging: None })?;
        return Ok(outcome(load, finished));
    };
    let (mut file, mut serializer) = (log::create(path)?, V2DeflateSerializer::new());
    let log = Log::begin(&mut file, &mut serializer, path, SystemTime::now() + load.warm_up)?;
    let span = Window::after(Instant::now(), load.warm_up, load.duration, load.epilogue);
    let (collector, intervals) = log::channels(shares.len(), span, is_open(load));
    for (share, intervals) in shares.iter_mut().zip(intervals) {
        share.intervals = Some(intervals);
    }
    let mut logging = Logging { log, collector };
    let mut caller = Caller { window, stop, logging: Some(&mut logging) };
    let mut finished = drive(load, clients, shares, span, &mut caller)?;
    logging.collect()?;
    if let Some(first) = finished.first_mut() {
        first.tally.latencies.add(&logging.collector.total);
    }
    Ok(outcome(load, finished))
}

fn is_open(load: &Load) -> bool {
    matches!(load.pace, Pace::Open { .. })
}

/// The histogram log, and what is to be written to it.
struct Logging<'a> {
    log: Log<'a>,
    collector: Collector,
}

impl Logging<'_> {
    fn collect(&mut self) -> anyhow::Result<()> {
        self.collector.collect(|begin, length, latencies| self.log.write(begin, length, latencies))
    }
}

/// What the calling thread does meanwhile.
struct Caller<'a, 'b> {
    window: &'a mut dyn FnMut(Edge),
    stop: &'a AtomicBool,
    logging: Option<&'a mut Logging<'b>>,
}

/// Runs all threads to their end.
fn drive(
    load: &Load,
    clients: Clients<'_>,
    shares: Vec<Share>,
    span: Window,
    caller: &mut Caller<'_, '_>,
) -> anyhow::Result<Vec<Finished>> {
    let halt = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut workers = Vec::with_capacity(shares.len());
        for share in shares {
            let halt = &halt;
            let worker = thread::Builder::new()
                .name("load".to_owned())
                .spawn_scoped(scope, move || match load.transport {
                    Transport::Tcp | Transport::Unix => {
                        turn::run::<streams::Loop<'_>>(load, clients, share, span, halt)
                    }
                    Transport::Udp => turn::run::<datagrams::Loop<'_>>(load, clients, share, span, halt),
                })
                .inspect_err(|_| halt.store(true, Ordering::Relaxed))
                .context("could not start a thread of the load generator; try fewer threads")?;
            workers.push(worker);
        }
        let watched = caller.watch(load, span, &workers);
        if !matches!(watched, Ok(Watched::ToTheEnd)) {
            halt.store(true, Ordering::Relaxed);
        }
        // All are joined before the first error is returned: a panic left unjoined would become our own.
        let finished: Vec<_> = workers.into_iter().map(joined).collect();
        let finished = finished.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        ensure!(watched? == Watched::ToTheEnd, "the load was interrupted");
        Ok(finished)
    })
}

/// Refuses loads that make no sense, as [`run`] does before it begins.
pub fn check(load: &Load, clients: Clients<'_>) -> anyhow::Result<()> {
    let client = clients.measured;
    ensure!(load.connections > 0, "a load needs at least one connection");
    ensure!(load.threads > 0, "a load needs at least one thread");
    ensure!(!load.duration.is_zero(), "the measured window is empty; try a duration of 1s");
    ensure!(!load.timeout.is_zero(), "a timeout of zero gives every request up; try 5s");
    ensure!(!client.request().is_empty(), "an empty request asks for nothing");
    ensure!(
        (1..=PIPELINE_AT_MOST).contains(&load.pipeline),
        "{} requests can't be under way at once on a connection; try 1 to {PIPELINE_AT_MOST}",
        load.pipeline
    );
    if let Pace::Open { rate, .. } = load.pace {
        ensure!(
            rate > 0.0 && rate <= RATE_AT_MOST,
            "{rate} requests a second can't be asked for; try 1 to {RATE_AT_MOST}"
        );
    }
    check_company(load, clients)?;
    Transport::for_address(Some(load.transport), &load.address)?;
    if load.transport == Transport::Udp {
        check_datagrams(load, client)?;
    }
    Ok(())
}

fn check_company(load: &Load, clients: Clients<'_>) -> anyhow::Result<()> {
    let Company { idle, slow, beside } = load.company;
    if !load.keep_alive {
        ensure!(
            load.pipeline == 1,
            "a connection for each request has no room for several; try a pipeline of 1"
        );
        ensure!(
            idle + slow + beside == 0,
            "connections beside the measured ones stay open, and those must then stay open too"
        );
    }
    let asked = clients.beside.is_some_and(|client| !client.request().is_empty());
    ensure!(beside == 0 || asked, "connections that ask for something else need to know for what");
    Ok(())
}

fn check_datagrams(load: &Load, client: &dyn Client) -> anyhow::Result<()> {
    ensure!(client.as_datagrams().is_some(), "this workload has no datagrams; try echo");
    let bytes = client.request().len();
    ensure!(
        bytes <= DATAGRAM_BYTES_AT_MOST,
        "a datagram has room for {DATAGRAM_BYTES_AT_MOST} bytes, and the message has {bytes}"
    );
    ensure!(load.pipeline == 1, "over UDP one message is under way on each socket; try a pipeline of 1");
    ensure!(
        load.company == Company::default(),
        "over UDP there is no such thing as a slow or an idle connection"
    );
    Ok(())
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

impl Caller<'_, '_> {
    /// Sleeps through the load, calling `window` at its edges.
    fn watch(&mut self, load: &Load, span: Window, workers: &[Worker<'_>]) -> anyhow::Result<Watched> {
        let epilogue = (!load.epilogue.is_zero()).then_some((Edge::Ended, span.ends));
        let edges = [(Edge::Opens, span.opens), (Edge::Closes, span.closes)];
        for (edge, at) in edges.into_iter().chain(epilogue) {
            loop {
                let ended = workers.iter().any(ScopedJoinHandle::is_finished);
                let left = at.saturating_duration_since(Instant::now());
                let over = edge == Edge::Ended && load.replies.are_enough();
                if left.is_zero() || over {
                    break;
                }
                if ended {
                    return Ok(Watched::Forsaken);
                }
                if !self.look()? {
                    return Ok(Watched::Stopped);
                }
                thread::sleep(left.min(WATCH_EVERY));
            }
            (self.window)(edge);
        }
        while is_open(load) && !workers.iter().all(ScopedJoinHandle::is_finished) {
            if !self.look()? {
                return Ok(Watched::Stopped);
            }
            thread::sleep(WATCH_END_EVERY);
        }
        Ok(Watched::ToTheEnd)
    }

    /// Does what is to be done now and then. False: somebody wants the load to end.
    fn look(&mut self) -> anyhow::Result<bool> {
        if let Some(logging) = &mut self.logging {
            logging.collect()?;
        }
        Ok(!self.stop.load(Ordering::Relaxed))
    }
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
    let now = Instant::now();
    let window = Window::after(now, load.warm_up, load.duration, load.epilogue);
    let mut sum = Tally::new(window, is_open(load), load.company.beside > 0);
    for thread in finished {
        drop(thread.open);
        sum.merge(thread.tally);
    }
    let kept = sum.kept;
    let offered = Offered { due: kept.due, left: kept.left, unanswered: kept.unanswered };
    Outcome {
        seconds: load.duration.as_secs_f64(),
        requests: sum.requests,
        requests_in_all: sum.requests_in_all,
        connects: sum.connects,
        connections_served: sum.connections_served,
        errors: sum.errors,
        first_error: sum.first_error.map(|(_, why)| why),
        latency_ns: sum.latencies.latency,
        user_s: sum.cpu.user.as_secs_f64(),
        system_s: sum.cpu.system.as_secs_f64(),
        voluntary_switches: sum.cpu.voluntary,
        involuntary_switches: sum.cpu.involuntary,
        run_queue_wait_s: sum.cpu.queued.map(|queued| queued.as_secs_f64()),
        offered: is_open(load).then_some(offered),
        uncorrected_ns: sum.latencies.uncorrected,
        lag_ns: sum.lag,
        beside_ns: sum.beside,
        requests_after: sum.requests_after,
    }
}
