//! Texts in a drawing: numbers at ticks, names of axes, and how wide all of them are.

use minijinja::HtmlEscape;

use super::at;
use crate::picture::Axis;
use crate::units::grouped;

/// How wide a digit is, in a drawing's units, at its font size of 12.5.
const DIGIT: f64 = 7.2;

/// `text` so that nothing in it is markup.
pub(super) fn escaped(text: &str) -> String {
    HtmlEscape(text).to_string()
}

/// About how wide `text` is; Chinese characters are two digits wide.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(|c| if c >= '\u{2e80}' { 2.0 } else { 1.0 }).sum::<f64>() * DIGIT
}

/// `text`, cut so that it takes at most `room`.
pub(super) fn cut(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept) + 2.0 * DIGIT > room {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// A number at a tick: no more digits than it has, from 100,000 on `100k`, `1M`.
pub(super) fn tick(value: f64) -> String {
    let (value, unit) = match value.abs() {
        large if large >= 1e9 => (value / 1e9, "G"),
        large if large >= 1e6 => (value / 1e6, "M"),
        large if large >= 1e5 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    if value.fract().abs() < 1e-9 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}{unit}", grouped(value.abs().round() as u64));
    }
    // Six digits after the point are more than a nice number has.
    let text = format!("{value:.6}");
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A text element.
pub(super) fn text(x: f64, y: f64, class: &str, content: &str) -> String {
    format!("<text x=\"{}\" y=\"{}\" class=\"{class}\">{}</text>", at(x), at(y), escaped(content))
}

/// An axis's name and unit, each a piece of its own, so that each can be put into another language.
pub(super) fn axis(x: f64, y: f64, class: &str, axis: &Axis) -> String {
    let unit = if axis.unit.is_empty() {
        String::new()
    } else {
        format!(" (<tspan>{}</tspan>)", escaped(&axis.unit))
    };
    format!(
        "<text x=\"{}\" y=\"{}\" class=\"{class}\"><tspan>{}</tspan>{unit}</text>",
        at(x),
        at(y),
        escaped(&axis.title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_has_no_more_digits_than_its_number() {
        let ticks = [0.0, 0.25, 5.0, 20_000.0, 100_000.0, 1_500_000.0, -2_000.0, 99.99].map(tick);
        assert_eq!(ticks, ["0", "0.25", "5", "20,000", "100k", "1.5M", "-2,000", "99.99"]);
    }

    #[test]
    fn a_text_that_has_no_room_is_cut() {
        assert_eq!(cut("thread", 100.0), "thread");
        assert_eq!(cut("thread-pool:workers=4", 80.0), "thread-poo…");
        assert_eq!(cut("线程池线程池", 60.0), "线程池线…");
    }
}
