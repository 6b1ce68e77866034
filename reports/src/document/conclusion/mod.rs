//! What a run comes to, suite by suite: who won, by how much, in which setting, and whether to believe it.

mod loads;
mod podium;
mod probes;
mod servers;
mod tasks;

use crate::language::Language;
use serde::Serialize;

use crate::record::Run;
use crate::summary::{ProbeSuite, Setting, Summary};

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
}

impl Conclusion {
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

/// The conclusions of all suites that have one.
pub(super) fn all(run: &Run, summary: &Summary) -> Vec<Conclusion> {
    let mut all: Vec<Conclusion> = servers::conclusion(run, summary).into_iter().collect();
    all.extend(loads::rates(run, summary));
    all.extend(loads::idle(run, summary));
    all.extend(loads::stevens(run, summary));
    all.extend(tasks::conclusion(run, &summary.tasks));
    let suites = [ProbeSuite::Spawn, ProbeSuite::Switch, ProbeSuite::Ipc];
    all.extend(suites.into_iter().filter_map(|suite| probes::conclusion(run, suite, &summary.probes)));
    all
}
