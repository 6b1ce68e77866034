//! What of a table has room in so many columns of a terminal: labels are broken before columns go, and marks are drawn only
//! where all that is left has room without them.

use unicode_width::UnicodeWidthStr;

use crate::table::{Align, Marks, Table};

/// Below this many characters labels are not broken further; columns go first.
const LABEL_WIDTH: usize = 16;
/// The space between two columns.
pub(super) const GAP: usize = 2;
/// How long bars are at least, or there are none, and at most.
const BAR_WIDTH: (usize, usize) = (6, 16);
/// The longest sparkline.
const SPARKS_AT_MOST: usize = 24;

/// What has room.
pub(super) struct Fit {
    /// The columns that are drawn, by their places in the table.
    pub(super) shown: Vec<usize>,
    /// How wide labels may be.
    pub(super) label_width: usize,
    /// Whose marks are drawn, and how wide.
    pub(super) marks: Vec<(usize, usize)>,
}

impl Fit {
    /// Of `table` in a terminal that is so wide.
    pub(super) fn of(table: &Table, width: usize) -> Self {
        let widths: Vec<usize> = (0..table.columns.len()).map(|index| natural_width(table, index)).collect();
        let (shown, label_width) = columns(table, &widths, width);
        let taken = |index: &usize| match table.columns[*index].align {
            Align::Left => widths[*index].min(label_width),
            Align::Right => widths[*index],
        };
        let used = shown.iter().map(taken).sum::<usize>() + shown.len().saturating_sub(1) * GAP;
        let marks = marks(table, &shown, width.saturating_sub(used));
        Self { shown, label_width, marks }
    }
}

/// Which columns have room in `width`, and how wide labels may be.
fn columns(table: &Table, widths: &[usize], width: usize) -> (Vec<usize>, usize) {
    let is_label = |index: &usize| table.columns[*index].align == Align::Left;
    let mut shown: Vec<usize> = (0..table.columns.len()).collect();
    loop {
        let gaps = shown.len().saturating_sub(1) * GAP;
        let fixed: usize = shown.iter().filter(|index| !is_label(index)).map(|&index| widths[index]).sum();
        let labels: Vec<usize> =
            shown.iter().filter(|index| is_label(index)).map(|&index| widths[index]).collect();
        let room = width.saturating_sub(gaps + fixed);
        let needed: usize = labels.iter().map(|&label| label.min(LABEL_WIDTH)).sum();
        let expendable = shown.iter().copied().max_by_key(|&index| table.columns[index].expendable);
        match expendable.filter(|&index| table.columns[index].expendable > 0) {
            Some(index) if needed > room => shown.retain(|&other| other != index),
            _ => return (shown, label_width(&labels, room)),
        }
    }
}

/// The greatest width that labels may have for all of them to fit into `room`.
fn label_width(labels: &[usize], room: usize) -> usize {
    let taken = |limit: usize| labels.iter().map(|&label| label.min(limit)).sum::<usize>();
    let longest = labels.iter().copied().max().unwrap_or_default();
    (LABEL_WIDTH..=longest).rev().find(|&limit| taken(limit) <= room).unwrap_or(LABEL_WIDTH)
}

/// The width of a column's longest text.
fn natural_width(table: &Table, index: usize) -> usize {
    let column = &table.columns[index];
    let texts = table.rows.iter().map(|row| row[index].as_str());
    texts.chain([&*column.title, column.unit]).map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// Which marks have room in what is left, bars first.
fn marks(table: &Table, shown: &[usize], mut room: usize) -> Vec<(usize, usize)> {
    let marks = |index: &usize| table.columns[*index].marks.as_ref().map(|marks| (*index, marks));
    let is_bars = |(_, marks): &(usize, &Marks)| matches!(marks, Marks::Bars(_));
    let (bars, sparks): (Vec<_>, Vec<_>) = shown.iter().filter_map(marks).partition(is_bars);
    let mut drawn = Vec::new();
    for (index, marks) in bars.into_iter().chain(sparks) {
        let (least, most) = match marks {
            Marks::Bars(_) => BAR_WIDTH,
            Marks::Sparks { title, rows } => {
                let longest = rows.iter().map(Vec::len).max().unwrap_or_default();
                let width = longest.min(SPARKS_AT_MOST).max(title.width());
                (width, width)
            }
        };
        let width = most.min(room.saturating_sub(GAP));
        if width >= least && width > 0 {
            drawn.push((index, width));
            room -= width + GAP;
        }
    }
    drawn
}
