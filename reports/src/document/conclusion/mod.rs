//! What a run comes to, suite by suite: who won, by how much, in which setting, and whether to believe it.

mod loads;
mod podium;
mod probes;
mod servers;
mod tasks;
mod void;

use serde::Serialize;

use crate::language::Language;
use crate::record::Run;
use crate::summary::{ProbeSuite, Setting, Summary};

/// The suites, as conclusions have them.
const SERVERS: &str = "Servers";
const RATES: &str = "Rates";
const IDLE: &str = "Idle connections";
const STEVENS: &str = "Stevens' comparison";
const TASKS: &str = "Tasks";
const SPAWN: &str = "Spawn";
const SWITCHES: &str = "Switch";
const MESSAGES: &str = "Messages";

/// What one suite of a run comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conclusion {
    /// The suite: `Servers`.
    pub suite: String,
    /// Who won, by how much, and where; a sentence or two.
    pub text: String,
    /// Whether to believe it, and why; a sentence or two.
    pub trust: String,
    /// The same in a word.
    pub belief: Belief,
    /// The title of the table that it is about, in English; none where it is about none.
    #[serde(skip)]
    pub about: Option<String>,
}

impl Conclusion {
    /// Of a suite, of which nothing is said yet.
    fn of(suite: &str) -> Self {
        let nothing = String::new;
        Self { suite: suite.to_owned(), text: nothing(), trust: nothing(), belief: Belief::Open, about: None }
    }

    /// All of it on one line: `Servers: epoll needs ... With care: ...`.
    pub fn line(&self, language: Language) -> String {
        language.labelled(&self.suite, &[&*self.text, &self.trust].join(language.between_sentences()))
    }
}

/// How far a conclusion can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Belief {
    /// The rounds are many, what counts as a difference was measured, and little was disturbed.
    Firm,
    /// One of these does not hold.
    Careful,
    /// Nothing can be told apart.
    Open,
}

/// The setting that the conclusion on servers is about.
pub(super) fn main_setting(summary: &Summary) -> Option<&Setting> {
    servers::main_setting(summary)
}

/// The conclusions of all suites that were measured, whether or not anything of them counts.
pub(super) fn all(run: &Run, summary: &Summary) -> Vec<Conclusion> {
    let probes = |suite| probes::conclusion(run, suite, &summary.probes);
    let all = [
        (SERVERS, servers::conclusion(run, summary)),
        (RATES, loads::offered_rates(run, summary)),
        (IDLE, loads::idle_connections(run, summary)),
        (STEVENS, loads::process_control(run, summary)),
        (TASKS, tasks::conclusion(run, &summary.tasks)),
        (SPAWN, probes(ProbeSuite::Spawn)),
        (SWITCHES, probes(ProbeSuite::Switch)),
        (MESSAGES, probes(ProbeSuite::Ipc)),
    ];
    all.into_iter()
        .filter_map(|(suite, conclusion)| conclusion.or_else(|| void::conclusion(run, suite)))
        .collect()
}
