//! A terminal's screen, as far as the view of a run uses it: what stands on it after all that was written.

use unicode_width::UnicodeWidthChar;

/// So many lines of so many columns. The second half of a wide character is empty.
pub(crate) struct Display {
    lines: Vec<Vec<Option<char>>>,
    column: usize,
    line: usize,
}

impl Display {
    /// What is on a screen of that size when all of `written` has come.
    pub(crate) fn after(written: &str, columns: usize, lines: usize) -> Self {
        let mut display = Self { lines: vec![vec![Some(' '); columns]; lines], column: 0, line: 0 };
        let mut rest = written.chars();
        while let Some(c) = rest.next() {
            match c {
                '\u{1b}' => display.obey(&mut rest),
                '\r' => display.column = 0,
                '\n' => display.line += 1,
                c => display.put(c),
            }
        }
        display
    }

    /// An escape sequence, `[`, numbers and a letter. Those that move nothing are passed over.
    fn obey(&mut self, rest: &mut impl Iterator<Item = char>) {
        if rest.next() != Some('[') {
            return;
        }
        let mut numbers = String::new();
        for c in rest.by_ref() {
            match c {
                'H' => {
                    let mut places = numbers.split(';').map(|number| number.parse::<usize>().unwrap_or(1));
                    self.line = places.next().unwrap_or(1).saturating_sub(1);
                    self.column = places.next().unwrap_or(1).saturating_sub(1);
                    return;
                }
                'J' => {
                    self.lines.iter_mut().for_each(|line| line.fill(Some(' ')));
                    return;
                }
                letter if letter.is_ascii_alphabetic() => return,
                other => numbers.push(other),
            }
        }
    }

    fn put(&mut self, c: char) {
        let Some(line) = self.lines.get_mut(self.line) else { return };
        let width = c.width().unwrap_or(0);
        for (place, half) in line.iter_mut().skip(self.column).take(width).enumerate() {
            *half = (place == 0).then_some(c);
        }
        self.column += width;
    }

    /// Line by line, without what is empty at their ends.
    pub(crate) fn text(&self) -> String {
        let line = |line: &Vec<Option<char>>| line.iter().flatten().collect::<String>().trim_end().to_owned();
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
