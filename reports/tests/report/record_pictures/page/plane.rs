//! A drawing's axes read back from the numbers at their ticks, and the lines between them.

use reports::picture::{Lines, On, Point, Scale, Series, Style};

use super::read::{between, plain};

/// How far a place may be from where it should be, in the drawing's units: half a pixel.
const NEAR: f64 = 0.5;

/// From values to places along an axis, as its ticks say.
pub(super) struct Axis {
    scale: Scale,
    /// Two ticks: what lies evenly, and where it is.
    first: (f64, f64),
    last: (f64, f64),
}

impl Axis {
    /// Of ticks: the number at each and where it is. All of them must lie on one scale.
    pub(super) fn of(scale: Scale, ticks: &[(f64, f64)]) -> Self {
        let ticks: Vec<(f64, f64)> = ticks.iter().map(|(value, at)| (evenly(scale, *value), *at)).collect();
        assert!(ticks.len() > 1, "an axis of fewer than two numbers says nothing: {ticks:?}");
        let axis = Self { scale, first: ticks[0], last: ticks[ticks.len() - 1] };
        assert!(ticks.iter().all(|(value, at)| (axis.along(*value) - at).abs() < NEAR), "{ticks:?}");
        axis
    }

    fn along(&self, even: f64) -> f64 {
        let ((from, at), (to, end)) = (self.first, self.last);
        at + (even - from) / (to - from) * (end - at)
    }

    /// Where a value is.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.along(evenly(self.scale, value))
    }

    /// Whether a value can be shown at all.
    pub(super) fn has(&self, value: f64) -> bool {
        evenly(self.scale, value).is_finite()
    }

    pub(super) fn is_at(&self, value: f64, place: f64) -> bool {
        (self.at(value) - place).abs() < NEAR
    }
}

fn evenly(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Logarithmic => value.log10(),
        Scale::Nines => -(1.0 - value / 100.0).log10(),
    }
}

/// The texts of these classes: where each is and what it says.
pub(super) fn texts(svg: &str, classes: &[&str]) -> Vec<(f64, f64, String)> {
    let text = |element: &str| {
        let (attributes, content) = element.split_once('>')?;
        let of = |name: &str| between(attributes, &format!("{name}=\""), "\"").first().copied();
        let class = of("class")?;
        classes
            .contains(&class)
            .then(|| Some((of(" x")?.parse().ok()?, of(" y")?.parse().ok()?, plain(content))))?
    };
    between(svg, "<text", "</text>").into_iter().filter_map(text).collect()
}

/// A number at a tick: `20,000`, `1.5M`.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.replace(',', "");
    let unit = match text.chars().last()? {
        'k' => 1e3,
        'M' => 1e6,
        'G' => 1e9,
        _ => 1.0,
    };
    Some(text.trim_end_matches(['k', 'M', 'G']).parse::<f64>().ok()? * unit)
}

/// The axis to the right: its numbers stand side by side below everything else that is a number.
pub(super) fn to_the_right(svg: &str, scale: Scale) -> Axis {
    let texts = texts(svg, &["m", ""]);
    let bottom = texts.iter().map(|text| text.1).fold(0.0, f64::max);
    let ticks = texts.iter().filter(|text| text.1 >= bottom - 1e-9);
    let ticks: Vec<(f64, f64)> = ticks.filter_map(|(x, _, text)| Some((number(text)?, *x))).collect();
    Axis::of(scale, &ticks)
}

/// The axis upwards: its numbers stand to the left of it, a little below their lines.
pub(super) fn upwards(svg: &str, scale: Scale) -> Axis {
    let texts = texts(svg, &["e"]);
    let ticks: Vec<(f64, f64)> =
        texts.iter().filter_map(|(_, y, text)| Some((number(text)?, y - 4.0))).collect();
    Axis::of(scale, &ticks)
}

/// The numbers of a path, whatever its commands.
pub(super) fn numbers(path: &str) -> Vec<f64> {
    let pieces = path.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
    pieces.filter_map(|piece| piece.parse().ok()).collect()
}

/// Every point of every line is where its numbers say, and so are the ends of its interval.
pub(super) fn draws_lines(svg: &str, lines: &Lines) {
    let (x, y) = (to_the_right(svg, lines.x.scale), upwards(svg, lines.y.scale));
    let groups = between(svg, "<g>", "</g>");
    for series in &lines.series {
        let is_own = |group: &&&str| plain(&between(group, "<title>", "</title>").concat()) == series.name;
        let group = groups.iter().find(is_own).unwrap_or_else(|| panic!("{} has no line", series.name));
        draws_series(group, series, &x, &y);
    }
    let areas = between(svg, "<path class=\"area\" d=\"", "\"");
    assert_eq!(areas.len(), lines.areas.len());
    for (path, area) in areas.iter().zip(&lines.areas) {
        let [left, top, _, height, _] = numbers(&path.replace(['h', 'v'], " "))[..] else { panic!("{path}") };
        // One far beyond the lines is only told of.
        let begins = match area.on {
            On::X => x.is_at(area.from, left),
            On::Y => y.is_at(area.from, top + height) || height < NEAR,
        };
        assert!(begins, "{path} {area:?}");
    }
}

fn draws_series(group: &str, series: &Series, x: &Axis, y: &Axis) {
    let path = |class: &str| {
        let path = between(group, &format!("<path class=\"{class} "), "/>").concat();
        between(&path, "d=\"", "\"").concat()
    };
    if series.style != Style::Points {
        let drawn = numbers(&path("line").replace('L', " "));
        assert_eq!(drawn.len(), 2 * series.points.len(), "{}", series.name);
        for (drawn, point) in drawn.chunks(2).zip(&series.points) {
            // What can't be shown on a logarithmic axis stands at its edge.
            let is_there = x.is_at(point.x, drawn[0]) || !x.has(point.x);
            let is_as_high = y.is_at(point.y, drawn[1]) || !y.has(point.y) || point.y <= 0.0;
            assert!(is_there && is_as_high, "{}: {drawn:?} {point:?}", series.name);
        }
    }
    // An interval that would hide behind its marker has no ends.
    let has_ends =
        |point: &&Point| point.interval.is_some_and(|(low, high)| y.at(low) - y.at(high) > 1.0 + 0.1);
    for point in series.points.iter().filter(has_ends) {
        let (low, high) = point.interval.unwrap();
        let is_own = |whisker: &&str| {
            let ends = numbers(&whisker.replace(['h', 'm', 'V'], " "));
            // From the left of its lower end: across, back to the middle, up, and across again.
            matches!(ends[..], [left, bottom, _, _, _, top, ..]
                if x.is_at(point.x, left + 3.0) && y.is_at(low, bottom) && y.is_at(high, top))
        };
        assert!(
            path("whisker").split('M').skip(1).any(|whisker| is_own(&whisker)),
            "{}: {point:?}",
            series.name
        );
    }
}
