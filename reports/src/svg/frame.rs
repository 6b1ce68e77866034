//! The frame of a drawing with two axes: where its plane is, its ticks, its lines, its names.

use super::labels::{self, axis, tick};
use super::scale::{Mapping, Tick};
use super::{WIDTH, at};
use crate::picture::Axis;

/// Above the plane there is the name of the axis that goes upwards, below it ticks and the other's name.
const TOP: f64 = 26.0;
const BELOW: f64 = 42.0;
/// What is free to the right, so that half of the last tick's number has room.
const RIGHT: f64 = 26.0;
/// How high the plane is.
const HEIGHT: f64 = 230.0;
/// Between two numbers at ticks.
const GAP: f64 = 8.0;

/// A plane with axes.
pub(super) struct Frame {
    /// To the right.
    pub(super) x: Mapping,
    /// Upwards.
    pub(super) y: Mapping,
    left: f64,
}

impl Frame {
    /// One whose left edge leaves room for the numbers beside it.
    pub(super) fn new(x: Mapping, y: Mapping) -> Self {
        let widest = y.ticks(5).iter().map(|it| labels::width(&tick(it))).fold(0.0, f64::max);
        Self { x, y, left: widest + 12.0 }
    }

    /// The height of the whole drawing.
    pub(super) fn height() -> f64 {
        TOP + HEIGHT + BELOW
    }

    /// Where `value` is, from the left.
    pub(super) fn at_x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * self.width()
    }

    /// Where `value` is, from the top.
    pub(super) fn at_y(&self, value: f64) -> f64 {
        TOP + (1.0 - self.y.place(value)) * HEIGHT
    }

    /// The plane's ends: left, top, right, bottom.
    pub(super) fn ends(&self) -> [f64; 4] {
        [self.left, TOP, self.left + self.width(), TOP + HEIGHT]
    }

    fn width(&self) -> f64 {
        WIDTH - RIGHT - self.left
    }

    /// Grid, ticks, and the names of `x` and `y`.
    pub(super) fn draw(&self, x: &Axis, y: &Axis) -> String {
        let [left, top, right, bottom] = self.ends();
        let mut grid = String::new();
        let mut texts = String::new();
        for it in &self.y.ticks(5) {
            let y = self.at_y(it.value);
            grid += &format!("M{} {}H{}", at(left), at(y), at(right));
            texts += &labels::text(left - 6.0, y + 4.0, "e", &tick(it));
        }
        for it in &spaced(&self.x.ticks(7), self.width()) {
            let x = self.at_x(it.value);
            grid += &format!("M{} {}v5", at(x), at(bottom));
            texts += &labels::text(x, bottom + 18.0, "m", &tick(it));
        }
        format!(
            "<path class=\"grid\" d=\"{grid}\"/><path class=\"edge\" d=\"M{} {}V{}H{}\"/>{texts}{}{}",
            at(left),
            at(top),
            at(bottom),
            at(right),
            axis(2.0, 13.0, "name", y),
            axis(f64::midpoint(left, right), bottom + 36.0, "name m", x),
        )
    }
}

/// Those of `ticks` whose numbers do not touch each other on an axis so long.
pub(super) fn spaced(ticks: &[Tick], length: f64) -> Vec<Tick> {
    let mut kept: Vec<Tick> = Vec::new();
    for it in ticks {
        let half = |it: &Tick| labels::width(&tick(it)) / 2.0;
        let far = |last: &Tick| (it.place - last.place) * length > half(last) + half(it) + GAP;
        if kept.last().is_none_or(far) {
            kept.push(*it);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Scale;

    #[test]
    fn numbers_at_ticks_do_not_touch() {
        let mapping = Mapping::of(Scale::Logarithmic, [1.0, 900.0].into_iter());
        let all = mapping.ticks(7);
        let kept = spaced(&all, 200.0);
        assert!(kept.len() < all.len() && kept.len() > 2, "{kept:?}");
        for pair in kept.windows(2) {
            let room = (pair[1].place - pair[0].place) * 200.0;
            let [one, other] = [0, 1].map(|index| labels::width(&tick(&pair[index])));
            let needed = f64::midpoint(one, other);
            assert!(room > needed, "{pair:?}");
        }
    }
}
