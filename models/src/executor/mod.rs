//! Executors: ways to run several jobs of one [`Task`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use models::executor;
//! use models::options::Options;
//! use workloads::task::{Primes, Task};
//!
//! let task: Arc<dyn Task> = Arc::new(Primes { below: 30 });
//! let threads = executor::find("threads").unwrap();
//! let results = (threads.run)(&task, 4, &Options::default()).unwrap();
//! assert_eq!(results, vec![Ok(129); 4]);
//! ```

use std::sync::Arc;

use workloads::Value;
use workloads::task::Task;

use crate::options::{OptionError, Options, Spec};

mod asynchronous;
mod blocking;
mod coroutine;
mod forking;
mod gil;
mod line;
mod process_pool;
mod processes;
mod rayon;
mod thread_pool;
mod threads;

/// All executors, in the order of listings.
pub fn executors() -> &'static [Executor] {
    const {
        &[
            line::EXECUTOR,
            threads::EXECUTOR,
            gil::EXECUTOR,
            processes::EXECUTOR,
            thread_pool::EXECUTOR,
            process_pool::EXECUTOR,
            rayon::EXECUTOR,
            asynchronous::EXECUTOR,
            // Last, for whoever runs them one after another in one process: its threads never end, and no process with
            // several threads can be forked.
            coroutine::EXECUTOR,
        ]
    }
}

/// The executor of this name.
pub fn find(name: &str) -> Option<&'static Executor> {
    executors().iter().find(|executor| executor.name == name)
}

/// One way to run jobs.
pub struct Executor {
    /// The name it is asked for by: `threads`.
    pub name: &'static str,
    /// What kind it is: `sequential`, `threads`, `processes`, `coroutines`.
    pub family: &'static str,
    /// The idea in one sentence.
    pub summary: &'static str,
    /// The options it takes.
    pub options: &'static [Spec],
    /// How many of `jobs` it runs at once; where jobs that wait make room for others, how many compute at once.
    pub workers: fn(jobs: usize, options: &Options) -> usize,
    /// Runs jobs `0..jobs` of `task` to their ends and gives what each came to, in the order of the jobs.
    pub run: fn(task: &Arc<dyn Task>, jobs: usize, options: &Options) -> Results,
}

impl Executor {
    /// How many of `jobs` are under way at once. Where jobs that wait make room for others, all of them are, however few
    /// compute.
    pub fn at_once(&self, jobs: usize, options: &Options) -> usize {
        if self.runs_coroutines() { jobs } else { (self.workers)(jobs, options) }
    }

    /// Whether its jobs are coroutines, stackful or not, which the kernel knows nothing of.
    pub fn runs_coroutines(&self) -> bool {
        self.family == "coroutines"
    }

    /// Why it can't run this task, in a sentence; none if it can.
    pub fn refuses(&self, task: &dyn Task) -> Option<String> {
        let apart = self.family == "processes" && task.shares_memory();
        apart.then(|| {
            format!(
                "the jobs of {} share memory, and {} runs them in processes that share none: each would change a copy of its \
                 own",
                task.name(),
                self.name
            )
        })
    }
}

/// What all jobs came to, in their order, unless an option was wrong and none was begun.
pub type Results = Result<Vec<JobResult>, OptionError>;

/// What one job came to, or one sentence on why it came to nothing.
pub type JobResult = Result<Value, String>;
