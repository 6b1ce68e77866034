//! From the arguments of `concur run` to its plan.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use models::datagram::datagram_server;
use models::executor::executors;
use models::options::Choice;
use models::server::servers;
use reports::record::Shape;
use workloads::task::{Size, Task, tasks};

use super::check::{ROUNDS_AT_MOST, check};
use super::{interpreters, ways};
use crate::choose;
use crate::cli::{Run, Special, Suite};
use crate::command::loading;
use crate::failure::Usage;
use crate::plan::rounds::Rounds;
use crate::plan::servers::{Loads, server_steps};
use crate::plan::suites::{IDLE, IDLE_ACTIVE, IDLE_MODELS, STEVENS_MODELS, idle_steps, stevens_steps};
use crate::plan::tasks::{self, sweep, task_steps};
use crate::plan::{Plan, ServerStep, TaskStep, Timing};
use crate::python;
use crate::server::ForeignCommand;
use crate::subject::{Foreign, Subject};
use crate::transport::Transport;
use crate::workload::Workload;

/// How many connections there are where nothing is said.
const CONNECTIONS: usize = 64;
/// How large an echo message is where nothing is said.
const MESSAGE_BYTES: usize = 64;
/// How long a run may take that goes on until its figures are precise.
const BUDGET: Duration = Duration::from_secs(600);
/// What `--again` and `--models` say for nobody.
pub(super) const NOBODY: &str = "none";

pub(super) fn plan(arguments: &Run) -> anyhow::Result<Plan> {
    check(arguments)?;
    let has = |suite| arguments.suite.contains(&suite);
    let mut servers = Vec::new();
    if has(Suite::Servers) {
        servers.extend(servers_of(arguments)?);
    }
    if has(Suite::Idle) {
        servers.extend(idle_of(arguments)?);
    }
    if has(Suite::Stevens) {
        let subjects = subjects(arguments, STEVENS_MODELS.into_iter())?;
        servers.extend(stevens_steps(&subjects, again(arguments, &subjects)?));
    }
    let mut tasks = if has(Suite::Tasks) { tasks_of(arguments)? } else { Vec::new() };
    let beside = interpreters::beside(arguments)?;
    let missing = beside.executors.into_iter().filter(|step| !tasks.iter().any(|other| step.is_same(other)));
    tasks.extend(missing.collect::<Vec<_>>());
    let timing =
        Timing { warm_up: arguments.warm_up, duration: arguments.duration, timeout: arguments.timeout };
    sensible(&servers, &timing)?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u32(..).into());
    let rounds = match arguments.until {
        Some(share) => {
            let budget = arguments.budget.unwrap_or(BUDGET);
            Rounds::Until { share, budget, at_most: ROUNDS_AT_MOST }
        }
        None => Rounds::Fixed(arguments.rounds.unwrap_or_else(|| default_rounds(&arguments.suite))),
    };
    let probes = ways::steps(arguments, rounds.at_least())?;
    let mut plan = Plan::new(servers, tasks, rounds, timing, seed)
        .with_interpreters(beside.interpreters)
        .with_probes(probes);
    plan.notes = beside.notes;
    plan.knee = arguments.knee;
    afford(&plan)?;
    Ok(plan)
}

/// How many rounds there are where nothing is said. Tasks alone have so many cells in each that a few must do. What it costs to
/// make something and to switch differs more from process to process than within one, and its rounds are short: so there are more.
fn default_rounds(suites: &[Suite]) -> u32 {
    match suites {
        [Suite::Tasks] => tasks::ROUNDS,
        [Suite::Spawn | Suite::Switch] => 9,
        _ => 5,
    }
}

/// Refuses loads that the generator would refuse once their turn came.
fn sensible(steps: &[ServerStep], timing: &Timing) -> anyhow::Result<()> {
    steps.iter().try_for_each(|step| {
        let load = step.checked_load(timing).map_err(|error| Usage::error(format!("{error:#}")))?;
        loading::enough(&load)
    })
}

/// Refuses a budget that does not go as far as the first interval.
fn afford(plan: &Plan) -> anyhow::Result<()> {
    let Rounds::Until { budget, .. } = plan.rounds else { return Ok(()) };
    let needed = Duration::from_secs(plan.expected_with_rates().as_secs() + 1);
    if needed <= budget {
        return Ok(());
    }
    Err(Usage::error(format!(
        "--until takes {} rounds at least, which need about {} here, and --budget is {}; try a larger one, or measure less",
        plan.rounds.at_least(),
        humantime::format_duration(needed),
        humantime::format_duration(budget)
    )))
}

fn servers_of(arguments: &Run) -> anyhow::Result<Vec<ServerStep>> {
    let only_datagrams = !arguments.transport.is_empty()
        && arguments.transport.iter().all(|transport| *transport == Transport::Udp);
    let all = servers().iter().map(|model| model.name);
    let all = all.filter(|name| !only_datagrams || datagram_server(name).is_some());
    let subjects = subjects(arguments, all)?;
    Ok(server_steps(&subjects, &loads(arguments, &subjects, CONNECTIONS, &[])?))
}

fn idle_of(arguments: &Run) -> anyhow::Result<Vec<ServerStep>> {
    let subjects = subjects(arguments, IDLE_MODELS.into_iter())?;
    Ok(idle_steps(&subjects, &loads(arguments, &subjects, IDLE_ACTIVE, &IDLE)?))
}

/// The loads that were asked for; where nothing is said, with so many connections, and so many idle ones in turn.
fn loads(arguments: &Run, subjects: &[Subject], connections: usize, idle: &[usize]) -> anyhow::Result<Loads> {
    let path = arguments.path.as_deref().unwrap_or("/hello");
    let message = arguments.message.unwrap_or(MESSAGE_BYTES);
    let workloads = given_or(&arguments.workload, "http".to_owned());
    let workloads = workloads.iter().map(|name| Workload::new(name, path, message));
    let rates = arguments.rate.iter().copied().map(Some);
    let idle = if arguments.idle.is_empty() { idle } else { &arguments.idle };
    Ok(Loads {
        workloads: workloads.collect::<anyhow::Result<_>>()?,
        transports: given_or(&arguments.transport, Transport::Tcp),
        connections: given_or(&arguments.connections, connections),
        new_connections: arguments.special.new_connections,
        rates: if arguments.rate.is_empty() { vec![None] } else { rates.collect() },
        schedule: arguments.special.schedule.map(Into::into).unwrap_or_default(),
        shapes: shapes(&arguments.special, idle)?,
        again: again(arguments, subjects)?,
    })
}

fn given_or<T: Clone>(given: &[T], default: T) -> Vec<T> {
    if given.is_empty() { vec![default] } else { given.to_vec() }
}

/// What is special about the loads: one shape, or one for each number of idle connections.
fn shapes(special: &Special, idle: &[usize]) -> anyhow::Result<Vec<Shape>> {
    if let Some(path) = &special.beside {
        Workload::new("http", path, 1)?; // it must be a path
    }
    let shape = Shape {
        pipeline: special.pipeline.filter(|depth| *depth != 1),
        think_us: special.think.map(|think| think.as_secs_f64() * 1e6),
        idle_connections: None,
        slow_connections: special.slow.filter(|slow| *slow > 0),
        beside_connections: special.beside.as_ref().map(|_| special.beside_connections.unwrap_or(1)),
        beside_request: special.beside.clone(),
    };
    if idle.is_empty() {
        return Ok(vec![shape]);
    }
    let with = |idle: &usize| Shape { idle_connections: (*idle > 0).then_some(*idle), ..shape.clone() };
    Ok(idle.iter().map(with).collect())
}

/// Who is measured twice, so that a reader sees how far apart the same thing comes out: by default epoll if it is there,
/// else the first.
fn again(arguments: &Run, subjects: &[Subject]) -> anyhow::Result<Option<String>> {
    let names: Vec<String> = subjects.iter().map(ToString::to_string).collect();
    match arguments.again.as_deref() {
        Some(NOBODY) => Ok(None),
        Some(name) if names.iter().any(|known| known == name) => Ok(Some(name.to_owned())),
        Some(name) => Err(Usage::error(format!(
            "--again can't be '{name}', which is not measured; try one of: {}, or {NOBODY}",
            names.join(", ")
        ))),
        None => Ok(names.iter().find(|name| *name == "epoll").or(names.first()).cloned()),
    }
}

/// The servers that were named, or else `all`; and those that are not ours.
fn subjects(arguments: &Run, all: impl Iterator<Item = &'static str>) -> anyhow::Result<Vec<Subject>> {
    let none = arguments.models == [NOBODY];
    let choices = if none { Vec::new() } else { choices_or_all(&arguments.models, all)? };
    let mut subjects = choices.into_iter().map(Subject::model).collect::<anyhow::Result<Vec<_>>>()?;
    subjects.extend(foreign(arguments)?.into_iter().map(|foreign| Subject::Foreign(Arc::new(foreign))));
    if subjects.is_empty() {
        return Err(Usage::error("--models none leaves nobody to measure; name a server with --cmd"));
    }
    Ok(subjects)
}

/// The servers that are not ours, each under a name of its own.
fn foreign(arguments: &Run) -> anyhow::Result<Vec<Foreign>> {
    let mut servers = Vec::new();
    if let Some(interpreter) = arguments.python.first().filter(|name| *name != NOBODY) {
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
        Some((name, command)) if is_name(name) => {
            let command = ForeignCommand::parse(command)?;
            if command.takes_root() {
                return Err(Usage::error("only verify has a folder for {root}; name one that is there"));
            }
            Ok(Foreign { name: name.to_owned(), command, room: None, lacks: None, files: None })
        }
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

/// The tasks that were named, or else all.
pub(super) fn tasks_named(arguments: &Run) -> anyhow::Result<Vec<Arc<dyn Task>>> {
    let size: Size = arguments.size.into();
    match arguments.tasks.as_slice() {
        [] => Ok(tasks(size)),
        names => names.iter().map(|name| choose::task(name, size)).collect(),
    }
}

fn tasks_of(arguments: &Run) -> anyhow::Result<Vec<TaskStep>> {
    let choices = choices_or_all(&arguments.executors, executors().iter().map(|executor| executor.name))?;
    let executors = choices.into_iter().map(|choice| Ok((choose::executor(&choice)?, choice)));
    let executors = executors.collect::<anyhow::Result<Vec<_>>>()?;
    let (tasks, size) = (tasks_named(arguments)?, arguments.size.into());
    if !arguments.jobs.is_empty() {
        return Ok(task_steps(&executors, &tasks, size, &arguments.jobs));
    }
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Ok(sweep(&executors, &tasks, size, processors))
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
