//! Exit codes, and the one line that an error becomes.

use std::fmt;
use std::process::ExitCode;

use crate::language;

/// Something that was measured or verified has failed.
pub const FAILED: u8 = 1;
/// The command can't be carried out as it was given.
pub const USAGE: u8 = 2;
/// Ended by Ctrl-C, as shells count it: 128 and the signal's number.
pub const INTERRUPTED: u8 = 130;

/// The command can't be carried out as it was given: what is wrong, and what to try.
#[derive(Debug)]
pub struct Usage(String);

impl Usage {
    /// An error that ends the command with exit code 2.
    pub fn error(message: impl Into<String>) -> anyhow::Error {
        Self(message.into()).into()
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Somebody pressed Ctrl-C, or sent SIGTERM.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// The one line for a command line that can't be understood: clap says it in several.
pub fn of_command_line(error: &clap::Error) -> anyhow::Error {
    let text = error.render().to_string();
    let said = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let said = said.filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    // Line by line, since a translation is of one of them.
    let said = said.map(|line| language::say(line.trim_start_matches("error: ").trim_end_matches('.')));
    let sentence = said.collect::<Vec<_>>().join(" ");
    Usage::error(format!("{sentence}; see concur --help, or --help behind the command"))
}

/// Prints an error with its causes on one line of standard error, and gives the exit code for it.
pub fn print(error: &anyhow::Error) -> ExitCode {
    eprintln!("concur: {}", language::say(&format!("{error:#}")));
    if error.is::<Usage>() {
        USAGE.into()
    } else if error.is::<Interrupted>() {
        INTERRUPTED.into()
    } else {
        FAILED.into()
    }
}
