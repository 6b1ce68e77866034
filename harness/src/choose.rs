//! From what was typed to a model, an executor or a task of the registers.

use std::sync::Arc;

use models::datagram;
use models::executor::{self, Executor};
use models::options::Choice;
use models::probe::{self, Probe, Suite};
use models::server::{self, Model};
use workloads::task::{self, Size, Task};

use crate::failure::Usage;

/// A server model with options it has.
pub fn server(choice: &Choice) -> anyhow::Result<&'static Model> {
    let model = server::server(&choice.name).ok_or_else(|| {
        unknown("server model", &choice.name, server::servers().iter().map(|model| model.name))
    })?;
    choice.options.check(model.name, model.options).map_err(|error| Usage::error(error.to_string()))?;
    Ok(model)
}

/// A datagram server model with options it has.
pub fn datagram_server(choice: &Choice) -> anyhow::Result<&'static datagram::Model> {
    let model = datagram::datagram_server(&choice.name).ok_or_else(|| {
        let known = datagram::datagram_servers().iter().map(|model| model.name);
        unknown("datagram server model", &choice.name, known)
    })?;
    choice.options.check(model.name, model.options).map_err(|error| Usage::error(error.to_string()))?;
    Ok(model)
}

/// An executor with options it has.
pub fn executor(choice: &Choice) -> anyhow::Result<&'static Executor> {
    let executor = executor::find(&choice.name).ok_or_else(|| {
        unknown("executor", &choice.name, executor::executors().iter().map(|executor| executor.name))
    })?;
    choice.options.check(executor.name, executor.options).map_err(|error| Usage::error(error.to_string()))?;
    Ok(executor)
}

/// A task with jobs of this size.
pub fn task(name: &str, size: Size) -> anyhow::Result<Arc<dyn Task>> {
    task::task(name, size).ok_or_else(|| unknown("task", name, task::names().into_iter()))
}

/// A way of a suite of probes.
pub fn probe(suite: &str, way: &str) -> anyhow::Result<&'static Probe> {
    let known = Suite::ALL.into_iter();
    let Some(suite) = known.clone().find(|known| known.name() == suite) else {
        return Err(unknown("suite of probes", suite, known.map(Suite::name)));
    };
    probe::find(suite, way).ok_or_else(|| {
        let known = probe::probes().filter(|probe| probe.suite == suite).map(|probe| probe.name);
        unknown(&format!("way in the suite {}", suite.name()), way, known)
    })
}

/// Several choices, each written `name:key=value,...`.
pub fn choices(texts: &[String]) -> anyhow::Result<Vec<Choice>> {
    let mut choices = Vec::new();
    for text in texts {
        choices.extend(Choice::list(text).map_err(|error| Usage::error(error.to_string()))?);
    }
    Ok(choices)
}

/// One choice.
pub fn choice(text: &str) -> anyhow::Result<Choice> {
    text.parse().map_err(|error: models::options::OptionError| Usage::error(error.to_string()))
}

/// What is said of a name that nobody has.
pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> anyhow::Error {
    let known: Vec<_> = known.collect();
    Usage::error(format!("there is no {what} '{name}'; try one of: {}", known.join(", ")))
}
