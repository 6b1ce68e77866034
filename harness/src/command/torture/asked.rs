//! What was asked for: which servers are to be tortured, by what, and how.

use models::options::Choice;
use models::server::servers;

use crate::choose;
use crate::cli::Torture;
use crate::command::loading::LONGEST;
use crate::failure::Usage;
use crate::server::ForeignCommand;
use crate::torture::{Fault, Settings, Target, faults as all_faults};

use std::time::Duration;

/// After how long our own servers give up on a silent client.
const HOLD: Duration = Duration::from_secs(2);

/// Who is to be tortured.
pub(super) fn targets(arguments: &Torture) -> anyhow::Result<Vec<Target>> {
    if let Some(text) = &arguments.cmd {
        let command = ForeignCommand::parse(text).map_err(|error| Usage::error(error.to_string()))?;
        return Ok(vec![Target::Command(command)]);
    }
    let choices: Vec<Choice> = if arguments.all {
        let names = servers().iter().map(|model| choose::choice(model.name));
        names.collect::<anyhow::Result<_>>()?
    } else {
        arguments.models.iter().map(|text| choose::choice(text)).collect::<anyhow::Result<_>>()?
    };
    choices.into_iter().filter_map(|choice| model(choice, arguments.all).transpose()).collect()
}

/// One of our models. What this machine lacks something for is left out where all are asked for.
fn model(choice: Choice, of_all: bool) -> anyhow::Result<Option<Target>> {
    let model = choose::server(&choice)?;
    match (model.lacks)(&choice.options, models::server::Transport::Tcp) {
        Some(_) if of_all => Ok(None),
        Some(reason) => Err(Usage::error(format!("{choice} is unsupported here: {reason}"))),
        None => Ok(Some(Target::Model(choice, model))),
    }
}

/// By what.
pub(super) fn faults(names: &[String]) -> anyhow::Result<Vec<&'static Fault>> {
    if let Some(name) = names.iter().find(|name| !all_faults().iter().any(|fault| fault.name == **name)) {
        return Err(Usage::error(format!("there is no fault '{name}'; see concur torture --list")));
    }
    let is_asked = |fault: &&Fault| names.is_empty() || names.iter().any(|name| name == fault.name);
    Ok(all_faults().iter().filter(is_asked).collect())
}

/// How.
pub(super) fn settings(arguments: &Torture) -> anyhow::Result<Settings> {
    let Torture { seconds, patience, grace, at_once, requests, .. } = *arguments;
    let time = Duration::from_secs(seconds);
    if time.is_zero() || patience.is_zero() || grace.is_zero() {
        return Err(Usage::error(
            "--seconds, --patience and --grace can't be 0; try --seconds 60 --patience 2s --grace 2s",
        ));
    }
    if time > LONGEST || patience > LONGEST || grace > LONGEST {
        return Err(Usage::error(
            "nothing takes longer than a day; try --seconds 60 --patience 2s --grace 2s",
        ));
    }
    if at_once == 0 || requests == Some(0) {
        return Err(Usage::error("--at-once and --requests can't be 0; try --at-once 200"));
    }
    let seed = arguments.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    Ok(Settings { time, patience, grace, at_once, hold: HOLD, seed })
}
