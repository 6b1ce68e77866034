//! `concur`: the laboratory's command line.

use std::process::ExitCode;

use clap::Parser;
use harness::cli::Cli;
use harness::{command, failure};

fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => command::run(cli),
        Err(error) if error.use_stderr() => Err(failure::of_command_line(&error)),
        Err(help_or_version) => help_or_version.exit(),
    };
    outcome.unwrap_or_else(|error| failure::print(&error))
}
