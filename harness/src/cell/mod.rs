//! From a step of the plan to a cell of the record: start, measure, stop, judge.

mod cost;
mod curve;
mod fairness;
mod interpreter;
mod latency;
mod limit;
mod little;
mod probe;
mod server;
mod task;
mod verdict;
mod wait;
mod waits;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use models::probe::Suite;
use reports::record::{Cell, Placement};

use crate::plan::{ServerStep, ServerSuite, Step, Timing};
use crate::progress::Feed;

pub(crate) use latency::latency;

/// What every measurement needs to know.
#[derive(Clone)]
pub struct Bench<'a> {
    /// How long each load takes.
    pub timing: Timing,
    /// Which processors are whose.
    pub placement: Placement,
    /// Where each cell's latencies are kept, second by second; none: nowhere.
    pub histogram_logs: Option<&'a Path>,
    /// From which round on it is looked at what processes and threads do; none: never.
    pub timelines_from: Option<u32>,
    /// The cell's place in the record, from 1: [`Bench::measure`] sets it.
    pub place: usize,
    /// Set when somebody wants the run to end.
    pub stop: &'a AtomicBool,
    /// Where to say what is measured just now.
    pub feed: Feed,
}

impl Bench<'_> {
    /// The file for a step's latencies. Its number says whose they are, and the rest what to look for: what a step is in full
    /// may be longer than a name can be, or the same in two suites.
    fn histogram_log(&self, step: &ServerStep) -> Option<PathBuf> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '-' };
        let name: String = step.subject.name().chars().map(plain).collect();
        let file = format!("{:04}-{name}-r{}.hlog", self.place, step.round);
        self.histogram_logs.map(|directory| directory.join(file))
    }

    /// Whether it is looked at what processes and threads do in this round.
    fn wants_timeline(&self, round: u32) -> bool {
        self.timelines_from.is_some_and(|from| round >= from)
    }

    /// Takes a step, whose cell comes to stand at this place of the record. Whatever goes wrong becomes the cell's verdict: the
    /// steps after it are not its business.
    pub fn measure(&self, step: &Step, place: usize) -> Cell {
        let bench = Bench { place, ..self.clone() };
        match step {
            Step::Server(step) => {
                let cell = Box::new(server::measure(step, &bench));
                match step.suite {
                    ServerSuite::Servers => Cell::Servers(cell),
                    ServerSuite::Idle => Cell::Idle(cell),
                    ServerSuite::Stevens => Cell::Stevens(cell),
                }
            }
            Step::Task(step) => Cell::Tasks(Box::new(task::measure(step, &bench))),
            Step::Interpreter(step) => Cell::Tasks(Box::new(interpreter::measure(step, &bench))),
            Step::Probe(step) => {
                let cell = Box::new(probe::measure(step, &bench));
                match step.probe.suite {
                    Suite::Spawn => Cell::Spawn(cell),
                    Suite::Switch => Cell::Switch(cell),
                    Suite::Ipc => Cell::Ipc(cell),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use reports::record::Shape;

    use super::*;
    use crate::plan::tests::{TIMING, step};
    use crate::workload::Workload;

    #[test]
    fn no_two_cells_have_one_histogram_log_and_its_name_is_never_too_long() {
        let stop = AtomicBool::new(false);
        let bench = |place| Bench {
            timing: TIMING,
            placement: Placement::default(),
            histogram_logs: Some(Path::new("latency")),
            timelines_from: None,
            place,
            stop: &stop,
            feed: Feed::default(),
        };
        let long = ServerStep {
            workload: Workload::Http { path: format!("/{}", "x".repeat(500)) },
            shape: Shape { idle_connections: Some(5), ..Shape::default() },
            ..step("thread-pool:workers=3,queue=9", 8)
        };
        let name = |place| bench(place).histogram_log(&long).unwrap();
        assert_eq!(name(7), Path::new("latency/0007-thread-pool-r1.hlog"));
        assert_ne!(name(7), name(8), "an attempt at the same step");
    }
}
