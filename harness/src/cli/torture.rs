//! `concur torture`: which servers, by which faults, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// What a server must have to be tortured, and what a loss is.
pub(super) const TORTURE_CONTRACT: &str = "\
While a fault goes on a good client asks all the time, and checks every reply to the byte. A request is lost if its reply is \
wrong, cut, or not there within the time that it may take; one such request fails the fault. When the fault is over the server \
must serve, hold no more descriptors, threads and processes than before, hardly more memory, and sleep when nobody asks. \
HTTP: the server has /hello (any body, the same every time); /bytes/N and /echo are used where they are. SIGTERM asks it to \
stop. docs/torture.md says it at length.

Exit codes: 0 no fault failed, 1 one did, 2 the command can't be carried out.";

/// `concur torture`.
#[derive(Debug, Args)]
pub struct Torture {
    /// Our models, with options, one after the other: `epoll`, `prefork:accept=fd-pass`.
    #[arg(value_name = "MODEL", conflicts_with_all = ["cmd", "all"], required_unless_present_any = ["cmd", "all", "list"])]
    pub models: Vec<String>,
    /// A command that starts a server: `python3 server.py {port}`. {port} stands for a free port; quotes work as in a
    /// shell, but no shell runs it.
    #[arg(long, value_name = "COMMAND", conflicts_with = "all")]
    pub cmd: Option<String>,
    /// Every model.
    #[arg(long)]
    pub all: bool,
    /// For how many seconds a server is tortured, about: they are divided among the faults.
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub seconds: u64,
    /// Have these faults only, separated by commas or spaces.
    #[arg(long, value_name = "NAME", value_delimiter = ',', num_args = 1..)]
    pub faults: Vec<String>,
    /// List the faults, and have none.
    #[arg(long)]
    pub list: bool,
    /// The long form: faults in a random order until so many good requests were answered; memory and descriptors must
    /// stay flat.
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub requests: Option<u64>,
    /// How many clients misbehave at once, where the server has room for many.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub at_once: usize,
    /// How long an answer may take, where the server has room.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2s")]
    pub patience: Duration,
    /// How long what is under way may take once a server is asked to stop; our models are told so.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2s")]
    pub grace: Duration,
    /// What all that is by chance follows from [default: another one each time; it is said in the answer].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Write a report to this directory, which must not hold a run yet.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print what happened as JSON.
    #[arg(long)]
    pub json: bool,
}
