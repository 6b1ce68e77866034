//! Which way is the quickest to do a small thing.

use super::Conclusion;
use super::podium::{Disturbed, Podium};
use crate::document::ipc::ROUND_TRIP;
use crate::document::spawn::{CREATE, HAND_OFF};
use crate::document::switch::SWITCH;
use crate::record::{Cell, Run};
use crate::summary::{ProbeRow, ProbeSuite, ProbeTable, Standing};
use crate::units::{bytes_of, figure};

/// Who is quickest in a suite of probes: in its first setting with ranks, which is its plain one.
pub(super) fn conclusion(run: &Run, suite: ProbeSuite, tables: &[ProbeTable]) -> Option<Conclusion> {
    let (name, cells): (&str, fn(&&Cell) -> bool) = match suite {
        ProbeSuite::Spawn => ("Spawn", |cell| matches!(cell, Cell::Spawn(_))),
        ProbeSuite::Switch => ("Switch", |cell| matches!(cell, Cell::Switch(_))),
        ProbeSuite::Ipc => ("Messages", |cell| matches!(cell, Cell::Ipc(_))),
    };
    let mut of_suite = tables.iter().filter(|table| table.suite == suite);
    let (table, winner) = of_suite.find_map(|table| Some((table, probe_podium(table)?)))?;
    let (trust, belief) = winner.trust(table.threshold, Disturbed::of(run.cells.iter().filter(cells)));
    let text = winner.sentence("time", &setting(table));
    Some(Conclusion { suite: name.to_owned(), text, trust, belief })
}

/// What was timed, in words, and beside what: `a message there and back, up to 8 B`.
fn setting(table: &ProbeTable) -> String {
    let mut parts = vec![timed(&table.operation).to_owned()];
    parts.extend(table.touched_bytes.map(|bytes| format!("{} touched", bytes_of(bytes))));
    parts.extend(table.message_bytes.map(|_| table.size()));
    parts.join(", ")
}

/// What was timed, for who knows none of the record's names.
fn timed(operation: &str) -> &str {
    match operation {
        CREATE => "making a process, a thread, a coroutine or a task and waiting until it has ended",
        HAND_OFF => "giving a job to a worker that is there already, and waiting until it is done",
        SWITCH => "going from one process, thread or coroutine to another",
        ROUND_TRIP => "a message there and back",
        other => other,
    }
}

fn probe_podium(table: &ProbeTable) -> Option<Podium> {
    let of = |row: &ProbeRow| match row.standing {
        Standing::Ranked(rank) => Some((row.name(), rank.place, row.time_us?.median, row.rounds.counted)),
        Standing::Unranked(_) => None,
    };
    let ranked: Vec<_> = table.rows.iter().filter_map(of).collect();
    Podium::of(&ranked, |us| format!("{} µs", figure(us)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_timed_is_told_in_words() {
        for operation in [CREATE, HAND_OFF, SWITCH, ROUND_TRIP] {
            assert!(timed(operation).split(' ').count() > 4, "{operation}");
        }
        assert_eq!(timed("of another version"), "of another version");
    }
}
