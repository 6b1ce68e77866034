//! Refuses what makes no sense before anything is started.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use workloads::datagram::DATAGRAM_BYTES_AT_MOST;

use super::planning::NOBODY;
use crate::cli::{JobSize, Run, Suite};
use crate::command::exec::JOBS_AT_MOST;
use crate::command::loading;
use crate::command::probe::TIME_AT_MOST;
use crate::failure::Usage;
use crate::transport::Transport;

/// More rounds than this would take days.
pub(super) const ROUNDS_AT_MOST: u32 = 1_000;
/// How long a probe may be measured: for some samples at least, and not for more than memory should hold.
const PROBE_TIME: RangeInclusive<Duration> = Duration::from_millis(1)..=TIME_AT_MOST;

pub(super) fn check(arguments: &Run) -> anyhow::Result<()> {
    let refuse = |what: &str, advice: &str| Err(Usage::error(format!("{what} can't be 0; try {advice}")));
    twins(arguments)?;
    fitting(arguments)?;
    if arguments.connections.contains(&0) {
        return refuse("--connections", "--connections 1,16,256");
    }
    if arguments.transport.contains(&Transport::Udp) {
        datagrams(arguments)?;
    }
    loads(arguments)?;
    if arguments.rounds == Some(0) {
        return refuse("--rounds", "--rounds 1");
    }
    if arguments.jobs.contains(&0) {
        return refuse("--jobs", "--jobs 4");
    }
    let too_many_rounds = arguments.rounds.is_some_and(|rounds| rounds > ROUNDS_AT_MOST);
    if arguments.jobs.iter().any(|jobs| *jobs > JOBS_AT_MOST) || too_many_rounds {
        return Err(Usage::error(format!("try at most --jobs {JOBS_AT_MOST} and --rounds {ROUNDS_AT_MOST}")));
    }
    if arguments.timeout.is_zero() {
        return refuse("--timeout", "--timeout 2s");
    }
    if let Some(time) = arguments.probe_time.filter(|time| !PROBE_TIME.contains(time)) {
        return Err(Usage::error(format!(
            "--probe-time can't be {}; try {} to {}",
            humantime::format_duration(time),
            humantime::format_duration(*PROBE_TIME.start()),
            humantime::format_duration(*PROBE_TIME.end())
        )));
    }
    loading::durations(arguments.duration, arguments.timeout, arguments.warm_up, &arguments.special)?;
    if arguments.duration < Duration::from_millis(50) {
        return Err(Usage::error("--duration is too short to count anything; try --duration 1s"));
    }
    Ok(())
}

/// What goes over UDP is a message, not a connection.
fn datagrams(arguments: &Run) -> anyhow::Result<()> {
    if arguments.workload.is_empty() || arguments.workload.iter().any(|name| name != "echo") {
        return Err(Usage::error("only echo goes over UDP; try --transport udp --workload echo"));
    }
    if arguments.message.is_some_and(|bytes| bytes > DATAGRAM_BYTES_AT_MOST) {
        return Err(Usage::error(format!(
            "a datagram has room for {DATAGRAM_BYTES_AT_MOST} bytes; try --message 64"
        )));
    }
    if arguments.special.new_connections {
        return Err(Usage::error("there are no connections over UDP; leave --new-connections out"));
    }
    if is_special(arguments) || !arguments.rate.is_empty() || arguments.knee {
        return Err(Usage::error(
            "over UDP there are only plain closed loops; leave --rate, --knee, --pipeline, --think, --idle, --slow and \
             --beside out",
        ));
    }
    Ok(())
}

/// What is special about the loads must go together.
fn loads(arguments: &Run) -> anyhow::Result<()> {
    loading::special(&arguments.special, !arguments.rate.is_empty() || arguments.knee)?;
    if arguments.special.beside.is_some() && arguments.workload.iter().any(|name| name != "http") {
        return Err(Usage::error("--beside is a path, for --workload http; leave it out"));
    }
    Ok(())
}

/// What is named twice would be measured twice under one name.
fn twins(arguments: &Run) -> anyhow::Result<()> {
    once("--suite", arguments.suite.iter().map(|suite| format!("{suite:?}").to_lowercase()))?;
    once("--transport", arguments.transport.iter().map(ToString::to_string))?;
    once("--workload", arguments.workload.iter().cloned())?;
    once("--connections", arguments.connections.iter().map(ToString::to_string))?;
    once("--rate", arguments.rate.iter().map(ToString::to_string))?;
    once("--jobs", arguments.jobs.iter().map(ToString::to_string))?;
    once("--idle", arguments.idle.iter().map(ToString::to_string))?;
    once("--tasks", arguments.tasks.iter().cloned())?;
    once("--ways", arguments.ways.iter().cloned())
}

fn once(option: &str, values: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let mut seen = BTreeSet::new();
    for value in values {
        if seen.contains(&value) {
            return Err(Usage::error(format!("{option} names {value} twice; name it once")));
        }
        seen.insert(value);
    }
    Ok(())
}

/// An option that no suite would heed is refused: who gave it means something else than would be measured.
fn fitting(arguments: &Run) -> anyhow::Result<()> {
    let given = load_options(arguments);
    let has = |suite| arguments.suite.contains(&suite);
    if let Some(option) = given.first().filter(|_| has(Suite::Stevens)) {
        return Err(Usage::error(format!(
            "Stevens' comparison has a load of its own; leave {option} out, or name another --suite"
        )));
    }
    if let Some(option) = given.first().filter(|_| !has(Suite::Servers) && !has(Suite::Idle)) {
        return Err(Usage::error(format!(
            "{option} is for servers, and the suite has none; leave it out, or name --suite servers"
        )));
    }
    let probes = arguments.suite.iter().any(|suite| suite.of_probes().is_some());
    if let Some(option) = probe_options(arguments).first().filter(|_| !probes) {
        return Err(Usage::error(format!(
            "{option} is for probes, and the suite has none; leave it out, or name --suite spawn, switch or ipc"
        )));
    }
    if let Some(option) = task_options(arguments).first().filter(|_| !has(Suite::Tasks)) {
        return Err(Usage::error(format!(
            "{option} is for tasks, and the suite has none; leave it out, or name --suite tasks"
        )));
    }
    let loads = has(Suite::Servers) || has(Suite::Idle) || has(Suite::Stevens);
    if let Some(option) = server_options(arguments).first().filter(|_| !loads) {
        return Err(Usage::error(format!(
            "{option} is for servers, and the suite has none; leave it out, or name --suite servers"
        )));
    }
    let interpreters = arguments.python.iter().any(|name| name != NOBODY);
    if interpreters && !loads && !has(Suite::Tasks) {
        return Err(Usage::error(
            "--python is for servers and tasks, and the suite has none; leave it out, or name --suite tasks",
        ));
    }
    if let Some(name) = arguments.again.as_ref().filter(|name| !loads && *name != NOBODY) {
        return Err(Usage::error(format!(
            "--again {name} is for servers, and the suite has none; leave it out, or name --suite servers"
        )));
    }
    if arguments.knee && !has(Suite::Servers) {
        return Err(Usage::error("--knee compares servers; leave it out, or name --suite servers"));
    }
    if has(Suite::Idle) && arguments.transport.contains(&Transport::Udp) {
        return Err(Usage::error(
            "over UDP there are no idle connections; leave --transport udp out, or name --suite servers",
        ));
    }
    Ok(())
}

/// The options that were given and say how to measure probes.
fn probe_options(arguments: &Run) -> Vec<&'static str> {
    let options = [("--ways", !arguments.ways.is_empty()), ("--probe-time", arguments.probe_time.is_some())];
    options.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}

/// The options that were given and say which tasks to run, and how. `--size short` is what is done anyway.
fn task_options(arguments: &Run) -> Vec<&'static str> {
    let options = [
        ("--executors", !arguments.executors.is_empty()),
        ("--tasks", !arguments.tasks.is_empty()),
        ("--jobs", !arguments.jobs.is_empty()),
        ("--size full", arguments.size == JobSize::Full),
    ];
    options.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}

/// The options that were given and say which servers to measure.
fn server_options(arguments: &Run) -> Vec<&'static str> {
    let options = [("--models", !arguments.models.is_empty()), ("--cmd", !arguments.cmd.is_empty())];
    options.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}

/// The options that were given and say what load to put on servers.
fn load_options(arguments: &Run) -> Vec<&'static str> {
    let special = &arguments.special;
    let options = [
        ("--workload", !arguments.workload.is_empty()),
        ("--path", arguments.path.is_some()),
        ("--message", arguments.message.is_some()),
        ("--transport", !arguments.transport.is_empty()),
        ("--connections", !arguments.connections.is_empty()),
        ("--rate", !arguments.rate.is_empty()),
        ("--knee", arguments.knee),
        ("--idle", !arguments.idle.is_empty()),
        ("--new-connections", special.new_connections),
        ("--schedule", special.schedule.is_some()),
        ("--pipeline", special.pipeline.is_some()),
        ("--think", special.think.is_some()),
        ("--slow", special.slow.is_some()),
        ("--beside", special.beside.is_some()),
    ];
    options.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
}

fn is_special(arguments: &Run) -> bool {
    let special = &arguments.special;
    special.pipeline.is_some()
        || special.think.is_some()
        || !arguments.idle.is_empty()
        || special.slow.is_some()
        || special.beside.is_some()
}
