//! Runs jobs under an interpreter: its start-up is timed here, its work by itself, and what its jobs came to is checked here.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use workloads::Value;
use workloads::task::{Size, Task};

use super::process::Process;
use super::{Interpreter, Programs, Way};
use crate::execution::Execution;
use crate::measure::tree::Tree;

/// What a program says once it has all it needs.
pub(crate) const READY: &str = "ready";
/// How long a program may take to end that has printed its answer.
const END_WITHIN: Duration = Duration::from_secs(10);

/// What to run.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// By whom.
    pub interpreter: &'a Interpreter,
    /// In which way.
    pub way: Way,
    /// What each job does: one of [`TASKS`](super::TASKS).
    pub task: &'a dyn Task,
    /// How long the jobs are, as the task has them.
    pub size: Size,
    /// How many jobs.
    pub jobs: usize,
    /// How many workers a pool has.
    pub workers: usize,
}

/// What a program printed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// Whose interpreter it ran under.
    pub implementation: String,
    /// The version of the language.
    pub version: String,
    /// Whether one thread at a time ran its code, in the end.
    pub gil: bool,
    /// How long the job took that it did beforehand, in seconds; none if there was none.
    pub warm_up_s: Option<f64>,
    /// From before the first job was started until the last value was there.
    pub seconds: f64,
    /// What each job came to.
    values: Vec<Option<Value>>,
    /// What was wrong with each job.
    failures: Vec<Option<String>>,
    /// What the counter came to that jobs may share.
    counter: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// What it said of itself and its time.
    pub answer: Answer,
    /// What its jobs came to.
    pub execution: Execution,
    /// From the start of its process until it was ready: the launch, the interpreter and what the program imports.
    pub start_up: Duration,
}

impl Job<'_> {
    /// Runs it, with `concur` as the launcher; `at_ready` is called once it is ready, and what it gives comes back as well.
    ///
    /// # Errors
    /// A sentence on what went wrong: the program ended without an answer, took longer than `limit`, or answered what can't be.
    /// Whatever was started is then gone.
    pub fn run<T>(
        &self,
        launcher: &Path,
        programs: &Programs,
        limit: Duration,
        stop: &AtomicBool,
        at_ready: impl FnOnce(Tree) -> T,
    ) -> Result<(Ran, T)> {
        let path = programs.directory().join(self.way.file()).display().to_string();
        let (jobs, workers) = (self.jobs.to_string(), self.workers.to_string());
        let words = [
            [&self.interpreter.program, &*path],
            ["--task", self.task.name()],
            ["--size", self.size.name()],
            ["--jobs", &jobs],
            ["--workers", &workers],
        ];
        let mut process = Process::start(launcher, words.as_flattened())?;
        // What an interpreter says of itself before, Jython of the jars that it looks through, is its own business.
        while process.next_line(limit, stop).context("the interpreter did not get ready")? != READY {
            ensure!(process.age() <= limit, "the interpreter did not say '{READY}' within {limit:?}");
        }
        let start_up = process.age();
        let watching = at_ready(process.tree());
        let line = process.next_line(limit, stop).context("the interpreter gave no answer")?;
        let lived = process.age();
        let (status, words) = process.finish(END_WITHIN, stop).context("the interpreter did not end")?;
        if !status.success() {
            bail!("the interpreter ended with an error ({status}){}", crate::server::quoted(&words));
        }
        let answer = Answer::read(&line, self.jobs, lived)?;
        let execution = answer.checked(self.task);
        Ok((Ran { answer, execution, start_up }, watching))
    }
}

impl Answer {
    /// Reads what a program printed of so many jobs that was there for so long.
    pub(crate) fn read(line: &str, jobs: usize, lived: Duration) -> Result<Self> {
        let answer: Self = serde_json::from_str(line).with_context(|| {
            format!("the interpreter's answer can't be understood: '{}'", shortened(line))
        })?;
        let answered = (answer.values.len(), answer.failures.len());
        ensure!(answered == (jobs, jobs), "the interpreter answered for {} of {jobs} jobs", answered.0);
        // When it was ready is seen a little later than it was so, and it goes on meanwhile: only its whole life is a bound.
        let can_be = answer.seconds >= 0.0 && answer.seconds <= lived.as_secs_f64();
        ensure!(
            can_be,
            "the interpreter says its jobs took {} s, and was there for {lived:?}",
            answer.seconds
        );
        Ok(answer)
    }

    /// Checks what each job came to, as the lab's own are.
    pub(crate) fn checked(&self, task: &dyn Task) -> Execution {
        let expected = task.expected();
        let results = self.values.iter().zip(&self.failures).map(|(value, failure)| match (value, failure) {
            (_, Some(failure)) => Err(failure.clone()),
            (Some(value), None) => Ok(*value),
            (None, None) => Err("it came to nothing".to_owned()),
        });
        let execution = Execution::new(&results.collect::<Vec<_>>(), expected, self.seconds);
        let sum = expected.saturating_mul(self.values.len() as u64);
        let lost = task.shares_memory() && self.counter != sum;
        execution.checked(if lost {
            Err(format!("the counter of all jobs came to {} instead of {sum}", self.counter))
        } else {
            Ok(())
        })
    }
}

fn shortened(line: &str) -> String {
    line.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use workloads::task::{CounterLock, Wait};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn seven() -> Wait {
        Wait { times: 7, ..Wait::default() }
    }

    fn line(values: &str, failures: &str, seconds: f64) -> String {
        format!(
            "{{\"implementation\": \"CPython\", \"version\": \"3.13.0\", \"gil\": true, \"warm_up_s\": null, \
             \"seconds\": {seconds}, \"values\": {values}, \"failures\": {failures}, \"counter\": 7}}"
        )
    }

    #[test]
    fn a_wrong_value_a_failure_and_a_missing_one_are_failed_jobs() {
        let text = line("[7, 8, null, null]", "[null, null, \"OSError: full\", null]", 0.5);
        let execution = Answer::read(&text, 4, SECOND).unwrap().checked(&seven());
        assert_eq!((execution.failed, execution.value), (3, None));
        assert_eq!(execution.failure.unwrap(), "3 of 4 jobs failed; job 1 came to 8 instead of 7");
    }

    #[test]
    fn right_values_are_the_value() {
        let text = line("[7, 7]", "[null, null]", 0.5);
        let execution = Answer::read(&text, 2, SECOND).unwrap().checked(&seven());
        assert_eq!((execution.value.as_deref(), execution.failed, execution.seconds), (Some("7"), 0, 0.5));
    }

    #[test]
    fn adds_that_were_lost_to_a_shared_counter_are_a_fault() {
        let text = line("[7, 7]", "[null, null]", 0.5);
        let execution = Answer::read(&text, 2, SECOND).unwrap().checked(&CounterLock::new(7));
        assert_eq!(execution.value, None);
        assert_eq!(execution.failure.unwrap(), "the counter of all jobs came to 7 instead of 14");
    }

    #[test]
    fn an_answer_that_can_not_be_is_refused() {
        for (text, why) in [
            (line("[7]", "[null]", 0.5), "answered for 1 of 2 jobs"),
            (line("[7, 7]", "[null, null]", 1.5), "took 1.5 s, and was there for 1s"),
            (line("[7, 7]", "[null, null]", -0.5), "took -0.5 s"),
            (line("[-7, 7]", "[null, null]", 0.5), "can't be understood"),
            ("hello".to_owned(), "can't be understood: 'hello'"),
        ] {
            let error = Answer::read(&text, 2, SECOND).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
