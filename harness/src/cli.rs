//! The command line: what can be asked for, and how it is written.

mod chat;
mod compare;
mod files;
mod help;
mod lesson;
mod load;
mod run;
mod serve;
mod small;
mod torture;
mod verify;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use reports::language::Language;

use crate::appearance::Color;

pub use self::chat::{Chat, Listen, Room};
use self::compare::COMPARE_JSON;
pub use self::compare::{Compare, FailOn, Report};
pub use self::files::{FileAction, Files};
pub use self::help::{REASONS, REFUSALS, page, parse};
pub use self::lesson::Lesson;
pub use self::load::{Load, Spacing, Special};
pub use self::run::{JobSize, Run, Suite};
pub use self::serve::{Content, Launch, Serve};
pub use self::small::{Doctor, Exec, List, Probe};
use self::torture::TORTURE_CONTRACT;
pub use self::torture::Torture;
use self::verify::VERIFY_CONTRACT;
pub use self::verify::Verify;

/// A laboratory for concurrency models: one workload under every classic model, measured in the same way.
///
/// Without a command it runs the quick comparison: under two minutes, tables at the end, a report on disk.
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
    /// Tell how far the quick comparison has got in plain lines, also on a terminal.
    #[arg(long)]
    pub plain: bool,
    /// When there are colours [auto: on a terminal, unless `NO_COLOR` is set or TERM is dumb].
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Use no characters but ASCII, whatever the locale says.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// The language of what is said and drawn, `en` or `zh` [default: what `LC_ALL`, `LC_MESSAGES` or `LANG` asks
    /// for].
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<Language>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure models, executors and what they are made of, and write run.json, report.md, report.html and cells.csv.
    Run(Box<Run>),
    /// Serve a workload under one model, until SIGTERM or Ctrl-C.
    Serve(Serve),
    /// Load a server that is already there, and check every reply.
    Load(Load),
    /// List, fetch and bring the files of a file server, by one command or at a prompt.
    Files(Files),
    /// Run jobs of one task under one executor.
    Exec(Exec),
    /// List the servers, executors, tasks, workloads and probes there are.
    List(List),
    /// Draw a run's tables and report again.
    Report(Report),
    /// Check how a server behaves: ours, or anyone's in any language.
    #[command(after_long_help = VERIFY_CONTRACT)]
    Verify(Verify),
    /// Put a server under faults, and count what its good clients lose: ours, or anyone's.
    #[command(after_long_help = TORTURE_CONTRACT)]
    Torture(Torture),
    /// Compare runs of one machine, row by row: faster, slower, the same, or can't tell; two of them, or a series.
    #[command(after_long_help = COMPARE_JSON)]
    Compare(Compare),
    /// Hold a demonstration for a class in the terminal: what to watch, the real thing, the figures, what they prove.
    Lesson(Lesson),
    /// Enter a chat room, and talk: `concur serve thread --workload chat` is one.
    Chat(Chat),
    /// Hear what is sent to a port over UDP, beside others who do: broadcasts, above all.
    Listen(Listen),
    /// Say what this machine can do, and what that means for the figures.
    Doctor(Doctor),
    /// Time one small thing that models are made of, in this process.
    #[command(hide = true)]
    Probe(Probe),
    /// Become another program: how the harness starts somebody else's server.
    #[command(hide = true)]
    Launch(Launch),
    /// End the servers of a harness that was killed.
    #[command(hide = true)]
    Guard,
}
