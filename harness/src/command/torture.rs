//! `concur torture`: puts servers under faults.

mod answer;
mod asked;

use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::Context;
use reports::record::{Endured, TortureRow};
use serde::Serialize;

use self::answer::Answer;
use crate::cli::Torture as Arguments;
use crate::failure::{FAILED, Interrupted, Usage};
use crate::language;
use crate::measure::limits::raise_descriptor_limit;
use crate::recorder::Recorder;
use crate::torture::{Fault, Torture};

/// Descriptors that this needs besides those of who misbehaves: a flood is 600 clients at once.
const OTHER_DESCRIPTORS: u64 = 800;

/// A fault as it is listed.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let faults = asked::faults(&arguments.faults)?;
    if arguments.list {
        super::print(&list(&faults, arguments.json)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let targets = asked::targets(arguments)?;
    let settings = asked::settings(arguments)?;
    let (needed, limit) =
        ((arguments.at_once as u64).saturating_add(OTHER_DESCRIPTORS), raise_descriptor_limit()?);
    if needed > limit {
        return Err(Usage::error(format!(
            "this needs {needed} descriptors and the limit is {limit}; raise it with `ulimit -n {needed}`, or use a smaller --at-once"
        )));
    }
    let stop = super::stop_on_signals()?;
    let mut recorder = match &arguments.out {
        Some(directory) => Some(Recorder::new(Some(directory.clone()), 0, settings.seed)?),
        None => None,
    };
    let number = targets.len();
    let mut rows = Vec::new();
    for (index, target) in targets.into_iter().enumerate() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let torture = Torture { target, faults: faults.clone(), settings, stop: &stop };
        let place = format!("[{}/{number}]", index + 1);
        let tell = |row: &TortureRow| eprintln!("{place} {}", language::say(&line(row)));
        let new = match arguments.requests {
            Some(requests) => torture.run_long(requests, tell),
            None => torture.run(tell),
        };
        if let Some(recorder) = &mut recorder {
            new.iter().cloned().try_for_each(|row| recorder.add_torture(row))?;
        }
        rows.extend(new);
    }
    let answer = Answer::of(rows, settings, stop.load(Ordering::Relaxed));
    if let Some(recorder) = &mut recorder {
        if answer.interrupted {
            recorder.torture_was_cut_short()?;
        }
        reports::write_all_in(language::current(), recorder.run(), recorder.directory())
            .context("the report's files are missing")?;
        let told = format!("concur: the report is in {}/report.html", recorder.directory().display());
        eprintln!("{}", language::say(&told));
    }
    super::print(&if arguments.json {
        serde_json::to_string_pretty(&answer)? + "\n"
    } else {
        answer.text()
    })?;
    if answer.interrupted {
        return Err(Interrupted.into());
    }
    Ok(if answer.failed == 0 { ExitCode::SUCCESS } else { FAILED.into() })
}

/// What came of a fault, in a line.
fn line(row: &TortureRow) -> String {
    let TortureRow { server, fault, seconds, .. } = row;
    let answered = row.good.answered;
    let missed = row.good.missed();
    match row.outcome {
        Endured::Passed => {
            format!(
                "{server}, {fault}: passed, {answered} requests answered and {missed} lost in {seconds:.1} s"
            )
        }
        Endured::Failed => {
            format!(
                "{server}, {fault}: FAILED, {answered} requests answered and {missed} lost in {seconds:.1} s"
            )
        }
        Endured::NotApplicable => format!("{server}, {fault}: not for this server"),
    }
}

fn list(faults: &[&'static Fault], as_json: bool) -> anyhow::Result<String> {
    if as_json {
        let listed: Vec<Listed> =
            faults.iter().map(|fault| Listed { name: fault.name, about: fault.about }).collect();
        return Ok(serde_json::to_string_pretty(&listed)? + "\n");
    }
    let language = language::current();
    let text = |fault: &&Fault| format!("{}\n    {}\n", fault.name, language.of(fault.about));
    Ok(faults.iter().map(text).collect::<Vec<_>>().concat())
}
