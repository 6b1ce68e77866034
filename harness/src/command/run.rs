//! `concur run`, and `concur` alone: measure everything the plan says, keep the record, draw the report.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Parser;
use models::datagram::datagram_server;
use models::executor::executors;
use models::options::Choice;
use models::server::servers;
use reports::record::Verdict;
use workloads::datagram::DATAGRAM_BYTES_AT_MOST;
use workloads::task::tasks;

use super::exec::JOBS_AT_MOST;
use crate::cell::Bench;
use crate::choose;
use crate::cli::{Cli, Command, Run, Suite};
use crate::failure::{FAILED, Interrupted, Usage};
use crate::measure::limits::{need_descriptors, raise_descriptor_limit};
use crate::measure::placement::{place, processors};
use crate::plan::{Loads, Plan, ServerStep, TaskStep, Timing, server_steps, task_steps};
use crate::progress::Progress;
use crate::python;
use crate::recorder::Recorder;
use crate::repeat::Repeats;
use crate::server::ForeignCommand;
use crate::subject::{Foreign, Subject};
use crate::transport::Transport;
use crate::workload::Workload;

/// Descriptors a process of the lab needs besides its connections.
const OTHER_DESCRIPTORS: u64 = 32;
/// More rounds than this would take days.
const ROUNDS_AT_MOST: u32 = 1_000;
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The quick comparison, in the words of the command it stands for. With sixteen servers and nine executors it takes about
/// a minute on two cores; the task primes alone would take half of that again.
const QUICK: [&str; 12] = [
    "concur",
    "run",
    "--rounds",
    "3",
    "--duration",
    "500ms",
    "--warm-up",
    "150ms",
    "--jobs",
    "2",
    "--tasks",
    "count,disk,wait",
];

pub(super) fn quick(out: Option<PathBuf>, json: bool) -> anyhow::Result<ExitCode> {
    let Some(Command::Run(arguments)) = Cli::parse_from(QUICK).command else {
        unreachable!("QUICK is a run");
    };
    run(&Run { out, json, ..arguments })
}

pub(super) fn run(arguments: &Run) -> anyhow::Result<ExitCode> {
    let plan = plan(arguments)?;
    raise_descriptor_limit()?;
    need_descriptors(plan.most_connections() as u64 + OTHER_DESCRIPTORS)
        .map_err(|error| Usage::error(error.to_string()))?;
    let stop = super::stop_on_signals()?;
    let mut recorder = Recorder::new(arguments.out.clone(), plan.steps.len(), plan.seed)?;
    let bench = Bench { timing: plan.timing, placement: place(&processors()?), stop: &stop };
    let kept = measure(&plan, &bench, &mut recorder);
    let kept = kept.and(recorder.finish());
    let published = super::report::publish(recorder.run(), recorder.directory(), arguments.json);
    kept.and(published)?; // of two troubles the first one tells more
    if stop.load(Ordering::Relaxed) {
        return Err(Interrupted.into());
    }
    let failed = recorder.run().cells.iter().any(|cell| cell.verdict() == Verdict::Errors);
    Ok(if failed { FAILED.into() } else { ExitCode::SUCCESS })
}

/// Takes step after step, until the plan's end or until somebody wants it to end.
fn measure(plan: &Plan, bench: &Bench<'_>, recorder: &mut Recorder) -> anyhow::Result<()> {
    let mut progress = Progress::new(plan);
    let mut repeats = Repeats::default();
    for step in &plan.steps {
        progress.begins(step);
        if repeats.take(step, bench, recorder)?.is_break() {
            break;
        }
        progress.done(step);
    }
    repeats.note(recorder)
}

fn plan(arguments: &Run) -> anyhow::Result<Plan> {
    check(arguments)?;
    let servers = if arguments.suite.contains(&Suite::Servers) { servers_of(arguments)? } else { Vec::new() };
    let tasks = if arguments.suite.contains(&Suite::Tasks) { tasks_of(arguments)? } else { Vec::new() };
    let timing =
        Timing { warm_up: arguments.warm_up, duration: arguments.duration, timeout: arguments.timeout };
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u32(..).into());
    Ok(Plan::new(&servers, &tasks, arguments.rounds, timing, seed))
}

/// Refuses numbers that make no sense before anything is started.
fn check(arguments: &Run) -> anyhow::Result<()> {
    let refuse = |what: &str, advice: &str| Err(Usage::error(format!("{what} can't be 0; try {advice}")));
    if arguments.connections.is_empty()
        || arguments.workload.is_empty()
        || arguments.suite.is_empty()
        || arguments.transport.is_empty()
    {
        return Err(Usage::error("nothing to measure is named; leave the option out for its default"));
    }
    if arguments.connections.contains(&0) {
        return refuse("--connections", "--connections 1,16,256");
    }
    if arguments.transport.contains(&Transport::Udp) {
        check_datagrams(arguments)?;
    }
    if arguments.rounds == 0 {
        return refuse("--rounds", "--rounds 1");
    }
    if arguments.jobs == 0 {
        return refuse("--jobs", "--jobs 4");
    }
    if arguments.jobs > JOBS_AT_MOST || arguments.rounds > ROUNDS_AT_MOST {
        return Err(Usage::error(format!("try at most --jobs {JOBS_AT_MOST} and --rounds {ROUNDS_AT_MOST}")));
    }
    if arguments.timeout.is_zero() {
        return refuse("--timeout", "--timeout 2s");
    }
    if arguments.duration > LONGEST || arguments.warm_up > LONGEST {
        return Err(Usage::error("a server can't be measured for more than a day; try --duration 2s"));
    }
    if arguments.duration < Duration::from_millis(50) {
        return Err(Usage::error("--duration is too short to count anything; try --duration 1s"));
    }
    Ok(())
}

/// What goes over UDP is a message, not a connection.
fn check_datagrams(arguments: &Run) -> anyhow::Result<()> {
    if arguments.workload.iter().any(|name| name != "echo") {
        return Err(Usage::error("only echo goes over UDP; try --transport udp --workload echo"));
    }
    if arguments.message > DATAGRAM_BYTES_AT_MOST {
        return Err(Usage::error(format!(
            "a datagram has room for {DATAGRAM_BYTES_AT_MOST} bytes; try --message 64"
        )));
    }
    if arguments.new_connections {
        return Err(Usage::error("there are no connections over UDP; leave --new-connections out"));
    }
    Ok(())
}

fn servers_of(arguments: &Run) -> anyhow::Result<Vec<ServerStep>> {
    let only_datagrams = arguments.transport.iter().all(|transport| *transport == Transport::Udp);
    let all = servers().iter().map(|model| model.name);
    let all = all.filter(|name| !only_datagrams || datagram_server(name).is_some());
    let choices = choices_or_all(&arguments.models, all)?;
    let mut subjects = choices.into_iter().map(Subject::model).collect::<anyhow::Result<Vec<_>>>()?;
    subjects.extend(foreign(arguments)?.into_iter().map(|foreign| Subject::Foreign(Arc::new(foreign))));
    let workloads = arguments.workload.iter();
    let workloads = workloads.map(|name| Workload::new(name, &arguments.path, arguments.message));
    let loads = Loads {
        workloads: workloads.collect::<anyhow::Result<_>>()?,
        transports: arguments.transport.clone(),
        connections: arguments.connections.clone(),
        new_connections: arguments.new_connections,
    };
    Ok(server_steps(&subjects, &loads))
}

/// The servers that are not ours, each under a name of its own.
fn foreign(arguments: &Run) -> anyhow::Result<Vec<Foreign>> {
    let mut servers = Vec::new();
    if let Some(interpreter) = &arguments.python {
        servers = python::servers(interpreter)?;
    }
    for text in &arguments.cmd {
        servers.push(named(text)?);
    }
    let mut names: BTreeSet<&str> = models::server::servers().iter().map(|model| model.name).collect();
    match servers.iter().find(|server| !names.insert(&server.name)) {
        Some(server) => Err(Usage::error(format!(
            "there are two servers named '{}'; give the one of --cmd another name",
            server.name
        ))),
        None => Ok(servers),
    }
}

/// Reads `NAME=COMMAND`.
fn named(text: &str) -> anyhow::Result<Foreign> {
    match text.split_once('=') {
        Some((name, command)) if is_name(name) => Ok(Foreign {
            name: name.to_owned(),
            command: ForeignCommand::parse(command)?,
            room: None,
            lacks: None,
            files: None,
        }),
        _ => Err(Usage::error(format!(
            "--cmd can't be '{text}'; write NAME=COMMAND, as in mine='python3 server.py {{port}}'"
        ))),
    }
}

/// A name that fits into a table and can't be taken for a model with options.
fn is_name(name: &str) -> bool {
    let fits = |character: char| character.is_alphanumeric() || "-_.+".contains(character);
    (1..=40).contains(&name.chars().count()) && name.chars().all(fits)
}

fn tasks_of(arguments: &Run) -> anyhow::Result<Vec<TaskStep>> {
    let choices = choices_or_all(&arguments.executors, executors().iter().map(|executor| executor.name))?;
    let executors = choices.into_iter().map(|choice| Ok((choose::executor(&choice)?, choice)));
    let executors = executors.collect::<anyhow::Result<Vec<_>>>()?;
    let tasks = match arguments.tasks.as_slice() {
        [] => tasks(),
        names => names.iter().map(|name| choose::task(name)).collect::<anyhow::Result<_>>()?,
    };
    Ok(task_steps(&executors, &tasks, arguments.jobs))
}

fn choices_or_all(texts: &[String], all: impl Iterator<Item = &'static str>) -> anyhow::Result<Vec<Choice>> {
    match texts {
        [] => all.map(choose::choice).collect(),
        texts => match choose::choices(texts)? {
            choices if has_twins(&choices) => {
                Err(Usage::error(format!("'{}' names something twice; name it once", texts.join(" "))))
            }
            none if none.is_empty() => {
                Err(Usage::error(format!("'{}' names nothing to measure; see concur list", texts.join(" "))))
            }
            choices => Ok(choices),
        },
    }
}

fn has_twins(choices: &[Choice]) -> bool {
    choices.iter().enumerate().any(|(index, choice)| choices[..index].contains(choice))
}
