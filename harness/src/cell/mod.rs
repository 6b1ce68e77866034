//! From a step of the plan to a cell of the record: start, measure, stop, judge.

mod cost;
mod latency;
mod server;
mod task;
mod verdict;
mod watch;

use std::sync::atomic::AtomicBool;

use reports::record::{Cell, Placement};

use crate::plan::{Step, Timing};

pub(crate) use latency::latency;

/// What every measurement needs to know.
pub struct Bench<'a> {
    /// How long each load takes.
    pub timing: Timing,
    /// Which processors are whose.
    pub placement: Placement,
    /// Set when somebody wants the run to end.
    pub stop: &'a AtomicBool,
}

impl Bench<'_> {
    /// Takes a step. Whatever goes wrong becomes the cell's verdict: the steps after it are not its business.
    pub fn measure(&self, step: &Step) -> Cell {
        match step {
            Step::Server(step) => Cell::Servers(Box::new(server::measure(step, self))),
            Step::Task(step) => Cell::Tasks(Box::new(task::measure(step, self))),
        }
    }
}
