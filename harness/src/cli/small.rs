//! The commands that have little to ask for: `exec`, `probe`, `list` and `doctor`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::JobSize;

/// `concur exec`.
#[derive(Debug, Args)]
pub struct Exec {
    /// The executor: `threads`.
    pub executor: String,
    /// The task.
    #[arg(long, default_value = "primes")]
    pub task: String,
    /// How many jobs of it.
    #[arg(long, default_value_t = 4)]
    pub jobs: usize,
    /// How long they are.
    #[arg(long, default_value = "full")]
    pub size: JobSize,
    /// Stop when this process ends.
    #[arg(long, value_name = "PID", hide = true)]
    pub with_parent: Option<i32>,
    /// Write what each coroutine did to this file, as JSON: for `async` and `coroutine`.
    #[arg(long, value_name = "FILE")]
    pub timeline: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `concur probe`.
#[derive(Debug, Args)]
pub struct Probe {
    /// The suite: `spawn`, `switch` or `ipc`.
    pub suite: String,
    /// The way: `fork`.
    pub way: String,
    /// What is measured of it, as JSON [default: the first thing that a run measures of it].
    #[arg(long, value_name = "JSON")]
    pub setting: Option<String>,
    /// For about how long.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "300ms")]
    pub time: Duration,
    /// Stop when this process ends.
    #[arg(long, value_name = "PID", hide = true)]
    pub with_parent: Option<i32>,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `concur list`.
#[derive(Debug, Args)]
pub struct List {
    /// Print the list as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `concur doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Print what was found as JSON: units stand in the names, and what is absent could not be found out.
    #[arg(long)]
    pub json: bool,
}
