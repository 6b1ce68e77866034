//! Lines on a terminal that are drawn again in the same place.
//!
//! The cursor stands below them, visible and where it would be without us: there is nothing to put right when a lesson
//! ends, however that happens. A terminal that becomes narrower breaks the lines that stand there into several, and they are
//! erased as such.

use std::io::{self, Write};

use reports::terminal::columns;

/// Up so many lines (ECMA-48, CPL), to the first column, and everything below erased (ED).
fn erase(lines: usize) -> String {
    if lines == 0 { String::new() } else { format!("\x1b[{lines}F\x1b[J") }
}

/// What stands there now.
#[derive(Debug, Default)]
pub(super) struct InPlace {
    /// How many columns each line takes.
    lengths: Vec<usize>,
}

/// A line, and how many columns of it are seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) length: usize,
}

impl Line {
    /// A line without colours, cut where a terminal of this width would break it.
    pub(super) fn plain(text: &str, width: usize) -> Self {
        let mut taken = 0;
        let fits = |c: &char| {
            taken += columns(c.encode_utf8(&mut [0; 4]));
            taken < width
        };
        let text: String = text.chars().take_while(fits).collect();
        Self { length: columns(&text), text }
    }
}

impl InPlace {
    /// Draws `lines` in the place of those that stand there, on a terminal that is now so wide.
    pub(super) fn draw(&mut self, out: &mut impl Write, lines: &[Line], width: usize) -> io::Result<()> {
        let rows = self.lengths.iter().map(|length| length.div_ceil(width.max(1)).max(1)).sum();
        let mut text = erase(rows);
        for line in lines {
            text.push_str(&line.text);
            text.push('\n');
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
        self.lengths = lines.iter().map(|line| line.length).collect();
        Ok(())
    }

    /// Lets them stand for good: what comes next stands below.
    pub(super) fn leave(&mut self) {
        self.lengths.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(place: &mut InPlace, lines: &[&str], width: usize) -> String {
        let lines: Vec<Line> = lines.iter().map(|text| Line::plain(text, width)).collect();
        let mut out = Vec::new();
        place.draw(&mut out, &lines, width).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_take_the_place_of_those_before_them() {
        let mut place = InPlace::default();
        assert_eq!(draw(&mut place, &["one", "two"], 80), "one\ntwo\n");
        assert_eq!(draw(&mut place, &["three"], 80), "\x1b[2F\x1b[Jthree\n");
        place.leave();
        assert_eq!(draw(&mut place, &["four"], 80), "four\n");
    }

    #[test]
    fn lines_that_a_narrower_terminal_has_broken_are_erased_whole() {
        let mut place = InPlace::default();
        draw(&mut place, &["123456789", ""], 80);
        assert_eq!(draw(&mut place, &["x"], 4), "\x1b[4F\x1b[Jx\n");
    }

    #[test]
    fn a_line_is_cut_before_the_terminal_would_break_it() {
        assert_eq!(Line::plain("abcdef", 5), Line { text: "abcd".to_owned(), length: 4 });
    }
}
