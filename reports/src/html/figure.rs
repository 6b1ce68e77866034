//! A picture as the page shows it: drawn, with its key, its data, and lines for the script.

use serde::Serialize;

use super::data::Data;
use super::{chart, room};
use crate::picture::{Drawing, Picture, Style};
use crate::svg::{self, Drawn};

/// A picture as it is drawn.
#[derive(Serialize)]
pub(super) struct Figure<'a> {
    picture: &'a Picture,
    drawn: Drawn,
    headings: Vec<String>,
    /// What it is drawn from, if that is little.
    rows: Option<Vec<Vec<String>>>,
    /// The same, all of it, to take away.
    link: String,
    /// For the script, of lines.
    chart: Option<String>,
    /// Whether it begins a line of the page: the earlier run's, beside which the later run's stands.
    begins: bool,
}

impl<'a> Figure<'a> {
    /// `begins`: whether it begins a line of the page.
    pub(super) fn of(picture: &'a Picture, begins: bool, words: &dyn Fn(&str) -> String) -> Self {
        let data = Data::of(picture);
        Self {
            picture,
            drawn: svg::draw(picture, words),
            headings: data.headings().iter().map(|heading| words(heading)).collect(),
            rows: data.few().map(<[_]>::to_vec),
            link: data.link(),
            chart: chart::json(picture),
            begins,
        }
    }

    /// Its title.
    pub(super) fn title(&self) -> &'a str {
        &self.picture.title
    }

    /// What it is drawn from.
    pub(super) fn picture(&self) -> &'a Picture {
        self.picture
    }

    /// Whether the script draws it anew.
    pub(super) fn is_chart(&self) -> bool {
        self.chart.is_some()
    }

    /// Of which kind it is, and within that: what each does is a thing of its own, as a timeline of processes says nothing of one of
    /// threads.
    pub(super) fn kinds(&self) -> [String; 2] {
        let within = match &self.picture.drawing {
            Drawing::Tracks(_) => self.picture.title.split(',').next().unwrap_or_default().to_owned(),
            // With a schedule there are two lines of each, and what lies between them is the lesson.
            Drawing::Lines(lines) if lines.series.iter().any(|series| series.style == Style::Reference) => {
                room::kind(self.title()) + " beside a reference"
            }
            _ => room::kind(self.title()),
        };
        [room::kind(self.title()), within]
    }

    /// What it takes of the page, in bytes, nearly.
    pub(super) fn size(&self) -> usize {
        let cells = self.rows.iter().flatten().flatten().map(|text| text.len() + room::CELL).sum::<usize>();
        let key = self.drawn.key.iter().map(|entry| entry.swatch.len() + entry.name.len()).sum::<usize>();
        let chart = self.chart.as_ref().map_or(0, String::len);
        self.drawn.svg.len() + key + self.link.len() + chart + cells + self.picture.notice.len()
    }
}
