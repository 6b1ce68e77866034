//! `concur compare`: what became faster or slower from one run to another.

use std::path::Path;
use std::process::ExitCode;

use reports::document::Document;
use reports::record::Run;
use reports::summary::{Outcome, Versus};

use crate::cli::{Compare, FailOn};
use crate::failure::{FAILED, Usage};

pub(super) fn run(arguments: &Compare) -> anyhow::Result<ExitCode> {
    let read = |path| Run::read(path).map_err(|error| Usage::error(error.to_string()));
    let (old, new) = (read(&arguments.old)?, read(&arguments.new)?);
    let path = |path: &Path| path.display().to_string();
    let versus = Versus::of(&old, &new).named(path(&arguments.old), path(&arguments.new));
    if !arguments.force {
        refuse_unlike(&versus)?;
    }
    if versus.rows.is_empty() {
        return Err(Usage::error(
            "these runs have no row in common, so there is nothing to compare; measure the same models under the same load \
             in both"
                .to_owned(),
        ));
    }
    let text = if arguments.json {
        serde_json::to_string_pretty(&versus)? + "\n"
    } else {
        super::page(&Document::versus(&versus))
    };
    super::print(&text)?;
    let failures = match arguments.fail_on {
        Some(FailOn::Slower) => failures(&versus),
        None => Vec::new(),
    };
    for failure in &failures {
        eprintln!("concur: {failure}");
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { FAILED.into() })
}

/// Ratios of runs of different hosts, or of one host's processors used in another way, are not the servers' own.
fn refuse_unlike(versus: &Versus) -> anyhow::Result<()> {
    let (of, differ) = match (&versus.hosts_differ[..], &versus.placements_differ[..]) {
        ([], []) => return Ok(()),
        ([], placements) => ("were placed in different ways: they", placements),
        (hosts, _) => ("are of different hosts, which", hosts),
    };
    Err(Usage::error(format!(
        "these runs {of} differ in {}; measure both in one way, or compare them all the same with --force",
        differ.join("; ")
    )))
}

/// At most this many rows that were lost are named.
const LOST_TOLD: usize = 8;

/// What `--fail-on slower` found, in sentences. What is lost may be as much slower as one likes, so it fails as well.
fn failures(versus: &Versus) -> Vec<String> {
    let mut failures = Vec::new();
    let slower = versus.count(Outcome::Slower);
    if slower > 0 {
        failures.push(format!("--fail-on slower: {slower} of {} rows became slower", versus.rows.len()));
    }
    let lost = versus.lost();
    if !lost.is_empty() {
        let (told, others) = lost.split_at(lost.len().min(LOST_TOLD));
        let more = if others.is_empty() { String::new() } else { format!("; {} more", others.len()) };
        failures.push(format!(
            "--fail-on slower: the later run lost what the earlier one has: {}{more}; mend or measure it again",
            told.join("; ")
        ));
    }
    if !versus.compares_anything() {
        failures.push(
            "--fail-on slower: no row has figures in both runs, so nothing was compared; measure them again"
                .to_owned(),
        );
    }
    failures
}
