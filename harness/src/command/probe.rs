//! `concur probe`: one way of one suite, timed in this process, which has one thread when it begins, since the way may fork.
//! It is not for people: `concur run` starts it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use models::probe::Setting;

use crate::choose;
use crate::cli::Probe;
use crate::failure::{FAILED, Usage};
use crate::probing::{Figures, Probing};

/// Samples of more than this would only fill the memory.
pub(super) const TIME_AT_MOST: Duration = Duration::from_secs(60);

pub(super) fn run(arguments: &Probe) -> anyhow::Result<ExitCode> {
    super::end_with(arguments.with_parent)?;
    let probe = choose::probe(&arguments.suite, &arguments.way)?;
    let setting = match &arguments.setting {
        Some(json) => setting(json)?,
        None => (probe.settings)().remove(0),
    };
    let operations: Vec<&str> = (probe.settings)().iter().map(|setting| setting.operation.name()).collect();
    if !operations.contains(&setting.operation.name()) {
        return Err(Usage::error(format!(
            "{} has no operation {}; try {}",
            probe.name,
            setting.operation.name(),
            operations[0]
        )));
    }
    if arguments.time.is_zero() || arguments.time > TIME_AT_MOST {
        return Err(Usage::error(format!(
            "--time can't be {}; try 1ms to {}",
            humantime::format_duration(arguments.time),
            humantime::format_duration(TIME_AT_MOST)
        )));
    }
    let begun = Instant::now();
    let result = (probe.measure)(&setting, arguments.time);
    let probing = Probing::of(result, begun.elapsed());
    if arguments.json {
        super::print(&(serde_json::to_string_pretty(&probing)? + "\n"))?;
    } else {
        super::print_lines(&format!("{}: {}\n", probe.name, text(&probing)))?;
    }
    Ok(if matches!(probing, Probing::Measured(_)) { ExitCode::SUCCESS } else { FAILED.into() })
}

fn setting(json: &str) -> anyhow::Result<Setting> {
    serde_json::from_str(json).map_err(|error| {
        Usage::error(format!("--setting can't be '{json}' ({error}); try '{{\"operation\":\"create\"}}'"))
    })
}

fn text(probing: &Probing) -> String {
    let Figures { time_us, bytes_per_second, bytes_each, remark, .. } = match probing {
        Probing::Measured(figures) => &**figures,
        Probing::Unsupported { reason } => return format!("unsupported: {reason}"),
        Probing::Failed { reason } => return format!("failed: {reason}"),
        Probing::Disturbed { reason } => return format!("disturbed: {reason}"),
    };
    let said = [
        time_us.map(|us| {
            format!("{:.3} µs, p99 {}", us.p50, us.p99.map_or("-".to_owned(), |us| format!("{us:.3} µs")))
        }),
        bytes_per_second.map(|bytes| format!("{:.1} MB/s", bytes / 1e6)),
        bytes_each.map(|bytes| format!("{bytes:.0} bytes each")),
        remark.clone(),
    ];
    said.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
