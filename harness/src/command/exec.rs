//! `concur exec`: jobs of one task under one executor, timed in this process.

use std::process::ExitCode;
use std::time::Instant;

use crate::choose;
use crate::cli::Exec;
use crate::execution::Execution;
use crate::failure::{FAILED, Usage};

/// More jobs than this would only measure how the machine drowns.
const JOBS_AT_MOST: usize = 10_000;

pub(super) fn run(arguments: &Exec) -> anyhow::Result<ExitCode> {
    super::end_with(arguments.with_parent)?;
    let choice = choose::choice(&arguments.executor)?;
    let executor = choose::executor(&choice)?;
    let task = choose::task(&arguments.task)?;
    if !(1..=JOBS_AT_MOST).contains(&arguments.jobs) {
        return Err(Usage::error(format!("--jobs can't be {}; try 1 to {JOBS_AT_MOST}", arguments.jobs)));
    }
    let start = Instant::now();
    let results = (executor.run)(&task, arguments.jobs, &choice.options)
        .map_err(|error| Usage::error(error.to_string()))?;
    let seconds = start.elapsed().as_secs_f64();
    let execution = Execution::new(&results, task.expected(), seconds);
    if arguments.json {
        super::print(&(serde_json::to_string_pretty(&execution)? + "\n"))?;
    } else {
        super::print(&text(&execution, &arguments.executor, task.name(), arguments.jobs))?;
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
