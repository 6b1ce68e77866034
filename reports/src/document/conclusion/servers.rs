//! Which server needs the least.

use super::podium::{Disturbed, Podium, join, list};
use super::{Belief, Conclusion};
use crate::document::title::{self, Open};
use crate::record::{Cell, Run};
use crate::summary::{Obstacle, ServerRow, ServerTable, Setting, Standing, Summary};
use crate::units::figure;

pub(super) fn conclusion(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let disturbed = Disturbed::of(run.cells.iter().filter(|cell| matches!(cell, Cell::Servers(_))));
    let suite = "Servers".to_owned();
    let podiums = podiums(summary);
    let Some((table, winner)) = main(&podiums) else {
        return unranked_servers(summary).map(|(text, trust)| Conclusion {
            suite,
            text,
            trust,
            belief: Belief::Open,
        });
    };
    let text = winner.sentence("CPU per request", &title::of(&table.setting, Open::Nothing));
    let (trust, belief) = winner.trust(table.threshold, disturbed);
    Some(Conclusion { suite, text: join(&[Some(text), elsewhere(&podiums)]), trust, belief })
}

/// The setting that the conclusion is about.
pub(super) fn main_setting(summary: &Summary) -> Option<&Setting> {
    main(&podiums(summary)).map(|(table, _)| &table.setting)
}

fn podiums(summary: &Summary) -> Vec<(&ServerTable, Podium)> {
    summary.servers.iter().filter_map(|table| Some((table, podium(&table.rows)?))).collect()
}

/// The setting where most models are ranked speaks for the suite; of several the one with most connections.
fn main<'a, 's>(podiums: &'a [(&'s ServerTable, Podium)]) -> Option<&'a (&'s ServerTable, Podium)> {
    podiums.iter().max_by_key(|(table, _)| (ranked(&table.rows), table.setting.connections))
}

fn ranked(rows: &[ServerRow]) -> usize {
    rows.iter().filter(|row| matches!(row.standing, Standing::Ranked(_))).count()
}

fn podium(rows: &[ServerRow]) -> Option<Podium> {
    let of = |row: &ServerRow| match row.standing {
        Standing::Ranked(rank) => {
            Some((row.model.clone(), rank.place, row.cpu_us?.median, row.rounds.counted))
        }
        Standing::Unranked(_) => None,
    };
    let ranked: Vec<_> = rows.iter().filter_map(of).collect();
    let mut podium = Podium::of(&ranked, |us| format!("{} µs", figure(us)))?;
    // What was seen within rounds goes before a ratio of medians.
    let next = rows.iter().find(|row| podium.next.as_ref().is_some_and(|(name, _)| *name == row.model));
    if let (Some((_, ratio)), Some(within)) = (&mut podium.next, next.and_then(|row| row.ratio)) {
        *ratio = within.value;
    }
    Some(podium)
}

/// Who was first how often, where there were several settings.
fn elsewhere(podiums: &[(&ServerTable, Podium)]) -> Option<String> {
    let mut often: Vec<(&String, usize)> = Vec::new();
    for name in podiums.iter().flat_map(|(_, podium)| &podium.first) {
        match often.iter_mut().find(|(other, _)| *other == name) {
            Some((_, number)) => *number += 1,
            None => often.push((name, 1)),
        }
    }
    let most = often.iter().map(|(_, number)| *number).max()?;
    let names: Vec<String> = often.iter().filter(|it| it.1 == most).map(|it| it.0.clone()).collect();
    (podiums.len() > 1).then(|| {
        format!("Most often first, alone or tied: {}, in {most} of {} settings.", list(&names), podiums.len())
    })
}

/// What to say where no setting has ranks: who had the least, and why that is no place.
fn unranked_servers(summary: &Summary) -> Option<(String, String)> {
    let figures = |table: &&ServerTable| table.rows.iter().filter(|row| row.cpu_us.is_some()).count();
    let table = summary.servers.iter().max_by_key(figures)?;
    let place = title::of(&table.setting, Open::Nothing);
    let least = table.rows.iter().filter(|row| row.cpu_us.is_some());
    let least = least.min_by(|one, other| {
        let cpu = |row: &ServerRow| row.cpu_us.map_or(f64::INFINITY, |cpu| cpu.median);
        cpu(one).total_cmp(&cpu(other))
    });
    let Some((row, cpu)) = least.and_then(|row| Some((row, row.cpu_us?))) else {
        let text = format!("No server has a figure that counts ({place}).");
        return Some((text, "The notes below the tables say why.".to_owned()));
    };
    let why = if row.standing == Standing::Unranked(Obstacle::SingleRound) {
        "Not to be believed yet: one round says nothing of the spread; measure more with --rounds."
    } else {
        "Not to be believed as a ranking: the notes below the tables say why nothing is ranked."
    };
    let text = format!(
        "No server is ranked; the least CPU per request was {} µs, of {} ({place}).",
        figure(cpu.median),
        row.model
    );
    Some((text, why.to_owned()))
}
