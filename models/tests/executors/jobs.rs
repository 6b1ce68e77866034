//! Tasks for the executors, whole ones and such as a case makes up.

use std::sync::Arc;
use std::time::Duration;

use models::executor::{Executor, JobResult, find};
use models::options::{Choice, Options};
use workloads::Value;
use workloads::task::{
    Algorithm, Count, CounterAtomic, CounterLock, Disk, Family, Fibonacci, Mix, Primes, Run, Sort, Step,
    Task, Wait,
};

pub(crate) fn run(executor: &Executor, task: impl Task + 'static, jobs: usize) -> Vec<JobResult> {
    let task: Arc<dyn Task> = Arc::new(task);
    (executor.run)(&task, jobs, &Options::default()).unwrap()
}

/// The same with options: `thread-pool:workers=4`.
pub(crate) fn run_choice(choice: &str, task: impl Task + 'static, jobs: usize) -> Vec<JobResult> {
    let Choice { name, options } = choice.parse().unwrap();
    options.check(&name, executor(&name).options).unwrap();
    let task: Arc<dyn Task> = Arc::new(task);
    (executor(&name).run)(&task, jobs, &options).unwrap()
}

pub(crate) fn executor(name: &str) -> &'static Executor {
    find(name).unwrap()
}

/// Those that fork.
pub(crate) const FORKING: [&str; 2] = ["processes", "process-pool"];

pub(crate) fn small_tasks() -> Vec<Arc<dyn Task>> {
    vec![
        Arc::new(Primes { below: 1_000 }),
        Arc::new(Count { steps: 10_000 }),
        Arc::new(Sort::new(Algorithm::Quick, 1)),
        Arc::new(Fibonacci { n: 22 }),
        Arc::new(CounterLock::new(20_000)),
        Arc::new(CounterAtomic::new(20_000)),
        Arc::new(Mix { turns: 2, computes: 2, wait: Duration::from_millis(1), lines: 20 }),
        Arc::new(Disk { lines: 500, ..Disk::default() }),
        Arc::new(Wait { times: 3, each: Duration::from_millis(1) }),
    ]
}

/// A task made of a function from the job to its one step, or to its value when there is none.
pub(crate) struct Custom<F>(pub(crate) F);

impl<F: Fn(usize) -> Step + Send + Sync> Task for Custom<F> {
    fn name(&self) -> &'static str {
        "custom"
    }
    fn family(&self) -> Family {
        Family::Cpu
    }
    fn summary(&self) -> &'static str {
        "does what a test says, then comes to the job's number"
    }
    fn start(&self, job: usize) -> Box<dyn Run> {
        Box::new(Once { step: Some((self.0)(job)), value: job as Value })
    }
    fn expected(&self) -> Value {
        unreachable!("the jobs come to different values")
    }
}

struct Once {
    step: Option<Step>,
    value: Value,
}

impl Run for Once {
    fn next(&mut self, _: Option<Value>) -> Step {
        self.step.take().unwrap_or(Step::Done(self.value))
    }
}

/// A task whose job 1 does something special, and whose others wait for a moment.
pub(crate) fn job_one(special: fn() -> Step) -> impl Task {
    Custom(move |job| if job == 1 { special() } else { Step::Wait(Duration::from_millis(5)) })
}

/// The error of job 1 of four; the others must have their values.
pub(crate) fn error_of_job_one(results: &[JobResult]) -> &str {
    let [Ok(0), Err(error), Ok(2), Ok(3)] = results else { panic!("{results:?}") };
    assert!(!error.contains('\n'), "more than a line: {error}");
    error
}

/// How many descriptors this process has open.
pub(crate) fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1 // one is the listing's own
}
