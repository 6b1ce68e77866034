//! Starts the generator's threads, watches over them from the calling one, and joins them.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};

use super::log::{Collector, Log};
use super::share::Share;
use super::tally::Window;
use super::turn::{self, Finished};
use super::{Clients, Edge, Load, Replies, datagrams, streams};
use crate::transport::Transport;

/// How often the calling thread looks around while the generator works.
const WATCH_EVERY: Duration = Duration::from_millis(200);
/// The same while it waits for what was due in the window, which mostly takes no longer than a request.
const WATCH_END_EVERY: Duration = Duration::from_millis(5);

/// The histogram log, and what is to be written to it.
pub(super) struct Logging<'a> {
    pub(super) log: Log<'a>,
    pub(super) collector: Collector,
    /// Where each second is published.
    pub(super) replies: &'a Replies,
}

impl Logging<'_> {
    pub(super) fn collect(&mut self) -> anyhow::Result<()> {
        self.collector.collect(|begin, length, latencies| {
            self.replies.publish(&latencies.latency);
            self.log.write(begin, length, latencies)
        })
    }
}

/// What the calling thread does meanwhile.
pub(super) struct Caller<'a, 'b> {
    pub(super) window: &'a mut dyn FnMut(Edge),
    pub(super) stop: &'a AtomicBool,
    pub(super) logging: Option<&'a mut Logging<'b>>,
}

/// Runs all threads to their end.
pub(super) fn drive(
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
        while load.is_open() && !workers.iter().all(ScopedJoinHandle::is_finished) {
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
