//! What was found: as one record, and as tables.

use reports::table::{Column, Table};
use reports::terminal::draw_table_in;
use serde::Serialize;

use crate::appearance::{colours, terminal};
use crate::language;
use crate::transport::Transport;
use crate::verify::Report;
use crate::verify::case::{Finding, Outcome};
use crate::verify::subject::Settings;

/// All that was found, and what it was asked for.
#[derive(Serialize)]
pub(super) struct Answer {
    /// The version of the lab.
    concur: &'static str,
    patience_seconds: f64,
    grace_seconds: f64,
    at_once: usize,
    connections: usize,
    /// Somebody ended it before all was tried.
    pub(super) interrupted: bool,
    pub(super) suites: Vec<Report>,
    passed: usize,
    pub(super) failed: usize,
    skipped: usize,
}

impl Answer {
    pub(super) fn of(suites: Vec<Report>, settings: Settings, interrupted: bool) -> Self {
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
    pub(super) fn text(&self, many: bool) -> String {
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

/// What came of a server under a workload, in a line.
pub(super) fn title(report: &Report) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
