//! `concur`: the laboratory's command line.

use std::process::ExitCode;

use clap::Parser;
use harness::cli::Cli;
use harness::{command, failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match command::run(cli) {
        Ok(code) => code,
        Err(error) => failure::print(&error),
    }
}
