//! Real interpreters as rows of the suite tasks: found, told apart, and run job for job as the lab's own executors are.
//!
//! [`discovery`] finds them on the PATH or under the names that were given, [`probe`] asks each what it is, [`way`] has the
//! ways to run jobs that Python offers, `programs` keeps the programs where interpreters find them, and [`run`] starts one, times its start-up apart from its work and has it ended
//! whatever happens.

pub mod discovery;
pub mod probe;
mod process;
mod programs;
pub mod run;
pub mod way;

pub use discovery::{Found, named, on_the_path};
pub use programs::Programs;
pub use run::{Answer, Job, Ran};
pub use way::Way;

/// The tasks that there are programs for: all but `counter-atomic`, since Python has no atomic numbers.
pub const TASKS: [&str; 12] = [
    "primes",
    "count",
    "bubble",
    "selection",
    "insertion",
    "quick",
    "library-sort",
    "fibonacci",
    "counter-lock",
    "disk",
    "wait",
    "mix",
];

/// An interpreter that was asked what it is.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// What its rows are called: `cpython-3.11`, `cpython-3.13t`, `jython-2.7`.
    pub name: String,
    /// Where it is, past any wrapper.
    pub program: String,
    /// Whose it is: `CPython`, `PyPy`, `Jython`.
    pub implementation: String,
    /// The version of the language: `3.11.7`.
    pub version: String,
    /// Whether one thread at a time runs its code.
    pub gil: bool,
    /// What it has of what ways need: `multiprocessing`, `concurrent.futures`, and `subinterpreters`, which are interpreters
    /// within a process with a lock for each.
    pub modules: Vec<String>,
}

impl Interpreter {
    /// Whether it has what is called so.
    pub fn has(&self, module: &str) -> bool {
        self.modules.iter().any(|name| name == module)
    }
}
