//! `concur`: the laboratory's command line.

use std::env;
use std::process::ExitCode;

use harness::{cli, command, failure, language};

fn main() -> ExitCode {
    let language = language::choose(env::args_os());
    let outcome = match cli::parse(env::args_os(), language) {
        Ok(cli) => command::run(cli),
        Err(error) if error.use_stderr() => Err(failure::of_command_line(&error)),
        Err(help_or_version) => command::help(&help_or_version, language),
    };
    outcome.unwrap_or_else(|error| failure::print(&error))
}
