//! One thread of the generator turning: it waits for events and for the clock, until the window closes.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use mio::{Events, Poll};
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use socket2::Socket;

use super::closed::Slot;
use super::connection::Readiness;
use super::tally::{Cpu, Tally, Window};
use super::{Load, Share};

/// How many events are taken in one turn. Small enough that a turn is short beside the window.
const EVENTS: usize = 256;

/// What a thread does at each turn.
pub(super) trait Duties {
    /// Where its sockets are registered.
    fn poll(&mut self) -> &mut Poll;
    /// Does what is due by the clock.
    fn look_after(&mut self, now: Instant) -> anyhow::Result<()>;
    /// When something will next be due by the clock.
    fn next_care(&self) -> Instant;
    /// Does what an event on the socket of this index allows.
    fn ready(&mut self, index: usize, readiness: Readiness) -> anyhow::Result<()>;
}

/// What is left of a thread when the window has closed.
pub(super) struct Finished {
    pub(super) tally: Tally,
    /// The sockets, which stay open as long as this lives.
    pub(super) open: Open,
}

/// Sockets that stay open.
#[expect(dead_code, reason = "they are kept, not used")]
pub(super) enum Open {
    Streams(Vec<Slot>),
    Datagrams(Vec<Socket>),
}

/// Turns until the window closes or `halt` is set; says what the window cost.
pub(super) fn turn(
    duties: &mut impl Duties,
    share: &Share,
    window: Window,
    halt: &AtomicBool,
) -> anyhow::Result<Cpu> {
    if let Some(processor) = share.processor {
        bind(processor).with_context(|| {
            format!("could not bind a thread to processor {processor}; try one that `nproc` counts")
        })?;
    }
    let mut events = Events::with_capacity(EVENTS);
    let mut at_opening = None;
    loop {
        let now = Instant::now();
        if at_opening.is_none() && now >= window.opens {
            at_opening = Some(Cpu::of_this_thread()?);
        }
        if now >= window.closes || halt.load(Ordering::Relaxed) {
            break;
        }
        duties.look_after(now)?;
        let edge = if at_opening.is_none() { window.opens } else { window.closes };
        let wait = duties.next_care().min(edge).saturating_duration_since(now);
        match duties.poll().poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                return Err(error).context("could not wait for events");
            }
            _ => {}
        }
        for event in &events {
            duties.ready(event.token().0, event.into())?;
        }
    }
    match at_opening {
        Some(at_opening) => Ok(Cpu::of_this_thread()?.since(at_opening)),
        None => Ok(Cpu::default()),
    }
}

/// Binds the calling thread to one processor.
fn bind(processor: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    sched_setaffinity(Pid::from_raw(0), &set)
}

/// How often to look for overdue connections: often enough beside the time limit, and seldom enough to cost nothing.
pub(super) fn scan_period(timeout: Duration) -> Duration {
    (timeout / 4).clamp(Duration::from_millis(10), Duration::from_millis(250))
}

/// The error that ends a load for want of descriptors, if that is what `error` says.
pub(super) fn too_many(load: &Load, error: &io::Error) -> Option<anyhow::Error> {
    let numbers = [Errno::EMFILE as i32, Errno::ENFILE as i32];
    numbers.contains(&error.raw_os_error().unwrap_or_default()).then(|| {
        anyhow!(
            "{} connections need more descriptors than this process may open ({error}); try `ulimit -n`",
            load.connections
        )
    })
}
