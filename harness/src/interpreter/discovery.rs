//! Finds interpreters: those that were named, or else those on the PATH.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Interpreter;
use super::probe::{WITHIN, is_there, probe};
use crate::failure::Usage;
use crate::server::own_program;

/// The kinds that are looked for, each under the names that it goes by, and what to install.
const KINDS: [Kind; 4] = [
    Kind { what: "CPython", names: &["python3"], package: "python3" },
    Kind {
        what: "CPython without the lock",
        names: &["python3.14t", "python3.13t", "python3t", "python3.13-nogil"],
        package: "a build of 3.13 or newer with --disable-gil, as python3.13t",
    },
    Kind { what: "PyPy", names: &["pypy3"], package: "pypy3" },
    Kind { what: "Jython", names: &["jython"], package: "jython" },
];

struct Kind {
    what: &'static str,
    names: &'static [&'static str],
    package: &'static str,
}

/// An interpreter, or why there is none.
#[derive(Debug, Clone)]
pub struct Found {
    /// What its rows are called.
    pub name: String,
    /// What it is, or one sentence on what is missing.
    pub interpreter: Result<Arc<Interpreter>, String>,
}

/// The interpreters that were named, each a row or what is missing.
///
/// # Errors
/// Two would have rows of one name: an error of usage.
pub fn named(programs: &[String], stop: &AtomicBool) -> anyhow::Result<Vec<Found>> {
    let mut found: Vec<Found> = Vec::new();
    for program in programs {
        let new = found_as(program, probe(program, &own_program(), WITHIN, stop));
        if found.iter().any(|other| other.name == new.name) {
            return Err(Usage::error(format!(
                "--python names {} twice; name one interpreter of each version",
                new.name
            )));
        }
        found.push(new);
    }
    Ok(found)
}

/// Those on the PATH, one of each kind, with a sentence on those that are not there. Without any CPython there is a row that
/// says what to install.
pub fn on_the_path(stop: &AtomicBool) -> (Vec<Found>, Option<String>) {
    look(&KINDS, &mut is_there, &mut |name| probe(name, &own_program(), WITHIN, stop))
}

fn look(
    kinds: &[Kind],
    there: &mut dyn FnMut(&str) -> bool,
    ask: &mut dyn FnMut(&str) -> Result<Interpreter, String>,
) -> (Vec<Found>, Option<String>) {
    let mut found: Vec<Found> = Vec::new();
    let mut missing = Vec::new();
    for (place, kind) in kinds.iter().enumerate() {
        match kind.names.iter().find(|name| there(name)) {
            Some(name) => {
                let new = found_as(name, ask(name));
                if found.iter().all(|other| other.name != new.name) {
                    found.push(new);
                }
            }
            None if place == 0 => found.push(Found {
                name: kind.what.to_lowercase(),
                interpreter: Err(format!("there is no {}; install {}", kind.names[0], kind.package)),
            }),
            None => missing.push(format!("{} ({})", kind.what, kind.package)),
        }
    }
    let sentence =
        format!("Not on the PATH, so without rows: {}; install what you want to see.", missing.join(", "));
    (found, (!missing.is_empty()).then_some(sentence))
}

/// What is missing goes by all that was named: `/a/python3` and `/b/python3` are two.
fn found_as(program: &str, asked: Result<Interpreter, String>) -> Found {
    match asked {
        Ok(interpreter) => Found { name: interpreter.name.clone(), interpreter: Ok(Arc::new(interpreter)) },
        Err(lacks) => Found { name: program.to_owned(), interpreter: Err(lacks) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter(name: &str) -> Interpreter {
        Interpreter {
            name: name.into(),
            program: name.into(),
            implementation: "CPython".into(),
            version: "3.13.0".into(),
            gil: true,
            modules: ["multiprocessing", "concurrent.futures", "subinterpreters"].map(String::from).to_vec(),
        }
    }

    #[test]
    fn where_there_is_no_python_one_row_says_what_to_install_and_a_sentence_names_the_rest() {
        let (found, sentence) = look(&KINDS, &mut |_| false, &mut |_| unreachable!());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "cpython");
        assert_eq!(found[0].interpreter.as_ref().unwrap_err(), "there is no python3; install python3");
        let sentence = sentence.unwrap();
        assert!(sentence.contains("PyPy (pypy3), Jython (jython)"), "{sentence}");
    }

    #[test]
    fn one_interpreter_under_two_names_is_one_row() {
        let (found, sentence) = look(&KINDS, &mut |_| true, &mut |_| Ok(interpreter("cpython-3.13t")));
        assert_eq!(found.len(), 1);
        assert_eq!(sentence, None);
    }

    #[test]
    fn what_is_there_and_does_not_work_is_a_row_that_says_so() {
        let mut ask = |name: &str| Err(format!("{name} is no Python"));
        let (found, _) = look(&KINDS, &mut |name| name == "pypy3", &mut ask);
        let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["cpython", "pypy3"]);
        assert_eq!(found[1].interpreter.as_ref().unwrap_err(), "pypy3 is no Python");
    }
}
