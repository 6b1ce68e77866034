//! Which real interpreters stand beside the executors, from the arguments of `concur run`.

use std::sync::atomic::AtomicBool;

use workloads::task::Size;

use super::planning::{NOBODY, tasks_named};
use crate::choose;
use crate::cli::{Run, Suite};
use crate::failure::Usage;
use crate::interpreter::{self, Found, Programs, Way};
use crate::measure::placement::processors;
use crate::plan::interpreters::{BESIDE, Extent, Work, interpreter_steps, known};
use crate::plan::tasks::task_steps;
use crate::plan::{InterpreterStep, TaskStep};

/// How many jobs of `--size full` an interpreter has that nobody named: a job of the notes takes it a quarter of a minute, and two
/// tell whether they run side by side.
const FULL_JOBS: usize = 2;
/// Whose rows they are then.
const FULL: &str = "CPython";

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
    let (mut found, missing) = if unnamed {
        interpreter::on_the_path(&stop)
    } else {
        (interpreter::named(&arguments.python, &stop)?, None)
    };
    let programs = Programs::write().unwrap_or_else(|why| {
        for it in found.iter_mut().filter(|it| it.interpreter.is_ok()) {
            it.interpreter = Err(why.clone());
        }
        Programs::none()
    });
    let choices = BESIDE.iter().map(|name| choose::choice(name));
    let choices = choices.map(|choice| choice.and_then(|choice| Ok((choose::executor(&choice)?, choice))));
    let choices = choices.collect::<anyhow::Result<Vec<_>>>()?;
    let mut interpreters = interpreter_steps(&found, &programs, &work);
    if unnamed {
        interpreters.retain(|step| has_time_for(step, arguments));
    }
    let run = |task: &str| interpreters.iter().any(|step| step.task.name() == task);
    let tasks: Vec<_> = work.tasks.iter().filter(|task| run(task.name())).cloned().collect();
    Ok(Beside {
        executors: task_steps(&choices, &tasks, work.size, &work.jobs),
        notes: missing.into_iter().chain(notes(&found, arguments)).collect(),
        interpreters,
    })
}

fn is_full(arguments: &Run) -> bool {
    Size::from(arguments.size) == Size::Full
}

/// Whether a run is to take the time for a step of an interpreter that nobody named.
fn has_time_for(step: &InterpreterStep, arguments: &Run) -> bool {
    let Ok(interpreter) = &step.found.interpreter else { return true };
    let of_the_notes = Way::NOTES.contains(&step.way);
    if is_full(arguments) {
        of_the_notes && interpreter.implementation == FULL
    } else {
        of_the_notes || arguments.tasks.is_empty()
    }
}

/// What they are to do: where no number of jobs is named, two or as many as there are processors, and where not both interpreters
/// and tasks are named, what a short run has time for.
fn work(arguments: &Run) -> anyhow::Result<Work> {
    let processors = processors()?.len();
    let mut jobs = if arguments.jobs.is_empty() { vec![processors.max(2)] } else { arguments.jobs.clone() };
    if arguments.python.is_empty() && is_full(arguments) {
        jobs = jobs.into_iter().max().map(|most| most.min(FULL_JOBS)).into_iter().collect();
    }
    // Of tasks that were named none is left out; ways are, later.
    let extent = if arguments.tasks.is_empty() { Extent::Short } else { Extent::Whole };
    let tasks = known(tasks_named(arguments)?);
    Ok(Work { tasks, size: arguments.size.into(), jobs, extent, processors })
}

fn notes(found: &[Found], arguments: &Run) -> Vec<String> {
    let there = || found.iter().filter_map(|found| found.interpreter.as_ref().ok());
    let mut notes: Vec<String> = there().next().and_then(|_| left_out(arguments)).into_iter().collect();
    if !there().any(|it| it.implementation == "CPython" && it.gil) {
        notes.push(
            "No CPython with its lock is among the interpreters of this run, so the executor gil stands in for its threads: the \
             lab's own model of that lock."
                .to_owned(),
        );
    }
    notes
}

/// What a run that is to be short leaves out of interpreters, and how to have it.
fn left_out(arguments: &Run) -> Option<String> {
    let named = !arguments.python.is_empty();
    let tasks_named = !arguments.tasks.is_empty();
    let jobs = if arguments.jobs.is_empty() { "have one number of jobs, " } else { "run less: " };
    let (has, all) = match (named, tasks_named) {
        (true, true) => return None,
        (false, _) if is_full(arguments) => {
            let tasks = if tasks_named { "" } else { " and the tasks primes, disk and wait" };
            (
                format!(
                    "of the interpreters, which were not named, {FULL} alone runs jobs of --size full, {FULL_JOBS} of a task at \
                     most, in the ways line, threads and processes{tasks}"
                ),
                "--python PATH with --tasks NAMES runs those tasks in every way, with every number of --jobs, and takes long",
            )
        }
        (false, true) => (
            "interpreters, which were not named, run in the ways line, threads and processes".to_owned(),
            "--python PATH runs these tasks in every way",
        ),
        (_, false) => (
            format!(
                "interpreters {jobs}ways beyond line, threads and processes run primes and wait, and interpreters other than \
                 CPython run little"
            ),
            if named {
                "--tasks NAMES runs those tasks in every way"
            } else {
                "--python PATH with --tasks NAMES runs those tasks in every way"
            },
        ),
    };
    Some(format!("To keep the run short, {has}; {all}."))
}
