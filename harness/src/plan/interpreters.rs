//! The cells of real interpreters, and those of the lab's own executors that stand beside them.
//!
//! An interpreter takes some fifty times as long as a compiled program. So it is run with one number of jobs, and in a short
//! run at the tasks and in the ways that a course is about.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use workloads::task::{Family, Size, Task};

use crate::interpreter::{Found, Programs, TASKS, Way};

/// The executors that stand beside interpreters: the ways of the course notes, and the model of CPython's lock.
pub const BESIDE: [&str; 4] = ["line", "threads", "processes", "gil"];
/// What stands for the notes' two columns: work for the processor, and waiting.
const NOTES: [&str; 2] = ["primes", "wait"];
/// The tasks of a short run.
const SHORT: [&str; 3] = ["primes", "disk", "wait"];

/// A real interpreter over a task.
#[derive(Clone)]
pub struct InterpreterStep {
    /// The interpreter, or what is missing.
    pub found: Found,
    /// The programs that it runs.
    pub programs: Programs,
    /// In which way.
    pub way: Way,
    /// The task.
    pub task: Arc<dyn Task>,
    /// How long its jobs are.
    pub size: Size,
    /// How many jobs.
    pub jobs: usize,
    /// How many workers a pool has: one for each processor.
    pub processors: usize,
    /// Which round this is, from 1.
    pub round: u32,
}

impl InterpreterStep {
    /// What its row is called: `cpython-3.11:threads`.
    pub fn executor(&self) -> String {
        format!("{}:{}", self.found.name, self.way.name())
    }

    /// How long it will take, starting included: a guess, which what the first ones took corrects.
    pub fn expected(&self) -> Duration {
        let Ok(interpreter) = &self.found.interpreter else { return Duration::ZERO };
        if self.way.lacks(interpreter).or_else(|| self.way.refuses(&*self.task)).is_some() {
            return Duration::ZERO;
        }
        // A Java machine takes seconds to start.
        let start = if interpreter.implementation == "Jython" { 3_000 } else { 100 };
        let short = match (self.task.family(), interpreter.implementation.as_str()) {
            (Family::Io, _) => 50,
            (Family::Cpu, "CPython") => 1_000,
            // They have compilers.
            (Family::Cpu, _) => 300,
        };
        let job = match self.size {
            Size::Full => 10 * short,
            Size::Short => short,
        };
        let turns = self.jobs.div_ceil(self.at_once(interpreter.gil).max(1)) as u64;
        Duration::from_millis(start + job * turns)
    }

    /// How many of its jobs get on at the same time; `gil`: whether one lock lets one thread of a process at a time compute.
    fn at_once(&self, gil: bool) -> usize {
        let workers = self.way.workers(self.jobs, self.processors).min(self.jobs);
        let threads = matches!(self.way, Way::Threads | Way::ThreadPool | Way::FuturesThreads);
        match self.task.family() {
            Family::Io => workers,
            Family::Cpu if gil && threads => 1,
            Family::Cpu => workers.min(self.processors),
        }
    }
}

/// As the progress line shows it.
impl fmt::Display for InterpreterStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (executor, task, round) = (self.executor(), self.task.name(), self.round);
        match self.jobs {
            1 => write!(f, "{executor}, {task}, 1 job, round {round}"),
            jobs => write!(f, "{executor}, {task}, {jobs} jobs, round {round}"),
        }
    }
}

/// Which cells there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// So many as a short run has time for. CPython: the ways of the notes over primes, disk and wait, and all other ways over primes
    /// and wait. PyPy: the ways of the notes over these two. Jython, whose start takes seconds: over primes.
    Short,
    /// Every way over every task.
    Whole,
}

impl Extent {
    /// Whether there is a cell of this way and task, of which `first` is the first one.
    fn has(self, found: &Found, way: Way, task: &str, first: bool) -> bool {
        let of_the_notes = Way::NOTES.contains(&way);
        match (&found.interpreter, self) {
            // What is missing is missing for all tasks alike.
            (Err(_), _) => of_the_notes && first,
            (Ok(_), Self::Whole) => true,
            (Ok(interpreter), Self::Short) => match interpreter.implementation.as_str() {
                "CPython" => (of_the_notes && SHORT.contains(&task)) || NOTES.contains(&task),
                "Jython" => of_the_notes && task == NOTES[0],
                _ => of_the_notes && NOTES.contains(&task),
            },
        }
    }
}

/// The tasks that interpreters have programs for, of those `wanted`.
pub fn known(wanted: Vec<Arc<dyn Task>>) -> Vec<Arc<dyn Task>> {
    wanted.into_iter().filter(|task| TASKS.contains(&task.name())).collect()
}

/// What interpreters are to do.
pub struct Work {
    /// The tasks.
    pub tasks: Vec<Arc<dyn Task>>,
    /// How long their jobs are.
    pub size: Size,
    /// How many jobs, in turn.
    pub jobs: Vec<usize>,
    /// Which of it all.
    pub extent: Extent,
    /// How many workers a pool has.
    pub processors: usize,
}

/// A round of the interpreters.
pub fn interpreter_steps(found: &[Found], programs: &Programs, work: &Work) -> Vec<InterpreterStep> {
    let mut steps = Vec::new();
    for (found, jobs) in found.iter().flat_map(|found| work.jobs.iter().map(move |jobs| (found, *jobs))) {
        for (place, task) in work.tasks.iter().enumerate() {
            let has = |way: &Way| work.extent.has(found, *way, task.name(), place == 0);
            steps.extend(Way::ALL.into_iter().filter(has).map(|way| InterpreterStep {
                found: found.clone(),
                programs: programs.clone(),
                way,
                task: Arc::clone(task),
                size: work.size,
                jobs,
                processors: work.processors,
                round: 1,
            }));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use workloads::task::tasks;

    use super::*;
    use crate::interpreter::Interpreter;

    fn found(implementation: &str) -> Found {
        let interpreter = Interpreter {
            name: implementation.to_lowercase(),
            program: "python3".into(),
            implementation: implementation.into(),
            version: "3.13.0".into(),
            gil: true,
            modules: ["multiprocessing", "concurrent.futures", "subinterpreters"].map(String::from).to_vec(),
        };
        Found { name: interpreter.name.clone(), interpreter: Ok(Arc::new(interpreter)) }
    }

    fn names(found: &Found, extent: Extent) -> Vec<String> {
        let programs = Programs::write().unwrap();
        let tasks = known(tasks(Size::Short));
        let work = Work { tasks, size: Size::Short, jobs: vec![2], extent, processors: 2 };
        let steps = interpreter_steps(std::slice::from_ref(found), &programs, &work);
        steps.iter().map(|step| format!("{} {}", step.executor(), step.task.name())).collect()
    }

    #[test]
    fn every_task_with_a_program_is_one_of_the_labs() {
        assert_eq!(known(tasks(Size::Short)).len(), TASKS.len());
        assert_eq!(tasks(Size::Short).len(), TASKS.len() + 1, "all but counter-atomic");
    }

    #[test]
    fn a_short_run_has_all_ways_on_two_tasks_and_those_of_the_notes_on_three() {
        let names = names(&found("CPython"), Extent::Short);
        assert_eq!(names.len(), 8 * 2 + 3);
        assert!(names.contains(&"cpython:subinterpreters primes".to_owned()));
        assert!(names.contains(&"cpython:processes disk".to_owned()));
        assert!(!names.contains(&"cpython:process-pool disk".to_owned()));
    }

    #[test]
    fn slow_starters_have_few_cells_in_a_short_run_and_all_in_a_whole_one() {
        assert_eq!(names(&found("PyPy"), Extent::Short).len(), 3 * 2);
        assert_eq!(names(&found("Jython"), Extent::Short).len(), 3);
        assert_eq!(names(&found("Jython"), Extent::Whole).len(), 8 * TASKS.len());
    }

    #[test]
    fn what_is_missing_has_a_row_for_each_way_of_the_notes() {
        let missing = Found { name: "cpython".into(), interpreter: Err("there is none".into()) };
        let names = names(&missing, Extent::Whole);
        assert_eq!(names, ["cpython:line primes", "cpython:threads primes", "cpython:processes primes"]);
    }

    #[test]
    fn what_a_cell_takes_grows_with_the_jobs_that_are_not_run_at_once() {
        let programs = Programs::write().unwrap();
        let steps = |jobs| {
            let work = Work {
                tasks: known(tasks(Size::Short)),
                size: Size::Short,
                jobs: vec![jobs],
                extent: Extent::Whole,
                processors: 2,
            };
            interpreter_steps(&[found("CPython")], &programs, &work)
        };
        let expected = |executor: &str, jobs| {
            let steps = steps(jobs);
            let of = |step: &&InterpreterStep| step.executor() == executor && step.task.name() == "primes";
            steps.iter().find(of).unwrap().expected().as_millis()
        };
        assert_eq!([1, 4].map(|jobs| expected("cpython:line", jobs)), [1_100, 4_100]);
        assert_eq!([1, 4].map(|jobs| expected("cpython:threads", jobs)), [1_100, 4_100]);
        assert_eq!([1, 4].map(|jobs| expected("cpython:processes", jobs)), [1_100, 2_100]);
    }
}
