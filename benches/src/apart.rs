//! Probes in processes of their own: they fork, which only a process with one thread may, and leave runtimes running.
//!
//! The program starts itself once more with [`FLAG`], and its `main` begins with [`answer`].

use std::env;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use models::probe::{self, Probe, Setting, Suite};
use serde_json::{from_str, to_string};

/// Asks the program for one probe, and is followed by its suite, name, setting and time.
const FLAG: &str = "--probe-in-this-process";

/// Measures a probe for about `time` in a process of its own; the median in nanoseconds.
///
/// # Errors
/// The probe's own, such as that this machine can't do it.
pub fn median_ns(probe: &Probe, setting: &Setting, time: Duration) -> Result<f64> {
    let words = [to_string(&probe.suite)?, probe.name.to_owned(), to_string(setting)?, to_string(&time)?];
    let output = Command::new(env::current_exe()?)
        .arg(FLAG)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("can't measure {} in a process of its own", probe.name))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
    String::from_utf8(output.stdout)?.trim_end().parse().context("the median is no number")
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
            ExitCode::FAILURE
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
