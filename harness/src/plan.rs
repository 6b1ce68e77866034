//! What a run measures, and in which order: blocks, each with every cell once, shuffled.
//!
//! A machine's speed drifts. In a block all models meet the same weather, and the shuffled order keeps any of them
//! from always coming after the same neighbour.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use models::executor::Executor;
use models::options::Choice;
use models::server::Room;
use workloads::task::Task;

use crate::subject::Subject;
use crate::transport::Transport;
use crate::workload::Workload;

/// A pool gets a worker for each connection, up to so many: with fewer, some clients would never be served.
const WORKERS_AT_MOST: usize = 256;
/// What goes with each server cell besides its load: starting, stopping, reading figures.
const OVERHEAD: Duration = Duration::from_millis(150);

/// One measurement to make.
#[derive(Clone)]
pub enum Step {
    /// A server under a load.
    Server(ServerStep),
    /// An executor over a task.
    Task(TaskStep),
}

/// A server under a load.
#[derive(Clone)]
pub struct ServerStep {
    /// The server.
    pub subject: Subject,
    /// What is asked.
    pub workload: Workload,
    /// What it is asked over.
    pub transport: Transport,
    /// How many connections are open at once.
    pub connections: usize,
    /// Whether a connection carries many requests.
    pub keep_alive: bool,
    /// Which round this is, from 1.
    pub round: u32,
}

/// An executor over a task.
#[derive(Clone)]
pub struct TaskStep {
    /// The executor.
    pub executor: &'static Executor,
    /// Its name and options.
    pub choice: Choice,
    /// The task.
    pub task: Arc<dyn Task>,
    /// How many jobs.
    pub jobs: usize,
    /// Which round this is, from 1.
    pub round: u32,
}

/// What is to be measured.
pub struct Plan {
    /// Every step in the order of measuring.
    pub steps: Vec<Step>,
    /// The load on each server.
    pub timing: Timing,
    /// What the order follows from.
    pub seed: u64,
}

/// How long each load takes.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// What does not count.
    pub warm_up: Duration,
    /// What counts.
    pub duration: Duration,
    /// After this long without a reply a request is given up.
    pub timeout: Duration,
}

/// The loads to put on every server.
pub struct Loads {
    /// What is asked.
    pub workloads: Vec<Workload>,
    /// What it is asked over.
    pub transports: Vec<Transport>,
    /// How many connections, in turn.
    pub connections: Vec<usize>,
    /// Whether every request brings its own connection.
    pub new_connections: bool,
}

/// The server cells of one round.
pub fn server_steps(subjects: &[Subject], loads: &Loads) -> Vec<ServerStep> {
    let mut steps = Vec::new();
    for workload in &loads.workloads {
        for transport in &loads.transports {
            for connections in &loads.connections {
                for subject in subjects {
                    steps.extend(steps_of(
                        subject,
                        workload,
                        *transport,
                        *connections,
                        loads.new_connections,
                    ));
                }
            }
        }
    }
    steps
}

/// The cells of one server under one load.
fn steps_of(
    subject: &Subject,
    workload: &Workload,
    transport: Transport,
    connections: usize,
    new_connections: bool,
) -> Vec<ServerStep> {
    let step = |keep_alive| ServerStep {
        subject: match transport {
            Transport::Udp => subject.clone(), // nobody holds a worker
            Transport::Tcp | Transport::Unix => subject.with_workers(connections.min(WORKERS_AT_MOST)),
        },
        workload: workload.clone(),
        transport,
        connections,
        keep_alive,
        round: 1,
    };
    let mut steps = vec![step(!new_connections)];
    // Under keep-alive clients such a server serves one and starves the rest, so it is shown as well under the load it
    // is made for.
    if subject.room(transport) == Some(Room::One) && connections > 1 && !new_connections {
        steps.push(step(false));
    }
    steps
}

/// The task cells of one round.
pub fn task_steps(
    executors: &[(&'static Executor, Choice)],
    tasks: &[Arc<dyn Task>],
    jobs: usize,
) -> Vec<TaskStep> {
    let step = |task: &Arc<dyn Task>, (executor, choice): &(&'static Executor, Choice)| TaskStep {
        executor,
        choice: choice.clone(),
        task: Arc::clone(task),
        jobs,
        round: 1,
    };
    tasks.iter().flat_map(|task| executors.iter().map(|executor| step(task, executor))).collect()
}

impl Plan {
    /// Repeats a round's cells `rounds` times, each block in an order of its own that follows from `seed`.
    pub fn new(servers: &[ServerStep], tasks: &[TaskStep], rounds: u32, timing: Timing, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let mut steps = Vec::new();
        for round in 1..=rounds {
            let mut block: Vec<Step> = servers.iter().cloned().map(Step::Server).collect();
            block.extend(tasks.iter().cloned().map(Step::Task));
            random.shuffle(&mut block);
            for step in &mut block {
                step.set_round(round);
            }
            steps.extend(block);
        }
        Self { steps, timing, seed }
    }

    /// How long a step will take, as far as that can be said beforehand.
    pub fn expected(&self, step: &Step) -> Duration {
        match step {
            Step::Server(_) => self.timing.warm_up + self.timing.duration + OVERHEAD,
            Step::Task(_) => Duration::from_secs(1),
        }
    }

    /// The most connections that are open at once.
    pub fn most_connections(&self) -> usize {
        let connections = self.steps.iter().map(|step| match step {
            Step::Server(step) => step.connections,
            Step::Task(_) => 0,
        });
        connections.max().unwrap_or(0)
    }
}

impl Step {
    fn set_round(&mut self, to: u32) {
        match self {
            Self::Server(step) => step.round = to,
            Self::Task(step) => step.round = to,
        }
    }
}

/// As the progress line shows it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(step) => {
                let kind = if step.keep_alive { "" } else { ", a new one per request" };
                let over = match step.transport {
                    Transport::Tcp => String::new(),
                    other => format!(" over {other}"),
                };
                write!(
                    f,
                    "{}, {}{over}, {} connections{kind}, round {}",
                    step.subject, step.workload, step.connections, step.round
                )
            }
            Self::Task(step) => {
                write!(f, "{}, {}, {} jobs, round {}", step.choice, step.task.name(), step.jobs, step.round)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use models::executor::executors;
    use models::server::servers;
    use workloads::task::tasks;

    use super::*;

    const TIMING: Timing = Timing {
        warm_up: Duration::from_millis(100),
        duration: Duration::from_secs(1),
        timeout: Duration::from_secs(2),
    };

    fn all_servers(connections: usize) -> Vec<ServerStep> {
        let subjects = servers().iter().map(|model| Subject::model(model.name.parse().unwrap()));
        let subjects: Vec<_> = subjects.map(Result::unwrap).collect();
        let workloads = vec![Workload::new("http", "/hello", 1).unwrap()];
        let (transports, connections) = (vec![Transport::Tcp], vec![connections]);
        server_steps(&subjects, &Loads { workloads, transports, connections, new_connections: false })
    }

    fn all_tasks() -> Vec<TaskStep> {
        let executors: Vec<_> =
            executors().iter().map(|executor| (executor, executor.name.parse().unwrap())).collect();
        task_steps(&executors, &tasks(), 4)
    }

    #[test]
    fn each_block_has_every_cell_once() {
        let plan = Plan::new(&all_servers(8), &all_tasks(), 3, TIMING, 7);
        let block = servers().len() + 1 + executors().len() * tasks().len();
        assert_eq!(plan.steps.len(), 3 * block);
        for (index, steps) in plan.steps.chunks(block).enumerate() {
            let texts: BTreeSet<String> = steps.iter().map(ToString::to_string).collect();
            assert_eq!(texts.len(), block);
            assert!(texts.iter().all(|text| text.ends_with(&format!("round {}", index + 1))));
        }
    }

    #[test]
    fn the_order_follows_from_the_seed() {
        let order = |seed| {
            let plan = Plan::new(&all_servers(8), &all_tasks(), 2, TIMING, seed);
            plan.steps.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn a_pool_gets_a_worker_for_each_connection_up_to_a_bound() {
        let workers = |connections| {
            let steps = all_servers(connections);
            let pool = steps.iter().find(|step| step.subject.name() == "thread-pool").unwrap();
            pool.subject.room(Transport::Tcp)
        };
        assert_eq!(workers(64), Some(Room::Workers(64)));
        assert_eq!(workers(1000), Some(Room::Workers(256)));
    }

    #[test]
    fn the_loop_is_measured_with_a_new_connection_per_request_too() {
        let kinds = |connections| {
            let steps = all_servers(connections);
            let of_loop = steps.into_iter().filter(|step| step.subject.name() == "loop");
            of_loop.map(|step| step.keep_alive).collect::<Vec<_>>()
        };
        assert_eq!(kinds(64), [true, false]);
        assert_eq!(kinds(1), [true]);
    }
}
