//! `concur files`: the client of the file server.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// `concur files`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Files {
    /// The server: `127.0.0.1:8888`, a port alone, or `unix:PATH`.
    pub address: String,
    /// What to do; without it commands are taken at a prompt, or from standard input.
    #[command(subcommand)]
    pub action: Option<FileAction>,
    /// How long the server may take to do the next thing.
    #[arg(long, value_name = "DURATION", global = true, value_parser = humantime::parse_duration, default_value = "60s")]
    pub timeout: Duration,
    /// Print what was done as JSON, a line for each action.
    #[arg(long, global = true)]
    pub json: bool,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum FileAction {
    /// List the server's files.
    List,
    /// Fetch a file: it appears when it is whole and right, and replaces one of this name.
    Get {
        /// What the server calls it.
        name: String,
        /// What to call it here [default: the same].
        file: Option<PathBuf>,
    },
    /// Bring a file: on the server it appears when it is whole, and replaces one of this name.
    Put {
        /// The file.
        file: PathBuf,
        /// What the server is to call it [default: the same].
        name: Option<String>,
    },
}
