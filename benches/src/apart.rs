//! Probes in processes of their own: they fork, which only a process with one thread may, and leave runtimes running.
//!
//! The program starts itself once more for each, and its `main` begins with [`answer`].

use std::env;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use models::probe::{self, Probe, Setting, Suite, Trouble};
use serde_json::{from_str, to_string};

/// Asks the program for one probe, and is followed by its suite, name, setting and time.
const FLAG: &str = "--probe-in-this-process";

/// The exit code of a probe that this machine can't do.
const UNSUPPORTED: u8 = 3;

/// Measures a probe for about `time` in a process of its own; the median in nanoseconds, or why this machine can't do it.
///
/// # Errors
/// It went wrong.
pub fn median_ns(probe: &Probe, setting: &Setting, time: Duration) -> Result<Result<f64, String>> {
    let words = [to_string(&probe.suite)?, probe.name.to_owned(), to_string(setting)?, to_string(&time)?];
    let output = Command::new(env::current_exe()?)
        .arg(FLAG)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("can't measure {} in a process of its own", probe.name))?;
    let said = || String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    if output.status.code() == Some(UNSUPPORTED.into()) {
        return Ok(Err(said()));
    }
    ensure!(output.status.success(), "{} ({})", said(), output.status);
    String::from_utf8(output.stdout)?.trim_end().parse().map(Ok).context("the median is no number")
}

/// Measures and prints, if this process was started for that; else none, and `main` goes on.
pub fn answer() -> Option<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [flag, words @ ..] = &arguments[..] else { return None };
    if flag != FLAG {
        return None;
    }
    Some(match measured(words) {
        Ok(median_ns) => {
            println!("{median_ns}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            match error.downcast_ref() {
                Some(Trouble::Unsupported(_)) => ExitCode::from(UNSUPPORTED),
                _ => ExitCode::FAILURE,
            }
        }
    })
}

fn measured(words: &[String]) -> Result<f64> {
    let [suite, name, setting, time] = words else { bail!("{FLAG} is followed by four words") };
    let (suite, setting): (Suite, Setting) = (from_str(suite)?, from_str(setting)?);
    let probe = probe::find(suite, name).with_context(|| format!("there is no probe {name}"))?;
    let measured = (probe.measure)(&setting, from_str(time)?)?;
    let times = measured.times.with_context(|| format!("{name} measures no time"))?;
    times.quantile_ns(0.5).context("there are no samples")
}
