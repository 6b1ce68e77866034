//! What is said of a suite that was measured and comes to nothing.

use super::{Conclusion, IDLE, MESSAGES, SERVERS, SPAWN, STEVENS, SWITCHES, TASKS};
use crate::document::facts::listed_verdicts;
use crate::record::{Cell, Run, Verdict};
use crate::summary::counted::told;
use crate::units::plural;

/// None where nothing of the suite was measured.
pub(super) fn conclusion(run: &Run, suite: &str) -> Option<Conclusion> {
    let own: Vec<&Cell> = run.cells.iter().filter(|cell| name(cell) == suite).collect();
    if own.is_empty() {
        return None;
    }
    let (verdicts, cells) = (listed_verdicts(&own), plural(own.len(), "cell"));
    let reason = own.iter().find_map(|cell| told(cell.reason(), cell.noise().copied()));
    let counts = own.iter().any(|cell| matches!(cell.verdict(), Verdict::Valid | Verdict::ClientBound));
    let (text, trust) = match (counts, reason) {
        (true, _) => (format!("Nothing can be compared: {verdicts} of {cells}."), UNRANKED),
        (false, None) => (format!("Nothing counts: {verdicts} of {cells}."), VOID),
        (false, Some(reason)) => {
            let reason = reason.trim().trim_end_matches('.');
            (format!("Nothing counts: {verdicts} of {cells}; the first reason: {reason}."), VOID)
        }
    };
    Some(Conclusion { text, trust: trust.to_owned(), ..Conclusion::of(suite) })
}

const VOID: &str = "Nothing to believe: the notes below the tables have all reasons.";
pub(super) const UNRANKED: &str =
    "Not to be believed as a ranking: the notes below the tables say why nothing is ranked.";

/// The suite that a cell is of.
fn name(cell: &Cell) -> &'static str {
    match cell {
        Cell::Servers(_) => SERVERS,
        Cell::Idle(_) => IDLE,
        Cell::Stevens(_) => STEVENS,
        Cell::Tasks(_) => TASKS,
        Cell::Spawn(_) => SPAWN,
        Cell::Switch(_) => SWITCHES,
        Cell::Ipc(_) => MESSAGES,
    }
}
