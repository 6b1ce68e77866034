//! `sched-yield`: two threads on one processor, each of which lets the other one through again and again.
//!
//! `sched_yield(2)` asks the scheduler to choose anew, and who asks goes behind those who wait for the same processor.
//! Nobody falls asleep and nobody is woken: what is left is the call, the choice, and the registers and stacks of one
//! thread put away for another's. So this is the least that a switch by the kernel costs. Which one is chosen is the
//! scheduler's own affair, so the switches are counted (getrusage(2)) and a sample's time is shared out over as many.
//!
//! Good for measuring. In programs it is mostly a lock that somebody would not write properly.
//!
//! Source: `sched_yield(2)`, getrusage(2), sched(7).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, yield_now};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};

use super::super::placing::{self, Side, Unbound};
use super::super::samples::Stopwatch;
use super::super::{Measured, Operation, Probe, Setting, Sides, Suite, Trouble};

/// So many calls are in a sample.
const EACH: u32 = 50;
/// Where fewer of the calls than that led to the other thread, it was the calls that were measured.
const ENOUGH: f64 = 0.8;

pub(super) const PROBE: Probe = Probe {
    suite: Suite::Switch,
    name: "sched-yield",
    family: "threads",
    summary: "sched_yield(2) between two threads on one processor",
    settings: || vec![Setting { sides: Some(Sides::Together), ..Setting::of(Operation::Switch) }],
    measure: |setting, time| {
        if setting.sides == Some(Sides::Apart) {
            return Err(Trouble::Unsupported(
                "two threads apart have nobody to let through; ask for 'together'".to_owned(),
            ));
        }
        measure(time)
    },
};

fn measure(time: Duration) -> Result<Measured, Trouble> {
    let _unbound = Unbound::now()?;
    let over = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&over);
    let partner = thread::Builder::new().spawn(move || {
        placing::bind(Some(Sides::Together), Side::Other)?;
        while !heard.load(Ordering::Relaxed) {
            yield_now();
        }
        Ok(())
    })?;
    let measured = placing::bind(Some(Sides::Together), Side::One).and_then(|()| measured(time));
    over.store(true, Ordering::Relaxed);
    let yielded =
        partner.join().map_err(|_| Trouble::Failed("the other thread panicked; try again".to_owned()))?;
    yielded.and(measured)
}

fn measured(time: Duration) -> Result<Measured, Trouble> {
    let mut stopwatch = Stopwatch::start(time, EACH);
    let (before, mut calls) = (switches()?, 0_u64);
    while stopwatch.goes_on() {
        for _ in 0..EACH {
            yield_now();
        }
        calls += u64::from(EACH);
        stopwatch.lap();
    }
    let share = ((switches()? - before) as f64 / calls as f64).min(1.0);
    if share < ENOUGH {
        return Err(Trouble::Disturbed(format!(
            "only {:.0}% of the calls led to the other thread; try again when the machine does less",
            share * 100.0
        )));
    }
    Ok(Measured {
        times: Some(stopwatch.stop().each_was(2).where_only(share)), // to the other one and back
        remark: Some(format!("{:.0}% of the calls led to the other thread and back", share * 100.0)),
        ..Measured::default()
    })
}

/// How often the calling thread was switched away from; the kernel counts a yield as involuntary.
fn switches() -> Result<i64, Trouble> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    Ok(usage.voluntary_context_switches() + usage.involuntary_context_switches())
}
