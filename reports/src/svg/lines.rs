//! Lines over an axis of numbers: areas, whiskers, lines, markers, from the back to the front.

use super::frame::Frame;
use super::looks::{Look, looks};
use super::marks::marker;
use super::scale::Mapping;
use super::{Key, at, labels, swatch};
use crate::picture::{Area, Axis, Lines, On, Point, Scale, Series, Style};

/// A line has at most so many markers; of more points they stand at every second, third and so on.
const MARKERS: usize = 12;
/// An area that begins further out than so many times the greatest figure is only told of.
const AREA_BEYOND: f64 = 2.5;

/// Its height, what is in it, and its key.
pub(super) fn draw(lines: &Lines) -> (f64, String, Vec<Key>) {
    let points = || lines.series.iter().flat_map(|series| &series.points);
    let heights = points().flat_map(|point| {
        let (low, high) = point.interval.unwrap_or((point.y, point.y));
        [low, point.y, high]
    });
    let x = over(&lines.x, points().map(|point| point.x), &lines.areas, On::X);
    let mut measured = lines.series.iter().filter(|series| series.style != Style::Reference);
    let is_whole = |point: &Point| point.x.fract().abs() < f64::EPSILON;
    let x = if measured.all(|series| series.points.iter().all(is_whole)) { x.counted() } else { x };
    let y = over(&lines.y, heights, &lines.areas, On::Y);
    let frame = Frame::new(x, y);
    let mut body: String = lines.areas.iter().map(|area| draw_area(area, &frame)).collect();
    body += &frame.draw(&lines.x, &lines.y);
    let looks = looks(&lines.series);
    // The first stand in front.
    for (series, look) in lines.series.iter().zip(&looks).rev() {
        body += &draw_series(series, *look, &frame);
    }
    let mut key: Vec<Key> =
        lines.series.iter().zip(&looks).map(|(series, look)| entry(series, *look)).collect();
    let area = |area: &Area| Key {
        swatch: swatch("<path class=\"area\" d=\"M0 0h24v14h-24z\"/>"),
        name: area.name.clone(),
    };
    key.extend(lines.areas.iter().map(area));
    (Frame::height(), body, key)
}

/// An axis over all of `values` and over where areas begin, unless the lines would lie flat at the bottom then.
fn over(axis: &Axis, values: impl Iterator<Item = f64> + Clone, areas: &[Area], on: On) -> Mapping {
    let most = values.clone().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let near = |end: &f64| axis.scale != Scale::Linear || *end <= AREA_BEYOND * most;
    let ends = areas.iter().filter(|area| area.on == on).map(|area| area.from).filter(near);
    Mapping::of(axis.scale, values.chain(ends))
}

fn draw_area(area: &Area, frame: &Frame) -> String {
    let [left, top, right, bottom] = frame.ends();
    let (x, y, width, height) = match area.on {
        On::X => {
            let (from, to) = (frame.at_x(area.from), area.to.map_or(right, |to| frame.at_x(to)));
            (from, top, to - from, bottom - top)
        }
        On::Y => {
            let (from, to) = (frame.at_y(area.from), area.to.map_or(top, |to| frame.at_y(to)));
            (left, to, right - left, from - to)
        }
    };
    // Its name stands within it if it has room there; the key has it anyway. At the top is where lines mostly end, so the name of
    // one to the right stands at the bottom.
    let room = labels::width(&area.name) + 8.0 < width && height > 16.0;
    let name_y = if area.on == On::X { y + height - 6.0 } else { y + 13.0 };
    let name = if room { labels::text(x + 4.0, name_y, "area-name halo", &area.name) } else { String::new() };
    format!(
        "<path class=\"area\" d=\"M{} {}h{}v{}h-{}z\"/>{name}",
        at(x),
        at(y),
        at(width.max(0.0)),
        at(height.max(0.0)),
        at(width.max(0.0))
    )
}

fn draw_series(series: &Series, look: Look, frame: &Frame) -> String {
    let classes = look.classes();
    let finite = |point: &&Point| point.x.is_finite() && point.y.is_finite();
    let points: Vec<&Point> = series.points.iter().filter(finite).collect();
    let whiskers: String = points.iter().filter_map(|point| whisker(point, frame)).collect();
    let mut drawn = String::new();
    if !whiskers.is_empty() {
        drawn += &format!("<path class=\"whisker {classes}\" d=\"{whiskers}\"/>");
    }
    if series.style != Style::Points {
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            path += &format!("{letter}{} {}", at(frame.at_x(point.x)), at(frame.at_y(point.y)));
        }
        drawn += &format!("<path class=\"line {classes}\" d=\"{path}\"/>");
    }
    if let Look::Own(index) = look {
        let every = if series.style == Style::Points { 1 } else { points.len().div_ceil(MARKERS).max(1) };
        let places = points.iter().skip(every / 2).step_by(every);
        let markers: String =
            places.map(|point| marker(index, frame.at_x(point.x), frame.at_y(point.y))).collect();
        drawn += &format!("<path class=\"mark {classes}\" d=\"{markers}\"/>");
    } else if series.style == Style::Points {
        let dots: String =
            points.iter().map(|point| marker(0, frame.at_x(point.x), frame.at_y(point.y))).collect();
        drawn += &format!("<path class=\"mark {classes}\" d=\"{dots}\"/>");
    }
    format!("<g><title>{}</title>{drawn}</g>", labels::escaped(&series.name))
}

fn whisker(point: &Point, frame: &Frame) -> Option<String> {
    let (low, high) = point.interval?;
    let (x, bottom, top) = (frame.at_x(point.x), frame.at_y(low), frame.at_y(high));
    // Below this it would be hidden by the marker.
    (bottom - top > 1.0).then(|| format!("M{} {}h6m-3 0V{}m-3 0h6", at(x - 3.0), at(bottom), at(top)))
}

fn entry(series: &Series, look: Look) -> Key {
    let classes = look.classes();
    let mut body = String::new();
    if series.style != Style::Points {
        body += &format!("<path class=\"line {classes}\" d=\"M0 7H24\"/>");
    }
    match look {
        Look::Own(index) => {
            body += &format!("<path class=\"mark {classes}\" d=\"{}\"/>", marker(index, 12.0, 7.0));
        }
        _ if series.style == Style::Points => {
            body += &format!("<path class=\"mark {classes}\" d=\"{}\"/>", marker(0, 12.0, 7.0));
        }
        _ => {}
    }
    Key { swatch: swatch(&body), name: series.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_far_beyond_the_lines_does_not_press_them_flat() {
        let area = |from| [Area { name: "beyond".into(), on: On::Y, from, to: None }];
        let axis = Axis { title: String::new(), unit: String::new(), scale: Scale::Linear };
        let top =
            |from| over(&axis, [10.0, 40.0].into_iter(), &area(from), On::Y).ticks(5).last().unwrap().value;
        assert!((top(90.0) - 100.0).abs() < 1e-9);
        assert!((top(150.0) - 40.0).abs() < 1e-9);
    }
}
