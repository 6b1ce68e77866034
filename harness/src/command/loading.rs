//! What `run` and `load` refuse alike before anything is started.

use std::time::Duration;

use crate::cli::Special;
use crate::failure::Usage;
use crate::load::{Load, Pace};
use crate::measure::limits::{need_descriptors, raise_descriptor_limit};

/// The longest that anything is waited for or measured.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Descriptors a process of the lab needs besides its connections.
const OTHER_DESCRIPTORS: u64 = 32;
/// An open loop with fewer requests than this says nothing of a server.
const REQUESTS_AT_LEAST: f64 = 10.0;

/// Refuses what is special about a load and does not go together. `open`: whether it has a rate.
pub(super) fn special(special: &Special, open: bool) -> anyhow::Result<()> {
    if special.schedule.is_some() && !open {
        return Err(Usage::error(
            "--schedule spaces the requests of an open loop; give it a --rate, or leave it out",
        ));
    }
    if special.beside_connections == Some(0) {
        return Err(Usage::error("--beside-connections can't be 0; try 1, or leave --beside out"));
    }
    Ok(())
}

/// Refuses durations that nobody would wait for.
pub(super) fn durations(
    duration: Duration,
    timeout: Duration,
    warm_up: Duration,
    special: &Special,
) -> anyhow::Result<()> {
    let given = [
        ("--duration", duration),
        ("--timeout", timeout),
        ("--warm-up", warm_up),
        ("--think", special.think.unwrap_or_default()),
    ];
    match given.iter().find(|(_, duration)| *duration > LONGEST) {
        Some((name, _)) => Err(Usage::error(format!(
            "a load can't take more than a day, and {name} is longer; try {name} 2s"
        ))),
        None => Ok(()),
    }
}

/// Sees to the descriptors for all of these connections at once, or refuses them.
pub(super) fn descriptors(connections: &[usize]) -> anyhow::Result<()> {
    raise_descriptor_limit()?;
    // More than can be counted are refused as well, and not by a panic.
    let needed = connections.iter().fold(OTHER_DESCRIPTORS, |sum, more| sum.saturating_add(*more as u64));
    need_descriptors(needed).map_err(|error| Usage::error(error.to_string()))
}

/// Refuses an open loop in whose window there is next to nothing to see.
pub(super) fn enough(load: &Load) -> anyhow::Result<()> {
    let Pace::Open { rate, .. } = load.pace else { return Ok(()) };
    if rate * load.duration.as_secs_f64() >= REQUESTS_AT_LEAST {
        return Ok(());
    }
    let long = Duration::try_from_secs_f64((REQUESTS_AT_LEAST / rate).ceil()).unwrap_or(Duration::MAX);
    let advice = if long <= LONGEST {
        format!("--duration {}", humantime::format_duration(long))
    } else {
        "a higher --rate".to_owned()
    };
    Err(Usage::error(format!(
        "--rate {rate} for {} is fewer than {REQUESTS_AT_LEAST} requests; try {advice}",
        humantime::format_duration(load.duration)
    )))
}
