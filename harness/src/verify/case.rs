//! A case: what is tried, why it matters, and what can come of it.

use serde::Serialize;

use super::subject::Subject;

/// One thing that is tried with a server.
pub struct Case {
    /// The name it is asked for by: `half-close`. It is the only one of this name in its workload.
    pub name: &'static str,
    /// One sentence: what it does and why that matters, with the section of the RFC where there is one.
    pub about: &'static str,
    /// Which server it is tried with.
    pub setting: Setting,
    check: Box<Check>,
}

type Check = dyn Fn(&mut Subject) -> Verdict + Send + Sync;

/// Which server a case is tried with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The one that the other cases talk to as well, one after another.
    Shared,
    /// One of its own, since it looks at the server's processes or stops it.
    Own,
}

/// What a case comes to, or a part of one.
pub type Verdict<T = ()> = Result<T, Stop>;

/// Why a case does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The server did not do what it should: what was expected and what came.
    Failed(String),
    /// It could not be tried: why.
    Skipped(String),
}

/// What came of a case.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The case's name.
    pub name: &'static str,
    /// What it does and why.
    pub about: &'static str,
    /// What it came to.
    pub outcome: Outcome,
    /// Why it failed or was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What a case came to, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The server did what it should.
    Passed,
    /// It did not.
    Failed,
    /// It could not be tried.
    Skipped,
}

impl Case {
    /// A case that shares its server with others, and leaves no connection open there.
    pub(super) fn shared(
        name: &'static str,
        about: &'static str,
        check: impl Fn(&mut Subject) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self { name, about, setting: Setting::Shared, check: Box::new(check) }
    }

    /// A case with a server of its own, which must be one that we started.
    pub(super) fn own(
        name: &'static str,
        about: &'static str,
        check: impl Fn(&mut Subject) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self { name, about, setting: Setting::Own, check: Box::new(check) }
    }

    /// Tries it.
    pub(super) fn check(&self, subject: &mut Subject) -> Verdict {
        (self.check)(subject)
    }
}

/// The server is at fault.
pub(crate) fn failed<T>(reason: impl Into<String>) -> Verdict<T> {
    Err(Stop::Failed(reason.into()))
}

/// It can't be tried here.
pub(crate) fn skipped<T>(reason: impl Into<String>) -> Verdict<T> {
    Err(Stop::Skipped(reason.into()))
}

/// Fails unless `holds`.
pub(crate) fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { failed(reason()) }
}

impl Stop {
    /// Adds where this was, if there is anything to add.
    pub(crate) fn within(self, place: &str) -> Self {
        match self {
            Self::Failed(reason) if place.is_empty() => Self::Failed(reason),
            Self::Failed(reason) => Self::Failed(format!("{place}: {reason}")),
            skipped @ Self::Skipped(_) => skipped,
        }
    }
}

/// Adds where a failure was.
pub(crate) trait Within {
    /// Puts `place` before the reason of a failure.
    fn within(self, place: impl AsRef<str>) -> Self;
}

impl<T> Within for Verdict<T> {
    fn within(self, place: impl AsRef<str>) -> Self {
        self.map_err(|stop| stop.within(place.as_ref()))
    }
}
