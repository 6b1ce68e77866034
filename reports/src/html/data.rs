//! What a picture is drawn from, as rows: a small table on the page, and the same to take away.

use super::link;
use crate::picture::{Bars, Drawing, Heat, Lines, Picture, Point, Tracks};

/// Of more cells than these there is only the file.
const SHOWN: usize = 160;

/// Rows of texts below headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Data {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Data {
    /// That of `picture`.
    pub(super) fn of(picture: &Picture) -> Self {
        match &picture.drawing {
            Drawing::Lines(lines) => of_lines(lines),
            Drawing::Bars(bars) => of_bars(bars),
            Drawing::Heat(heat) => of_heat(heat),
            Drawing::Tracks(tracks) => of_tracks(tracks),
        }
    }

    /// Its headings.
    pub(super) fn headings(&self) -> &[String] {
        &self.headings
    }

    /// Its rows, if their cells are few.
    pub(super) fn few(&self) -> Option<&[Vec<String>]> {
        (self.rows.len() * self.headings.len() <= SHOWN).then_some(&self.rows)
    }

    /// All of it as a link.
    pub(super) fn link(&self) -> String {
        link::of(std::iter::once(&self.headings).chain(&self.rows))
    }
}

/// A number with five digits, which is more than any picture shows; nothing where it is none.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    format!("{value:.4e}").parse::<f64>().map(|value| value.to_string()).unwrap_or_default()
}

fn named(axis: &crate::picture::Axis) -> String {
    if axis.unit.is_empty() { axis.title.clone() } else { format!("{} ({})", axis.title, axis.unit) }
}

fn of_lines(lines: &Lines) -> Data {
    let has_intervals =
        lines.series.iter().flat_map(|series| &series.points).any(|point| point.interval.is_some());
    if !has_intervals {
        return side_by_side(lines);
    }
    let mut headings = vec!["which line".to_owned(), named(&lines.x), named(&lines.y)];
    headings.extend(["interval, from".to_owned(), "interval, to".to_owned()]);
    let mut rows = Vec::new();
    for series in &lines.series {
        for point in &series.points {
            let mut row = vec![series.name.clone(), number(point.x), number(point.y)];
            let ends = point.interval.map(|(low, high)| [number(low), number(high)]);
            row.extend(ends.unwrap_or_default());
            rows.push(row);
        }
    }
    Data { headings, rows }
}

/// A row for each place to the right, a column for each line: less than half as long.
fn side_by_side(lines: &Lines) -> Data {
    let mut places: Vec<f64> =
        lines.series.iter().flat_map(|series| &series.points).map(|point| point.x).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let headings = std::iter::once(named(&lines.x))
        .chain(lines.series.iter().map(|series| format!("{}: {}", series.name, named(&lines.y))));
    let at = |x: f64| {
        let of = move |points: &[Point]| {
            points.iter().find(|point| point.x.total_cmp(&x).is_eq()).map(|point| point.y)
        };
        let figures =
            lines.series.iter().map(move |series| of(&series.points).map(number).unwrap_or_default());
        std::iter::once(number(x)).chain(figures).collect()
    };
    Data { headings: headings.collect(), rows: places.into_iter().map(at).collect() }
}

fn of_bars(bars: &Bars) -> Data {
    let mut headings = vec!["which bar".to_owned(), named(&bars.axis)];
    if bars.parts.len() > 1 {
        headings.extend(bars.parts.iter().cloned());
    }
    let row = |bar: &crate::picture::Bar| {
        let mut row = vec![bar.label.clone(), bar.value.clone()];
        if bars.parts.len() > 1 {
            row.extend(
                (0..bars.parts.len())
                    .map(|index| bar.lengths.get(index).copied().map(number).unwrap_or_default()),
            );
        }
        row
    };
    Data { headings, rows: bars.rows.iter().map(row).collect() }
}

/// A row for each column of the map: a row for each of its cells would be thousands.
fn of_heat(heat: &Heat) -> Data {
    let mut headings = vec![format!("{}, from", named(&heat.x)), format!("{}, to", named(&heat.x))];
    let unit = if heat.y.unit.is_empty() { String::new() } else { format!(" {}", heat.y.unit) };
    headings.extend(
        heat.y_edges.windows(2).map(|edges| format!("{}–{}{unit}", number(edges[0]), number(edges[1]))),
    );
    let rows = heat.x_edges.windows(2).zip(&heat.counts).map(|(edges, counts)| {
        let mut row = vec![number(edges[0]), number(edges[1])];
        row.extend(
            (1..heat.y_edges.len()).map(|index| counts.get(index - 1).copied().unwrap_or(0).to_string()),
        );
        row
    });
    Data { headings, rows: rows.collect() }
}

fn of_tracks(tracks: &Tracks) -> Data {
    let headings = ["which row", "from (ms)", "every (ms)", "states, a letter for each look"];
    let headings = headings.map(str::to_owned).to_vec();
    let row = |row: &crate::picture::Row| {
        let from = row.first as f64 * tracks.every_ms;
        vec![row.label.clone(), number(from), number(tracks.every_ms), row.states.clone()]
    };
    Data { headings, rows: tracks.rows.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_five_digits() {
        assert_eq!(
            [1.0 / 3.0, 20_000.0, 123_456.0, f64::NAN].map(number),
            ["0.33333", "20000", "123460", ""]
        );
    }
}
