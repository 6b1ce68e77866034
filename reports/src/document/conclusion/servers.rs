//! Which server needs the least.

use super::podium::{Disturbed, Podium, join, list};
use super::void::UNRANKED;
use super::{Conclusion, SERVERS};
use crate::document::title::{self, Open};
use crate::record::{Cell, Run};
use crate::summary::{Obstacle, ServerRow, ServerTable, Setting, Standing, Summary};
use crate::units::figure;

pub(super) fn conclusion(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let podiums = podiums(summary);
    let Some((table, winner)) = main(&podiums) else { return unranked_servers(summary) };
    let place = title::of(&table.setting, Open::Nothing);
    let text = winner.sentence("CPU per request", &place);
    let (trust, belief) = winner.trust(table.threshold, Disturbed::of(cells_of(run, &table.setting)));
    let text = join(&[Some(text), elsewhere(&podiums)]);
    Some(Conclusion { text, trust, belief, about: Some(place), ..Conclusion::of(SERVERS) })
}

/// The cells that were measured in a setting.
fn cells_of<'a>(run: &'a Run, setting: &Setting) -> impl Iterator<Item = &'a Cell> {
    let key = setting.key();
    let is_own = move |cell: &&Cell| matches!(cell, Cell::Servers(own) if Setting::of(own).key() == key);
    run.cells.iter().filter(is_own)
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
    let mut podium = Podium::of(&ranked, figure, "µs")?;
    // What was seen within rounds goes before a ratio of medians.
    let next = rows.iter().find(|row| podium.next.as_ref().is_some_and(|(name, _)| *name == row.model));
    if let (Some((_, ratio)), Some(within)) = (&mut podium.next, next.and_then(|row| row.ratio)) {
        *ratio = within.value;
    }
    Some(podium)
}

/// Where there were several settings: in how many of them somebody won, and in how many nobody did. One who was alone in a
/// setting won nothing there.
fn elsewhere(podiums: &[(&ServerTable, Podium)]) -> Option<String> {
    let contests: Vec<&Podium> =
        podiums.iter().map(|(_, podium)| podium).filter(|it| it.is_contest()).collect();
    let all = contests.len();
    let mut alone: Vec<(&String, usize)> = Vec::new();
    for podium in &contests {
        let [name] = &podium.first[..] else { continue };
        match alone.iter_mut().find(|(other, _)| *other == name) {
            Some((_, number)) => *number += 1,
            None => alone.push((name, 1)),
        }
    }
    let most = alone.iter().map(|(_, number)| *number).max().unwrap_or(0);
    let names: Vec<String> = alone.iter().filter(|it| it.1 == most).map(|it| it.0.clone()).collect();
    let others = alone.iter().map(|(_, number)| number).sum::<usize>() - most * names.len();
    let open = contests.iter().filter(|podium| podium.next.is_none()).count();
    let shared = contests.iter().filter(|podium| podium.first.len() > 1).count() - open;
    let first = match (most, &names[..]) {
        (0, _) if open == all => {
            return (all > 1).then(|| format!("In none of {all} settings can anything be told apart."));
        }
        (0, _) => format!("Nobody is alone in the first place in any of {all} settings."),
        (_, [name]) => format!("Alone in the first place in {most} of {all} settings: {name}."),
        (_, names) => format!("Alone in the first place in {most} of {all} settings each: {}.", list(names)),
    };
    let told = |number: usize, sentence: String| (number > 0).then_some(sentence);
    (all > 1).then(|| {
        join(&[
            Some(first),
            told(others, format!("In {others} it is another one.")),
            told(shared, format!("In {shared} several share it.")),
            told(open, format!("In {open} nothing can be told apart.")),
        ])
    })
}

/// What to say where no setting has ranks: who had the least, and why that is no place.
fn unranked_servers(summary: &Summary) -> Option<Conclusion> {
    let figures = |table: &&ServerTable| table.rows.iter().filter(|row| row.cpu_us.is_some()).count();
    let table = summary.servers.iter().max_by_key(figures)?;
    let place = title::of(&table.setting, Open::Nothing);
    let least = table.rows.iter().filter(|row| row.cpu_us.is_some());
    let least = least.min_by(|one, other| {
        let cpu = |row: &ServerRow| row.cpu_us.map_or(f64::INFINITY, |cpu| cpu.median);
        cpu(one).total_cmp(&cpu(other))
    });
    let (row, cpu) = least.and_then(|row| Some((row, row.cpu_us?)))?;
    let trust = if row.standing == Standing::Unranked(Obstacle::SingleRound) {
        "Not to be believed yet: one round says nothing of the spread; measure more with --rounds."
    } else {
        UNRANKED
    };
    let text = format!(
        "No server is ranked; the least CPU per request was {} µs, of {} ({place}).",
        figure(cpu.median),
        row.model
    );
    Some(Conclusion { text, trust: trust.to_owned(), about: Some(place), ..Conclusion::of(SERVERS) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Threshold;

    fn told(places: &[&[(&str, usize)]]) -> Option<String> {
        let setting = Setting::of(&crate::record::ServerCell::default());
        let threshold = Threshold { ratio: 1.01, pairs: 0, apart: 1.0, here: false };
        let table = ServerTable { setting, rows: Vec::new(), again: Vec::new(), threshold, moved_ns: None };
        let podium = |places: &&[(&str, usize)]| {
            let row = |(name, place): &(&str, usize)| ((*name).to_owned(), *place, *place as f64, 5);
            Podium::of(&places.iter().map(row).collect::<Vec<_>>(), figure, "µs").unwrap()
        };
        let podiums: Vec<_> = places.iter().map(|places| (&table, podium(places))).collect();
        elsewhere(&podiums)
    }

    const WON: &[(&str, usize)] = &[("epoll", 1), ("thread", 2)];
    const OTHER: &[(&str, usize)] = &[("thread", 1), ("epoll", 2)];
    const SHARED: &[(&str, usize)] = &[("epoll", 1), ("thread", 1), ("fork", 3)];
    const OPEN: &[(&str, usize)] = &[("epoll", 1), ("thread", 1)];
    const ALONE: &[(&str, usize)] = &[("epoll", 1)];

    #[test]
    fn where_all_tie_nobody_is_first() {
        assert_eq!(
            told(&[WON, OPEN, OPEN, OPEN]).unwrap(),
            "Alone in the first place in 1 of 4 settings: epoll. In 3 nothing can be told apart."
        );
        assert_eq!(told(&[OPEN, OPEN]).unwrap(), "In none of 2 settings can anything be told apart.");
        assert_eq!(
            told(&[SHARED, OPEN]).unwrap(),
            "Nobody is alone in the first place in any of 2 settings. In 1 several share it. In 1 nothing can be told apart."
        );
    }

    #[test]
    fn each_setting_is_told_once() {
        assert_eq!(
            told(&[WON, WON, OTHER, SHARED, OPEN]).unwrap(),
            "Alone in the first place in 2 of 5 settings: epoll. In 1 it is another one. In 1 several share it. In 1 nothing can \
             be told apart."
        );
        assert_eq!(
            told(&[WON, OTHER]).unwrap(),
            "Alone in the first place in 1 of 2 settings each: epoll and thread."
        );
    }

    #[test]
    fn a_setting_without_a_contest_does_not_count() {
        assert_eq!(told(&[WON, ALONE]), None);
        assert_eq!(told(&[WON, WON, ALONE]).unwrap(), "Alone in the first place in 2 of 2 settings: epoll.");
    }
}
