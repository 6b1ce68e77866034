//! Which way is the quickest to do a small thing.

use super::Conclusion;
use super::podium::{Disturbed, Podium};
use crate::record::{Cell, Run};
use crate::summary::{ProbeRow, ProbeSuite, ProbeTable, Standing};
use crate::units::figure;

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
    let text = winner.sentence("time", &table.setting());
    Some(Conclusion { suite: name.to_owned(), text, trust, belief })
}

fn probe_podium(table: &ProbeTable) -> Option<Podium> {
    let of = |row: &ProbeRow| match row.standing {
        Standing::Ranked(rank) => Some((row.name(), rank.place, row.time_us?.median, row.rounds.counted)),
        Standing::Unranked(_) => None,
    };
    let ranked: Vec<_> = table.rows.iter().filter_map(of).collect();
    Podium::of(&ranked, |us| format!("{} µs", figure(us)))
}
