//! Which real interpreters stand beside the executors, from the arguments of `concur run`.

use std::sync::atomic::AtomicBool;

use anyhow::Context;

use super::planning::{NOBODY, tasks_named};
use crate::choose;
use crate::cli::{Run, Suite};
use crate::failure::Usage;
use crate::interpreter::{self, Found, Programs};
use crate::measure::placement::processors;
use crate::plan::interpreters::{BESIDE, Extent, Work, interpreter_steps, known};
use crate::plan::tasks::task_steps;
use crate::plan::{InterpreterStep, TaskStep};

/// What interpreters add to a plan.
#[derive(Default)]
pub(super) struct Beside {
    /// Their own cells.
    pub interpreters: Vec<InterpreterStep>,
    /// The same jobs under executors of ours, for where the plan has them not.
    pub executors: Vec<TaskStep>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// The interpreters that were named with --python, or else, where tasks are measured without servers and no
/// executors were asked for by name, those on the PATH.
pub(super) fn beside(arguments: &Run) -> anyhow::Result<Beside> {
    let has = |suite| arguments.suite.contains(&suite);
    let unnamed = arguments.python.is_empty();
    if arguments.python.len() > 1 && arguments.python.iter().any(|name| name == NOBODY) {
        return Err(Usage::error(format!(
            "--python {NOBODY} goes with no other --python; leave one of them out"
        )));
    }
    let unwanted = unnamed && (has(Suite::Servers) || !arguments.executors.is_empty());
    if !has(Suite::Tasks) || unwanted || arguments.python == [NOBODY] {
        return Ok(Beside::default());
    }
    let work = work(arguments)?;
    if work.tasks.is_empty() {
        return Ok(Beside::default());
    }
    // Nothing is measured yet, and Ctrl-C ends this process as any other; what it started ends with it.
    let stop = AtomicBool::new(false);
    let (found, missing) = if unnamed {
        interpreter::on_the_path(&stop)
    } else {
        (interpreter::named(&arguments.python, &stop)?, None)
    };
    let programs =
        Programs::write().context("the Python programs can't be written to a temporary directory")?;
    let choices = BESIDE.iter().map(|name| choose::choice(name));
    let choices = choices.map(|choice| choice.and_then(|choice| Ok((choose::executor(&choice)?, choice))));
    let choices = choices.collect::<anyhow::Result<Vec<_>>>()?;
    let interpreters = interpreter_steps(&found, &programs, &work);
    let run = |task: &str| interpreters.iter().any(|step| step.task.name() == task);
    let tasks: Vec<_> = work.tasks.iter().filter(|task| run(task.name())).cloned().collect();
    Ok(Beside {
        executors: task_steps(&choices, &tasks, work.size, &work.jobs),
        notes: missing.into_iter().chain(notes(&found, &work)).collect(),
        interpreters,
    })
}

/// What they are to do: where no number of jobs is named, two or as many as there are processors, and where no task is named,
/// what a short run has time for.
fn work(arguments: &Run) -> anyhow::Result<Work> {
    let processors = processors()?.len();
    let jobs = if arguments.jobs.is_empty() { vec![processors.max(2)] } else { arguments.jobs.clone() };
    let extent = if arguments.tasks.is_empty() { Extent::Short } else { Extent::Whole };
    let tasks = known(tasks_named(arguments)?);
    Ok(Work { tasks, size: arguments.size.into(), jobs, extent, processors })
}

fn notes(found: &[Found], work: &Work) -> Vec<String> {
    let mut notes = Vec::new();
    if work.extent == Extent::Short && found.iter().any(|found| found.interpreter.is_ok()) {
        notes.push(
            "To keep the run short, interpreters have one number of jobs, ways beyond line, threads and processes run primes and wait, and \
             interpreters other than CPython run little; --tasks NAMES runs those tasks in every way."
                .to_owned(),
        );
    }
    let cpython = |found: &Found| found.interpreter.as_ref().is_ok_and(|it| it.implementation == "CPython");
    if !found.iter().any(cpython) {
        notes.push(
            "There is no CPython here, so the executor gil stands in for its threads: the lab's own model of their lock."
                .to_owned(),
        );
    }
    notes
}
