//! `concur serve`, and `concur launch`: what becomes a server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::chat::Room;
use crate::measure::limits::Confine;
use crate::transport::Transport;

/// `concur serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The model, with options: `epoll`, `thread:stack=1m`.
    pub model: String,
    /// What to serve.
    #[arg(long, default_value = "http")]
    pub workload: String,
    /// What of it.
    #[command(flatten)]
    pub content: Content,
    /// Where to listen; port 0 takes a free one. `unix:PATH` is a Unix socket: its file gets the permissions that the
    /// umask leaves and goes with the server; one that a killed server left there is replaced.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8888")]
    pub bind: String,
    /// What to serve over [default: the stream that goes with --bind].
    #[arg(long)]
    pub transport: Option<Transport>,
    /// How long what is under way may take once the server is asked to stop.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "5s")]
    pub grace: Duration,
    /// Bind the server to these processors: `0` or `0,2`.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub cpus: Vec<usize>,
    /// How long a request may take to arrive, from its first byte [default: the workload's own limit, 20s].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub request_time: Option<Duration>,
    /// How long a connection may stay silent, and a reply find no taker [default: the workload's own limit, 75s].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub idle_time: Option<Duration>,
    /// Burn so much processor time whenever input has come, `500ns`: to see whether a comparison notices.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub handicap: Option<Duration>,
    /// Stop when this process ends.
    #[arg(long, value_name = "PID", hide = true)]
    pub with_parent: Option<i32>,
    /// Move into this control group first.
    #[arg(long, value_name = "DIR", hide = true)]
    pub group: Option<PathBuf>,
    /// Remove the directory of the Unix socket as well in the end, if it is empty by then.
    #[arg(long, hide = true)]
    pub remove_directory: bool,
}

/// What is served, beyond its name.
#[derive(Debug, Clone, Default, Args)]
pub struct Content {
    /// The folder that is served.
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// List the directories of that folder that have no index.html.
    #[arg(long)]
    pub list: bool,
    /// How many files a file server's folder may have [default: 10000].
    #[arg(long, value_name = "N")]
    pub max_files: Option<u64>,
    /// How large a file may be that a file server takes [default: 4294967296].
    #[arg(long, value_name = "BYTES")]
    pub max_file_bytes: Option<u64>,
    /// Have a file server give files, and take none.
    #[arg(long)]
    pub read_only: bool,
    /// Of a chat room, and of what is broadcast.
    #[command(flatten)]
    pub room: Room,
}

/// `concur launch`.
#[derive(Debug, Args)]
pub struct Launch {
    /// Stop when this process ends.
    #[arg(long, value_name = "PID")]
    pub with_parent: Option<i32>,
    /// Begin when a byte arrives on stdin, and end without one.
    #[arg(long)]
    pub gate: bool,
    /// Move into this control group first.
    #[arg(long, value_name = "DIR")]
    pub group: Option<PathBuf>,
    /// Bind the program to these processors.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub cpus: Vec<usize>,
    /// Let it have no more than so much of something: `nofile=64`, `nproc=20`, `as=100000000`.
    #[arg(long = "limit", value_name = "WHAT=MOST")]
    pub limits: Vec<Confine>,
    /// Put this into its environment: `NAME=VALUE`.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub environment: Vec<String>,
    /// Become this user first.
    #[arg(long, value_name = "UID")]
    pub user: Option<u32>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}
