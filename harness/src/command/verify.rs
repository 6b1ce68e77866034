//! `concur verify`: grades servers by how they behave.

mod answer;
mod asked;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::anyhow;
use serde::Serialize;

use self::answer::{Answer, title};
use super::loading::LONGEST;
use crate::cli::Verify;
use crate::failure::{FAILED, Interrupted, Usage};
use crate::language;
use crate::measure::limits::{need_descriptors, raise_descriptor_limit};
use crate::verify::case::Outcome;
use crate::verify::subject::Settings;
use crate::verify::{ABOUT_STARTS, Report, STARTS, Suite};

/// How many servers are graded at once: each has cases that mostly wait.
const SUITES_AT_ONCE: usize = 2;
/// Descriptors that grading needs for each client who is there at once, in all the cases that run side by side.
const DESCRIPTORS_PER_CLIENT: u64 = 2 * SUITES_AT_ONCE as u64;
const OTHER_DESCRIPTORS: u64 = 200;

/// A case as it is listed.
#[derive(Serialize)]
struct Listed {
    workload: &'static str,
    name: &'static str,
    about: &'static str,
}

pub(super) fn run(arguments: &Verify) -> anyhow::Result<ExitCode> {
    let suites = asked::suites(arguments)?;
    if arguments.list {
        super::print(&list(&suites, arguments.json)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings = settings(arguments)?;
    raise_descriptor_limit()?;
    let clients = u64::try_from(arguments.at_once).unwrap_or(u64::MAX);
    need_descriptors(clients.saturating_mul(DESCRIPTORS_PER_CLIENT).saturating_add(OTHER_DESCRIPTORS))
        .map_err(|error| Usage::error(format!("{error} and --at-once")))?;
    let stop = super::stop_on_signals()?;
    let suites = run_all(&suites, settings, &stop);
    let answer = Answer::of(suites, settings, stop.load(Ordering::Relaxed));
    super::print(&if arguments.json {
        serde_json::to_string_pretty(&answer)? + "\n"
    } else {
        answer.text(arguments.all)
    })?;
    if answer.interrupted {
        return Err(Interrupted.into());
    }
    if let Some(reason) = answer.suites.iter().find_map(not_begun) {
        return Err(anyhow!("a server was not tried, which is no fault of its own: {reason}"));
    }
    Ok(if answer.failed == 0 { ExitCode::SUCCESS } else { FAILED.into() })
}

/// Why a server that could have been tried was not: what is skipped must not look like what has passed.
fn not_begun(suite: &Report) -> Option<String> {
    let start = suite.cases.iter().find(|case| case.name == STARTS && case.outcome == Outcome::Skipped)?;
    start.reason.clone()
}

fn settings(arguments: &Verify) -> anyhow::Result<Settings> {
    let Verify { patience, grace, at_once, connections, .. } = *arguments;
    if patience.is_zero() {
        return Err(Usage::error("--patience can't be 0; try --patience 5s"));
    }
    if grace.is_zero() {
        return Err(Usage::error("--grace can't be 0; try --grace 2s"));
    }
    if patience > LONGEST || grace > LONGEST {
        return Err(Usage::error("no server is waited for longer than a day; try --patience 5s --grace 2s"));
    }
    if at_once == 0 || connections == 0 {
        return Err(Usage::error(
            "--at-once and --connections can't be 0; try --at-once 200 --connections 2000",
        ));
    }
    Ok(Settings { patience, grace, at_once, connections })
}

fn list(suites: &[Suite], as_json: bool) -> anyhow::Result<String> {
    let listed: Vec<Listed> = suites
        .iter()
        .flat_map(|suite| {
            let cases = suite.cases.iter().map(|case| (case.name, case.about));
            let all = std::iter::once((STARTS, ABOUT_STARTS)).chain(cases);
            all.map(|(name, about)| Listed { workload: suite.workload, name, about })
        })
        .collect();
    if as_json {
        return Ok(serde_json::to_string_pretty(&listed)? + "\n");
    }
    let language = language::current();
    let lines = listed
        .iter()
        .map(|case| format!("{} {}\n    {}\n", case.workload, case.name, language.of(case.about)));
    Ok(lines.collect())
}

/// Runs the suites, a few at once, and gives what came of them in their order.
fn run_all(suites: &[Suite], settings: Settings, stop: &Arc<AtomicBool>) -> Vec<Report> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let reports = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SUITES_AT_ONCE.min(suites.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(suite) = suites.get(index) else { return };
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let report = suite.run(settings, stop);
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    eprintln!("[{done}/{}] {}", suites.len(), language::say(&title(&report)));
                    reports.lock().unwrap_or_else(PoisonError::into_inner).push((index, report));
                }
            });
        }
    });
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|(index, _)| *index);
    reports.into_iter().map(|(_, report)| report).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::case::Finding;

    #[test]
    fn a_server_that_could_not_be_launched_was_not_tried() {
        let starts = |outcome| Finding {
            name: STARTS,
            about: ABOUT_STARTS,
            outcome,
            reason: Some("why".to_owned()),
            seconds: 0.0,
        };
        let report = |outcome| Report {
            server: "epoll".to_owned(),
            workload: "echo",
            transport: "tcp",
            cases: vec![starts(outcome)],
            passed: 0,
            failed: 0,
            skipped: 0,
            seconds: 0.0,
        };
        assert_eq!(not_begun(&report(Outcome::Skipped)).as_deref(), Some("why"));
        assert_eq!(not_begun(&report(Outcome::Failed)), None);
    }
}
