//! What a run comes to, suite by suite: who won, by how much, in which setting, and whether to believe it.

use serde::Serialize;

use super::title::{self, Open};
use crate::record::{Cell, Run};
use crate::summary::{
    ACHIEVED, Growth, Knee, Obstacle, ProbeSuite, ProbeTable, RateRow, ServerRow, ServerTable, Standing,
    Summary, TaskRow, Threshold,
};
use crate::units::{count, figure, percent, plural, times};

/// From so many rounds on an interval holds the true median in more than nine of ten cases.
const MANY_ROUNDS: usize = 5;
/// From this part of a suite's cells on that the machine disturbed, its figures are to be read with care.
const MUCH_DISTURBED: f64 = 0.1;
/// Those who share a place are named up to so many.
const NAMED: usize = 3;

/// What one suite of a run comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conclusion {
    /// The suite: `Servers`.
    pub suite: String,
    /// Who won, by how much, and where; a sentence or two.
    pub text: String,
    /// Whether to believe it, and why; a sentence or two.
    pub trust: String,
    /// The same in a word.
    pub belief: Belief,
}

impl Conclusion {
    /// All of it on one line: `Servers: epoll needs ... With care: ...`.
    pub fn line(&self) -> String {
        format!("{}: {} {}", self.suite, self.text, self.trust)
    }
}

/// How far a conclusion can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Belief {
    /// The rounds are many, what counts as a difference was measured, and little was disturbed.
    Firm,
    /// One of these does not hold.
    Careful,
    /// Nothing can be told apart.
    Open,
}

/// The conclusions of all suites that have one.
pub(super) fn all(run: &Run, summary: &Summary) -> Vec<Conclusion> {
    let mut all: Vec<Conclusion> = servers(run, summary).into_iter().collect();
    all.extend(rates(run, summary));
    all.extend(idle(run, summary));
    all.extend(stevens(run, summary));
    all.extend(tasks(run, &summary.tasks));
    let suites = [ProbeSuite::Spawn, ProbeSuite::Switch, ProbeSuite::Ipc];
    all.extend(suites.into_iter().filter_map(|suite| probes(run, suite, &summary.probes)));
    all
}

/// Who stands in a table, for all kinds of tables: names in order, those in the first place, and the next one.
struct Podium {
    /// The names in the first place.
    first: Vec<String>,
    /// What it took the first of them, in words.
    figure: String,
    /// The first name in the next place, and how many times as much it took.
    next: Option<(String, f64)>,
    /// The fewest rounds of a ranked row.
    rounds: usize,
}

impl Podium {
    /// From the ranked rows in order: name, place, what it took, rounds.
    fn of(ranked: &[(String, usize, f64, usize)], words: impl Fn(f64) -> String) -> Option<Self> {
        let (_, place, least, _) = ranked.first()?;
        let next = ranked.iter().find(|(_, other, ..)| other != place);
        Some(Self {
            first: ranked.iter().filter(|row| row.1 == *place).map(|row| row.0.clone()).collect(),
            figure: words(*least),
            next: next.map(|(name, _, most, _)| (name.clone(), most / least)),
            rounds: ranked.iter().map(|row| row.3).min()?,
        })
    }

    /// Who won, by how much, where. `what`: that of which the least is best.
    fn sentence(&self, what: &str, place: &str) -> String {
        let (names, figure) = (list(&self.first), &self.figure);
        match (&self.first[..], &self.next) {
            ([_], Some((next, ratio))) => format!(
                "{names} needs the least {what}, {figure}; the next, {next}, needs {} times as much ({place}).",
                times(*ratio)
            ),
            ([_], None) => format!("{names} alone is ranked, with {figure} of {what} ({place})."),
            (_, Some((next, ratio))) => format!(
                "{names} share the first place with about {figure} of {what}; the next, {next}, needs {} times as much ({place}).",
                times(*ratio)
            ),
            (_, None) => format!("Nobody won: {names} need about the same {what}, some {figure} ({place})."),
        }
    }

    /// Whether to believe it.
    fn trust(&self, threshold: Threshold, disturbed: Disturbed) -> (String, Belief) {
        let least = percent(threshold.ratio - 1.0);
        let apart = match (threshold.pairs, &self.next) {
            (0, _) => format!(
                "Nothing was measured twice, so how far the same is from itself is not known, and {least} is taken as the least difference."
            ),
            (_, Some(_)) => format!(
                "The difference from the next is steady, and greater than the {least} up to which one counts as none."
            ),
            (_, None) => {
                format!("Differences of {least} or less count as none, and no steady one is beyond that.")
            }
        };
        let firm = threshold.pairs > 0 && self.rounds >= MANY_ROUNDS && !disturbed.is_much();
        let belief = match (&self.next, firm) {
            (None, _) => Belief::Open,
            (Some(_), true) => Belief::Firm,
            (Some(_), false) => Belief::Careful,
        };
        let head = match belief {
            Belief::Firm => format!("To be believed: it held in {}.", plural(self.rounds, "round")),
            Belief::Careful if self.rounds < MANY_ROUNDS => {
                format!("With care: {} are few.", plural(self.rounds, "round"))
            }
            Belief::Careful => format!("With care, though it held in {}.", plural(self.rounds, "round")),
            Belief::Open => format!("No winner to believe in after {}.", plural(self.rounds, "round")),
        };
        (join(&[Some(head), Some(apart), disturbed.sentence()]), belief)
    }
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() > NAMED + 1 => {
            format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED)
        }
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

fn join(sentences: &[Option<String>]) -> String {
    sentences.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// How many cells of a suite the machine disturbed, of how many.
#[derive(Clone, Copy)]
struct Disturbed {
    disturbed: usize,
    all: usize,
}

impl Disturbed {
    fn of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Self {
        let all = cells.map(|cell| cell.noise().is_some_and(|noise| noise.disturbed));
        all.fold(Self { disturbed: 0, all: 0 }, |sum, disturbed| Self {
            disturbed: sum.disturbed + usize::from(disturbed),
            all: sum.all + 1,
        })
    }

    fn is_much(self) -> bool {
        self.disturbed as f64 >= MUCH_DISTURBED * self.all as f64 && self.disturbed > 0
    }

    fn sentence(self) -> Option<String> {
        (self.disturbed > 0).then(|| {
            format!("The machine disturbed {} of {}.", count(self.disturbed as f64), plural(self.all, "cell"))
        })
    }
}

fn servers(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let disturbed = Disturbed::of(run.cells.iter().filter(|cell| matches!(cell, Cell::Servers(_))));
    let suite = "Servers".to_owned();
    let podiums: Vec<(&ServerTable, Podium)> =
        summary.servers.iter().filter_map(|table| Some((table, podium(&table.rows)?))).collect();
    // The setting where most models are told apart speaks for the suite; of several the one with most connections.
    let main = podiums.iter().max_by_key(|(table, _)| (ranked(&table.rows), table.setting.connections));
    let Some((table, winner)) = main else {
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
        format!(
            "Of {} settings most often first, alone or with others: {}, {most} times.",
            podiums.len(),
            list(&names)
        )
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

/// Up to which rate somebody keeps up.
fn rates(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let sweep = summary.rates.iter().max_by_key(|sweep| sweep.rows.len())?;
    let highest = |row: &RateRow| match row.knee {
        Knee::At(rate) | Knee::AtLeast(rate) => Some(rate),
        _ => None,
    };
    let most = sweep.rows.iter().filter_map(highest).max_by(f64::total_cmp)?;
    let best = sweep.rows.iter().filter(|row| highest(row) == Some(most));
    let names: Vec<String> = best.clone().map(|row| row.model.clone()).collect();
    let open = best.clone().any(|row| matches!(row.knee, Knee::AtLeast(_)));
    let rounds = best.filter_map(|row| row.base()).map(|step| step.row.rounds.counted).min().unwrap_or(0);
    let place = title::of(&sweep.setting, Open::Rate);
    let text = format!(
        "Of the rates that were offered, the highest with which somebody keeps up is {} requests/s: {} ({place}).",
        figure(most),
        list(&names)
    );
    let disturbed =
        Disturbed::of(run.cells.iter().filter(|cell| cell.server().is_some_and(|it| it.rate.is_some())));
    let reach = if open {
        "No higher rate counts, so the limit itself was not found.".to_owned()
    } else {
        format!(
            "Keeping up is to answer {} of the requests in time; between two rates nothing is known.",
            percent(ACHIEVED)
        )
    };
    let many = rounds >= MANY_ROUNDS && !disturbed.is_much();
    let head = if many {
        format!("To be believed: it held in {}.", plural(rounds, "round"))
    } else {
        format!("With care: {} counted.", plural(rounds, "round"))
    };
    Some(Conclusion {
        suite: "Rates".to_owned(),
        text,
        trust: join(&[Some(head), Some(reach), disturbed.sentence()]),
        belief: if many { Belief::Firm } else { Belief::Careful },
    })
}

/// Who grows with idle connections, and who does not.
fn idle(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let table = summary.idle.iter().max_by_key(|table| table.rows.len())?;
    let of = |growth| -> Vec<String> {
        table.rows.iter().filter(|row| row.growth == growth).map(|row| row.model.clone()).collect()
    };
    let (flat, grows) = (of(Growth::Flat), of(Growth::Grows));
    let most = count(*table.idle.last()? as f64);
    let text = match (&flat[..], &grows[..]) {
        ([], []) => format!(
            "Whether idle connections cost a server anything can't be told; there were up to {most} of them."
        ),
        (_, []) => format!(
            "Up to {most} idle connections cost no server more CPU per request that could be told from noise: {}.",
            list(&flat)
        ),
        ([], _) => format!(
            "With up to {most} idle connections every server's CPU per request grows: {}.",
            list(&grows)
        ),
        _ => format!(
            "With up to {most} idle connections the CPU per request of {} grows, and that of {} does not.",
            list(&grows),
            list(&flat)
        ),
    };
    let disturbed = Disturbed::of(run.cells.iter().filter(|cell| matches!(cell, Cell::Idle(_))));
    let belief = match (flat.is_empty() && grows.is_empty(), table.idle.len() < 3 || disturbed.is_much()) {
        (true, _) => Belief::Open,
        (false, true) => Belief::Careful,
        (false, false) => Belief::Firm,
    };
    let head = match belief {
        Belief::Open => "Nothing to believe: too few figures count.".to_owned(),
        Belief::Careful => {
            format!(
                "With care: a line was fitted over {} of idle connections.",
                plural(table.idle.len(), "number")
            )
        }
        Belief::Firm => format!(
            "To be believed: a line over {} of idle connections either rises for sure or does not.",
            plural(table.idle.len(), "number")
        ),
    };
    Some(Conclusion {
        suite: "Idle connections".to_owned(),
        text,
        trust: join(&[Some(head), disturbed.sentence()]),
        belief,
    })
}

/// What process control costs in Stevens' comparison.
fn stevens(run: &Run, summary: &Summary) -> Option<Conclusion> {
    let table = summary.stevens.iter().max_by_key(|table| table.rows.len())?;
    let controlled = table.rows.iter().filter_map(|row| Some((&row.model, row.control_s?.median)));
    let controlled: Vec<(&String, f64)> = controlled.filter(|(model, _)| *model != "loop").collect();
    let by = |one: &&(&String, f64), other: &&(&String, f64)| one.1.total_cmp(&other.1);
    let (least, most) = (controlled.iter().min_by(by)?, controlled.iter().max_by(by)?);
    let text = format!(
        "For 5,000 connections {} controls its processes or threads with {} s of CPU, the least, and {} with {} s, the most.",
        least.0,
        figure(least.1),
        most.0,
        figure(most.1)
    );
    let disturbed = Disturbed::of(run.cells.iter().filter(|cell| matches!(cell, Cell::Stevens(_))));
    let head =
        "With care: each is a difference of two figures, of the model and of one that controls nothing."
            .to_owned();
    Some(Conclusion {
        suite: "Stevens' comparison".to_owned(),
        text,
        trust: join(&[Some(head), disturbed.sentence()]),
        belief: Belief::Careful,
    })
}

/// Which executor is the fastest where jobs compute and where they wait, over all tasks of a kind.
fn tasks(run: &Run, rows: &[TaskRow]) -> Option<Conclusion> {
    let jobs = rows.iter().map(|row| row.jobs).max()?;
    let own: Vec<&TaskRow> =
        rows.iter().filter(|row| row.jobs == jobs && !row.executor.contains(':')).collect();
    let computing = fastest(&own, "cpu").map(|fastest| {
        format!("Of jobs that compute, {} is done soonest, {}.", fastest.executor, fastest.words())
    });
    let waiting = fastest(&own, "io").map(|fastest| {
        format!("Of jobs that wait, {} is done soonest, {}.", fastest.executor, fastest.words())
    });
    if computing.is_none() && waiting.is_none() {
        return None;
    }
    let disturbed = Disturbed::of(run.cells.iter().filter(|cell| matches!(cell, Cell::Tasks(_))));
    let rounds = own.iter().map(|row| row.rounds.counted).filter(|rounds| *rounds > 0).min().unwrap_or(0);
    let firm = rounds >= MANY_ROUNDS && !disturbed.is_much();
    let head = if firm {
        format!("To be believed as far as the intervals are apart: {} counted.", plural(rounds, "round"))
    } else {
        format!("With care: {} counted.", plural(rounds, "round"))
    };
    let what = format!(
        "A speed-up is line's time by the executor's, the geometric mean over the tasks, with {}.",
        plural(jobs, "job")
    );
    Some(Conclusion {
        suite: "Tasks".to_owned(),
        text: join(&[computing, waiting]),
        trust: join(&[Some(head), Some(what), disturbed.sentence()]),
        belief: if firm { Belief::Firm } else { Belief::Careful },
    })
}

/// The fastest executor over the tasks of a kind, and the next.
struct Fastest {
    executor: String,
    speed_up: f64,
    next: Option<(String, f64)>,
}

impl Fastest {
    fn words(&self) -> String {
        match &self.next {
            Some((next, speed_up)) => {
                format!(
                    "{} times as fast as line, before {next} with {}",
                    times(self.speed_up),
                    times(*speed_up)
                )
            }
            None => format!("{} times as fast as line", times(self.speed_up)),
        }
    }
}

/// Only executors that did as many of the tasks as any are compared: a mean over others would be of other tasks.
fn fastest(rows: &[&TaskRow], family: &str) -> Option<Fastest> {
    let mut logs: Vec<(&str, Vec<f64>)> = Vec::new();
    for row in rows.iter().filter(|row| row.family == family) {
        let Some(log) = row.comparison.map(|own| own.speed_up.ln()).filter(|log| log.is_finite()) else {
            continue;
        };
        match logs.iter_mut().find(|(name, _)| *name == row.executor) {
            Some((_, logs)) => logs.push(log),
            None => logs.push((&row.executor, vec![log])),
        }
    }
    let most = logs.iter().map(|(_, logs)| logs.len()).max()?;
    let whole = logs.into_iter().filter(|(_, logs)| logs.len() == most);
    let mut means: Vec<(&str, f64)> =
        whole.map(|(name, logs)| (name, (logs.iter().sum::<f64>() / most as f64).exp())).collect();
    means.sort_by(|one, other| other.1.total_cmp(&one.1));
    let (executor, speed_up) = *means.first()?;
    let next = means.get(1).map(|(name, speed_up)| ((*name).to_owned(), *speed_up));
    Some(Fastest { executor: executor.to_owned(), speed_up, next })
}

/// Who is quickest in a suite of probes: in its first setting with ranks, which is its plain one.
fn probes(run: &Run, suite: ProbeSuite, tables: &[ProbeTable]) -> Option<Conclusion> {
    let (name, cells): (&str, fn(&&Cell) -> bool) = match suite {
        ProbeSuite::Spawn => ("Spawn", |cell| matches!(cell, Cell::Spawn(_))),
        ProbeSuite::Switch => ("Switch", |cell| matches!(cell, Cell::Switch(_))),
        ProbeSuite::Ipc => ("Messages", |cell| matches!(cell, Cell::Ipc(_))),
    };
    let of_suite = tables.iter().filter(|table| table.suite == suite);
    let (table, winner) = of_suite.filter_map(|table| Some((table, probe_podium(table)?))).next()?;
    let (trust, belief) = winner.trust(table.threshold, Disturbed::of(run.cells.iter().filter(cells)));
    let text = winner.sentence("time", &table.setting());
    Some(Conclusion { suite: name.to_owned(), text, trust, belief })
}

fn probe_podium(table: &ProbeTable) -> Option<Podium> {
    let of = |row: &crate::summary::ProbeRow| match row.standing {
        Standing::Ranked(rank) => Some((row.name(), rank.place, row.time_us?.median, row.rounds.counted)),
        Standing::Unranked(_) => None,
    };
    let ranked: Vec<_> = table.rows.iter().filter_map(of).collect();
    Podium::of(&ranked, |us| format!("{} µs", figure(us)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE_DISTURBED: Disturbed = Disturbed { disturbed: 0, all: 40 };

    fn threshold(pairs: usize) -> Threshold {
        Threshold { ratio: 1.05, pairs, apart: 1.05, here: true }
    }

    fn podium(places: &[(&str, usize, f64)], rounds: usize) -> Podium {
        let rows: Vec<_> =
            places.iter().map(|(name, place, us)| ((*name).to_owned(), *place, *us, rounds)).collect();
        Podium::of(&rows, |us| format!("{us} µs")).unwrap()
    }

    #[test]
    fn a_winner_is_told_with_how_much_more_the_next_needs() {
        let podium = podium(&[("epoll", 1, 8.0), ("thread", 2, 12.0), ("fork", 3, 40.0)], 5);
        assert_eq!(
            podium.sentence("CPU per request", "echo"),
            "epoll needs the least CPU per request, 8 µs; the next, thread, needs 1.50 times as much (echo)."
        );
        let (trust, belief) = podium.trust(threshold(2), NONE_DISTURBED);
        assert_eq!(
            trust,
            "To be believed: it held in 5 rounds. The difference from the next is steady, and \
             greater than the 5.0% up to which one counts as none."
        );
        assert_eq!(belief, Belief::Firm);
    }

    #[test]
    fn those_who_share_the_first_place_are_named_together() {
        let shared = podium(&[("epoll", 1, 8.0), ("poll", 1, 8.1), ("thread", 3, 12.0)], 5);
        assert!(
            shared
                .sentence("time", "x")
                .starts_with("epoll and poll share the first place with about 8 µs of time;")
        );
        let all = podium(&[("a", 1, 8.0), ("b", 1, 8.1), ("c", 1, 8.1), ("d", 1, 8.1), ("e", 1, 8.2)], 5);
        assert_eq!(
            all.sentence("time", "x"),
            "Nobody won: a, b, c and 2 more need about the same time, some 8 µs (x)."
        );
        assert_eq!(all.trust(threshold(1), NONE_DISTURBED).1, Belief::Open);
    }

    #[test]
    fn few_rounds_nothing_measured_twice_and_disturbed_cells_each_ask_for_care() {
        let winner = |rounds| podium(&[("epoll", 1, 8.0), ("thread", 2, 12.0)], rounds);
        let few = winner(3).trust(threshold(2), NONE_DISTURBED);
        assert!(few.0.starts_with("With care: 3 rounds are few.") && few.1 == Belief::Careful);
        let unknown = winner(9).trust(threshold(0), NONE_DISTURBED);
        assert!(unknown.0.contains("Nothing was measured twice") && unknown.1 == Belief::Careful);
        let noisy = winner(9).trust(threshold(2), Disturbed { disturbed: 8, all: 40 });
        assert!(noisy.0.ends_with("The machine disturbed 8 of 40 cells.") && noisy.1 == Belief::Careful);
    }
}
