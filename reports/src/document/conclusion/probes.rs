//! Which way is the quickest to do a small thing.

use super::podium::{Disturbed, Podium};
use super::{Conclusion, MESSAGES, SPAWN, SWITCHES};
use crate::document::ipc::{self, ROUND_TRIP};
use crate::document::spawn::{self, CREATE, HAND_OFF};
use crate::document::switch::{self, SWITCH};
use crate::record::Run;
use crate::summary::{ProbeRow, ProbeSuite, ProbeTable, Standing};
use crate::units::{bytes_of, figure};

/// Who is quickest in a suite of probes: in its first setting with ranks, which is its plain one.
pub(super) fn conclusion(run: &Run, suite: ProbeSuite, tables: &[ProbeTable]) -> Option<Conclusion> {
    let name = match suite {
        ProbeSuite::Spawn => SPAWN,
        ProbeSuite::Switch => SWITCHES,
        ProbeSuite::Ipc => MESSAGES,
    };
    let of_suite = || tables.iter().filter(|table| table.suite == suite);
    let Some((table, winner)) = of_suite().find_map(|table| Some((table, probe_podium(table)?))) else {
        return of_suite().find_map(unranked).map(|text| Conclusion {
            text,
            trust:
                "Not to be believed yet: one round says nothing of the spread; measure more with --rounds."
                    .to_owned(),
            ..Conclusion::of(name)
        });
    };
    let own = run.cells.iter().filter(|cell| cell.probe().is_some_and(|probe| table.holds(probe)));
    let (trust, belief) = winner.trust(table.threshold, Disturbed::of(own));
    let text = winner.sentence("time", &setting(table));
    Some(Conclusion { text, trust, belief, about: Some(title(table)), ..Conclusion::of(name) })
}

/// The title of its own table.
fn title(table: &ProbeTable) -> String {
    match table.suite {
        ProbeSuite::Spawn => spawn::title(table),
        ProbeSuite::Switch => switch::title(table),
        ProbeSuite::Ipc => ipc::title(table),
    }
}

/// What to say of a setting in which nothing is ranked, though it has figures.
fn unranked(table: &ProbeTable) -> Option<String> {
    let figures = table.rows.iter().filter_map(|row| Some((row, row.time_us?.median)));
    let (row, us) = figures.min_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(format!(
        "Nothing is ranked; the least time was {} µs, of {} ({}).",
        figure(us),
        row.name(),
        setting(table)
    ))
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
    Podium::of(&ranked, figure, "µs")
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
