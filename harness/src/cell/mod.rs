//! From a step of the plan to a cell of the record: start, measure, stop, judge.

mod cost;
mod latency;
mod server;
mod task;
mod verdict;
mod waits;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use reports::record::{Cell, Placement};

use crate::plan::{ServerStep, ServerSuite, Step, Timing};

pub(crate) use latency::latency;

/// What every measurement needs to know.
pub struct Bench<'a> {
    /// How long each load takes.
    pub timing: Timing,
    /// Which processors are whose.
    pub placement: Placement,
    /// Where each cell's latencies are kept, second by second; none: nowhere.
    pub histogram_logs: Option<&'a Path>,
    /// Set when somebody wants the run to end.
    pub stop: &'a AtomicBool,
}

impl Bench<'_> {
    /// The file for a step's latencies. Its name says whose they are; those of a step that is measured again replace the
    /// first ones.
    fn histogram_log(&self, step: &ServerStep) -> Option<PathBuf> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '-' };
        let name: String = step.to_string().replace(", ", "_").chars().map(plain).collect();
        self.histogram_logs.map(|directory| directory.join(format!("{name}.hlog")))
    }

    /// Takes a step. Whatever goes wrong becomes the cell's verdict: the steps after it are not its business.
    pub fn measure(&self, step: &Step) -> Cell {
        match step {
            Step::Server(step) => {
                let cell = Box::new(server::measure(step, self));
                match step.suite {
                    ServerSuite::Servers => Cell::Servers(cell),
                    ServerSuite::Idle => Cell::Idle(cell),
                    ServerSuite::Stevens => Cell::Stevens(cell),
                }
            }
            Step::Task(step) => Cell::Tasks(Box::new(task::measure(step, self))),
        }
    }
}
