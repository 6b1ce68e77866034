//! `concur guard`: ends the servers of a harness that was killed. It is not for people: the harness starts it.

use std::process::ExitCode;

use crate::server;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    server::guard_servers(std::io::stdin().lock())?;
    Ok(ExitCode::SUCCESS)
}
