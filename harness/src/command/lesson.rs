//! `concur lesson`: a demonstration for a class, or a list of what there is.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, stdin, stdout};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use reports::terminal::{Colours, Terminal};
use serde_json::json;

use crate::appearance;
use crate::cli::Lesson as Arguments;
use crate::failure::{FAILED, Usage};
use crate::language;
use crate::lesson::json::Json;
use crate::lesson::keyboard::Keyboard;
use crate::lesson::text::{Screen, Text};
use crate::lesson::{self, Guess, Lesson, Outcome, Python, Setup, guess};
use crate::measure::placement::processors;

/// The name that stands for all lessons.
const LIST: &str = "list";
/// How wide a page is at most: longer lines are hard to read.
const WIDTH_AT_MOST: usize = 100;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.name == LIST {
        return list(arguments);
    }
    let lesson = find(&arguments.name)?;
    let given = given(arguments)?;
    let stop = super::stop_on_signals()?;
    let python =
        if lesson.python { Python::find(&stop) } else { Err("this lesson runs no Python".to_owned()) };
    let setup = Setup { processors: processors()?.len(), quick: arguments.quick, python };
    let mut keyboard = Keyboard::default();
    match held(lesson, &setup, arguments, given, &mut keyboard, &stop) {
        Ok(Outcome { whole: true }) => Ok(ExitCode::SUCCESS),
        Ok(Outcome { whole: false }) => Ok(FAILED.into()),
        // A reader who has seen enough (`concur lesson gil | head`) is no error.
        Err(error) if error.downcast_ref().map(io::Error::kind) == Some(ErrorKind::BrokenPipe) => {
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(error),
    }
}

/// How the class's guess comes to us.
#[derive(Clone, Copy)]
enum Given {
    Nothing,
    Asked,
    Number(f64),
}

fn given(arguments: &Arguments) -> anyhow::Result<Given> {
    match &arguments.predict {
        None => Ok(Given::Nothing),
        Some(None) => Ok(Given::Asked),
        Some(Some(text)) => guess::parse(text).map(Given::Number).map_err(Usage::error),
    }
}

fn held(
    lesson: &Lesson,
    setup: &Setup,
    arguments: &Arguments,
    given: Given,
    keyboard: &mut Keyboard,
    stop: &AtomicBool,
) -> anyhow::Result<Outcome> {
    let mut asked = || match given {
        Given::Nothing => Ok(None),
        Given::Number(number) => Ok(Some(number)),
        Given::Asked => ask(&lesson.guess, keyboard, stop),
    };
    if arguments.json {
        return lesson::hold(lesson, setup, &mut asked, &mut Json(stdout().lock()), stop);
    }
    let waits = stdin().is_terminal() && stdout().is_terminal() && !arguments.answers;
    let mut text = Text::new(stdout().lock(), screen, !waits);
    let outcome = lesson::hold(lesson, setup, &mut asked, &mut text, stop)?;
    if waits {
        eprint!("\n{} ", language::say("(Enter: the answers)"));
        keyboard.line(stop, None)?;
        text.answers(lesson)?;
    }
    Ok(outcome)
}

fn ask(guess: &Guess, keyboard: &mut Keyboard, stop: &AtomicBool) -> anyhow::Result<Option<f64>> {
    eprintln!();
    guess::ask(guess, keyboard, stop)
}

/// What standard output is just now.
fn screen() -> Screen {
    let size = appearance::size_of(stdout()).filter(|_| !appearance::is_dumb());
    let known = appearance::terminal();
    Screen {
        terminal: Terminal { width: known.width.min(WIDTH_AT_MOST), ..known },
        lines: size.map(|(_, lines)| lines),
        colours: appearance::colours() == Colours::On,
    }
}

fn find(name: &str) -> anyhow::Result<&'static Lesson> {
    lesson::find(name).ok_or_else(|| {
        let known: Vec<&str> = lesson::lessons().iter().map(|lesson| lesson.name).collect();
        Usage::error(format!("there is no lesson '{name}'; try one of: {}, or {LIST}", known.join(", ")))
    })
}

fn list(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if arguments.predict.is_some() || arguments.answers || arguments.quick {
        return Err(Usage::error("concur lesson list takes no option but --json; name a lesson instead"));
    }
    let lessons = lesson::lessons();
    let text = if arguments.json {
        let entry = |lesson: &Lesson| json!({ "name": lesson.name, "title": lesson.title });
        serde_json::to_string_pretty(&lessons.iter().map(entry).collect::<Vec<_>>())? + "\n"
    } else {
        let mut text = language::say("Lessons (concur lesson NAME)\n");
        for lesson in lessons {
            let _ = writeln!(text, "  {:<11}  {}", lesson.name, language::say(lesson.title)); // writing to a String can't fail
        }
        text
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
