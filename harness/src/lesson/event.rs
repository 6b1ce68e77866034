//! What happens in a lesson, as it is told to whoever follows it. Names are fixed, more may be added; `docs/lessons.md` has them.

use serde::Serialize;

use super::conclusion::Conclusion;
use super::figures::{Figure, Figures};
use super::{Lesson, Setup, Step};
use crate::measure::threads::Threads;

/// One thing that happened.
#[derive(Clone)]
pub enum Event<'a> {
    /// The lesson begins.
    Title {
        /// Which.
        lesson: &'a Lesson,
        /// Where.
        setup: &'a Setup,
        /// What it will run.
        steps: &'a [Step],
    },
    /// A step begins.
    StepBegun {
        /// Which.
        step: &'a Step,
        /// The how manyth time that it runs, from 1: in which round.
        repeat: u32,
    },
    /// A step was looked at.
    Sample {
        /// Which.
        step: &'a Step,
        /// The how manyth time that it runs.
        repeat: u32,
        /// Since it began to run.
        seconds: f64,
        /// Who runs and who waits.
        threads: &'a Threads,
    },
    /// A step is over.
    StepEnded {
        /// Which.
        step: &'a Step,
        /// The how manyth time it was.
        repeat: u32,
        /// What it has come to so far, this time last; none if it came to nothing.
        figure: Option<&'a Figure>,
        /// Why it came to nothing. It is not run again then.
        trouble: Option<&'a Trouble>,
    },
    /// All steps are over.
    Conclusion {
        /// Of what.
        lesson: &'a Lesson,
        /// Where.
        setup: &'a Setup,
        /// What was run.
        steps: &'a [Step],
        /// What it came to.
        figures: &'a Figures,
        /// What that proves.
        conclusion: &'a Conclusion,
        /// What the class guessed.
        guess: Option<Guessed>,
    },
    /// The last there is.
    Questions {
        /// Of what.
        lesson: &'a Lesson,
    },
}

/// Why a step came to nothing, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "reason", rename_all = "kebab-case")]
pub enum Trouble {
    /// This machine can't do it. The lesson is whole without it.
    Unsupported(String),
    /// It went wrong.
    Failed(String),
}

impl Trouble {
    /// The sentence.
    pub fn reason(&self) -> &str {
        match self {
            Self::Unsupported(reason) | Self::Failed(reason) => reason,
        }
    }
}

/// What the class guessed, and what it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Guessed {
    /// The class's number.
    pub guessed: f64,
    /// The ratio of this run; absent if it was not measured.
    pub was: Option<f64>,
}
