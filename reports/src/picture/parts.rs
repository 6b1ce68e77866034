//! What pictures are put together from: axes, points, lines and bars, and words for lists.

use super::{Axis, Bar, Bars, Drawing, Lines, Picture, Point, Scale, Series, Style};
use crate::statistics::Interval;
use crate::summary::Estimate;

/// How many names a sentence lists before it only counts.
const NAMED: usize = 6;

pub(super) fn axis(title: &str, unit: &str, scale: Scale) -> Axis {
    Axis { title: title.to_owned(), unit: unit.to_owned(), scale }
}

/// The ends of an interval of more than one value.
pub(super) fn ends(interval: Interval) -> Option<(f64, f64)> {
    interval.is_known().then_some((interval.low, interval.high))
}

pub(super) fn point(x: f64, y: f64) -> Point {
    Point { x, y, interval: None }
}

/// A point with how far it is certain.
pub(super) fn estimated(x: f64, of: Estimate) -> Point {
    Point { x, y: of.median, interval: ends(of.interval) }
}

/// What was measured; none without a point.
pub(super) fn measured(name: &str, points: Vec<Point>) -> Option<Series> {
    (!points.is_empty()).then(|| Series { name: name.to_owned(), points, style: Style::Measured })
}

/// What a law says.
pub(super) fn reference(name: String, points: Vec<Point>) -> Series {
    Series { name, points, style: Style::Reference }
}

/// A picture of lines; none without a line.
pub(super) fn lines(id: &str, title: String, notice: String, lines: Lines) -> Option<Picture> {
    let some = !lines.series.is_empty();
    some.then(|| Picture { id: id.to_owned(), title, notice, drawing: Drawing::Lines(lines) })
}

/// A picture of bars; none of fewer than `fewest`, or where all are of no length.
pub(super) fn bars(id: &str, title: String, notice: String, bars: Bars, fewest: usize) -> Option<Picture> {
    let long = bars.rows.iter().flat_map(|bar| &bar.lengths).any(|length| *length > 0.0);
    (long && bars.rows.len() >= fewest).then(|| Picture {
        id: id.to_owned(),
        title,
        notice,
        drawing: Drawing::Bars(bars),
    })
}

/// A bar in one piece. What is below nought has no length; its value says what it is.
pub(super) fn bar(label: String, value: String, length: f64, interval: Option<(f64, f64)>) -> Bar {
    Bar { label, value, lengths: vec![length.max(0.0)], interval }
}

/// The same as a bar's second part: a figure from elsewhere, so that it looks different from this run's.
pub(super) fn second(mut bar: Bar) -> Bar {
    bar.lengths.insert(0, 0.0);
    bar
}

/// `epoll, fork`; of many the first ones, and how many more.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let first: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    let first = first.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Sentences one after the other.
pub(super) fn paragraph(sentences: impl IntoIterator<Item = Option<String>>) -> String {
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Whether two figures can't be told apart by their intervals, as far as both have one.
pub(super) fn overlap(one: Estimate, other: Estimate) -> bool {
    let (one, other) = (one.interval, other.interval);
    one.is_known() && other.is_known() && one.low <= other.high && other.low <= one.high
}

/// The least and the greatest of `of` by their figure; none of fewer than two.
pub(super) fn extremes<T: Copy>(of: &[(T, Estimate)]) -> Option<[(T, Estimate); 2]> {
    let by = |one: &&(T, Estimate), other: &&(T, Estimate)| one.1.median.total_cmp(&other.1.median);
    let (least, most) = (of.iter().min_by(by)?, of.iter().max_by(by)?);
    (of.len() > 1).then_some([*least, *most])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_names_the_first_are_listed() {
        assert_eq!(listed(&["a", "b"]), "a, b");
        assert_eq!(listed(&["a", "b", "c", "d", "e", "f", "g", "h"]), "a, b, c, d, e, f and 2 more");
    }

    #[test]
    fn what_is_below_nought_has_no_length() {
        assert_eq!(bar("a".into(), "-1 s".into(), -1.0, None).lengths, [0.0]);
    }
}
