//! `concur verify`: which server to try, and how hard.

use std::time::Duration;

use clap::Args;

use crate::transport::Transport;

/// What a server must have to be graded in full.
pub(super) const VERIFY_CONTRACT: &str = "\
A server is judged from outside, by what it sends and by what the kernel says of its processes. Echo: it sends back what \
it is sent. HTTP: it has /hello (any body, the same every time); what it has of / (any page), /bytes/N (N bytes), /wait/MS \
(any answer, MS milliseconds later) and /echo (POST gives the body back) is tried as well, and skipped where it answers \
404; pages are tried where it can be told of a folder. Files: it serves the folder that it is told (docs/protocols.md). \
Chat: it has the commands of docs/chat.md. \
SIGTERM asks it to stop. docs/verify.md says it at length.

Exit codes: 0 no case failed, 1 one did, 2 the command can't be carried out.";

/// `concur verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// One of our models, with options, or the address of a server that runs already: `epoll`, `127.0.0.1:8080`,
    /// `unix:PATH`.
    #[arg(conflicts_with_all = ["cmd", "all"], required_unless_present_any = ["cmd", "all", "list"])]
    pub target: Option<String>,
    /// A command that starts a server: `python3 server.py {port}`. {port} stands for a free port, {workload} for the
    /// workload, {root} for the folder that it is to serve; quotes work as in a shell, but no shell runs it.
    #[arg(long, value_name = "COMMAND", conflicts_with = "all")]
    pub cmd: Option<String>,
    /// Every model, with every word that its options know.
    #[arg(long)]
    pub all: bool,
    /// What the server serves [default: all there are cases for with our models, http with others].
    #[arg(long, value_delimiter = ',')]
    pub workload: Vec<String>,
    /// What our models serve over: tcp, unix or udp, or several [default: tcp]. Over UDP there are cases for chat; `concur
    /// load --transport udp` checks echo.
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
