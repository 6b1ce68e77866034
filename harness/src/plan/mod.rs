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
mod step;
pub mod suites;
pub mod tasks;

use std::time::Duration;

use fastrand::Rng;

pub use self::interpreters::InterpreterStep;
pub use self::probes::ProbeStep;
use self::rounds::Rounds;
pub use self::step::{ServerStep, ServerSuite, Step, TaskStep};

/// What goes with each server cell besides its load: starting, stopping, reading figures.
const OVERHEAD: Duration = Duration::from_millis(150);
/// How long the warm-up is at least for each connection: so long may it take to open them, in batches that the server must
/// answer.
const WARM_UP_PER_CONNECTION: Duration = Duration::from_micros(300);

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

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use models::executor::executors;
    use models::server::servers;
    use reports::record::{Schedule, Shape};
    use workloads::task::{Size, tasks};

    use super::servers::{Loads, server_steps};
    use super::*;
    use crate::plan::tasks::task_steps;
    use crate::subject::Subject;
    use crate::transport::Transport;
    use crate::workload::Workload;

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
    fn of_one_there_is_one_in_the_progress_line() {
        let crowd = Shape { idle_connections: Some(1), ..Shape::default() };
        let server = ServerStep { shape: crowd, ..step("epoll", 1) };
        assert_eq!(server.to_string(), "epoll, http /hello, 1 connection, 1 idle one, round 1");
        let task = |jobs| Step::Task(TaskStep { jobs, ..all_tasks().remove(0) }).to_string();
        assert!(task(1).contains(", 1 job, round ") && task(2).contains(", 2 jobs, round "), "{}", task(1));
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
