//! `concur become`: turns into another program that ends when the lab does. What the kernel is asked for here
//! (`PR_SET_PDEATHSIG`, `prctl(2)`) outlives `execve(2)`.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::cli::Become;
use crate::failure::Usage;

pub(super) fn run(arguments: &Become) -> anyhow::Result<ExitCode> {
    super::end_with(arguments.with_parent)?;
    let (program, rest) = arguments.command.split_first().context("there is no program to become")?;
    let error = Command::new(program).args(rest).exec(); // it only comes back if it fails
    Err(Usage::error(format!("{} can't be started: {error}", program.display())))
}
