//! Who won in one table, by how much, and whether to believe it, in words.

use super::Belief;
use crate::record::Cell;
use crate::summary::Threshold;
use crate::units::{count, percent, plural, times};

/// From so many rounds on an interval holds the true median in more than nine of ten cases.
pub(super) const MANY_ROUNDS: usize = 5;
/// From this part of the cells of a setting on that the machine disturbed, its figures are to be read with care.
const MUCH_DISTURBED: f64 = 0.1;
/// Those who share a place are named up to so many.
const NAMED: usize = 3;

/// Who stands in a table, for all kinds of tables: names in order, those in the first place, and the next one.
pub(super) struct Podium {
    /// The names in the first place.
    pub(super) first: Vec<String>,
    /// What it took them, in words: from the least to the most.
    figures: String,
    /// The first name in the next place, and how many times as much it took.
    pub(super) next: Option<(String, f64)>,
    /// The fewest rounds of all these.
    rounds: usize,
}

impl Podium {
    /// From the ranked rows in order: name, place, what it took, rounds. `words` has the figures of those in the first place
    /// as one text.
    pub(super) fn of(
        ranked: &[(String, usize, f64, usize)],
        words: impl Fn(f64) -> String,
        unit: &str,
    ) -> Option<Self> {
        let (_, place, least, _) = ranked.first()?;
        let next = ranked.iter().find(|(_, other, ..)| other != place);
        let first = ranked.iter().filter(|row| row.1 == *place);
        let rounds = first.clone().chain(next).map(|row| row.3).min()?;
        Some(Self {
            figures: format!("{} {unit}", ends(first.clone().map(|row| row.2), words)?),
            first: first.map(|row| row.0.clone()).collect(),
            next: next.map(|(name, _, most, _)| (name.clone(), most / least)),
            rounds,
        })
    }

    /// Whether there is anybody to be told from: one alone has not won.
    pub(super) fn is_contest(&self) -> bool {
        self.first.len() > 1 || self.next.is_some()
    }

    /// Who won, by how much, where. `what`: that of which the least is best.
    pub(super) fn sentence(&self, what: &str, place: &str) -> String {
        let (names, figures) = (list(&self.first), &self.figures);
        match (&self.first[..], &self.next) {
            ([_], Some((next, ratio))) => format!(
                "{names} needs the least {what}, {figures}; the next, {next}, needs {} times as much ({place}).",
                times(*ratio)
            ),
            ([_], None) => format!("{names} alone is ranked, with {figures} of {what} ({place})."),
            (_, Some((next, ratio))) => format!(
                "{names} share the first place, with {figures} of {what}; the next, {next}, needs {} times as much ({place}).",
                times(*ratio)
            ),
            (_, None) => {
                format!("Nobody won: {names} can't be told apart, with {figures} of {what} ({place}).")
            }
        }
    }

    /// Whether to believe it. `disturbed` is of the cells that it is about, and of no others.
    pub(super) fn trust(&self, threshold: Threshold, disturbed: Disturbed) -> (String, Belief) {
        let least = difference(threshold.ratio);
        let doubts = [
            (self.rounds < MANY_ROUNDS).then_some(Doubt::FewRounds(self.rounds)),
            (threshold.pairs == 0).then_some(Doubt::NothingTwice),
            disturbed.doubt(),
        ];
        let doubts: Vec<Doubt> = doubts.into_iter().flatten().collect();
        if !self.is_contest() {
            return ("No winner to believe in: nothing else is ranked here.".to_owned(), Belief::Open);
        }
        if self.next.is_none() {
            let head = format!("No winner to believe in after {}.", plural(self.rounds, "round"));
            let apart =
                format!("Differences of {least} or less count as none, and no steady one is beyond that.");
            return (join(&[Some(head), Some(apart), disturbed.doubt().map(Doubt::besides)]), Belief::Open);
        }
        with_care(&doubts).map_or_else(
            || {
                let head = format!("To be believed: it held in {}.", plural(self.rounds, "round"));
                let apart = format!(
                    "The difference from the next is steady, and greater than the {least} up to which one counts as none."
                );
                (join(&[Some(head), Some(apart)]), Belief::Firm)
            },
            |careful| (careful, Belief::Careful),
        )
    }
}

/// What speaks against a conclusion.
#[derive(Clone, Copy)]
pub(super) enum Doubt {
    /// So few rounds count.
    FewRounds(usize),
    /// What counts as a difference was not measured.
    NothingTwice,
    /// The machine disturbed much of what it is about.
    Disturbed(Disturbed),
}

impl Doubt {
    /// As the first reason for care.
    fn first(self) -> String {
        match self {
            Self::FewRounds(rounds) => format!("With care: {} are few.", rounds_of(rounds)),
            Self::NothingTwice => {
                "With care: nothing was measured twice, so how far the same is from itself is not known."
                    .to_owned()
            }
            Self::Disturbed(Disturbed { disturbed, all }) => format!(
                "With care: the machine disturbed {} of {}, which do not count.",
                count(disturbed as f64),
                plural(all, "cell")
            ),
        }
    }

    /// As a further one.
    pub(super) fn besides(self) -> String {
        match self {
            Self::FewRounds(rounds) => format!("{} are few.", rounds_of(rounds)),
            Self::NothingTwice => {
                "Nothing was measured twice, so how far the same is from itself is not known.".to_owned()
            }
            Self::Disturbed(Disturbed { disturbed, all }) => format!(
                "The machine disturbed {} of {}, which do not count.",
                count(disturbed as f64),
                plural(all, "cell")
            ),
        }
    }
}

/// `With care: ...`, with all reasons; none where there is none.
pub(super) fn with_care(doubts: &[Doubt]) -> Option<String> {
    let (first, others) = doubts.split_first()?;
    let others = others.iter().map(|doubt| doubt.besides());
    Some(std::iter::once(first.first()).chain(others).collect::<Vec<_>>().join(" "))
}

fn rounds_of(number: usize) -> String {
    plural(number, "round")
}

/// The least and the most of some figures, in words; one where they read alike.
pub(super) fn ends(values: impl Iterator<Item = f64>, words: impl Fn(f64) -> String) -> Option<String> {
    let (low, high) =
        values.map(|value| (value, value)).reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))?;
    let (low, high) = (words(low), words(high));
    Some(if low == high { low } else { format!("{low} to {high}") })
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

/// How many of some cells the machine disturbed, of how many.
#[derive(Clone, Copy)]
pub(super) struct Disturbed {
    disturbed: usize,
    all: usize,
}

impl Disturbed {
    #[cfg(test)]
    pub(super) const NONE: Self = Self { disturbed: 0, all: 40 };

    pub(super) fn of<'a>(cells: impl Iterator<Item = &'a Cell>) -> Self {
        let all = cells.map(|cell| cell.noise().is_some_and(|noise| noise.disturbed));
        all.fold(Self { disturbed: 0, all: 0 }, |sum, disturbed| Self {
            disturbed: sum.disturbed + usize::from(disturbed),
            all: sum.all + 1,
        })
    }

    /// What it says against a conclusion on these cells; none where they are few.
    pub(super) fn doubt(self) -> Option<Doubt> {
        let is_much = self.disturbed as f64 >= MUCH_DISTURBED * self.all as f64 && self.disturbed > 0;
        is_much.then_some(Doubt::Disturbed(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE_DISTURBED: Disturbed = Disturbed::NONE;

    fn threshold(pairs: usize) -> Threshold {
        Threshold { ratio: 1.05, pairs, apart: 1.05, here: true }
    }

    fn podium(places: &[(&str, usize, f64)], rounds: usize) -> Podium {
        let rows: Vec<_> =
            places.iter().map(|(name, place, us)| ((*name).to_owned(), *place, *us, rounds)).collect();
        Podium::of(&rows, |us| us.to_string(), "µs").unwrap()
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
                .starts_with("epoll and poll share the first place, with 8 to 8.1 µs of time;")
        );
        let all = podium(&[("a", 1, 8.0), ("b", 1, 8.1), ("c", 1, 8.1), ("d", 1, 8.1), ("e", 1, 8.2)], 5);
        assert_eq!(
            all.sentence("time", "x"),
            "Nobody won: a, b, c and 2 more can't be told apart, with 8 to 8.2 µs of time (x)."
        );
        assert_eq!(all.trust(threshold(1), NONE_DISTURBED).1, Belief::Open);
    }

    #[test]
    fn figures_that_read_alike_are_one() {
        let alike = podium(&[("a", 1, 8.0), ("b", 1, 8.0)], 5);
        assert!(alike.sentence("time", "x").contains("apart, with 8 µs of time"));
    }

    #[test]
    fn one_alone_has_won_nothing() {
        let (trust, belief) = podium(&[("poll", 1, 8.0)], 9).trust(threshold(2), NONE_DISTURBED);
        assert_eq!(
            (trust.as_str(), belief),
            ("No winner to believe in: nothing else is ranked here.", Belief::Open)
        );
    }

    #[test]
    fn the_rounds_are_those_of_whom_the_sentence_names() {
        let rows = [("epoll", 1, 8.0, 7), ("thread", 2, 12.0, 6), ("fork", 3, 40.0, 2)];
        let rows = rows.map(|(name, place, us, rounds)| (name.to_owned(), place, us, rounds));
        let podium = Podium::of(&rows, |us| us.to_string(), "µs").unwrap();
        let (trust, belief) = podium.trust(threshold(1), NONE_DISTURBED);
        assert!(
            trust.starts_with("To be believed: it held in 6 rounds.") && belief == Belief::Firm,
            "{trust}"
        );
    }

    #[test]
    fn few_rounds_nothing_measured_twice_and_disturbed_cells_are_each_the_one_reason_for_care() {
        let winner = |rounds| podium(&[("epoll", 1, 8.0), ("thread", 2, 12.0)], rounds);
        let noisy = Disturbed { disturbed: 8, all: 40 };
        for (trust, expected) in [
            (winner(3).trust(threshold(2), NONE_DISTURBED), "With care: 3 rounds are few."),
            (
                winner(9).trust(threshold(0), NONE_DISTURBED),
                "With care: nothing was measured twice, so how far the same is from itself is not known.",
            ),
            (
                winner(9).trust(threshold(2), noisy),
                "With care: the machine disturbed 8 of 40 cells, which do not count.",
            ),
        ] {
            assert_eq!(trust, (expected.to_owned(), Belief::Careful));
        }
    }

    #[test]
    fn several_reasons_for_care_are_all_told() {
        let winner = podium(&[("epoll", 1, 8.0), ("thread", 2, 12.0)], 3);
        let noisy = Disturbed { disturbed: 8, all: 40 };
        assert_eq!(
            winner.trust(threshold(0), noisy).0,
            "With care: 3 rounds are few. Nothing was measured twice, so how far the same is from itself is not \
             known. The machine disturbed 8 of 40 cells, which do not count."
        );
    }

    #[test]
    fn a_few_disturbed_cells_speak_against_nothing() {
        assert!(Disturbed { disturbed: 3, all: 40 }.doubt().is_none());
        assert!(Disturbed { disturbed: 4, all: 40 }.doubt().is_some());
    }
}
