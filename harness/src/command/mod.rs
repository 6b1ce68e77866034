//! One file per command: the glue between the command line and the parts that do the work.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use models::server::trouble;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

use reports::document::Document;
use reports::terminal::draw_with;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use reports::language::Language;

use crate::appearance::{self, Wanted};
use crate::cli::{self, Cli, Command};
use crate::failure::INTERRUPTED;
use crate::language;
use crate::measure::group;

mod chat;
mod compare;
mod doctor;
mod exec;
mod files;
mod guard;
mod launch;
mod lesson;
mod list;
mod load;
mod loading;
mod probe;
mod report;
mod run;
mod serve;
mod torture;
mod verify;

/// Carries a command out.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    appearance::want(Wanted { color: cli.color, ascii: cli.ascii });
    trouble::say_with(language::say);
    match cli.command {
        None => run::quick(cli.out, cli.json, cli.plain),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Serve(arguments)) => serve::run(&arguments),
        Some(Command::Load(arguments)) => load::run(&arguments),
        Some(Command::Exec(arguments)) => exec::run(&arguments),
        Some(Command::Files(arguments)) => files::run(&arguments),
        Some(Command::List(arguments)) => list::run(&arguments),
        Some(Command::Report(arguments)) => report::run(&arguments),
        Some(Command::Verify(arguments)) => verify::run(&arguments),
        Some(Command::Torture(arguments)) => torture::run(&arguments),
        Some(Command::Compare(arguments)) => compare::run(&arguments),
        Some(Command::Doctor(arguments)) => doctor::run(&arguments),
        Some(Command::Lesson(arguments)) => lesson::run(&arguments),
        Some(Command::Chat(arguments)) => chat::run(&arguments),
        Some(Command::Listen(arguments)) => chat::listen(&arguments),
        Some(Command::Guard) => guard::run(),
        Some(Command::Probe(arguments)) => probe::run(&arguments),
        Some(Command::Launch(arguments)) => launch::run(&arguments),
    }
}

/// Has the kernel send this process SIGTERM when `parent` ends, however that happens: a harness that is killed
/// leaves no server behind.
fn end_with(parent: Option<i32>) -> anyhow::Result<()> {
    let Some(parent) = parent else { return Ok(()) };
    prctl::set_pdeathsig(Signal::SIGTERM)?;
    anyhow::ensure!(getppid() == Pid::from_raw(parent), "the process that started this one is gone already");
    Ok(())
}

/// Moves this process into the control group that keeps its account, before it makes threads or children.
fn join(group: Option<&Path>) {
    // Outside it is a server all the same, and the harness, which looks, has it by its processes' clocks.
    let _ = group.map(group::join);
}

/// A flag that SIGINT, SIGTERM and SIGHUP set: what is under way is then ended in order. A second one ends the process at once,
/// and its servers with it (see [`end_with`]).
fn stop_on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    stop_or_end_on_signals(&stop, &stop)?;
    Ok(stop)
}

/// Signals set `stop`; those that come when `at_once` is set end the process at once.
fn stop_or_end_on_signals(stop: &Arc<AtomicBool>, at_once: &Arc<AtomicBool>) -> anyhow::Result<()> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: at the first signal the flag is not yet set.
        flag::register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(at_once))?;
        flag::register(signal, Arc::clone(stop))?;
    }
    Ok(())
}

/// A document as standard output can show it.
fn page(document: &Document) -> String {
    let translated = document.clone().translated(language::current());
    draw_with(&translated, appearance::terminal(), appearance::colours())
}

/// Prints the help or the version that was asked for.
pub fn help(asked: &clap::Error, language: Language) -> anyhow::Result<ExitCode> {
    print(&cli::page(&asked.render().to_string(), language, appearance::terminal().width))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints `text` in the reader's language, line by line.
fn print_lines(text: &str) -> anyhow::Result<()> {
    print(&language::current().of_lines(text))
}

/// Prints `text` on standard output. A reader who has closed the pipe (`concur list | head -1`) is no error.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::{ErrorKind, Write, stdout};
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
