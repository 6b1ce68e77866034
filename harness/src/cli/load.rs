//! `concur load`, and what `run` asks for in the same words.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use reports::record::Schedule;

use crate::transport::Transport;

/// `concur load`.
#[derive(Debug, Args)]
pub struct Load {
    /// The server: `127.0.0.1:8888`, `http://127.0.0.1:8888/hello` or `unix:PATH`.
    pub address: String,
    /// What to go over [default: the stream that goes with the address].
    #[arg(long)]
    pub transport: Option<Transport>,
    /// What it serves.
    #[arg(long, default_value = "http")]
    pub workload: String,
    /// What to ask an HTTP server for [default: /hello].
    #[arg(long)]
    pub path: Option<String>,
    /// The size of an echo message in bytes. Over UDP it is at most 65507, and from 8 on it carries a number that tells a
    /// late reply from the right one.
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    pub message: usize,
    /// How many connections are open at once; over UDP, how many sockets with one message under way each.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub connections: usize,
    /// Over how many threads they are spread.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
    /// Send so many requests a second, over all connections, whatever the server does: an open loop. Latency then counts
    /// from when a request was due [default: a closed loop, in which a request leaves when the reply before it is there].
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// What random distances follow from [default: another number each time].
    #[arg(long, requires = "rate")]
    pub seed: Option<u64>,
    /// What is special about the load.
    #[command(flatten)]
    pub special: Special,
    /// How many connections beside these are answered once and then say nothing.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub idle: usize,
    /// How long to measure.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "5s")]
    pub duration: Duration,
    /// How long to load before that.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "300ms")]
    pub warm_up: Duration,
    /// After this long without a reply a request is given up; over UDP the message is lost, and the next one is sent.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2s")]
    pub timeout: Duration,
    /// Say this percentile of the latencies too, if there are enough replies for it: `99.95`. May be given more than once.
    #[arg(long, value_name = "PERCENT")]
    pub percentile: Vec<f64>,
    /// Write the latencies second by second to this file, in the log format of `HdrHistogram`.
    #[arg(long, value_name = "FILE")]
    pub histogram_log: Option<PathBuf>,
    /// Bind the generator to these processors: `1` or `1,3`.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub cpus: Vec<usize>,
    /// Print the result as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What is special about a load, for `run` and `load` alike.
#[derive(Debug, Clone, Args)]
pub struct Special {
    /// Bring a new connection for each request.
    #[arg(long)]
    pub new_connections: bool,
    /// How the requests of an open loop are spaced: at equal distances, or at random as independent clients would
    /// [default: constant].
    #[arg(long, value_name = "SPACING")]
    pub schedule: Option<Spacing>,
    /// How many requests may be under way at once on each connection [default: 1].
    #[arg(long, value_name = "DEPTH")]
    pub pipeline: Option<usize>,
    /// How long each connection pauses between a reply and its next request.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "rate")]
    pub think: Option<Duration>,
    /// Slow clients beside those that ask, who send their requests byte by byte, one each 10 ms. Their replies do not count.
    #[arg(long, value_name = "N")]
    pub slow: Option<usize>,
    /// Let other connections ask an HTTP server for this path meanwhile, each as fast as it is answered: `/cpu/100000`.
    #[arg(long, value_name = "PATH")]
    pub beside: Option<String>,
    /// How many of them [default: 1].
    #[arg(long, value_name = "N", requires = "beside")]
    pub beside_connections: Option<usize>,
}

/// How the requests of an open loop are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Spacing {
    /// At equal distances.
    Constant,
    /// At exponentially distributed distances.
    Poisson,
}

impl From<Spacing> for Schedule {
    fn from(spacing: Spacing) -> Self {
        match spacing {
            Spacing::Constant => Self::Constant,
            Spacing::Poisson => Self::Poisson,
        }
    }
}
