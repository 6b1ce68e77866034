//! One measurement to make: of a server, of an executor, of an interpreter, or of a small thing by itself.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use models::executor::Executor;
use models::options::Choice;
use reports::record::{Schedule, Shape};
use workloads::task::{Family, Size, Task};

use super::{InterpreterStep, ProbeStep, tasks};
use crate::subject::Subject;
use crate::transport::Transport;
use crate::workload::Workload;

/// What goes with each cell of tasks besides its jobs, and how long a job is on average over all tasks, of either size.
const AROUND_JOBS: Duration = Duration::from_millis(20);
pub(super) const SHORT_JOB: Duration = Duration::from_millis(16);
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
    pub(super) fn expected(&self) -> Duration {
        static PROCESSORS: LazyLock<usize> =
            LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
        self.expected_on(*PROCESSORS)
    }

    /// How long it will take on so many processors, starting and reading figures included: a guess, which what the first ones took
    /// corrects.
    pub(super) fn expected_on(&self, processors: usize) -> Duration {
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
    pub(super) fn set_round(&mut self, to: u32) {
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
            Self::Task(TaskStep { choice, task, jobs: 1, round, .. }) => {
                write!(f, "{choice}, {}, 1 job, round {round}", task.name())
            }
            Self::Task(TaskStep { choice, task, jobs, round, .. }) => {
                write!(f, "{choice}, {}, {jobs} jobs, round {round}", task.name())
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
        match self.connections {
            1 => f.write_str(", 1 connection")?,
            more => write!(f, ", {more} connections")?,
        }
        if !self.keep_alive {
            f.write_str(", a new one per request")?;
        }
        if let Some(rate) = self.rate {
            write!(f, ", {rate:.0} requests/s")?;
        }
        match self.shape.idle_connections {
            None => {}
            Some(1) => f.write_str(", 1 idle one")?,
            Some(more) => write!(f, ", {more} idle ones")?,
        }
        write!(f, ", round {}", self.round)
    }
}
