//! `concur exec`: jobs of one task under one executor, timed in this process.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use models::executor::Executor;
use reports::record::Timeline;
use serde::Serialize;
use workloads::task::Task;

use crate::choose;
use crate::cli::Exec;
use crate::execution::Execution;
use crate::failure::{FAILED, Usage};
use crate::observed::{Observed, Observer};

/// More jobs than this would only measure how the machine drowns.
pub(super) const JOBS_AT_MOST: usize = 10_000;

/// What was run and what it came to; names as in the record.
#[derive(Serialize)]
struct Answer<'a> {
    executor: &'static str,
    options: String,
    task: &'static str,
    jobs: usize,
    workers: usize,
    #[serde(flatten)]
    execution: &'a Execution,
}

pub(super) fn run(arguments: &Exec) -> anyhow::Result<ExitCode> {
    super::end_with(arguments.with_parent)?;
    let choice = choose::choice(&arguments.executor)?;
    let executor = choose::executor(&choice)?;
    let task = choose::task(&arguments.task, arguments.size.into())?;
    if let Some(why) = executor.refuses(&*task) {
        return Err(Usage::error(format!("{why}; try another executor, or another --task")));
    }
    if !(1..=JOBS_AT_MOST).contains(&arguments.jobs) {
        return Err(Usage::error(format!("--jobs can't be {}; try 1 to {JOBS_AT_MOST}", arguments.jobs)));
    }
    let (task, observer) = match &arguments.timeline {
        Some(_) => observed(executor, task, arguments.jobs)?,
        None => (task, None),
    };
    let start = Instant::now();
    let results = (executor.run)(&task, arguments.jobs, &choice.options)
        .map_err(|error| Usage::error(error.to_string()))?;
    let seconds = start.elapsed().as_secs_f64();
    if let (Some(path), Some(observer)) = (&arguments.timeline, observer) {
        write(path, observer.stop().as_ref())?;
    }
    let execution = Execution::new(&results, task.expected(), seconds).checked(task.check(arguments.jobs));
    if arguments.json {
        let answer = Answer {
            executor: executor.name,
            options: choice.options.to_string(),
            task: task.name(),
            jobs: arguments.jobs,
            workers: (executor.workers)(arguments.jobs, &choice.options),
            execution: &execution,
        };
        super::print(&(serde_json::to_string_pretty(&answer)? + "\n"))?;
    } else {
        super::print_lines(&text(&execution, &arguments.executor, task.name(), arguments.jobs))?;
    }
    Ok(if execution.failure.is_none() { ExitCode::SUCCESS } else { FAILED.into() })
}

/// The task with somebody who looks at its jobs.
fn observed(
    executor: &Executor,
    task: Arc<dyn Task>,
    jobs: usize,
) -> anyhow::Result<(Arc<dyn Task>, Option<Observer>)> {
    if !executor.runs_coroutines() {
        return Err(Usage::error(format!(
            "--timeline is of coroutines, and {} has none; try async or coroutine",
            executor.name
        )));
    }
    let task = Observed::new(task, jobs);
    let observer = task.look(jobs).context("no thread can be made that looks at the jobs")?;
    Ok((Arc::new(task), Some(observer)))
}

/// Writes a timeline, or `null` where the jobs were gone too soon.
fn write(path: &Path, timeline: Option<&Timeline>) -> anyhow::Result<()> {
    let written = fs::write(path, serde_json::to_vec(&timeline)?);
    written.with_context(|| format!("{} can't be written; try another path", path.display()))
}

fn text(execution: &Execution, executor: &str, task: &str, jobs: usize) -> String {
    let outcome = match (&execution.value, &execution.failure) {
        (Some(value), _) => format!("each came to {value}, as it should"),
        (None, failure) => failure.clone().unwrap_or_default(),
    };
    format!("{executor}, {task}, {jobs} jobs: {:.3} s; {outcome}\n", execution.seconds)
}
