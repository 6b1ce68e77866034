//! Probes in processes of their own: they fork, which only a process with one thread may, and leave runtimes running.
//!
//! Each is a `concur probe`, as in the lab: this very program, started once more as that command. So its `main` begins with
//! [`answer`].

use std::env;
use std::process::{self, Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Parser as _;
use harness::cli::Cli;
use harness::probing::{Figures, Probing};
use harness::{command, failure};
use models::probe::{Probe, Setting};

use crate::process::{Interrupt, captured};

/// How much longer than it should a program may take that measures something small: memory has to be touched, beside other work.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The command, and the option that none of our programs has and no name of a bench is.
const COMMAND: &str = "probe";
const WITH_PARENT: &str = "--with-parent";

/// So often a probe is measured in which others took part, before it is given up.
const ATTEMPTS: usize = 100;

/// Measures a probe for about `time` in a process of its own, once more as long as others took part; its figures, or why there
/// are none on this machine as it is.
///
/// # Errors
/// It went wrong, or took [`PATIENCE`] longer.
pub fn figures(
    probe: &Probe,
    setting: &Setting,
    time: Duration,
    interrupt: &Interrupt,
) -> Result<Result<Figures, String>> {
    let mut disturbed = String::new();
    for _ in 0..ATTEMPTS {
        match probing(probe, setting, time, interrupt)? {
            Probing::Measured(figures) => return Ok(Ok(*figures)),
            Probing::Unsupported { reason } => return Ok(Err(reason)),
            Probing::Failed { reason } => bail!("{}: {reason}", probe.name),
            Probing::Disturbed { reason } => disturbed = reason,
        }
    }
    Ok(Err(format!("{ATTEMPTS} times in a row {disturbed}")))
}

/// What the probe came to in a process of its own.
fn probing(probe: &Probe, setting: &Setting, time: Duration, interrupt: &Interrupt) -> Result<Probing> {
    let mut command = Command::new(env::current_exe()?);
    command
        .args([COMMAND, probe.suite.name(), probe.name, "--json"])
        .args(["--setting", &serde_json::to_string(setting)?])
        .args(["--time", &format!("{}us", time.as_micros())])
        .args([WITH_PARENT, &process::id().to_string()]);
    let output = captured(&mut command, time + PATIENCE, interrupt)
        .with_context(|| format!("can't measure {} in a process of its own", probe.name))?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow!("{} ended without a result ({}): {}", probe.name, output.status, said.trim_end())
    })
}

/// The median of figures, in nanoseconds.
///
/// # Errors
/// They are of something that takes no time.
pub fn median_ns(figures: &Figures) -> Result<f64> {
    let us = figures.time_us.as_ref().context("no time was measured")?.p50;
    Ok(us * 1e3)
}

/// Measures and prints, if this process was started for that; else none, and `main` goes on.
pub fn answer() -> Option<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    let asked =
        words.first().is_some_and(|first| first == COMMAND) && words.iter().any(|it| it == WITH_PARENT);
    asked.then(|| command::run(Cli::parse()).unwrap_or_else(|error| failure::print(&error)))
}
