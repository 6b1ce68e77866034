//! Bars and sparklines in characters: figures to look at beside figures to read.

use super::Charset;

/// From an eighth of a character to a whole one, from the left.
const BAR: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// From an eighth of a character to a whole one, from below.
pub(super) const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same where there is nothing but ASCII: from little ink to much.
const ASCII_HEIGHTS: [char; 7] = ['.', ':', '-', '=', '+', '*', '#'];

/// A bar of `share` of `width` characters, from 0 to 1. What is more than nothing is seen.
pub fn bar(share: f64, width: usize, charset: Charset) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let parts = match charset {
        Charset::Utf8 => BAR.len(),
        Charset::Ascii => 1,
    };
    let least = usize::from(share > 0.0 && width > 0);
    let length = ((share * (width * parts) as f64).round() as usize).max(least);
    match charset {
        Charset::Ascii => "#".repeat(length),
        Charset::Utf8 => {
            let mut bar = "█".repeat(length / parts);
            bar.extend((length % parts).checked_sub(1).map(|eighths| BAR[eighths]));
            bar
        }
    }
}

/// A character for each of `shares`, from 0 to 1 of the greatest height; a space where nothing is known.
pub fn sparkline(shares: impl IntoIterator<Item = Option<f64>>, charset: Charset) -> String {
    let heights: &[char] = match charset {
        Charset::Utf8 => &HEIGHTS,
        Charset::Ascii => &ASCII_HEIGHTS,
    };
    let highest = heights.len() - 1;
    let mark =
        |share: f64| heights[((share * heights.len() as f64).ceil() as usize).clamp(1, highest + 1) - 1];
    shares.into_iter().map(|share| share.filter(|share| share.is_finite()).map_or(' ', mark)).collect()
}

/// The ASCII height for a character of a sparkline that stands in a text.
pub(super) fn in_ascii(height: char) -> char {
    let place = HEIGHTS.iter().position(|other| *other == height).unwrap_or(0);
    ASCII_HEIGHTS[place * ASCII_HEIGHTS.len() / HEIGHTS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_drawn_to_an_eighth_of_a_character() {
        assert_eq!(bar(1.0, 3, Charset::Utf8), "███");
        assert_eq!(bar(0.5, 3, Charset::Utf8), "█▌");
        assert_eq!(bar(0.0, 3, Charset::Utf8), "");
        assert_eq!(bar(0.5, 4, Charset::Ascii), "##");
    }

    #[test]
    fn what_is_more_than_nothing_is_seen() {
        assert_eq!(bar(1e-9, 3, Charset::Utf8), "▏");
        assert_eq!(bar(1e-9, 3, Charset::Ascii), "#");
        assert_eq!(bar(f64::NAN, 3, Charset::Utf8), "");
    }

    #[test]
    fn a_sparkline_has_a_character_for_each_figure_and_a_space_for_none() {
        let shares = [Some(0.0), Some(0.125), Some(0.5), None, Some(1.0), Some(7.0)];
        assert_eq!(sparkline(shares, Charset::Utf8), "▁▁▄ ██");
        assert_eq!(sparkline(shares, Charset::Ascii), "..= ##");
    }
}
