//! A table, built once; the terminal, Markdown and HTML only draw it.

use std::borrow::Cow;

use serde::Serialize;

/// Rows of texts under named columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What the rows have in common.
    pub title: String,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The rows, each with one text for every column; an empty text where nothing was measured.
    pub rows: Vec<Vec<String>>,
    /// What a reader should know of single rows, one sentence each.
    pub notes: Vec<String>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub title: Cow<'static, str>,
    /// The unit of what stands in it; empty where there is none.
    pub unit: &'static str,
    /// Where its texts stand.
    pub align: Align,
    /// What goes first where there is no room: the column with the greatest number. One with 0 always stays.
    pub expendable: u8,
    /// Whether it holds the rows' places: `1`, `2=`.
    #[serde(skip)]
    pub is_rank: bool,
    /// What a terminal draws beside it, where there is room.
    #[serde(skip)]
    pub marks: Option<Marks>,
}

/// Figures to look at, each as a share of the greatest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marks {
    /// A bar for each row, of the table's greatest.
    Bars(Vec<Option<Share>>),
    /// A sparkline for each row, of the row's own greatest: how a figure goes, and not whose is greater.
    Sparks {
        /// What its figures are over: `rounds`.
        title: Cow<'static, str>,
        /// The figures of each row, from left to right.
        rows: Vec<Vec<Option<Share>>>,
    },
}

/// A share of the greatest, in thousandths: more than a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl From<Share> for f64 {
    fn from(share: Share) -> Self {
        f64::from(share.0) / THOUSANDTHS
    }
}

const THOUSANDTHS: f64 = 1e3;

impl Marks {
    /// A bar for each row that has a figure. Figures below nought are nought.
    pub fn bars(figures: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self::Bars(shares(&figures.into_iter().collect::<Vec<_>>()))
    }

    /// A sparkline for each row.
    pub fn sparks(
        title: impl Into<Cow<'static, str>>,
        rows: impl IntoIterator<Item = Vec<Option<f64>>>,
    ) -> Self {
        Self::Sparks { title: title.into(), rows: rows.into_iter().map(|row| shares(&row)).collect() }
    }

    /// What stands above them.
    pub fn title(&self) -> &str {
        match self {
            Self::Bars(_) => "",
            Self::Sparks { title, .. } => title,
        }
    }
}

/// Figures as shares of the greatest of them. What is more than nothing stays so.
fn shares(figures: &[Option<f64>]) -> Vec<Option<Share>> {
    let known = |figure: &Option<f64>| figure.filter(|figure| figure.is_finite());
    let greatest = figures.iter().filter_map(known).fold(0.0, f64::max);
    let share = |figure: f64| {
        let least = u16::from(figure > 0.0);
        let of = if greatest > 0.0 { figure.max(0.0) / greatest } else { 0.0 };
        Share(((of * THOUSANDTHS).round() as u16).max(least))
    };
    figures.iter().map(|figure| known(figure).map(share)).collect()
}

/// Where a text stands within its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// As words stand. Such a column may be broken into lines.
    Left,
    /// As numbers stand.
    Right,
}

impl Column {
    /// A column of words.
    pub fn words(title: impl Into<Cow<'static, str>>, expendable: u8) -> Self {
        Self { title: title.into(), unit: "", align: Align::Left, expendable, is_rank: false, marks: None }
    }

    /// A column of numbers in `unit`.
    pub fn numbers(title: impl Into<Cow<'static, str>>, unit: &'static str, expendable: u8) -> Self {
        Self { title: title.into(), unit, align: Align::Right, expendable, is_rank: false, marks: None }
    }

    /// A column of the rows' places.
    pub fn rank(expendable: u8) -> Self {
        Self { is_rank: true, ..Self::numbers("rank", "", expendable) }
    }

    /// The same with something to look at beside it.
    #[must_use]
    pub fn with(self, marks: Marks) -> Self {
        Self { marks: Some(marks), ..self }
    }

    /// Its name and unit on one line: `memory (MiB)`.
    pub fn heading(&self) -> String {
        if self.unit.is_empty() { self.title.to_string() } else { format!("{} ({})", self.title, self.unit) }
    }
}
