//! Tables of a document as tests ask for them: by title, row and heading.

use reports::document::Document;
use reports::table::Table;
use reports::terminal::{self, Charset, Terminal};

use crate::sample;

pub(crate) fn document() -> Document {
    Document::of(&sample::run())
}

pub(crate) fn on_terminal(document: &Document, width: usize, charset: Charset) -> String {
    terminal::draw(document, Terminal { width, charset })
}

pub(crate) fn table(document: &Document, title: &str) -> Table {
    let found = document.tables.iter().find(|table| table.title.starts_with(title));
    found.expect("there is such a table").clone()
}

/// The texts of the row that begins with these, each with its column's heading.
pub(crate) fn row<'a>(table: &'a Table, start: &[&str]) -> Vec<(String, &'a str)> {
    let row = table.rows.iter().find(|row| start.iter().zip(*row).all(|(expected, text)| expected == text));
    let headings = table.columns.iter().map(reports::table::Column::heading);
    headings.zip(row.expect("there is such a row").iter().map(String::as_str)).collect()
}

/// Those of a row that are not empty.
pub(crate) fn filled<'a>(table: &'a Table, start: &[&str]) -> Vec<(String, &'a str)> {
    row(table, start).into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

pub(crate) fn expected<'a>(texts: &[(&str, &'a str)]) -> Vec<(String, &'a str)> {
    texts.iter().map(|&(heading, text)| (heading.to_owned(), text)).collect()
}
