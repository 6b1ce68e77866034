//! What became of the rows of a comparison, counted, and whether that is to be believed.

use super::Belief;
use crate::summary::Outcome;
use crate::units::plural;

/// With fewer rounds on a side an outcome is to be read with care.
const MANY_ROUNDS: usize = 5;
/// Where more than one row in so many can't be told, what is said of the others is not the whole.
const UNKNOWN_IN: usize = 10;

/// How many rows came to each outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) slower: usize,
    pub(super) faster: usize,
    pub(super) same: usize,
    pub(super) unknown: usize,
}

impl Tally {
    pub(super) fn of(outcomes: impl Iterator<Item = Outcome>) -> Self {
        outcomes.fold(Self::default(), |mut tally, outcome| {
            let count = match outcome {
                Outcome::Slower => &mut tally.slower,
                Outcome::Faster => &mut tally.faster,
                Outcome::Same => &mut tally.same,
                Outcome::CantTell => &mut tally.unknown,
            };
            *count += 1;
            tally
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.slower + self.faster + self.same + self.unknown
    }

    /// `of 6 rows, 2 became slower and 2 faster, 1 stayed the same and 1 can't be told`
    pub(super) fn told(&self) -> String {
        let (rows, same, unknown) = (plural(self.rows(), "row"), self.same, self.unknown);
        if !self.has_changes() {
            return format!("of {rows}, {same} stayed the same and {unknown} can't be told");
        }
        format!(
            "of {rows}, {} became slower and {} faster, {same} stayed the same and {unknown} can't be told",
            self.slower, self.faster
        )
    }

    /// The same as it begins a text, which goes on with the greatest change where there is one.
    pub(super) fn told_first(&self, greatest: Option<String>) -> String {
        match greatest {
            None => format!("Nothing changed for sure: {}.", self.told()),
            Some(greatest) => format!("{}. {greatest}", self.told().replacen("of", "Of", 1)),
        }
    }

    /// Whether any row changed for sure.
    pub(super) fn has_changes(&self) -> bool {
        self.slower + self.faster > 0
    }

    /// Whether to believe it. `rounds`: of the row and side with fewest.
    pub(super) fn trust(&self, rounds: usize, alike: bool) -> (String, Belief) {
        let careful = |text: String| (text, Belief::Careful);
        if self.unknown == self.rows() {
            ("Nothing to believe: no row can be told.".to_owned(), Belief::Open)
        } else if !alike {
            careful("With care: the runs were not measured alike, as the warnings say.".to_owned())
        } else if rounds < MANY_ROUNDS {
            careful(format!("With care: a row has only {} on a side.", plural(rounds, "round")))
        } else if self.unknown * UNKNOWN_IN > self.rows() {
            let (unknown, rows) = (self.unknown, plural(self.rows(), "row"));
            careful(format!("With care: {unknown} of {rows} can't be told, and may have changed."))
        } else {
            (
                "To be believed: chance alone would show any such change with a probability below 5%."
                    .to_owned(),
                Belief::Firm,
            )
        }
    }
}

/// The fewest rounds of a side that has any.
pub(super) fn fewest<'r>(rounds: impl Iterator<Item = &'r [usize; 2]>) -> Option<usize> {
    rounds.flatten().copied().filter(|rounds| *rounds > 0).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(same: usize, unknown: usize) -> Tally {
        Tally { same, unknown, ..Tally::default() }
    }

    #[test]
    fn only_many_rounds_in_which_most_rows_can_be_told_are_believed() {
        let belief = |tally: Tally, rounds, alike| tally.trust(rounds, alike).1;
        assert_eq!(belief(tally(9, 1), 5, true), Belief::Firm);
        assert_eq!(belief(tally(8, 2), 5, true), Belief::Careful);
        assert_eq!(belief(tally(9, 1), 4, true), Belief::Careful);
        assert_eq!(belief(tally(9, 1), 5, false), Belief::Careful);
        assert_eq!(belief(tally(0, 3), 5, true), Belief::Open);
    }

    #[test]
    fn every_row_is_counted_where_it_belongs() {
        let outcomes = [Outcome::Slower, Outcome::Faster, Outcome::Faster, Outcome::Same, Outcome::CantTell];
        let tally = Tally::of(outcomes.into_iter());
        assert_eq!(tally, Tally { slower: 1, faster: 2, same: 1, unknown: 1 });
        let told = "of 5 rows, 1 became slower and 2 faster, 1 stayed the same and 1 can't be told";
        assert_eq!(tally.told(), told);
    }
}
