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
mod ask;
mod check;
mod connection;
mod cpu;
mod datagrams;
mod drive;
mod latencies;
mod log;
mod outcome;
mod over_time;
mod pacer;
mod replies;
mod schedule;
mod share;
mod source;
mod streams;
mod tally;
mod turn;

use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
pub use reports::record::Offered;

pub use self::ask::{Clients, Company, Load, Pace};
pub use self::check::check;
use self::drive::{Caller, Logging, drive};
use self::log::Log;
pub use self::outcome::Outcome;
pub use self::replies::{Replies, Second};
use self::share::{Share, shares};
use self::tally::Window;

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
        return Ok(Outcome::of(load, finished));
    };
    let (mut file, mut serializer) = (log::create(path)?, V2DeflateSerializer::new());
    let log = Log::begin(&mut file, &mut serializer, path, SystemTime::now() + load.warm_up)?;
    let span = Window::after(Instant::now(), load.warm_up, load.duration, load.epilogue);
    let (collector, intervals) = log::channels(shares.len(), span, load.is_open());
    for (share, intervals) in shares.iter_mut().zip(intervals) {
        share.intervals = Some(intervals);
    }
    let mut logging = Logging { log, collector, replies: &load.replies };
    let mut caller = Caller { window, stop, logging: Some(&mut logging) };
    let mut finished = drive(load, clients, shares, span, &mut caller)?;
    logging.collect()?;
    if let Some(first) = finished.first_mut() {
        first.tally.latencies.add(&logging.collector.total);
    }
    Ok(Outcome::of(load, finished))
}
