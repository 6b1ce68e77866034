//! `concur exec`: jobs of one task under one executor, timed in this process.

use std::process::ExitCode;
use std::time::Instant;

use serde::Serialize;

use crate::choose;
use crate::cli::Exec;
use crate::execution::Execution;
use crate::failure::{FAILED, Usage};

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
    let start = Instant::now();
    let results = (executor.run)(&task, arguments.jobs, &choice.options)
        .map_err(|error| Usage::error(error.to_string()))?;
    let seconds = start.elapsed().as_secs_f64();
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

fn text(execution: &Execution, executor: &str, task: &str, jobs: usize) -> String {
    let outcome = match (&execution.value, &execution.failure) {
        (Some(value), _) => format!("each came to {value}, as it should"),
        (None, failure) => failure.clone().unwrap_or_default(),
    };
    format!("{executor}, {task}, {jobs} jobs: {:.3} s; {outcome}\n", execution.seconds)
}
