//! Who won in one table, by how much, and whether to believe it, in words.

use super::Belief;
use crate::record::Cell;
use crate::summary::Threshold;
use crate::units::{count, percent, plural, times};

/// From so many rounds on an interval holds the true median in more than nine of ten cases.
pub(super) const MANY_ROUNDS: usize = 5;
/// From this part of a suite's cells on that the machine disturbed, its figures are to be read with care.
const MUCH_DISTURBED: f64 = 0.1;
/// Those who share a place are named up to so many.
const NAMED: usize = 3;

/// Who stands in a table, for all kinds of tables: names in order, those in the first place, and the next one.
pub(super) struct Podium {
    /// The names in the first place.
    pub(super) first: Vec<String>,
    /// What it took the first of them, in words.
    figure: String,
    /// The first name in the next place, and how many times as much it took.
    pub(super) next: Option<(String, f64)>,
    /// The fewest rounds of a ranked row.
    rounds: usize,
}

impl Podium {
    /// From the ranked rows in order: name, place, what it took, rounds.
    pub(super) fn of(ranked: &[(String, usize, f64, usize)], words: impl Fn(f64) -> String) -> Option<Self> {
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
    pub(super) fn sentence(&self, what: &str, place: &str) -> String {
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
    pub(super) fn trust(&self, threshold: Threshold, disturbed: Disturbed) -> (String, Belief) {
        let least = difference(threshold.ratio);
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

/// A least difference: in percent, and as a factor where it is more than the thing itself.
fn difference(ratio: f64) -> String {
    if ratio < 2.0 { percent(ratio - 1.0) } else { format!("×{}", times(ratio)) }
}

/// `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`.
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() > NAMED + 1 => {
            format!("{} and {} more", names[..NAMED].join(", "), names.len() - NAMED)
        }
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

pub(super) fn join(sentences: &[Option<String>]) -> String {
    sentences.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// How many cells of a suite the machine disturbed, of how many.
#[derive(Clone, Copy)]
pub(super) struct Disturbed {
    disturbed: usize,
    all: usize,
}

impl Disturbed {
    pub(super) fn of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Self {
        let all = cells.map(|cell| cell.noise().is_some_and(|noise| noise.disturbed));
        all.fold(Self { disturbed: 0, all: 0 }, |sum, disturbed| Self {
            disturbed: sum.disturbed + usize::from(disturbed),
            all: sum.all + 1,
        })
    }

    pub(super) fn is_much(self) -> bool {
        self.disturbed as f64 >= MUCH_DISTURBED * self.all as f64 && self.disturbed > 0
    }

    pub(super) fn sentence(self) -> Option<String> {
        (self.disturbed > 0).then(|| {
            format!(
                "The machine disturbed {} of {}, which do not count.",
                count(self.disturbed as f64),
                plural(self.all, "cell")
            )
        })
    }
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
        assert!(
            noisy.0.ends_with("The machine disturbed 8 of 40 cells, which do not count.")
                && noisy.1 == Belief::Careful
        );
    }
}
