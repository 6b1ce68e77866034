//! What every way to send a message promises, proved on the ways themselves.
//!
//! Most of them fork, and only a process with one thread is forked, while libtest runs tests on threads. So this file brings
//! its own `main`: it starts itself once for each case, as a process with its own children, limits and signals.
//! Arguments that don't begin with a dash select the cases whose names contain one of them.

/// Functions with their names, as a list.
macro_rules! functions {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), $name as fn())),*] };
}

mod carries;
mod deaths;
mod leftovers;

use std::env;
use std::process::{Command, ExitCode, Output};
use std::time::Duration;

use models::probe::{Measured, Operation, Probe, Setting, Suite, Trouble, find, probes};
use nix::unistd::alarm;

/// A case that hangs is killed after this many seconds; the slowest takes about twenty.
const TIME_LIMIT_S: u32 = 120;

/// A function by its name.
type Function = (&'static str, fn());

const CASES: [&[Function]; 3] = [carries::CASES, deaths::CASES, leftovers::CASES];
const ACTORS: [&[Function]; 1] = [deaths::ACTORS];

fn cases() -> impl Iterator<Item = &'static Function> {
    CASES.into_iter().flatten()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, name, ..] = &arguments[..]
        && flag == "--in-this-process"
    {
        alarm::set(TIME_LIMIT_S);
        let mut all = cases().chain(ACTORS.into_iter().flatten());
        let (_, function) = all.find(|(each, _)| each == name).expect("a known name");
        function();
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let chosen: Vec<_> = cases().map(|(name, _)| *name).filter(|name| wanted(name)).collect();
    println!("\nrunning {} tests", chosen.len());
    let failed = chosen.iter().filter(|name| !passes(name)).count();
    let result = if failed == 0 { "ok" } else { "FAILED" };
    let (passed, left) = (chosen.len() - failed, cases().count() - chosen.len());
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {left} filtered out\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

fn passes(name: &str) -> bool {
    let Output { status, stdout, stderr } = myself(name).output().unwrap();
    let passed = status.success();
    println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    if !passed {
        let text = [&stdout[..], &stderr[..]].map(String::from_utf8_lossy).concat();
        println!("---- {name}: {status} ----\n{text}");
    }
    passed
}

/// This program once more, for one case or actor.
fn myself(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--in-this-process", name]);
    command
}

/// The ways, with the names that they are asked for by.
fn ways() -> impl Iterator<Item = &'static Probe> {
    probes().filter(|probe| probe.suite == Suite::Ipc)
}

/// Those whose other side is a process.
fn forking() -> impl Iterator<Item = &'static Probe> {
    ways().filter(|way| way.family == "processes")
}

fn way(name: &str) -> &'static Probe {
    find(Suite::Ipc, name).expect(name)
}

/// The first of what is measured of a way: a short round trip.
fn first(way: &Probe) -> Setting {
    (way.settings)().remove(0)
}

fn of(operation: Operation, bytes: u64) -> Setting {
    Setting { message_bytes: Some(bytes), ..Setting::of(operation) }
}

/// Measures for a moment.
fn measure(way: &Probe, setting: &Setting) -> Result<Measured, Trouble> {
    (way.measure)(setting, Duration::from_millis(10))
}
