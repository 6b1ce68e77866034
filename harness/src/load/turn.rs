//! One thread of the generator turning: it waits for events and for the clock, until the load is over.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use mio::{Events, Poll};
use nix::errno::Errno;
use socket2::Socket;

use super::alarm::{ALARM, Alarm};
use super::connection::Readiness;
use super::cpu::Cpu;
use super::share::Share;
use super::streams::Slot;
use super::tally::{Tally, Window};
use super::{Clients, Load, Pace};
use crate::measure::placement::bind_thread;

/// How many events are taken in one turn. Small enough that a turn is short beside the window.
const EVENTS: usize = 256;

/// What a thread does at each turn.
pub(super) trait Duties<'a>: Sized {
    /// Gets ready for the thread's share of a load; nothing is opened yet.
    fn begin(load: &'a Load, clients: Clients<'a>, share: &Share, window: Window) -> anyhow::Result<Self>;
    /// What is left of it when the load is over.
    fn finish(self) -> Finished;
    /// Where its sockets are registered.
    fn poll(&mut self) -> &mut Poll;
    /// What it has counted.
    fn tally(&mut self) -> &mut Tally;
    /// Does what is due by the clock.
    fn look_after(&mut self, now: Instant) -> anyhow::Result<()>;
    /// When something will next be due by the clock, to the millisecond.
    fn next_care(&self) -> Instant;
    /// When a request will next leave by the clock, if one will.
    fn next_request(&self) -> Option<Instant>;
    /// Does what an event on the socket of this index allows.
    fn ready(&mut self, index: usize, readiness: Readiness) -> anyhow::Result<()>;
    /// The load is over: whether nothing is waited for any more that belongs to the window.
    fn is_done(&mut self) -> bool;
    /// Nobody waits any longer for what is.
    fn give_up(&mut self, now: Instant);
}

/// What is left of a thread when the load is over.
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

/// Runs one thread's share of `load` until the window has closed and what follows it is over, or `halt` is set.
pub(super) fn run<'a, D: Duties<'a>>(
    load: &'a Load,
    clients: Clients<'a>,
    mut share: Share,
    window: Window,
    halt: &AtomicBool,
) -> anyhow::Result<Finished> {
    let mut duties = D::begin(load, clients, &share, window)?;
    turn(&mut duties, &mut share, load, window, halt)?;
    Ok(duties.finish())
}

/// Turns until the load is over or `halt` is set, and puts what the window cost into the tally.
fn turn<'a>(
    duties: &mut impl Duties<'a>,
    share: &mut Share,
    load: &Load,
    window: Window,
    halt: &AtomicBool,
) -> anyhow::Result<()> {
    if let Some(processor) = share.processor {
        bind_thread(&[processor]).with_context(|| {
            format!("could not bind a thread to processor {processor}; try one that `nproc` counts")
        })?;
    }
    let mut events = Events::with_capacity(EVENTS);
    let mut alarm = match load.pace {
        Pace::Closed { think } if think.is_zero() => None,
        Pace::Closed { .. } => Some(Alarm::new(duties.poll(), false)?),
        Pace::Open { .. } => Some(Alarm::new(duties.poll(), true)?),
    };
    let mut account = Account::default();
    let replies = load.replies.join();
    let mut ends = window.ends;
    loop {
        let now = Instant::now();
        account.look(now, window)?;
        if let Some(intervals) = &mut share.intervals {
            intervals.turn(now, &mut duties.tally().latencies);
        }
        if halt.load(Ordering::Relaxed) {
            break;
        }
        if now >= window.closes && now < ends && load.replies.are_enough() {
            ends = now;
        }
        let patient_until = ends + load.timeout;
        if now >= ends && (now >= patient_until || duties.is_done()) {
            duties.give_up(now);
            break;
        }
        duties.look_after(now)?;
        let edges = [window.opens, window.closes, ends, patient_until];
        let edge = edges.into_iter().find(|edge| *edge > now).unwrap_or(now);
        let next = share.intervals.as_ref().map_or(edge, |intervals| intervals.next().min(edge));
        let mut wait = duties.next_care().min(next).saturating_duration_since(now);
        if let Some(alarm) = &mut alarm
            && let Some(moment) = duties.next_request()
            && !alarm.wake_at(moment, now)?
        {
            wait = Duration::ZERO;
        }
        match duties.poll().poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                return Err(error).context("could not wait for events");
            }
            _ => {}
        }
        for event in events.iter().filter(|event| event.token() != ALARM) {
            duties.ready(event.token().0, event.into())?;
            replies.set(duties.tally().requests_in_all);
        }
    }
    if let Some(intervals) = share.intervals.take() {
        intervals.finish(Instant::now(), &mut duties.tally().latencies);
    }
    duties.tally().cpu = account.of_window();
    Ok(())
}

/// The thread's processor time at both edges of the window.
#[derive(Default)]
struct Account {
    at_opening: Option<Cpu>,
    at_closing: Option<Cpu>,
}

impl Account {
    fn look(&mut self, now: Instant, window: Window) -> nix::Result<()> {
        for (edge, reading) in [(window.opens, &mut self.at_opening), (window.closes, &mut self.at_closing)] {
            if reading.is_none() && now >= edge {
                *reading = Some(Cpu::of_this_thread()?);
            }
        }
        Ok(())
    }

    fn of_window(&self) -> Cpu {
        let edges = self.at_closing.zip(self.at_opening);
        edges.map_or_else(Cpu::default, |(closing, opening)| closing.since(opening))
    }
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
