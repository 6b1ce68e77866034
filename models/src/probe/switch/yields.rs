//! `yield-coroutine`, `yield-task`: two on one worker, each of which lets the other one through again and again.
//!
//! The kernel sees one thread that computes. may's coroutine saves its registers on its stack, its worker puts it at the
//! end of a queue and takes the first one from there: the way to another coroutine goes over the worker, and so is two
//! changes of stacks. An async task has no stack: it returns `Pending` through all that awaits it down to its worker,
//! having left word that it is to be polled again, and the worker calls the next one. Since the two are all there are,
//! tokio's worker looks after each round whether there is something else to do, as it does for every yield; with drivers
//! for sockets and timers, it would ask the kernel too.
//!
//! A sample is one way, from one to the other. Good where tens of thousands take turns. Bad where one forgets to: nobody
//! takes the worker away from it.
//!
//! Source: the documentation of crates may and tokio.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use may::{coroutine, go};
use tokio::task;

use super::super::one_worker::{Worker, in_coroutine, in_task};
use super::super::samples::Stopwatch;
use super::super::{Measured, Operation, Probe, Samples, Setting, Suite, Trouble};

/// So many ways there and back are in a sample.
const EACH: u32 = 200;

pub(super) const COROUTINE: Probe = Probe {
    suite: Suite::Switch,
    name: "yield-coroutine",
    family: "coroutines",
    summary: "from one coroutine of may to another on the same worker",
    settings: || vec![Setting::of(Operation::Switch)],
    measure: |_, time| in_coroutine(move || coroutines(time)),
};

pub(super) const TASK: Probe = Probe {
    suite: Suite::Switch,
    name: "yield-task",
    family: "tasks",
    summary: "from one task of tokio to another on the same thread",
    settings: || vec![Setting::of(Operation::Switch)],
    measure: |_, time| in_task(Worker::Caller, tasks(time)),
};

fn coroutines(time: Duration) -> Result<Measured, Trouble> {
    let taking = Arc::new(Taking::default());
    let (other, one) = (Arc::clone(&taking), coroutine::current());
    let partner = go!(move || {
        one.unpark();
        while other.goes_on() {
            coroutine::yield_now();
        }
    });
    coroutine::park(); // a worker takes a new one when it has nothing else to do, and who yields is something to do
    let mut stopwatch = Stopwatch::start(time, EACH);
    while stopwatch.goes_on() {
        for _ in 0..EACH {
            coroutine::yield_now();
        }
        taking.lap();
        stopwatch.lap();
    }
    taking.end();
    partner.join().map_err(|_| Trouble::Failed("the other coroutine panicked; try again".to_owned()))?;
    taking.measured(stopwatch.stop())
}

async fn tasks(time: Duration) -> Result<Measured, Trouble> {
    let taking = Arc::new(Taking::default());
    let other = Arc::clone(&taking);
    let partner = tokio::spawn(async move {
        while other.goes_on() {
            task::yield_now().await;
        }
    });
    let mut stopwatch = Stopwatch::start(time, EACH);
    while stopwatch.goes_on() {
        for _ in 0..EACH {
            task::yield_now().await;
        }
        taking.lap();
        stopwatch.lap();
    }
    taking.end();
    partner
        .await
        .map_err(|error| Trouble::Failed(format!("the other task did not end: {error}; try again")))?;
    taking.measured(stopwatch.stop())
}

/// Whether the two take turns: how often each had its own. Both are on one thread, so the counts cost as plain ones do.
#[derive(Default)]
struct Taking {
    mine: AtomicU64,
    theirs: AtomicU64,
    over: AtomicBool,
}

impl Taking {
    /// The other one's turn.
    fn goes_on(&self) -> bool {
        self.theirs.store(self.theirs.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        !self.over.load(Ordering::Relaxed)
    }

    /// A sample's turns of the one who measures.
    fn lap(&self) {
        self.mine.fetch_add(EACH.into(), Ordering::Relaxed);
    }

    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// What was measured, if each time it was the other one's turn that came between.
    fn measured(&self, times: Samples) -> Result<Measured, Trouble> {
        let (mine, theirs) = (self.mine.load(Ordering::Relaxed), self.theirs.load(Ordering::Relaxed));
        // One turn more or less at either end.
        if mine.abs_diff(theirs) > 2 {
            return Err(Trouble::Disturbed(format!(
                "the two did not take turns: {mine} of one, {theirs} of the other; try again"
            )));
        }
        Ok(Measured { times: Some(times.each_was(2)), ..Measured::default() })
    }
}
