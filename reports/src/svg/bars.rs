//! Bars beside each other, each below its name and figure, in parts from left to right.

use super::frame::spaced;
use super::scale::Mapping;
use super::{Key, WIDTH, at, labels, swatch};
use crate::picture::{Bar, Bars, Scale};

/// How much room a bar with its name takes, and how high it is.
const ROW: f64 = 34.0;
const BAR: f64 = 13.0;
const LEFT: f64 = 4.0;
const RIGHT: f64 = 26.0;
const BELOW: f64 = 44.0;
/// So many parts have a look of their own: as many as any picture has, the classes of errors.
const PARTS: usize = 5;

/// Its height, what is in it, and its key.
pub(super) fn draw(bars: &Bars) -> (f64, String, Vec<Key>) {
    let ends = bars.rows.iter().flat_map(|bar| [whole(bar), bar.interval.map_or(0.0, |(_, high)| high)]);
    // On a logarithmic axis a bar needs somewhere to begin: at the edge, which is below the shortest one.
    let shortest = bars.rows.iter().map(whole).filter(|length| *length > 0.0).fold(f64::INFINITY, f64::min);
    let edge = (bars.axis.scale == Scale::Logarithmic && shortest.is_finite()).then_some(shortest / 2.0);
    let axis = Mapping::of(bars.axis.scale, ends.chain(edge));
    let bottom = ROW * bars.rows.len() as f64 + 4.0;
    let mut body = scale(bars, &axis, bottom);
    for (index, bar) in bars.rows.iter().enumerate() {
        body += &draw_bar(bar, &axis, ROW * index as f64);
    }
    let key = |(index, name): (usize, &String)| Key {
        swatch: swatch(&format!("<path class=\"p{}\" d=\"M0 0h24v14h-24z\"/>", index % PARTS)),
        name: name.clone(),
    };
    let key =
        if bars.parts.len() > 1 { bars.parts.iter().enumerate().map(key).collect() } else { Vec::new() };
    (bottom + BELOW, body, key)
}

/// The length of the whole bar.
fn whole(bar: &Bar) -> f64 {
    bar.lengths.iter().filter(|length| length.is_finite()).sum()
}

fn place(axis: &Mapping, value: f64) -> f64 {
    LEFT + axis.place(value) * (WIDTH - LEFT - RIGHT)
}

fn scale(bars: &Bars, axis: &Mapping, bottom: f64) -> String {
    let (mut grid, mut texts) = (String::new(), String::new());
    for tick in &spaced(&axis.ticks(6), WIDTH - LEFT - RIGHT) {
        let x = place(axis, tick.value);
        grid += &format!("M{} 0V{}", at(x), at(bottom + 4.0));
        // The first number would begin beyond the edge if it stood in the middle of its line.
        let class = if tick.place < 0.02 { "" } else { "m" };
        texts += &labels::text(x, bottom + 18.0, class, &labels::tick(tick));
    }
    let name = labels::axis(WIDTH / 2.0, bottom + 37.0, "name m", &bars.axis);
    format!("<path class=\"grid\" d=\"{grid}\"/>{texts}{name}")
}

fn draw_bar(bar: &Bar, axis: &Mapping, top: f64) -> String {
    let value_room = labels::width(&bar.value);
    let label = labels::cut(&bar.label, WIDTH - LEFT - value_room - 16.0);
    let mut drawn = labels::text(LEFT, top + 13.0, "halo", &label);
    drawn += &labels::text(WIDTH - 2.0, top + 13.0, "halo e", &bar.value);
    let (mut sum, mut from) = (0.0, LEFT);
    for (index, length) in bar.lengths.iter().enumerate().filter(|(_, length)| length.is_finite()) {
        sum += length;
        let to = place(axis, sum);
        if to <= from {
            continue;
        }
        drawn += &format!(
            "<path class=\"p{}\" d=\"M{} {}h{}v{BAR}h-{}z\"/>",
            index % PARTS,
            at(from),
            at(top + 18.0),
            at(to - from),
            at(to - from)
        );
        from = to;
    }
    if let Some((low, high)) = bar.interval {
        let (low, high, middle) = (place(axis, low), place(axis, high), top + 18.0 + BAR / 2.0);
        if high - low > 1.0 {
            drawn += &format!(
                "<path class=\"interval\" d=\"M{} {}v6m0 -3H{}m0 -3v6\"/>",
                at(low),
                at(middle - 3.0),
                at(high)
            );
        }
    }
    format!("<g><title>{}: {}</title>{drawn}</g>", labels::escaped(&bar.label), labels::escaped(&bar.value))
}
