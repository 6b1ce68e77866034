//! Stevens' comparison: what process control costs by what a fork for each client does, in his book and on this machine.

use super::parts::{axis, bar, bars, paragraph, second};
use super::{Bar, Bars, Picture, Scale};
use crate::document::stevens::{SOURCE, thousandths};
use crate::document::title::{self, Open};
use crate::summary::{StevensRow, StevensTable};

pub(super) fn pictures(tables: &[StevensTable]) -> Vec<Picture> {
    tables.iter().filter_map(picture).collect()
}

fn picture(table: &StevensTable) -> Option<Picture> {
    let rows: Vec<Bar> = table.rows.iter().flat_map(pair).collect();
    let drawing = Bars {
        axis: axis("process control by a fork's", "× fork", Scale::Linear),
        parts: ["this run", "the book"].map(str::to_owned).to_vec(),
        rows,
    };
    let title =
        format!("Stevens' comparison beside this machine's: {}", title::of(&table.setting, Open::Nothing));
    bars("stevens", title, notice(table)?, drawing, 2)
}

/// A model and the book's server of its kind; nothing where the model has no figure.
fn pair(row: &StevensRow) -> Vec<Bar> {
    let text = |by_fork: f64| format!("{} × fork", thousandths(by_fork));
    let Some(own) = row.by_fork else { return Vec::new() };
    let book = row
        .book
        .map(|book| bar(format!("book: {}", book.server), text(book.by_fork()), book.by_fork(), None));
    let book = book.map(second);
    [bar(row.model.clone(), text(own), own, None)].into_iter().chain(book).collect()
}

/// The pair that is farthest apart, of those that cost something in the book.
fn notice(table: &StevensTable) -> Option<String> {
    let pairs = table.rows.iter().filter_map(|row| {
        let book = row.book.filter(|book| book.seconds > 0.0)?.by_fork();
        Some((row, row.by_fork.filter(|own| *own > 0.0)?, book))
    });
    let far = |(_, own, book): &(&StevensRow, f64, f64)| (own / book).ln().abs();
    let apart = pairs.max_by(|one, other| far(one).total_cmp(&far(other)));
    let said = apart.filter(|pair| far(pair) > 0.0).map(|(row, own, book)| {
        format!(
            "{} costs {} of what a fork for each client does here, and {} in the book: of all pairs these are farthest apart.",
            row.model,
            thousandths(own),
            thousandths(book)
        )
    });
    let any = table.rows.iter().any(|row| row.by_fork.is_some());
    let shares = format!(
        "Shares of a fork's cost can be compared between machines, seconds can't. The book's are not from this run: {SOURCE}."
    );
    any.then(|| paragraph([said, Some(shares)]))
}
