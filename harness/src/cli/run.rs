//! `concur run`: what to measure, under which loads, how often and where to write it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use models::probe;
use workloads::task::Size;

use super::Special;
use crate::transport::Transport;

/// `concur run`.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "servers,tasks")]
    pub suite: Vec<Suite>,
    /// Server models to measure, separated by commas or spaces, with options: `epoll,thread-pool:workers=16,queue=8`
    /// [default: all]; `none` where only --cmd is to be measured.
    #[arg(long, value_name = "MODEL", num_args = 1..)]
    pub models: Vec<String>,
    /// Somebody else's server as one more row: its name and its command, where {port} stands for the port it is to
    /// listen on and {workload} for what it is to serve. It runs without a shell. May be given more than once.
    #[arg(long, value_name = "NAME=COMMAND")]
    pub cmd: Vec<String>,
    /// This interpreter as rows [default: python3]: of the suite servers the course's servers in Python, of the suite tasks the
    /// tasks in Python. May be given more than once; servers run under the first one. The suite tasks without servers looks
    /// for interpreters by itself, unless --executors are named; with `none` it does not.
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "python3")]
    pub python: Vec<String>,
    /// Executors to measure, separated by commas or spaces [default: all].
    #[arg(long, value_name = "EXECUTOR", num_args = 1..)]
    pub executors: Vec<String>,
    /// Tasks to run, separated by commas or spaces [default: all].
    #[arg(long, value_name = "TASK", value_delimiter = ',', num_args = 1..)]
    pub tasks: Vec<String>,
    /// How long their jobs are.
    #[arg(long, default_value = "short")]
    pub size: JobSize,
    /// Ways to measure in the suites spawn, switch and ipc, separated by commas or spaces [default: all].
    #[arg(long, value_name = "WAY", value_delimiter = ',', num_args = 1..)]
    pub ways: Vec<String>,
    /// How long each way is measured at a time [default: as long as makes --rounds of a suite of probes take two to three
    /// minutes, 20ms to 300ms].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub probe_time: Option<Duration>,
    /// Workloads to serve [default: http].
    #[arg(long, value_delimiter = ',')]
    pub workload: Vec<String>,
    /// What to ask an HTTP server for [default: /hello].
    #[arg(long)]
    pub path: Option<String>,
    /// The size of an echo message in bytes [default: 64].
    #[arg(long, value_name = "BYTES")]
    pub message: Option<usize>,
    /// What it goes over; UDP is for echo [default: tcp].
    #[arg(long, value_delimiter = ',')]
    pub transport: Vec<Transport>,
    /// How many connections are open at once [default: 64; in the suite idle 100, the active ones].
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub connections: Vec<usize>,
    /// Offer so many requests a second, whatever the server does, in turn: an open loop [default: a closed loop, in which
    /// the next request leaves when the reply is there].
    #[arg(long, value_name = "PER_SECOND", value_delimiter = ',', conflicts_with = "knee")]
    pub rate: Vec<f64>,
    /// Look for each server's knee: offer it shares of the rate that it reaches in a closed loop, from 10% to 110%.
    #[arg(long, conflicts_with = "think")]
    pub knee: bool,
    /// What is special about the loads.
    #[command(flatten)]
    pub special: Special,
    /// Idle connections beside those that ask, in turn [default: none; in the suite idle 0 to 10,000].
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub idle: Vec<usize>,
    /// The server that is measured twice, as a row of its own, to see how far apart the same thing comes out, or `none`
    /// [default: epoll, or else the first one]. Of probes it is thread, pipe-processes and pipe.
    #[arg(long, value_name = "MODEL")]
    pub again: Option<String>,
    /// How long each server is measured.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2s")]
    pub duration: Duration,
    /// How long it is loaded before that.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "300ms")]
    pub warm_up: Duration,
    /// After this long without a reply a request is given up.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2s")]
    pub timeout: Duration,
    /// How often everything is measured, each time in another order [default: 5; of tasks alone 3, of spawn
    /// and of switch alone 9].
    #[arg(long, value_name = "ROUNDS")]
    pub rounds: Option<u32>,
    /// Instead of --rounds: go on until the interval of every row reaches no further than this from its median, in percent:
    /// `2%`.
    #[arg(long, value_name = "PERCENT", value_parser = percent, conflicts_with = "rounds")]
    pub until: Option<f64>,
    /// How long that may take; five rounds must go into it [default: 10m].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, requires = "until")]
    pub budget: Option<Duration>,
    /// How many jobs of a task there are, in turn [default: 1, 2, 4 and so on up to the number of processors, twice and
    /// four times that, as far as there is time; pools are then also given more workers than processors].
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub jobs: Vec<usize>,
    /// The order of measuring follows from this number [default: another one each time].
    #[arg(long)]
    pub seed: Option<u64>,
    /// Where to write; the directory must not hold a run yet [default: one named after the time, under runs].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the record as JSON instead of tables.
    #[arg(long)]
    pub json: bool,
    /// Tell how far the run has got in plain lines, also on a terminal.
    #[arg(long)]
    pub plain: bool,
}

/// What `run` can measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Suite {
    /// Server models under load.
    Servers,
    /// Executors over tasks.
    Tasks,
    /// Servers with up to 10,000 idle connections beside 100 active ones.
    Idle,
    /// Stevens' comparison of servers that make processes and threads (UNIX Network Programming, volume 1, chapter 30).
    Stevens,
    /// What it costs to make and end what runs a job: processes, threads, coroutines, tasks.
    Spawn,
    /// What it costs to go from one of these to another, and what one that sleeps holds.
    Switch,
    /// What it costs to send a message: pipes, queues, shared memory, signals, sockets, channels.
    Ipc,
}

impl Suite {
    /// The suite of probes that it is, if it is one.
    pub fn of_probes(self) -> Option<probe::Suite> {
        match self {
            Self::Servers | Self::Tasks | Self::Idle | Self::Stevens => None,
            Self::Spawn => Some(probe::Suite::Spawn),
            Self::Switch => Some(probe::Suite::Switch),
            Self::Ipc => Some(probe::Suite::Ipc),
        }
    }
}

/// How long the jobs of a task are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JobSize {
    /// As the course notes have it: up to more than a second.
    Full,
    /// Some 10 to 50 ms.
    Short,
}

impl From<JobSize> for Size {
    fn from(size: JobSize) -> Self {
        match size {
            JobSize::Full => Self::Full,
            JobSize::Short => Self::Short,
        }
    }
}

/// Reads `2%` as 0.02.
fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.strip_suffix('%').unwrap_or(text).parse().ok();
    let share = number.map(|percent| percent / 100.0).filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "try a percentage such as 2%".to_owned())
}
