//! The class's guess: a number, asked before a lesson begins and shown beside the figure when it is over.

use std::io::{IsTerminal, stdin};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::Guess;
use super::keyboard::Keyboard;
use crate::failure::Usage;
use crate::language;

/// How long a program has to write its guess. People have all the time that they want.
const PATIENCE: Duration = Duration::from_secs(10);
/// No ratio here comes near this.
const GREATEST: f64 = 1e6;

/// Reads a guess: `2`, `1.5`, `20x`.
pub fn parse(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches(['x', '×']).trim_end();
    match number.parse::<f64>() {
        Ok(guess) if (0.0..=GREATEST).contains(&guess) => Ok(guess),
        _ => Err(format!("a guess can't be '{}'; try a number such as 2 or 0.5", text.trim().escape_debug())),
    }
}

/// Asks on standard error, and takes the answer from standard input: again and again from people, once from programs. None
/// if there is no answer, or an empty one.
///
/// # Errors
/// A program's answer is no number or does not come; or somebody presses Ctrl-C.
pub fn ask(guess: &Guess, keyboard: &mut Keyboard, stop: &AtomicBool) -> anyhow::Result<Option<f64>> {
    let people = stdin().is_terminal();
    eprintln!("{}\n{}", language::say(guess.asks), language::say("(a number; Enter alone: no guess)"));
    loop {
        if people {
            eprint!("> ");
        }
        let line = keyboard.line(stop, (!people).then_some(PATIENCE))?;
        let Some(line) = line.filter(|line| !line.trim().is_empty()) else { return Ok(None) };
        match parse(&line) {
            Ok(guess) => return Ok(Some(guess)),
            Err(why) if people => eprintln!("{}", language::say(&why)),
            Err(why) => return Err(Usage::error(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_a_number() {
        for (text, guess) in [("2", 2.0), (" 1.5\n", 1.5), ("20x", 20.0), ("0.9 ×", 0.9), ("0", 0.0)] {
            assert_eq!(parse(text), Ok(guess));
        }
    }

    #[test]
    fn what_is_no_number_is_refused_in_one_line() {
        for text in ["two", "-1", "nan", "inf", "1e300", "1\n2", ""] {
            let why = parse(text).unwrap_err();
            assert!(why.contains("try a number") && why.lines().count() == 1, "{why}");
        }
    }
}
