//! Lessons: demonstrations for a class, in the terminal.
//!
//! A [`Lesson`] is a file of data and text: what to watch, what to guess, steps that run the real thing, what the figures
//! must be to prove its sentence, where in the source to look, and three questions. All that a lesson does stands once, here:
//!
//! * [`hold`] goes through a lesson and tells a [`Stage`] of it in [`Event`]s: [`json`] prints them, [`text`] tells them to
//!   people, with bars that grow in place on a terminal (`bars`, `in_place`);
//! * [`work`] is what a step runs, a `concur exec` or `concur probe` process; `child` runs it, looks at who of it runs and
//!   who waits, and ends it;
//! * [`figures`] keeps what each step came to, and [`conclusion`] judges whether that proves the lesson's sentence;
//! * [`guess`] and [`keyboard`] ask the class.
//!
//! How to hold a lesson and how to write one is in `docs/lessons.md`.

mod bars;
mod child;
pub mod conclusion;
mod cost;
pub mod event;
pub mod figures;
mod gil;
pub mod guess;
mod hold;
mod in_place;
pub mod json;
pub mod keyboard;
pub mod text;
pub mod work;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use conclusion::Claim;
use event::Event;
pub use hold::{Outcome, hold};
use work::Work;

use crate::interpreter::probe::{WITHIN, ask};
use crate::interpreter::{Interpreter, Programs};
use crate::server::own_program;

/// All lessons, in the order of listings.
pub fn lessons() -> &'static [Lesson] {
    const { &[gil::LESSON, cost::LESSON] }
}

/// The lesson of this name.
pub fn find(name: &str) -> Option<&'static Lesson> {
    lessons().iter().find(|lesson| lesson.name == name)
}

/// One lesson.
pub struct Lesson {
    /// The name it is asked for by: `gil`.
    pub name: &'static str,
    /// What it is about, as on a blackboard.
    pub title: &'static str,
    /// What to watch, a paragraph each.
    pub watch: fn(&Setup) -> Vec<String>,
    /// What the class is asked before it begins.
    pub guess: Guess,
    /// What is run, in this order.
    pub steps: fn(&Setup) -> Vec<Step>,
    /// What the figures must be, each for itself, to prove the sentence. It states the thresholds.
    pub claims: fn(&Setup) -> Vec<Claim>,
    /// Whether it runs CPython too, where there is one.
    pub python: bool,
    /// Why this machine can't show it at all, in a sentence; none if it can.
    pub lacks: fn(&Setup) -> Option<String>,
    /// The sentence that is proved if every claim holds.
    pub proves: &'static str,
    /// What the column says that holds the course notes' own figures; empty where they have none.
    pub notes: &'static str,
    /// Where in the source to look.
    pub places: &'static [Place],
    /// For the class, afterwards.
    pub questions: [Question; 3],
}

/// Where a lesson is held.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How many processors there are to run on.
    pub processors: usize,
    /// Whether it is for trying out: smaller jobs, fewer repeats, and figures that prove less.
    pub quick: bool,
    /// The CPython that it runs, or why it runs none, and what would help.
    pub python: Result<Python, String>,
}

/// What is looked for on the PATH.
const PYTHON: &str = "python3";

/// An interpreter, and the programs that it runs.
#[derive(Debug, Clone)]
pub struct Python {
    /// Which.
    pub interpreter: Arc<Interpreter>,
    /// What it runs.
    pub programs: Programs,
}

impl Python {
    /// CPython as it is found on the PATH, if it has its lock.
    ///
    /// # Errors
    /// A sentence without its full stop on why there is none, and what would help.
    pub fn find(stop: &AtomicBool) -> Result<Self, String> {
        Self::of(ask(PYTHON, &own_program(), WITHIN, stop))
    }

    fn of(asked: Result<Interpreter, String>) -> Result<Self, String> {
        let interpreter = asked.map_err(|lacks| format!("{lacks}; install CPython 3.8 or newer"))?;
        let (name, version) = (&interpreter.implementation, &interpreter.version);
        if name != "CPython" {
            return Err(format!("{PYTHON} is {name} {version} here; put a CPython of that name on the PATH"));
        }
        if !interpreter.gil {
            return Err(format!(
                "{PYTHON} is CPython {version} without its lock here; put one with it first on the PATH"
            ));
        }
        Ok(Self { programs: Programs::write()?, interpreter: Arc::new(interpreter) })
    }
}

/// What the class is asked before a lesson begins: a ratio of two steps' figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    /// The question. Its answer is a number.
    pub asks: &'static str,
    /// The step whose figure is divided.
    pub of: &'static str,
    /// The step that it is divided by.
    pub by: &'static str,
}

/// One thing that is run.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name, which claims, guesses and other programs know it by.
    pub name: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// What happens in it.
    pub says: String,
    /// What it runs.
    pub work: Work,
    /// How many times: once in each round.
    pub repeats: u32,
    /// The step that its figure is compared with in the table.
    pub against: Option<&'static str>,
    /// What the course notes have for it.
    pub notes: String,
}

/// A file to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its path in this project.
    pub path: &'static str,
    /// What there is to see.
    pub shows: &'static str,
}

/// One question for the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub asks: &'static str,
    /// What is right.
    pub answer: &'static str,
}

/// Who is told what happens in a lesson.
pub trait Stage {
    /// Takes the next event.
    ///
    /// # Errors
    /// What it says can't be written. A lesson that nobody can follow ends.
    fn show(&mut self, event: &Event<'_>) -> std::io::Result<()>;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn interpreter(implementation: &str, gil: bool) -> Interpreter {
        Interpreter {
            name: "python-3.13".to_owned(),
            program: "/nowhere/python3".to_owned(),
            implementation: implementation.to_owned(),
            version: "3.13.0".to_owned(),
            gil,
            modules: Vec::new(),
        }
    }

    /// Few processors and many, quick or not, without CPython and with one.
    fn setups() -> Vec<Setup> {
        let python = Python::of(Ok(interpreter("CPython", true))).unwrap();
        let none = || Err("there is no python3".to_owned());
        let of = |processors, quick, python| Setup { processors, quick, python };
        vec![
            of(1, false, none()),
            of(2, true, none()),
            of(2, false, Ok(python.clone())),
            of(64, true, Ok(python)),
        ]
    }

    fn held() -> impl Iterator<Item = (&'static Lesson, Setup)> {
        lessons().iter().flat_map(|lesson| setups().into_iter().map(move |setup| (lesson, setup)))
    }

    #[test]
    fn every_name_finds_its_lesson() {
        for lesson in lessons() {
            assert_eq!(find(lesson.name).map(|found| found.title), Some(lesson.title));
            assert_ne!(lesson.name, "list", "that is the listing's");
        }
        assert!(find("gill").is_none());
    }

    #[test]
    fn every_place_to_look_at_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for place in lessons().iter().flat_map(|lesson| lesson.places) {
            assert!(root.join(place.path).is_file(), "{} is not there", place.path);
        }
    }

    #[test]
    fn why_there_is_no_python_with_its_lock_is_said_as_it_is() {
        for (interpreter, why) in [
            (
                interpreter("PyPy", true),
                "python3 is PyPy 3.13.0 here; put a CPython of that name on the PATH",
            ),
            (
                interpreter("CPython", false),
                "python3 is CPython 3.13.0 without its lock here; put one with it first on the PATH",
            ),
        ] {
            assert_eq!(Python::of(Ok(interpreter)).unwrap_err(), why);
        }
        assert_eq!(
            Python::of(Err("there is none".to_owned())).unwrap_err(),
            "there is none; install CPython 3.8 or newer"
        );
    }

    #[test]
    fn whatever_names_a_step_names_one_that_the_lesson_has() {
        for (lesson, setup) in held() {
            let steps = (lesson.steps)(&setup);
            let names: BTreeSet<_> = steps.iter().map(|step| step.name).collect();
            assert_eq!(names.len(), steps.len(), "two steps of {} have one name", lesson.name);
            let claims = (lesson.claims)(&setup).into_iter().flat_map(|claim| [claim.of, claim.by]);
            let compared = steps.iter().filter_map(|step| step.against);
            for name in claims.chain(compared).chain([lesson.guess.of, lesson.guess.by]) {
                assert!(names.contains(name), "{} has no step {name}", lesson.name);
            }
        }
    }

    #[test]
    fn what_a_step_runs_is_there() {
        for (lesson, setup) in held() {
            for step in (lesson.steps)(&setup) {
                assert!(step.work.is_there(), "{} of {}: {}", step.name, lesson.name, step.work);
                assert!(step.repeats > 0, "{} of {}", step.name, lesson.name);
            }
        }
    }
}
