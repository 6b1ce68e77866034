//! `concur verify`: grades servers by how they behave.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::anyhow;
use models::options::{Choice, Kind};
use models::server::{Model, server, servers};
use reports::table::{Column, Table};
use reports::terminal::draw_table_in;
use serde::Serialize;

use super::loading::LONGEST;
use crate::appearance::{colours, terminal};
use crate::cli::Verify;
use crate::failure::{FAILED, Interrupted, Usage};
use crate::language;
use crate::measure::limits::{need_descriptors, raise_descriptor_limit};
use crate::server::ForeignCommand;
use crate::transport::Transport;
use crate::verify::case::{Case, Finding, Outcome};
use crate::verify::subject::{Settings, Target};
use crate::verify::{ABOUT_STARTS, Report, STARTS, Suite, WORKLOADS, cases};
use crate::{address, choose};

/// How many servers are graded at once: each has cases that mostly wait.
const SUITES_AT_ONCE: usize = 2;
/// Descriptors that grading needs for each client who is there at once, in all the cases that run side by side.
const DESCRIPTORS_PER_CLIENT: u64 = 2 * SUITES_AT_ONCE as u64;
const OTHER_DESCRIPTORS: u64 = 200;

/// All that was found, and what it was asked for.
#[derive(Serialize)]
struct Answer {
    /// The version of the lab.
    concur: &'static str,
    patience_seconds: f64,
    grace_seconds: f64,
    at_once: usize,
    connections: usize,
    /// Somebody ended it before all was tried.
    interrupted: bool,
    suites: Vec<Report>,
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// A case as it is listed.
#[derive(Serialize)]
struct Listed {
    workload: &'static str,
    name: &'static str,
    about: &'static str,
}

pub(super) fn run(arguments: &Verify) -> anyhow::Result<ExitCode> {
    let suites = suites(arguments)?;
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

/// What is to be graded: each server under each workload.
fn suites(arguments: &Verify) -> anyhow::Result<Vec<Suite>> {
    let (targets, default_workloads) = targets(arguments)?;
    let workloads = workloads(&arguments.workload, default_workloads)?;
    check_names(&arguments.cases, &workloads)?;
    let mut suites = Vec::new();
    for target in targets {
        for &workload in &workloads {
            let mut cases = cases(workload);
            if !arguments.cases.is_empty() {
                cases.retain(|case| arguments.cases.iter().any(|name| name == case.name));
            }
            // A case of one workload only is no reason to try nothing under the other.
            if !cases.is_empty() || arguments.cases.iter().any(|name| name == STARTS) {
                suites.push(Suite { unsupported: lacks(&target), target: target.clone(), workload, cases });
            }
        }
    }
    Ok(suites)
}

fn targets(arguments: &Verify) -> anyhow::Result<(Vec<Target>, &'static [&'static str])> {
    let foreign: &[&str] = &["http"];
    let transports = transports(&arguments.transport)?;
    let over_each = |choice: Choice| transports.iter().map(move |over| model(choice.clone(), *over));
    let all_over_each = |choices: Vec<Choice>| -> anyhow::Result<Vec<Target>> {
        choices.into_iter().flat_map(over_each).collect()
    };
    Ok(match (&arguments.target, &arguments.cmd) {
        (None, Some(text)) => {
            let command = ForeignCommand::parse(text).map_err(|error| Usage::error(error.to_string()))?;
            (vec![Target::Command(text.clone(), command)], foreign)
        }
        (Some(text), None) if is_address(text) => {
            let text = text.trim_start_matches("http://").trim_end_matches('/');
            let address = address::resolve(text)?;
            for asked in &arguments.transport {
                Transport::for_address(Some(*asked), &address)?;
            }
            (vec![Target::Address(address)], foreign)
        }
        (Some(text), None) => (all_over_each(vec![choose::choice(text)?])?, &WORKLOADS),
        _ if arguments.list => (vec![model(choose::choice(servers()[0].name)?, Transport::Tcp)?], &WORKLOADS),
        _ => (all_over_each(variants()?)?, &WORKLOADS),
    })
}

/// What our models are tried over.
fn transports(asked: &[Transport]) -> anyhow::Result<Vec<Transport>> {
    if asked.contains(&Transport::Udp) {
        return Err(Usage::error(
            "verify has no cases for messages over UDP; try --transport unix, or concur load --transport udp, which checks \
             every reply",
        ));
    }
    Ok(if asked.is_empty() { vec![Transport::Tcp] } else { asked.to_vec() })
}

/// A port, or anything with a colon that is not one of our models with options.
fn is_address(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    let is_port = text.bytes().all(|byte| byte.is_ascii_digit());
    is_port || (text.contains(':') && !text.contains('=') && server(name).is_none())
}

fn model(choice: Choice, over: Transport) -> anyhow::Result<Target> {
    let model = choose::server(&choice)?;
    Ok(Target::Model(choice, model, over))
}

/// Every model as it is by default, and with each other word of each of its options.
fn variants() -> anyhow::Result<Vec<Choice>> {
    servers().iter().flat_map(variants_of).map(|text| choose::choice(&text)).collect()
}

fn variants_of(model: &'static Model) -> impl Iterator<Item = String> {
    let words = model.options.iter().flat_map(|spec| {
        let words: &[&str] = match spec.kind {
            Kind::Word(words) => words.get(1..).unwrap_or_default(), // the first is the default
            _ => &[],
        };
        words.iter().map(|word| format!("{}:{}={word}", model.name, spec.key))
    });
    std::iter::once(model.name.to_owned()).chain(words)
}

fn lacks(target: &Target) -> Option<String> {
    match target {
        Target::Model(choice, model, over) => {
            over.stream().and_then(|stream| (model.lacks)(&choice.options, stream))
        }
        Target::Command(..) | Target::Address(_) => None,
    }
}

fn workloads(asked: &[String], default: &'static [&'static str]) -> anyhow::Result<Vec<&'static str>> {
    if asked.is_empty() {
        return Ok(default.to_vec());
    }
    let find = |name: &String| {
        WORKLOADS.into_iter().find(|workload| workload == name).ok_or_else(|| {
            Usage::error(format!("there are no cases for '{name}'; try one of: {}", WORKLOADS.join(", ")))
        })
    };
    asked.iter().map(find).collect()
}

fn check_names(names: &[String], workloads: &[&'static str]) -> anyhow::Result<()> {
    let known: Vec<Case> = workloads.iter().flat_map(|workload| cases(workload)).collect();
    match names.iter().find(|name| *name != STARTS && !known.iter().any(|case| case.name == **name)) {
        None => Ok(()),
        Some(name) => Err(Usage::error(format!(
            "there is no case '{name}' for {}; see concur verify --list",
            workloads.join(" or ")
        ))),
    }
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

fn title(report: &Report) -> String {
    let Report { server, passed, failed, skipped, seconds, .. } = report;
    let served = served(report);
    format!("{server}, {served}: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.1} s")
}

/// What a server served, and over what if that is not the usual.
fn served(report: &Report) -> String {
    let Report { workload, transport, .. } = report;
    if *transport == Transport::Tcp.name() {
        (*workload).to_owned()
    } else {
        format!("{workload} over {transport}")
    }
}

impl Answer {
    fn of(suites: Vec<Report>, settings: Settings, interrupted: bool) -> Self {
        let sum = |of: fn(&Report) -> usize| suites.iter().map(of).sum();
        let Settings { patience, grace, at_once, connections } = settings;
        Self {
            concur: env!("CARGO_PKG_VERSION"),
            patience_seconds: patience.as_secs_f64(),
            grace_seconds: grace.as_secs_f64(),
            at_once,
            connections,
            interrupted,
            passed: sum(|suite| suite.passed),
            failed: sum(|suite| suite.failed),
            skipped: sum(|suite| suite.skipped),
            suites,
        }
    }

    /// As tables: of many servers one with a row for each, of one server a row for each case. Below stand the reasons.
    fn text(&self, many: bool) -> String {
        let tables = if many { vec![self.overview()] } else { self.suites.iter().map(cases_table).collect() };
        let pages: Vec<String> = tables.iter().map(drawn).collect();
        pages.join("\n")
    }

    fn overview(&self) -> Table {
        let row = |suite: &Report| {
            let numbers = [suite.passed, suite.failed, suite.skipped].map(|number| number.to_string());
            let mut row = vec![suite.server.clone(), served(suite)];
            row.extend(numbers);
            row.push(format!("{:.1}", suite.seconds));
            row
        };
        let notes = |suite: &Report| {
            let place = format!("{}, {}, ", suite.server, served(suite));
            failures(suite).into_iter().map(move |failure| place.clone() + &failure).collect::<Vec<_>>()
        };
        let Self { passed, failed, skipped, suites, .. } = self;
        Table {
            title: format!("{passed} cases passed, {failed} failed, {skipped} were skipped"),
            columns: vec![
                Column::words("server", 0),
                Column::words("workload", 0),
                Column::numbers("passed", "", 0),
                Column::numbers("failed", "", 0),
                Column::numbers("skipped", "", 0),
                Column::numbers("time", "s", 1),
            ],
            rows: suites.iter().map(row).collect(),
            notes: suites.iter().flat_map(notes).chain(skips_of_all(suites)).collect(),
        }
    }
}

fn drawn(table: &Table) -> String {
    let language = language::current();
    draw_table_in(language, &table.clone().translated(language), terminal(), colours())
}

fn cases_table(suite: &Report) -> Table {
    let row = |finding: &Finding| {
        let outcome = match finding.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "skipped",
        };
        vec![finding.name.to_owned(), outcome.to_owned(), format!("{:.2}", finding.seconds)]
    };
    Table {
        title: title(suite),
        columns: vec![Column::words("case", 0), Column::words("outcome", 0), Column::numbers("time", "s", 1)],
        rows: suite.cases.iter().map(row).collect(),
        notes: failures(suite).into_iter().chain(skips(suite)).collect(),
    }
}

/// Each failure: the case, what is wrong, and what the case is about.
fn failures(suite: &Report) -> Vec<String> {
    let failed = suite.cases.iter().filter(|finding| finding.outcome == Outcome::Failed);
    let text = |finding: &Finding| {
        let reason = finding.reason.as_deref().unwrap_or_default();
        format!("{} failed: {reason}. {}", finding.name, finding.about)
    };
    failed.map(text).collect()
}

/// The reasons why cases were skipped, each once, with the servers it was for.
fn skips_of_all(suites: &[Report]) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for suite in suites {
        for reason in skips(suite) {
            let server = format!("{} ({})", suite.server, served(suite));
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, servers)) => servers.push(server),
                None => reasons.push((reason, vec![server])),
            }
        }
    }
    let text = |(reason, servers): (String, Vec<String>)| format!("{reason} So with {}.", servers.join(", "));
    reasons.into_iter().map(text).collect()
}

/// The reasons why cases were skipped, each once.
fn skips(suite: &Report) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for finding in suite.cases.iter().filter(|finding| finding.outcome == Outcome::Skipped) {
        let reason = finding.reason.as_deref().unwrap_or_default();
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(finding.name),
            None => reasons.push((reason, vec![finding.name])),
        }
    }
    reasons.into_iter().map(|(reason, names)| format!("Skipped, {reason}: {}.", names.join(", "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_one_of_our_models_or_an_address() {
        for address in ["8080", "127.0.0.1:80", "localhost:1", "[::1]:8080", "http://127.0.0.1:80/"] {
            assert!(is_address(address), "{address}");
        }
        for model in ["epoll", "epol", "thread-pool:workers=4", "epol:trigger=edge", "thread:stack"] {
            assert!(!is_address(model), "{model}");
        }
    }

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

    #[test]
    fn the_overview_says_once_why_cases_were_skipped_and_with_which_servers() {
        let skipped = |name| Finding {
            name,
            about: "",
            outcome: Outcome::Skipped,
            reason: Some("there is no room".to_owned()),
            seconds: 0.0,
        };
        let report = |server: &str, transport| Report {
            server: server.to_owned(),
            workload: "echo",
            transport,
            cases: vec![skipped("one"), skipped("two")],
            passed: 0,
            failed: 0,
            skipped: 2,
            seconds: 0.0,
        };
        let said = skips_of_all(&[report("loop", "tcp"), report("select", "unix")]);
        let expected = "Skipped, there is no room: one, two. So with loop (echo), select (echo over unix).";
        assert_eq!(said, [expected]);
    }

    #[test]
    fn every_model_is_a_variant_and_so_is_each_other_word_of_its_options() {
        let variants: Vec<String> = servers().iter().flat_map(variants_of).collect();
        for model in servers() {
            assert!(variants.iter().any(|text| text == model.name), "{}", model.name);
            for spec in model.options {
                let Kind::Word(words) = spec.kind else { continue };
                for word in &words[1..] {
                    assert!(variants.contains(&format!("{}:{}={word}", model.name, spec.key)));
                }
            }
        }
    }
}
