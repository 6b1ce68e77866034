//! What a run measures, and in which order: blocks, each with every cell once, shuffled.
//!
//! A machine's speed drifts. In a block all models meet the same weather, and the shuffled order keeps any of them
//! from always coming after the same neighbour. One block is one round. How many there are may be fixed beforehand, or
//! follow from what has been measured ([`rounds`]); so may the rates that are offered ([`knee`]).

pub mod interpreters;
pub mod knee;
mod load;
pub mod probes;
pub mod rounds;
pub mod servers;
pub mod suites;
pub mod tasks;

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use models::executor::Executor;
use models::options::Choice;
use reports::record::{Schedule, Shape};
use workloads::task::{Family, Size, Task};

pub use self::interpreters::InterpreterStep;
pub use self::probes::ProbeStep;
use self::rounds::Rounds;
use crate::subject::Subject;
use crate::transport::Transport;
use crate::workload::Workload;

/// What goes with each server cell besides its load: starting, stopping, reading figures.
const OVERHEAD: Duration = Duration::from_millis(150);
/// How long the warm-up is at least for each connection: so long may it take to open them, in batches that the server must
/// answer.
const WARM_UP_PER_CONNECTION: Duration = Duration::from_micros(300);

/// What goes with each cell of tasks besides its jobs, and how long a job is on average over all tasks, of either size.
const AROUND_JOBS: Duration = Duration::from_millis(20);
const SHORT_JOB: Duration = Duration::from_millis(16);
const FULL_JOB: Duration = Duration::from_millis(500);
/// The executor whose jobs compute one at a time, however many there are.
const ONE_LOCK: &str = "gil";

/// One measurement to make.
#[derive(Clone)]
pub enum Step {
    /// A server under a load.
    Server(ServerStep),
    /// An executor over a task.
    Task(TaskStep),
    /// A real interpreter over a task.
    Interpreter(InterpreterStep),
    /// A probe in a setting.
    Probe(ProbeStep),
}

/// A server under a load.
#[derive(Clone)]
pub struct ServerStep {
    /// In which suite its cell stands.
    pub suite: ServerSuite,
    /// The server.
    pub subject: Subject,
    /// 2 for the second of an A/A pair: the same server once more.
    pub copy: Option<u32>,
    /// What is asked.
    pub workload: Workload,
    /// What it is asked over.
    pub transport: Transport,
    /// How many connections are open at once.
    pub connections: usize,
    /// Whether a connection carries many requests.
    pub keep_alive: bool,
    /// Requests a second that are offered; none: a closed loop.
    pub rate: Option<f64>,
    /// How they are spaced then.
    pub schedule: Schedule,
    /// What is special about the load.
    pub shape: Shape,
    /// Which round this is, from 1.
    pub round: u32,
}

/// In which suite a server's cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerSuite {
    /// Plain comparisons.
    Servers,
    /// Many idle connections beside the active ones.
    Idle,
    /// Stevens' comparison.
    Stevens,
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
    /// How long its jobs are.
    pub size: Size,
    /// How many jobs.
    pub jobs: usize,
    /// Which round this is, from 1.
    pub round: u32,
}

/// How long each load takes.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// What does not count; more where there are many connections to open.
    pub warm_up: Duration,
    /// What counts.
    pub duration: Duration,
    /// After this long without a reply a request is given up.
    pub timeout: Duration,
}

/// What is to be measured.
pub struct Plan {
    /// The cells of one round.
    steps: Vec<Step>,
    /// How many rounds there are.
    pub rounds: Rounds,
    /// The load on each server.
    pub timing: Timing,
    /// What the order follows from.
    pub seed: u64,
    /// What a reader of the whole run should know beforehand, a sentence each.
    pub notes: Vec<String>,
    /// Whether each server is also offered shares of the rate that it reaches in a closed loop.
    pub knee: bool,
    random: Rng,
}

impl Plan {
    /// Repeats a round's cells, each time in an order of its own that follows from `seed`.
    pub fn new(
        servers: Vec<ServerStep>,
        tasks: Vec<TaskStep>,
        rounds: Rounds,
        timing: Timing,
        seed: u64,
    ) -> Self {
        let steps = servers.into_iter().map(Step::Server).chain(tasks.into_iter().map(Step::Task)).collect();
        Self { steps, rounds, timing, seed, notes: Vec::new(), knee: false, random: Rng::with_seed(seed) }
    }

    /// The same with cells of real interpreters.
    #[must_use]
    pub fn with_interpreters(mut self, steps: Vec<InterpreterStep>) -> Self {
        self.steps.extend(steps.into_iter().map(Step::Interpreter));
        self
    }

    /// The same with probes in each round.
    #[must_use]
    pub fn with_probes(mut self, probes: Vec<ProbeStep>) -> Self {
        self.steps.extend(probes.into_iter().map(Step::Probe));
        self
    }

    /// The next block, as it is to be measured in this round.
    pub fn block(&mut self, round: u32) -> Vec<Step> {
        let steps = self.in_round(round).cloned().collect();
        self.shuffled(steps, round)
    }

    /// Adds cells to all blocks from now on, and gives them as a block of this round.
    pub fn extend(&mut self, steps: Vec<ServerStep>, round: u32) -> Vec<Step> {
        let steps: Vec<Step> = steps.into_iter().map(Step::Server).collect();
        self.steps.extend(steps.iter().cloned());
        self.shuffled(steps, round)
    }

    fn shuffled(&mut self, mut steps: Vec<Step>, round: u32) -> Vec<Step> {
        self.random.shuffle(&mut steps);
        for step in &mut steps {
            step.set_round(round);
        }
        steps
    }

    /// The cells of one round, in no order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The cells of this round, in no order.
    fn in_round(&self, round: u32) -> impl Iterator<Item = &Step> {
        let fixed = matches!(self.rounds, Rounds::Fixed(_));
        self.steps.iter().filter(move |step| match step {
            Step::Probe(step) if fixed => step.is_in(round),
            _ => true,
        })
    }

    /// Whether any of them is a server's.
    pub fn has_servers(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Server(_)))
    }

    /// How many cells there will be at least, if nothing has to be repeated.
    pub fn cells_at_least(&self) -> usize {
        (1..=self.rounds.at_least()).map(|round| self.in_round(round).count()).sum()
    }

    /// How long the rounds will take that there are at least.
    pub fn expected_at_least(&self) -> Duration {
        let rounds = 1..=self.rounds.at_least();
        rounds.flat_map(|round| self.in_round(round)).map(|step| self.expected(step)).sum()
    }

    /// The same with the rates that will be offered, if knees are looked for.
    pub fn expected_with_rates(&self) -> Duration {
        let closed: Duration = knee::closed(&self.steps).map(|step| self.expected_of_server(step)).sum();
        let rates = if self.knee { knee::RATES } else { 0 };
        self.expected_at_least() + closed * rates * self.rounds.at_least()
    }

    /// How long these steps will take.
    pub fn expected_of(&self, steps: &[Step]) -> Duration {
        steps.iter().map(|step| self.expected(step)).sum()
    }

    /// How long a step will take, as far as that can be said beforehand.
    pub fn expected(&self, step: &Step) -> Duration {
        match step {
            Step::Server(step) => self.expected_of_server(step),
            Step::Task(step) => step.expected(),
            Step::Interpreter(step) => step.expected(),
            Step::Probe(step) => step.expected(),
        }
    }

    fn expected_of_server(&self, step: &ServerStep) -> Duration {
        self.timing.warm_up_of(step) + self.timing.duration + OVERHEAD
    }

    /// The most connections that are open at once.
    pub fn most_connections(&self) -> usize {
        let connections = self.steps.iter().map(|step| match step {
            Step::Server(step) => step.all_connections(),
            Step::Task(_) | Step::Interpreter(_) | Step::Probe(_) => 0,
        });
        connections.max().unwrap_or(0)
    }
}

impl Timing {
    /// The warm-up of a step: long enough for its connections to be opened.
    pub fn warm_up_of(&self, step: &ServerStep) -> Duration {
        let opening = WARM_UP_PER_CONNECTION * u32::try_from(step.all_connections()).unwrap_or(u32::MAX);
        self.warm_up.max(opening)
    }
}

impl ServerStep {
    /// The connections that are measured, and those beside them.
    pub fn all_connections(&self) -> usize {
        let shape = &self.shape;
        let beside = [shape.idle_connections, shape.slow_connections, shape.beside_connections];
        beside.into_iter().flatten().fold(self.connections, usize::saturating_add)
    }
}

impl TaskStep {
    /// Whether another one measures the same.
    pub fn is_same(&self, other: &Self) -> bool {
        let what = |step: &Self| (step.choice.to_string(), step.task.name(), step.size, step.jobs);
        what(self) == what(other)
    }

    /// How long it will take here.
    fn expected(&self) -> Duration {
        static PROCESSORS: LazyLock<usize> =
            LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
        self.expected_on(*PROCESSORS)
    }

    /// How long it will take on so many processors, starting and reading figures included: a guess, which what the first ones took
    /// corrects.
    fn expected_on(&self, processors: usize) -> Duration {
        if self.executor.refuses(&*self.task).is_some() {
            return Duration::ZERO;
        }
        let job = match self.size {
            Size::Full => FULL_JOB,
            Size::Short => SHORT_JOB,
        };
        let turns = self.jobs.div_ceil(self.at_once(processors).max(1));
        AROUND_JOBS + job * u32::try_from(turns).unwrap_or(u32::MAX)
    }

    /// How many of its jobs get on at the same time.
    fn at_once(&self, processors: usize) -> usize {
        let known = self.executor.at_once(self.jobs, &self.choice.options);
        let is_pool =
            known < self.jobs && self.executor.options.iter().any(|spec| spec.key == tasks::WORKERS);
        let chosen = self.choice.options.text(tasks::WORKERS).is_some();
        let workers = if is_pool && !chosen { processors } else { known };
        match self.task.family() {
            Family::Io => workers,
            Family::Cpu if self.executor.name == ONE_LOCK => 1,
            Family::Cpu => workers.min(processors),
        }
    }
}

impl Step {
    fn set_round(&mut self, to: u32) {
        match self {
            Self::Server(step) => step.round = to,
            Self::Task(step) => step.round = to,
            Self::Interpreter(step) => step.round = to,
            Self::Probe(step) => step.round = to,
        }
    }
}

/// As the progress line shows it.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(step) => step.fmt(f),
            Self::Probe(step) => step.fmt(f),
            Self::Task(step) => {
                write!(f, "{}, {}, {} jobs, round {}", step.choice, step.task.name(), step.jobs, step.round)
            }
            Self::Interpreter(step) => step.fmt(f),
        }
    }
}

impl fmt::Display for ServerStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = if self.copy.is_some() { " (again)" } else { "" };
        write!(f, "{}{again}, {}", self.subject, self.workload)?;
        if self.transport != Transport::Tcp {
            write!(f, " over {}", self.transport)?;
        }
        write!(f, ", {} connections", self.connections)?;
        if !self.keep_alive {
            f.write_str(", a new one per request")?;
        }
        if let Some(rate) = self.rate {
            write!(f, ", {rate:.0} requests/s")?;
        }
        if let Some(idle) = self.shape.idle_connections {
            write!(f, ", {idle} idle ones")?;
        }
        write!(f, ", round {}", self.round)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use models::executor::executors;
    use models::server::servers;
    use workloads::task::tasks;

    use super::servers::{Loads, server_steps};
    use super::*;
    use crate::plan::tasks::task_steps;

    pub(crate) const TIMING: Timing = Timing {
        warm_up: Duration::from_millis(100),
        duration: Duration::from_secs(1),
        timeout: Duration::from_secs(2),
    };

    /// A step as plain as can be.
    pub(crate) fn step(model: &str, connections: usize) -> ServerStep {
        ServerStep {
            suite: ServerSuite::Servers,
            subject: Subject::model(model.parse().unwrap()).unwrap(),
            copy: None,
            workload: Workload::new("http", "/hello", 1).unwrap(),
            transport: Transport::Tcp,
            connections,
            keep_alive: true,
            rate: None,
            schedule: Schedule::Constant,
            shape: Shape::default(),
            round: 1,
        }
    }

    fn all_servers() -> Vec<ServerStep> {
        let subjects = servers().iter().map(|model| Subject::model(model.name.parse().unwrap()));
        let subjects: Vec<_> = subjects.map(Result::unwrap).collect();
        server_steps(&subjects, &Loads { connections: vec![8], ..Loads::default() })
    }

    fn all_tasks() -> Vec<TaskStep> {
        let executors: Vec<_> =
            executors().iter().map(|executor| (executor, executor.name.parse().unwrap())).collect();
        task_steps(&executors, &tasks(Size::Short), Size::Short, &[4])
    }

    fn plan(seed: u64) -> Plan {
        Plan::new(all_servers(), all_tasks(), Rounds::Fixed(3), TIMING, seed)
    }

    #[test]
    fn each_block_has_every_cell_once() {
        let mut plan = plan(7);
        let cells = servers().len() + 1 + executors().len() * tasks(Size::Short).len();
        assert_eq!(plan.cells_at_least(), 3 * cells);
        for round in 1..=3 {
            let texts: BTreeSet<String> = plan.block(round).iter().map(ToString::to_string).collect();
            assert_eq!(texts.len(), cells);
            assert!(texts.iter().all(|text| text.ends_with(&format!("round {round}"))));
        }
    }

    #[test]
    fn the_order_follows_from_the_seed() {
        let order = |seed| {
            let mut plan = plan(seed);
            [plan.block(1), plan.block(2)].concat().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn what_is_added_is_in_this_block_and_all_later_ones() {
        let mut plan = Plan::new(vec![step("epoll", 8)], Vec::new(), Rounds::Fixed(2), TIMING, 1);
        assert_eq!(plan.block(1).len(), 1);
        let added = plan.extend(vec![ServerStep { rate: Some(1e3), ..step("epoll", 8) }], 1);
        assert_eq!(added[0].to_string(), "epoll, http /hello, 8 connections, 1000 requests/s, round 1");
        assert_eq!(plan.block(2).len(), 2);
    }

    #[test]
    fn the_rates_of_a_knee_are_expected_beforehand() {
        let mut plan = Plan::new(vec![step("epoll", 8)], Vec::new(), Rounds::Fixed(2), TIMING, 1);
        let closed = plan.expected_with_rates();
        assert_eq!(closed, plan.expected_at_least());
        plan.knee = true;
        assert_eq!(plan.expected_with_rates(), closed * (1 + knee::RATES));
    }

    #[test]
    fn the_warm_up_is_long_enough_for_ten_thousand_connections_to_be_opened() {
        let crowd = Shape { idle_connections: Some(10_000), ..Shape::default() };
        let step = ServerStep { shape: crowd, ..step("epoll", 100) };
        assert_eq!(step.all_connections(), 10_100);
        assert_eq!(TIMING.warm_up_of(&step), Duration::from_millis(3_030));
    }
}
