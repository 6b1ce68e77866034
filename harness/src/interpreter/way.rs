//! The ways to run jobs that Python offers, a program each.

use workloads::task::Task;

use super::Interpreter;

/// One way to run jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// One after another.
    Line,
    /// `threading.Thread`.
    Threads,
    /// `multiprocessing.Process`.
    Processes,
    /// `multiprocessing.pool.ThreadPool`.
    ThreadPool,
    /// `multiprocessing.Pool`.
    ProcessPool,
    /// `concurrent.futures.ThreadPoolExecutor`.
    FuturesThreads,
    /// `concurrent.futures.ProcessPoolExecutor`.
    FuturesProcesses,
    /// A thread for each job, and an interpreter of its own in it.
    Subinterpreters,
}

impl Way {
    /// The three of the course notes.
    pub const NOTES: [Self; 3] = [Self::Line, Self::Threads, Self::Processes];
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Line,
        Self::Threads,
        Self::Processes,
        Self::ThreadPool,
        Self::ProcessPool,
        Self::FuturesThreads,
        Self::FuturesProcesses,
        Self::Subinterpreters,
    ];

    /// As it stands in a row's name, behind the interpreter's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Threads => "threads",
            Self::Processes => "processes",
            Self::ThreadPool => "thread-pool",
            Self::ProcessPool => "process-pool",
            Self::FuturesThreads => "futures-threads",
            Self::FuturesProcesses => "futures-processes",
            Self::Subinterpreters => "subinterpreters",
        }
    }

    /// Its program.
    pub fn file(self) -> String {
        self.name().replace('-', "_") + ".py"
    }

    /// How many of `jobs` run at once, where a pool has a worker for each of so many processors.
    pub fn workers(self, jobs: usize, processors: usize) -> usize {
        match self {
            Self::Line => 1,
            Self::Threads | Self::Processes | Self::Subinterpreters => jobs,
            Self::ThreadPool | Self::ProcessPool | Self::FuturesThreads | Self::FuturesProcesses => {
                processors
            }
        }
    }

    /// Why it can't run a task, if it can't.
    pub fn refuses(self, task: &dyn Task) -> Option<String> {
        let apart = !matches!(self, Self::Line | Self::Threads | Self::ThreadPool | Self::FuturesThreads);
        (apart && task.shares_memory()).then(|| {
            format!(
                "the jobs of {} share memory, and {} share none: each would change its own",
                task.name(),
                self.name()
            )
        })
    }

    /// What an interpreter lacks for it, if anything, and what would help.
    pub fn lacks(self, interpreter: &Interpreter) -> Option<String> {
        let name = &interpreter.implementation;
        if self == Self::Subinterpreters && !interpreter.has("subinterpreters") {
            return Some(format!(
                "{name} {} has no interpreters with locks of their own; CPython 3.12 and newer have them",
                interpreter.version
            ));
        }
        let missing = self.modules().iter().find(|module| !interpreter.has(module))?;
        Some(format!("{name} has no {missing} here; try CPython or PyPy"))
    }

    /// The modules that it needs beyond those that every Python has.
    fn modules(self) -> &'static [&'static str] {
        match self {
            Self::Line | Self::Threads | Self::Subinterpreters => &[],
            Self::Processes | Self::ThreadPool | Self::ProcessPool => &["multiprocessing"],
            Self::FuturesThreads => &["concurrent.futures"],
            Self::FuturesProcesses => &["multiprocessing", "concurrent.futures"],
        }
    }
}

#[cfg(test)]
mod tests {
    use workloads::python::JOBS;

    use super::*;

    #[test]
    fn every_way_has_a_program_and_every_program_is_a_way() {
        let files: Vec<String> = Way::ALL.iter().map(|way| way.file()).collect();
        let there: Vec<&str> = JOBS.iter().map(|(name, _)| *name).collect();
        assert_eq!(files, there);
    }

    #[test]
    fn what_jython_lacks_is_said_and_line_and_threads_it_has() {
        let jython = Interpreter {
            name: "jython-2.7".into(),
            program: "jython".into(),
            implementation: "Jython".into(),
            version: "2.7.3".into(),
            gil: false,
            modules: Vec::new(),
        };
        let has: Vec<Way> = Way::ALL.into_iter().filter(|way| way.lacks(&jython).is_none()).collect();
        assert_eq!(has, [Way::Line, Way::Threads]);
        let sentence = Way::Processes.lacks(&jython).unwrap();
        assert_eq!(sentence, "Jython has no multiprocessing here; try CPython or PyPy");
    }

    #[test]
    fn a_pool_has_a_worker_for_each_processor_and_the_others_go_by_jobs() {
        let workers = Way::ALL.map(|way| way.workers(5, 2));
        assert_eq!(workers, [1, 5, 5, 2, 2, 2, 2, 5]);
    }
}
