//! Runs the cases of a test program each in a process of its own, with its own children, limits, signals and output: much of what
//! is tested forks, which only a process with one thread may, and libtest runs tests on threads.
//!
//! Arguments that don't begin with a dash select the cases whose names contain one of them.

use std::env;
use std::process::{Command, ExitCode, Output};

use nix::unistd::alarm;

/// A function by its name.
pub(crate) type Function = (&'static str, fn());

/// Functions with their names, as a list.
macro_rules! functions {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), $name as fn())),*] };
}

/// Says that this process is to be one case; its name follows, and what else the case wants to know.
const FLAG: &str = "--in-this-process";

/// The `main` of a test program: its cases, and the actors that they start besides; one that hangs is killed after so many
/// seconds.
pub(crate) fn main(cases: &[&[Function]], actors: &[&[Function]], time_limit_s: u32) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let all = || cases.iter().copied().flatten();
    if let [flag, name, ..] = &arguments[..]
        && flag == FLAG
    {
        alarm::set(time_limit_s);
        let mut known = all().chain(actors.iter().copied().flatten());
        known.find(|(each, _)| each == name).expect("a known name").1();
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(*filter));
    let chosen: Vec<_> = all().map(|(name, _)| *name).filter(|name| wanted(name)).collect();
    println!("\nrunning {} tests", chosen.len());
    let failed = chosen.iter().filter(|name| !passes(name)).count();
    let result = if failed == 0 { "ok" } else { "FAILED" };
    let (passed, left) = (chosen.len() - failed, all().count() - chosen.len());
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {left} filtered out\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// What a case that passes prints is shown as well: that it was skipped, say.
fn passes(name: &str) -> bool {
    let Output { status, stdout, stderr } = myself(&[name]).output().unwrap();
    let passed = status.success();
    println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    print!("{}", String::from_utf8_lossy(&stdout));
    if !passed {
        println!("---- {name}: {status} ----\n{}", String::from_utf8_lossy(&stderr));
    }
    passed
}

/// This program once more, for one case or actor: its arguments are a flag, its name, and the other words behind that.
pub(crate) fn myself(words: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(FLAG).args(words);
    command
}
