//! CPU time per request from run to run, for the rows of one setting of a series.

use super::{Axis, Drawing, Lines, Picture, Point, Scale, Series, Style};
use crate::summary::SeriesRow;

/// At most so many lines can be followed.
const LINES: usize = 40;

/// A line for each row; none where no row has two figures.
pub(crate) fn of(setting: &str, rows: &[&SeriesRow]) -> Option<Picture> {
    let lines: Vec<Series> = rows.iter().filter_map(|row| line(row)).take(LINES).collect();
    let axis =
        |title: &str, unit: &str| Axis { title: title.into(), unit: unit.into(), scale: Scale::Linear };
    (!lines.is_empty()).then(|| Picture {
        id: format!("series-{}", id(setting)),
        title: format!("CPU time per request from run to run: {setting}"),
        notice: "A step that lies within the bars of both its ends may be chance; the table of changes says which are none."
            .to_owned(),
        drawing: Drawing::Lines(Lines {
            x: axis("run", ""),
            y: axis("CPU time per request", "µs"),
            series: lines,
            areas: Vec::new(),
        }),
    })
}

fn line(row: &SeriesRow) -> Option<Series> {
    let point = |(place, figure): (usize, &Option<crate::summary::InRun>)| {
        let figure = (*figure)?;
        let interval = (figure.coverage > 0.0).then_some((figure.low, figure.high));
        Some(Point { x: (place + 1) as f64, y: figure.median, interval })
    };
    let points: Vec<Point> = row.cpu_us.iter().enumerate().filter_map(point).collect();
    (points.len() > 1).then(|| Series { name: row.model.clone(), points, style: Style::Measured })
}

/// The words of a setting as a page can link to them.
fn id(setting: &str) -> String {
    let plain = setting.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let words = plain.collect::<String>();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}
