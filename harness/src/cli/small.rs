//! The commands that have little to ask for: `exec`, `list` and `doctor`.

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
