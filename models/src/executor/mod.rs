//! Executors: ways to run several jobs of one [`Task`].

use std::sync::Arc;

use workloads::Value;
use workloads::task::Task;

use crate::options::{OptionError, Options, Spec};

/// One way to run jobs.
pub struct Executor {
    /// The name it is asked for by: `threads`.
    pub name: &'static str,
    /// What kind it is: `sequential`, `threads`, `processes`.
    pub family: &'static str,
    /// The idea in one sentence.
    pub summary: &'static str,
    /// The options it takes.
    pub options: &'static [Spec],
    /// How many of `jobs` it runs at once.
    pub workers: fn(jobs: usize, options: &Options) -> usize,
    /// Runs jobs `0..jobs` of `task` to their ends and gives what each came to, in the order of the jobs.
    pub run: fn(task: &Arc<dyn Task>, jobs: usize, options: &Options) -> Result<Vec<JobResult>, OptionError>,
}

/// What one job came to, or one sentence on why it came to nothing.
pub type JobResult = Result<Value, String>;
