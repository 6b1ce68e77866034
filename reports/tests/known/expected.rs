//! What a table must say, and whether a form says it.

use std::fmt::Display;

use crate::figure::{Figure, Rounds};
use crate::read::Grid;

/// Figures are alike if they are nearer to each other than that: no rounding makes one of the other.
const ALIKE: f64 = 0.05;

/// What can be said in a word: a name, a number of things.
pub(crate) trait Said {
    fn said(self) -> String;
}

impl<T: Display> Said for T {
    fn said(self) -> String {
        self.to_string()
    }
}

/// What stands in a table's cell.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    /// Nothing.
    Nothing,
    /// These very words, or a number of things to the last digit.
    Word(String),
    /// A figure.
    Figure(f64),
    /// A figure with how far its interval reaches: `8.20 ±3%`.
    Estimate(Rounds),
    /// The same in the figure's own unit, with so many decimals: `0.327 ±0.020`.
    Parameter(Rounds, u32),
    /// The ends of an interval: `8.00..8.40`.
    Ends(Rounds),
    /// The ends of any other range.
    Range(f64, f64),
    /// A figure with a mark before it: `≥ 40,000`.
    Marked(&'static str, f64),
    /// A figure and what it is, where the heading does not say it: `612 µs (p90)`.
    Named(f64, &'static str),
    /// A share in percent, rounded down: `98.9%`.
    Share(f64),
    /// A slope, with a word where its interval does not tell it from none: `-0.12 (may be 0)`.
    Growth(f64, (f64, f64)),
    /// How likely something is: below a thousandth only that.
    Probability(f64),
    /// A line of characters, which ASCII has others for.
    Course(String),
    /// An estimate with a number of things behind it: `8.79 ±1% (3,276)`.
    Of(Rounds, u64),
}

impl Text {
    pub(crate) fn word(text: impl Said) -> Self {
        Self::Word(text.said())
    }

    /// The figure that may not be like another one in its row.
    fn figure(&self) -> Option<f64> {
        match self {
            Self::Figure(value)
            | Self::Marked(_, value)
            | Self::Named(value, _)
            | Self::Share(value)
            | Self::Growth(value, _) => Some(*value),
            Self::Estimate(rounds) | Self::Parameter(rounds, _) | Self::Of(rounds, _) => Some(rounds.middle),
            Self::Nothing
            | Self::Word(_)
            | Self::Course(_)
            | Self::Ends(_)
            | Self::Range(..)
            | Self::Probability(_) => None,
        }
    }

    /// Whether `text` says it.
    fn is_said_by(&self, text: &str) -> bool {
        let is = |text: &str, value: f64| Figure::of(text).is_some_and(|figure| figure.is(value));
        let range = |low, high| text.split_once("..").is_some_and(|(from, to)| is(from, low) && is(to, high));
        match self {
            Self::Word(word) => text == word,
            Self::Course(course) => text == course || text == in_ascii(course),
            Self::Figure(value) => is(text, *value),
            Self::Estimate(rounds) => is_estimate(text, *rounds),
            Self::Parameter(rounds, decimals) => is_parameter(text, *rounds, *decimals),
            Self::Ends(Rounds { ends: Some((low, high)), .. }) | Self::Range(low, high) => range(*low, *high),
            Self::Nothing | Self::Ends(_) => text.is_empty(),
            Self::Marked(mark, value) => text.strip_prefix(mark).is_some_and(|text| is(text, *value)),
            Self::Named(value, name) => {
                text.strip_suffix(&format!(" ({name})")).is_some_and(|text| is(text, *value))
            }
            Self::Share(value) => Figure::of(text).is_some_and(|told| {
                text.ends_with('%') && told.value <= value + 1e-9 && told.value > value - told.digit
            }),
            Self::Growth(slope, (low, high)) if low * high < 0.0 => {
                text.strip_suffix(" (may be 0)").is_some_and(|text| is(text, *slope))
            }
            Self::Growth(slope, _) => is(text, *slope),
            Self::Probability(p) if *p < 0.001 => text == "< 0.001",
            Self::Probability(p) => text.parse::<f64>().is_ok_and(|told| (told - p).abs() < 0.000_6),
            Self::Of(rounds, number) => text
                .strip_suffix(')')
                .and_then(|text| text.split_once(" ("))
                .is_some_and(|(text, of)| is_estimate(text, *rounds) && is(of, *number as f64)),
        }
    }
}

/// The heights of a line of characters in ASCII, which has seven for eight.
fn in_ascii(course: &str) -> String {
    let heights = "▁▂▃▄▅▆▇█".chars().zip(".:-=+*#".chars().take(1).chain(".:-=+*#".chars()));
    let of = |c: char| heights.clone().find(|(height, _)| *height == c).map_or(c, |(_, ascii)| ascii);
    course.chars().map(of).collect()
}

/// `8.20 ±3%`: rounded up, and by no more than its last digit; without an interval the figure alone.
fn is_estimate(text: &str, rounds: Rounds) -> bool {
    let is_middle = |text: &str| Figure::of(text).is_some_and(|figure| figure.is(rounds.middle));
    let Some(reach) = rounds.reach() else { return is_middle(text) };
    let share = reach / rounds.middle;
    let told = |reach: &str| Figure::of(reach).is_some_and(|told| is_rounded_up(told, share, 0.01));
    text.split_once(" ±").is_some_and(|(middle, reach)| is_middle(middle) && told(reach))
}

/// `0.327 ±0.020`.
fn is_parameter(text: &str, rounds: Rounds, decimals: u32) -> bool {
    let digit = 0.1_f64.powf(decimals.into());
    let is_middle =
        |text: &str| Figure::of(text).is_some_and(|told| (told.value - rounds.middle).abs() <= 0.501 * digit);
    let Some(reach) = rounds.reach() else { return is_middle(text) };
    let told = |text: &str| Figure::of(text).is_some_and(|told| is_rounded_up(told, reach, digit));
    text.split_once(" ±").is_some_and(|(middle, reach)| is_middle(middle) && told(reach))
}

fn is_rounded_up(told: Figure, value: f64, digit: f64) -> bool {
    told.value >= value - 1e-6 && told.value < value + digit.max(told.digit)
}

/// Whether `text` says what `template` does, with figures in the places of its `{}`; after each of these something stands.
pub(crate) fn says(text: &str, template: &str, values: &[f64]) -> bool {
    let pieces: Vec<&str> = template.split("{}").collect();
    assert_eq!(pieces.len(), values.len() + 1, "{template}");
    let told = |mut rest: &str| {
        values.iter().zip(&pieces[1..]).all(|(value, piece)| {
            let Some((figure, behind)) = rest.split_once(piece) else { return false };
            rest = behind;
            Figure::of(&figure.replace(" us", " µs")).is_some_and(|figure| figure.is(*value))
        })
    };
    text.match_indices(pieces[0]).any(|(at, start)| told(&text[at + start.len()..]))
}

/// What stands in a row, each below its heading.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    texts: Vec<(String, Text)>,
    /// Headings of what follows from another figure of the row, which it may be like.
    repeats: Vec<&'static str>,
}

impl Row {
    /// Of a model, a way, a task: what has this heading.
    pub(crate) fn of(heading: &str, name: impl Said) -> Self {
        Self::default().with(heading, Text::word(name))
    }

    pub(crate) fn with(mut self, heading: impl Into<String>, text: Text) -> Self {
        self.texts.push((heading.into(), text));
        self
    }

    pub(crate) fn figure(self, heading: impl Into<String>, value: f64) -> Self {
        self.with(heading, Text::Figure(value))
    }

    pub(crate) fn word(self, heading: impl Into<String>, word: impl Said) -> Self {
        self.with(heading, Text::word(word))
    }

    pub(crate) fn estimate(self, heading: impl Into<String>, rounds: Rounds) -> Self {
        self.with(heading, Text::Estimate(rounds))
    }

    pub(crate) fn ends(self, heading: impl Into<String>, rounds: Rounds) -> Self {
        self.with(heading, Text::Ends(rounds))
    }

    /// What these headings have above them may be like another figure: it is that figure by its nature.
    pub(crate) fn repeating(mut self, headings: &[&'static str]) -> Self {
        self.repeats.extend(headings);
        self
    }
}

/// What a table must say: its rows in their order.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

impl Expected {
    pub(crate) fn new(title: impl Into<String>, rows: Vec<Row>) -> Self {
        Self { title: title.into(), rows }
    }

    /// Each row says what it must, below each heading, and nothing stands there that was not looked at.
    pub(crate) fn is_in(&self, form: &str, grid: &Grid) {
        let place = |heading: &str| {
            grid.place(heading)
                .unwrap_or_else(|| panic!("{form}: no {heading} in {:?} of {}", grid.headings, self.title))
        };
        assert_eq!(grid.rows.len(), self.rows.len(), "{form}: {}: {grid:#?}", self.title);
        for (row, texts) in self.rows.iter().zip(&grid.rows) {
            for (heading, expected) in &row.texts {
                let text = &texts[place(heading)];
                assert!(
                    expected.is_said_by(text),
                    "{form}, {}: {heading} is {text:?}, but the record says {expected:?}: {texts:?}",
                    self.title
                );
            }
            for heading in &grid.headings {
                let is_looked_at = row.texts.iter().any(|(other, _)| other == heading);
                assert!(is_looked_at, "{form}, {}: nobody looks at {heading}", self.title);
            }
        }
    }

    /// No figure of a row could stand in another's place unseen.
    pub(crate) fn has_no_alike_figures(&self) {
        for row in &self.rows {
            let own = row.texts.iter().filter(|(heading, _)| !row.repeats.contains(&&**heading));
            let own: Vec<(&String, f64)> =
                own.filter_map(|(heading, text)| Some((heading, text.figure()?))).collect();
            for (place, (one, a)) in own.iter().enumerate() {
                for (other, b) in &own[place + 1..] {
                    let apart = (a - b).abs() > ALIKE * a.abs().max(b.abs());
                    assert!(apart, "{}: {one} and {other}: {a} and {b} in {row:?}", self.title);
                }
            }
        }
    }
}
