//! Whether the figures of a lesson prove its sentence: shown, not shown today, or nothing that this machine can show.

use std::fmt::Write as _;

use reports::figure;
use serde::Serialize;

use super::figures::Figures;
use super::{Lesson, Setup};

/// What the ratio of two steps' figures must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    /// What it says, with `{}` where the ratio stands.
    pub says: &'static str,
    /// The step whose figure is divided.
    pub of: &'static str,
    /// The step that it is divided by.
    pub by: &'static str,
    /// The least that the ratio must be.
    pub at_least: f64,
    /// The most that it may be.
    pub at_most: Option<f64>,
}

/// A claim, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// What was found, in words.
    pub says: String,
    /// The median of the ratios within rounds; absent if one of the steps has no figure.
    pub ratio: Option<f64>,
    /// The least that it must be.
    pub at_least: f64,
    /// The most that it may be; absent if there is no such bound.
    pub at_most: Option<f64>,
    /// Whether it is between them.
    pub holds: bool,
}

/// What a lesson came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every claim holds.
    Shown,
    /// Some claim does not.
    NotShown,
    /// This machine can't show it.
    CannotShow,
}

/// What a lesson came to, with what speaks for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conclusion {
    /// In a word.
    pub verdict: Verdict,
    /// In a sentence or two.
    pub sentence: String,
    /// Each claim for itself.
    pub claims: Vec<Judged>,
}

impl Conclusion {
    /// Judges a lesson by its figures.
    pub fn of(lesson: &Lesson, setup: &Setup, figures: &Figures) -> Self {
        let claims: Vec<Judged> =
            (lesson.claims)(setup).into_iter().map(|claim| claim.judge(figures)).collect();
        let (verdict, sentence) = match (lesson.lacks)(setup) {
            Some(lacks) => (Verdict::CannotShow, lacks),
            None if claims.iter().all(|claim| claim.holds) => (Verdict::Shown, lesson.proves.to_owned()),
            None => (Verdict::NotShown, not_shown(&claims)),
        };
        Self { verdict, sentence, claims }
    }
}

impl Claim {
    fn judge(&self, figures: &Figures) -> Judged {
        let ratio = figures.ratio(self.of, self.by);
        // A figure that people read as 1.50 is as good as the bound that they read as 1.50.
        let read = ratio.map(|ratio| (ratio * 100.0).round() / 100.0);
        let holds = read.is_some_and(|ratio| {
            ratio >= self.at_least && self.at_most.is_none_or(|at_most| ratio <= at_most)
        });
        let says = match ratio {
            Some(ratio) => self.says.replace("{}", &times(ratio)),
            None if [self.of, self.by].iter().all(|step| figures.of(step).is_some()) => {
                format!("{} came to nothing that {} can be compared with", self.by, self.of)
            }
            None => format!("One of the steps {} and {} has no figure", self.of, self.by),
        };
        Judged { says, ratio, at_least: self.at_least, at_most: self.at_most, holds }
    }
}

/// A ratio in words: hundredths near one, three digits far from it.
pub(super) fn times(ratio: f64) -> String {
    if ratio < 9.995 { format!("{ratio:.2}") } else { figure(ratio) }
}

impl Judged {
    /// Between which ratios it holds, in words.
    pub fn wanted(&self) -> String {
        match self.at_most {
            Some(at_most) => format!("{:.2} to {at_most:.2}", self.at_least),
            None => format!("at least {:.2}", self.at_least),
        }
    }
}

fn not_shown(claims: &[Judged]) -> String {
    let mut told = "This machine did not show it today.".to_owned();
    for claim in claims.iter().filter(|claim| !claim.holds) {
        told.push(' ');
        told += &claim.says;
        if claim.ratio.is_some() {
            let _ = write!(told, "; it should have been {}", claim.wanted()); // writing to a String can't fail
        }
        told.push('.');
    }
    if claims.iter().any(|claim| !claim.holds && claim.ratio.is_some()) {
        told += " Other programs may have had the processors: close them and try again.";
    }
    told
}

#[cfg(test)]
mod tests {
    use super::super::figures::seconds;
    use super::*;

    fn of(processors: usize, steps: &[(&'static str, f64)]) -> Conclusion {
        let lesson = super::super::find("gil").unwrap();
        Conclusion::of(
            lesson,
            &Setup { processors, quick: false, python: Err(String::new()) },
            &seconds(steps),
        )
    }

    #[test]
    fn what_all_claims_bear_out_is_shown() {
        let shown = of(2, &[("line", 4.0), ("threads", 2.1), ("gil", 4.1), ("processes", 2.2)]);
        assert_eq!(shown.verdict, Verdict::Shown);
        assert_eq!(shown.sentence, super::super::find("gil").unwrap().proves);
        assert!(shown.claims.iter().all(|claim| claim.holds), "{shown:?}");
    }

    #[test]
    fn what_one_claim_speaks_against_is_not_shown_and_the_sentence_says_which() {
        let not_shown = of(2, &[("line", 4.0), ("threads", 3.2), ("gil", 4.1), ("processes", 2.2)]);
        assert_eq!(not_shown.verdict, Verdict::NotShown);
        let sentence = &not_shown.sentence;
        assert!(sentence.starts_with("This machine did not show it today. "), "{sentence}");
        assert!(sentence.contains("1.25") && sentence.contains("at least 1.50"), "{sentence}");
        assert!(!sentence.contains("1.82"), "{sentence}");
    }

    #[test]
    fn a_lock_that_is_too_good_is_not_what_was_to_be_shown() {
        let not_shown = of(2, &[("line", 4.0), ("threads", 2.0), ("gil", 2.5), ("processes", 2.0)]);
        assert_eq!(not_shown.verdict, Verdict::NotShown);
        assert!(not_shown.sentence.contains("0.80 to 1.10"), "{}", not_shown.sentence);
    }

    #[test]
    fn a_step_without_a_figure_proves_nothing() {
        let not_shown = of(2, &[("line", 4.0), ("threads", 2.0), ("gil", 4.0)]);
        assert_eq!(not_shown.verdict, Verdict::NotShown);
        assert_eq!(
            not_shown.sentence,
            "This machine did not show it today. One of the steps line and processes has no figure. One of the steps threads and \
             processes has no figure."
        );
    }

    #[test]
    fn a_step_that_came_to_nothing_has_a_figure_and_can_not_be_compared_with() {
        let not_shown = of(2, &[("line", 4.0), ("threads", 2.0), ("gil", 4.0), ("processes", 0.0)]);
        let says = &not_shown.claims[1].says;
        assert_eq!(says, "processes came to nothing that line can be compared with");
        assert!(!not_shown.claims[1].holds);
    }

    #[test]
    fn one_processor_can_not_show_it_whatever_the_figures_are() {
        for threads in [2.0, 4.0] {
            let cannot = of(1, &[("line", 4.0), ("threads", threads), ("gil", 4.1), ("processes", threads)]);
            assert_eq!(cannot.verdict, Verdict::CannotShow);
            assert!(cannot.sentence.contains("one processor"), "{}", cannot.sentence);
        }
    }

    #[test]
    fn more_is_wanted_of_more_processors_but_no_more_than_the_jobs_can_use() {
        let wanted = |processors| of(processors, &[]).claims[0].at_least;
        assert_eq!(
            [2, 3, 4, 64].map(|processors| format!("{:.2}", wanted(processors))),
            ["1.50", "2.25", "3.00", "3.00"]
        );
    }

    #[test]
    fn what_is_read_as_the_bound_is_within_it() {
        let held = of(2, &[("line", 2.993), ("threads", 2.0), ("gil", 3.0), ("processes", 1.5)]);
        assert_eq!(held.claims[0].says, "Threads were 1.50 times as fast as one after another");
        assert!(held.claims[0].holds);
    }
}
