//! The command line: what can be asked for, and how it is written.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use reports::record::Schedule;

use crate::transport::Transport;

/// A laboratory for concurrency models: one workload under every classic model, measured in the same way.
///
/// Without a command it runs the quick comparison: about a minute, tables at the end, a report on disk.
#[derive(Debug, Parser)]
#[command(name = "concur", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where the quick comparison writes its report; the directory must not hold a run yet [default: one named after
    /// the time, under runs].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the quick comparison's record as JSON instead of tables.
    #[arg(long)]
    pub json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure models and executors, and write run.json, report.md, report.html and cells.csv.
    Run(Box<Run>),
    /// Serve a workload under one model, until SIGTERM or Ctrl-C.
    Serve(Serve),
    /// Load a server that is already there, and check every reply.
    Load(Load),
    /// Run jobs of one task under one executor.
    Exec(Exec),
    /// List the servers, executors, tasks and workloads there are.
    List(List),
    /// Draw a run's tables and report again.
    Report(Report),
    /// Check how a server behaves: ours, or anyone's in any language.
    #[command(after_long_help = VERIFY_CONTRACT)]
    Verify(Verify),
    /// Compare two runs of one machine, row by row: faster, slower, the same, or can't tell.
    #[command(after_long_help = COMPARE_JSON)]
    Compare(Compare),
    /// Say what this machine can do, and what that means for the figures.
    Doctor(Doctor),
    /// Become another program: how the harness starts somebody else's server.
    #[command(hide = true)]
    Launch(Launch),
    /// End the servers of a harness that was killed.
    #[command(hide = true)]
    Guard,
}

/// What a server must have to be graded in full.
const VERIFY_CONTRACT: &str = "\
A server is judged from outside, by what it sends and by what the kernel says of its processes. Echo: it sends back what \
it is sent. HTTP: it has /hello (any body, the same every time); what it has of / (any page), /bytes/N (N bytes), /wait/MS \
(any answer, MS milliseconds later) and /echo (POST gives the body back) is tried as well, and skipped where it answers \
404. SIGTERM asks it to stop. docs/verify.md says it at length.

Exit codes: 0 no case failed, 1 one did, 2 the command can't be carried out.";

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
    /// The course's servers in Python as rows, run by this interpreter [default: python3].
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "python3")]
    pub python: Option<String>,
    /// Executors to measure, separated by commas or spaces [default: all].
    #[arg(long, value_name = "EXECUTOR", num_args = 1..)]
    pub executors: Vec<String>,
    /// Tasks to run, separated by commas or spaces [default: all].
    #[arg(long, value_name = "TASK", value_delimiter = ',', num_args = 1..)]
    pub tasks: Vec<String>,
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
    /// [default: epoll, or else the first one].
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
    /// How often everything is measured, each time in another order.
    #[arg(long, default_value_t = 5)]
    pub rounds: u32,
    /// Instead of --rounds: go on until the interval of every row reaches no further than this from its median, in percent:
    /// `2%`.
    #[arg(long, value_name = "PERCENT", value_parser = percent, conflicts_with = "rounds")]
    pub until: Option<f64>,
    /// How long that may take; five rounds must go into it [default: 10m].
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, requires = "until")]
    pub budget: Option<Duration>,
    /// How many jobs of a task run at once.
    #[arg(long, default_value_t = 4)]
    pub jobs: usize,
    /// The order of measuring follows from this number [default: another one each time].
    #[arg(long)]
    pub seed: Option<u64>,
    /// Where to write; the directory must not hold a run yet [default: one named after the time, under runs].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the record as JSON instead of tables.
    #[arg(long)]
    pub json: bool,
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
}

/// Reads `2%` as 0.02.
fn percent(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.strip_suffix('%').unwrap_or(text).parse().ok();
    let share = number.map(|percent| percent / 100.0).filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "try a percentage such as 2%".to_owned())
}

/// `concur serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The model, with options: `epoll`, `thread:stack=1m`.
    pub model: String,
    /// What to serve.
    #[arg(long, default_value = "http")]
    pub workload: String,
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

/// `concur launch`.
#[derive(Debug, Args)]
pub struct Launch {
    /// Stop when this process ends.
    #[arg(long, value_name = "PID")]
    pub with_parent: Option<i32>,
    /// Move into this control group first.
    #[arg(long, value_name = "DIR")]
    pub group: Option<PathBuf>,
    /// Bind the program to these processors.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub cpus: Vec<usize>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub command: Vec<OsString>,
}

/// `concur report`.
#[derive(Debug, Args)]
pub struct Report {
    /// The run: its directory, or its run.json.
    pub run: PathBuf,
    /// Where to write [default: beside the record].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print the record as JSON instead of tables.
    #[arg(long)]
    pub json: bool,
}

/// `concur verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// One of our models, with options, or the address of a server that runs already: `epoll`, `127.0.0.1:8080`,
    /// `unix:PATH`.
    #[arg(conflicts_with_all = ["cmd", "all"], required_unless_present_any = ["cmd", "all", "list"])]
    pub target: Option<String>,
    /// A command that starts a server: `python3 server.py {port}`. {port} stands for a free port, {workload} for the
    /// workload; quotes work as in a shell, but no shell runs it.
    #[arg(long, value_name = "COMMAND", conflicts_with = "all")]
    pub cmd: Option<String>,
    /// Every model, with every word that its options know.
    #[arg(long)]
    pub all: bool,
    /// What the server serves [default: echo and http for our models, http for others].
    #[arg(long, value_delimiter = ',')]
    pub workload: Vec<String>,
    /// What our models serve over, tcp or unix or both [default: tcp]. Messages over UDP have no cases here: `concur load
    /// --transport udp` checks those.
    #[arg(long, value_name = "TRANSPORT", value_delimiter = ',', conflicts_with = "cmd")]
    pub transport: Vec<Transport>,
    /// Try these cases only, separated by commas or spaces.
    #[arg(long = "case", value_name = "NAME", value_delimiter = ',', num_args = 1..)]
    pub cases: Vec<String>,
    /// List the cases, and try none.
    #[arg(long)]
    pub list: bool,
    /// How many connections come and go where something might leak.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub connections: usize,
    /// How many clients are connected at once where there are many; of our models no more than they have room for.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub at_once: usize,
    /// How long a server may take to do the next thing.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "5s")]
    pub patience: Duration,
    /// How long what is under way may take once a server is asked to stop; our models are told so.
    #[arg(long, value_parser = humantime::parse_duration, default_value = "2s")]
    pub grace: Duration,
    /// Print what was found as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `concur compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The earlier run: its directory, or its run.json.
    pub old: PathBuf,
    /// The later run.
    pub new: PathBuf,
    /// End with exit code 1 if any row came to this.
    #[arg(long, value_name = "OUTCOME")]
    pub fail_on: Option<FailOn>,
    /// Compare runs of different hosts or placements all the same.
    #[arg(long)]
    pub force: bool,
    /// Print what was found as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What `compare` can fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// CPU time per request grew.
    Slower,
}

/// What `compare --json` holds.
const COMPARE_JSON: &str = "\
A row is slower or faster if the interval of its CPU time per request, the later run's by the earlier one's, lies beyond the \
threshold (how far the same server, measured twice in one run, was from itself, at least 1%; and 2% more, an allowance for what \
differs between runs) and chance alone would show that in any row with a probability below 5%. It is the same if the interval lies within the threshold.

--json: old, new {path, started, concur (its version), complete}; hosts_differ, placements_differ (texts; empty where the same); \
warnings (texts); between_runs (what thresholds are multiplied by); rows [{suite, setting, model, threshold {ratio, pairs, apart, \
here}, outcome: slower, \
faster, same or cant-tell; reason (text, where it can't be told); cpu_us, rate, p99_us {old, new, ratio, low, high, \
coverage}; p_value (Welch's test on logarithms, Holm's correction); rounds [earlier, later]; lost (text, where the later run \
has errors or no figures)}]; only_old, only_new [{suite, setting, model}]; tasks_left_out (tasks are not compared).

--fail-on slower also fails on rows that are missing in the later run, came to errors or have no figures there, and where no row \
could be compared.

Exit codes: 0 done, 1 --fail-on found something, 2 the runs can't be compared as given.";
/// `concur doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Print what was found as JSON: units stand in the names, and what is absent could not be found out.
    #[arg(long)]
    pub json: bool,
}
