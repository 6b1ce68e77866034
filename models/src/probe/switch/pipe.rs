//! `pipe-processes`, `pipe-threads`: a byte there and back, so that each waits for the other and the kernel goes between
//! them.
//!
//! Two pipes, one each way. Who has written (write(2)) goes to sleep in read(2) until the other one, woken by that byte, has
//! written back. A sample is half of that: one switch, a write and a read, and where the two are apart the way from one
//! processor to another, which has to be woken from its idle state.
//!
//! Two threads share their page tables, two processes don't: going from one process to another also changes what addresses
//! mean (the register CR3), and where the processor does not tag its TLB, empties it. How little that is today, the two rows
//! show side by side. Together on one processor, the switch is all there is; apart, the wake-up is most of it.
//!
//! Source: pipe(7), sched(7); `lat_ctx` of L. `McVoy` and C. Staelin, "lmbench: portable tools for performance analysis", 1996.

use std::thread;
use std::time::Duration;

use super::super::partner::Partner;
use super::super::pipes::{self, End};
use super::super::placing::{self, Side, Unbound};
use super::super::{Measured, Probe, Samples, Setting, Suite, Trouble};
use super::both_sides;
use crate::forking::Alone;

pub(super) const PROCESSES: Probe = Probe {
    suite: Suite::Switch,
    name: "pipe-processes",
    family: "processes",
    summary: "half of a byte's way to another process and back, over two pipes",
    settings: both_sides,
    measure: processes,
};

pub(super) const THREADS: Probe = Probe {
    suite: Suite::Switch,
    name: "pipe-threads",
    family: "threads",
    summary: "half of a byte's way to another thread and back, over two pipes",
    settings: both_sides,
    measure: threads,
};

fn processes(setting: &Setting, time: Duration) -> Result<Measured, Trouble> {
    let _unbound = Unbound::now()?;
    let alone = Alone::wait()?;
    let (mine, theirs) = pipes::ends()?;
    let sides = setting.sides;
    let (_partner, mine) = Partner::fork(&alone, mine, move || {
        placing::bind(sides, Side::Other)?;
        theirs.answer()
    })?;
    placing::bind(sides, Side::One)?;
    measured(mine, time)
}

fn threads(setting: &Setting, time: Duration) -> Result<Measured, Trouble> {
    let _unbound = Unbound::now()?;
    let (mine, theirs) = pipes::ends()?;
    let sides = setting.sides;
    let partner = thread::Builder::new().spawn(move || {
        placing::bind(sides, Side::Other)?;
        theirs.answer()
    })?;
    // It hears the end of the pipe when `mine` goes, in whichever way.
    let measured = placing::bind(sides, Side::One).and_then(|()| measured(mine, time));
    let answered =
        partner.join().unwrap_or_else(|_| Err(Trouble::Failed("the other thread panicked".to_owned())));
    measured.and_then(|measured| answered.map(|()| measured))
}

/// Sends bytes there and back.
fn measured(mut mine: End, time: Duration) -> Result<Measured, Trouble> {
    let mut byte = 0;
    let times = Samples::take(time, 1, || mine.there_and_back(&mut byte))?;
    Ok(Measured { times: Some(times.each_was(2)), ..Measured::default() })
}
