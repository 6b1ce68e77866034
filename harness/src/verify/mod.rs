//! The conformance suite: is this a good server? Asked from outside, of any server in any language.
//!
//! * [`case`](mod@case) says what a case is and what can come of it;
//! * [`subject`] starts the server under test and knows what is known of it;
//! * `client` is the client that misbehaves on purpose, and never waits for ever;
//! * `echo`, `http`, `files` and `chat` hold the cases of each workload, `common` those that most of them share;
//! * `folder` is what a file server under test serves.
//!
//! Most cases talk to one server, one after another, and each has closed its connections before the next begins: so a
//! server with room for one client is tried in the same way as the others. Cases that look at the server's processes or
//! stop it have a server of their own, and run beside the others, since they mostly wait.

pub mod case;
mod chat;
pub(crate) mod client;
pub(crate) mod common;
mod echo;
mod files;
mod folder;
pub(crate) mod http;
pub mod subject;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::server::NotLaunched;
use crate::transport::Transport;
use case::{Case, Finding, Outcome, Setting, Stop};
use subject::{Facts, NO_PROCESS, Settings, Subject, Target};

/// The workloads that there are cases for.
pub const WORKLOADS: [&str; 4] = ["echo", "http", "files", "chat"];
/// Those of them that there are cases for over UDP.
pub const OVER_UDP: [&str; 1] = ["chat"];
/// How many cases with a server of their own run at once, beside the shared one.
const OWN_AT_ONCE: usize = 2;
/// Time for a server that is about to end, which may be why a case has failed.
const LAST_BREATH: Duration = Duration::from_millis(50);
/// What is always tried first, and can be asked for like a case.
pub const STARTS: &str = "starts";
/// What that is.
pub const ABOUT_STARTS: &str = "The server starts, and takes a connection.";

/// Every case of a workload, in the order in which they are tried.
pub fn cases(workload: &str) -> Vec<Case> {
    match workload {
        "echo" => echo::cases(),
        "http" => http::cases(),
        "files" => files::cases(),
        "chat" => chat::cases(),
        _ => Vec::new(),
    }
}

/// One server under one workload, and the cases to try.
pub struct Suite {
    /// The server.
    pub target: Target,
    /// What it serves: one of [`WORKLOADS`].
    pub workload: &'static str,
    /// What is tried.
    pub cases: Vec<Case>,
    /// Why nothing can be tried: what this machine lacks for it.
    pub unsupported: Option<String>,
}

/// What came of a suite.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The server, as it was named.
    pub server: String,
    /// What it served.
    pub workload: &'static str,
    /// Over what.
    pub transport: &'static str,
    /// What came of each case, in their order.
    pub cases: Vec<Finding>,
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many could not be tried.
    pub skipped: usize,
    /// How long it all took, in seconds.
    pub seconds: f64,
}

impl Suite {
    /// Tries every case. Those that are not begun when `stop` is set are left out.
    pub fn run(&self, settings: Settings, stop: &Arc<AtomicBool>) -> Report {
        let begun = Instant::now();
        let findings = match &self.unsupported {
            Some(reason) => self.all_skipped(&format!("unsupported here: {reason}")),
            None => self.try_all(settings, stop),
        };
        let count = |outcome| findings.iter().filter(|finding| finding.outcome == outcome).count();
        Report {
            server: self.target.to_string(),
            workload: self.workload,
            transport: self.target.transport().name(),
            passed: count(Outcome::Passed),
            failed: count(Outcome::Failed),
            skipped: count(Outcome::Skipped),
            cases: findings,
            seconds: begun.elapsed().as_secs_f64(),
        }
    }

    fn try_all(&self, settings: Settings, stop: &Arc<AtomicBool>) -> Vec<Finding> {
        let facts = Arc::new(Facts::new(self.target.clone(), self.workload, settings, Arc::clone(stop)));
        let begun = Instant::now();
        let started = start(&facts);
        let first = finding(STARTS, ABOUT_STARTS, begun, started.as_ref().map(|_| ()).map_err(Stop::clone));
        let mut findings = vec![first];
        match started {
            Ok(subject) => findings.extend(self.try_cases(subject, &facts, stop)),
            Err(_) => findings.extend(self.all_skipped("the server did not start")),
        }
        findings
    }

    fn try_cases(&self, subject: Subject, facts: &Arc<Facts>, stop: &AtomicBool) -> Vec<Finding> {
        let found = Mutex::new(BTreeMap::new());
        let keep = |index: usize, finding| {
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(index, finding);
        };
        let goes_on = || !stop.load(Ordering::Relaxed);
        let of = |setting| self.cases.iter().enumerate().filter(move |(_, case)| case.setting == setting);
        let own: Vec<_> = of(Setting::Own).collect();
        let next = AtomicUsize::new(0);
        // Whoever starts a server waits until it has ended: it ends with the thread that started it.
        thread::scope(|scope| {
            for _ in 0..OWN_AT_ONCE {
                scope.spawn(|| {
                    while let Some((index, case)) = own.get(next.fetch_add(1, Ordering::Relaxed))
                        && goes_on()
                    {
                        keep(*index, try_alone(case, facts));
                    }
                });
            }
            let mut subject = Some(subject);
            for (index, case) in of(Setting::Shared).take_while(|_| goes_on()) {
                keep(index, try_shared(case, &mut subject, facts));
            }
        });
        found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }

    fn all_skipped(&self, reason: &str) -> Vec<Finding> {
        let skipped = |case: &Case| {
            finding(case.name, case.about, Instant::now(), Err(Stop::Skipped(reason.to_owned())))
        };
        self.cases.iter().map(skipped).collect()
    }
}

fn start(facts: &Arc<Facts>) -> Result<Subject, Stop> {
    // What the lab itself can't start says nothing of the server.
    let blame = |error: anyhow::Error| {
        let blame = if error.is::<NotLaunched>() { Stop::Skipped } else { Stop::Failed };
        blame(format!("{error:#}"))
    };
    let mut subject = facts.subject().map_err(blame)?;
    subject.begin_case();
    // Over UDP it has said that it is there, and there is nothing to be connected.
    if facts.transport() != Transport::Udp {
        client::Client::connect(&subject)?;
    }
    Ok(subject)
}

/// Tries a case with the server that others use too. One that it brings down is started again for the next.
fn try_shared(case: &Case, subject: &mut Option<Subject>, facts: &Arc<Facts>) -> Finding {
    let begun = Instant::now();
    if subject.is_none() {
        *subject = start(facts).ok();
    }
    let Some(server) = subject else {
        let reason = "the server could not be started again after an earlier case";
        return finding(case.name, case.about, begun, Err(Stop::Skipped(reason.to_owned())));
    };
    let verdict = check(case, server);
    if server.is_gone() {
        *subject = None;
    }
    finding(case.name, case.about, begun, verdict)
}

/// Tries a case. A server that ends meanwhile, without having been asked to, fails it.
fn check(case: &Case, subject: &mut Subject) -> case::Verdict {
    subject.begin_case();
    let verdict = case.check(subject);
    if matches!(verdict, Err(Stop::Failed(_))) {
        thread::sleep(LAST_BREATH);
    }
    let Some(end) = subject.early_end() else { return verdict };
    Err(Stop::Failed(match verdict {
        Err(Stop::Failed(reason)) => format!("{reason}; the server {end}"),
        _ => format!("the server {end}"),
    }))
}

/// Tries a case with a server that nobody else uses.
fn try_alone(case: &Case, facts: &Arc<Facts>) -> Finding {
    let begun = Instant::now();
    let verdict = if facts.is_started_by_us() {
        start(facts).and_then(|mut subject| check(case, &mut subject))
    } else {
        Err(Stop::Skipped(NO_PROCESS.to_owned()))
    };
    finding(case.name, case.about, begun, verdict)
}

fn finding(name: &'static str, about: &'static str, begun: Instant, verdict: case::Verdict) -> Finding {
    let (outcome, reason) = match verdict {
        Ok(()) => (Outcome::Passed, None),
        Err(Stop::Failed(reason)) => (Outcome::Failed, Some(reason)),
        Err(Stop::Skipped(reason)) => (Outcome::Skipped, Some(reason)),
    };
    Finding { name, about, outcome, reason, seconds: begun.elapsed().as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own_and_says_what_it_does() {
        for workload in WORKLOADS {
            let cases = cases(workload);
            assert!(cases.len() > 15, "{workload}");
            let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
            assert_eq!(names.len(), cases.len(), "{workload}");
            for Case { name, about, .. } in &cases {
                assert!(name.len() <= 24 && !name.contains([' ', ',']), "{name}");
                assert!(about.ends_with('.') && about.len() > 20, "{name}: {about}");
            }
        }
    }
}
