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
        Self { title: title.into(), unit: "", align: Align::Left, expendable }
    }

    /// A column of numbers in `unit`.
    pub fn numbers(title: impl Into<Cow<'static, str>>, unit: &'static str, expendable: u8) -> Self {
        Self { title: title.into(), unit, align: Align::Right, expendable }
    }

    /// Its name and unit on one line: `memory (MiB)`.
    pub fn heading(&self) -> String {
        if self.unit.is_empty() { self.title.to_string() } else { format!("{} ({})", self.title, self.unit) }
    }
}
