//! Texts in a drawing: numbers at ticks, names of axes, and how wide all of them are.

use minijinja::HtmlEscape;

use super::at;
use super::scale::Tick;
use crate::picture::Axis;
use crate::units::grouped;

/// How wide a digit is, in a drawing's units: of a wide font, at a size between that of a page and the larger one of a telephone.
const DIGIT: f64 = 9.0;

/// `text` so that nothing in it is markup.
pub(super) fn escaped(text: &str) -> String {
    HtmlEscape(text).to_string()
}

/// About how wide `text` is.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(digits).sum::<f64>() * DIGIT
}

/// About as how many digits a character is wide.
fn digits(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' => 0.5,
        'f' | 't' | 'r' | '(' | ')' | '-' | '/' => 0.65,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 1.55,
        'A'..='Z' => 1.2,
        chinese if chinese >= '\u{2e80}' => 1.7,
        _ => 1.0,
    }
}

/// `text`, cut so that it takes at most `room`.
pub(super) fn cut(text: &str, room: f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept) + (digits(c) + 1.0) * DIGIT > room {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// A number at a tick: no more digits than it has; in thousands, millions or billions where its axis goes that far, `50k`, `1.5M`.
pub(super) fn tick(tick: &Tick) -> String {
    let (value, unit) = match tick.size {
        large if large >= 1e9 => (tick.value / 1e9, "G"),
        large if large >= 1e6 => (tick.value / 1e6, "M"),
        large if large >= 1e5 => (tick.value / 1e3, "k"),
        _ => (tick.value, ""),
    };
    let unit = if value.abs() > 0.0 { unit } else { "" };
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
        let alone = |value: f64| tick(&Tick { value, place: 0.0, size: value.abs() });
        let ticks = [0.0, 0.25, 5.0, 20_000.0, 100_000.0, 1_500_000.0, -2_000.0, 99.99].map(alone);
        assert_eq!(ticks, ["0", "0.25", "5", "20,000", "100k", "1.5M", "-2,000", "99.99"]);
    }

    #[test]
    fn ticks_of_an_axis_have_its_unit() {
        let of = |value: f64| tick(&Tick { value, place: 0.0, size: 150_000.0 });
        assert_eq!([0.0, 50_000.0, 100_000.0, 150_000.0].map(of), ["0", "50k", "100k", "150k"]);
    }

    #[test]
    fn a_text_that_has_no_room_is_cut() {
        assert_eq!(cut("thread", 100.0), "thread");
        for (text, room) in [("thread-pool:workers=4", 80.0), ("线程池线程池", 60.0)] {
            let kept = cut(text, room);
            assert!(width(&kept) <= room && width(&kept) > room - 2.0 * 1.7 * DIGIT, "{kept}");
            assert!(kept.ends_with('…') && text.starts_with(kept.trim_end_matches('…')), "{kept}");
        }
    }
}
