//! A line for each step, where nothing can be drawn.

use std::time::Duration;

use super::left_in_words;
use crate::language;
use crate::plan::Step;

/// The so-manieth step of all begins.
pub(super) fn begins(number: usize, all: usize, step: &Step, left: Duration) {
    let left = left_in_words(left);
    let said = [language::say(&step.to_string()), language::say(&format!("{left} left"))];
    eprintln!("[{number}/{all}] {}", said.join(language::current().comma()));
}
