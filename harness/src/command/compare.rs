//! `concur compare`: what became faster or slower from one run to another.

use std::process::ExitCode;

use reports::document::Document;
use reports::record::Run;
use reports::summary::{Outcome, Versus};
use reports::terminal;

use crate::cli::{Compare, FailOn};
use crate::failure::{FAILED, Usage};

pub(super) fn run(arguments: &Compare) -> anyhow::Result<ExitCode> {
    let read = |path| Run::read(path).map_err(|error| Usage::error(error.to_string()));
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let versus = Versus::of(&old, &new);
    if !versus.hosts_differ.is_empty() && !arguments.force {
        return Err(Usage::error(format!(
            "these runs are of different hosts, which differ in {}; measure both on one, or compare them all the same with \
             --force",
            versus.hosts_differ.join("; ")
        )));
    }
    let text = if arguments.json {
        serde_json::to_string_pretty(&versus)? + "\n"
    } else {
        terminal::draw(&Document::versus(&versus), super::report::terminal())
    };
    super::print(&text)?;
    let failed = match arguments.fail_on {
        Some(FailOn::Slower) => versus.count(Outcome::Slower) > 0,
        None => false,
    };
    Ok(if failed { FAILED.into() } else { ExitCode::SUCCESS })
}
