//! `concur launch`: becomes another program, placed and tied to its parent as our own servers are. It is not for people,
//! but for the harness, which starts anyone's server through it: to do the same between fork and exec would take `unsafe`.

use std::io::{Read, stdin};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, anyhow};
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

use crate::cli::Launch;
use crate::failure::Usage;
use crate::measure::limits::Confine;
use crate::measure::placement::bind_thread;

pub(super) fn run(arguments: &Launch) -> anyhow::Result<ExitCode> {
    // All outlast what follows (`prctl(2)`, `cgroups(7)`, `sched_setaffinity(2)`).
    super::end_with(arguments.with_parent)?;
    if arguments.gate {
        stdin().read_exact(&mut [0]).context("who launched this has gone")?;
    }
    super::join(arguments.group.as_deref());
    bind_thread(&arguments.cpus).map_err(|error| {
        Usage::error(format!("can't bind to the processors --cpus names: {error}; try --cpus 0"))
    })?;
    arguments.limits.iter().try_for_each(Confine::apply)?;
    if let Some(user) = arguments.user {
        become_user(user)?;
        super::end_with(arguments.with_parent)?; // the kernel forgets it when a process becomes somebody else
    }
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Usage::error("there is no program to launch"));
    };
    let environment = arguments.environment.iter().filter_map(|pair| pair.split_once('='));
    let error = Command::new(program).args(rest).envs(environment).stdin(Stdio::null()).exec(); // it comes back only with an error
    Err(anyhow!("{} can't be started: {error}", program.display()))
}

/// Gives up all privileges for good.
fn become_user(user: u32) -> anyhow::Result<()> {
    setgroups(&[])
        .and_then(|()| setgid(Gid::from_raw(user)))
        .and_then(|()| setuid(Uid::from_raw(user)))
        .with_context(|| format!("can't become user {user}"))
}
