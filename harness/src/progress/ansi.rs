//! Writes what ratatui draws to a terminal. Its own backend for crossterm brings crossterm's event loop along, and with it signal
//! handlers of its own, where this program has some already.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::{Attribute, Color as Shown, Print, SetAttribute, SetForegroundColor};
use crossterm::terminal::{Clear, ClearType as What};
use ratatui_core::backend::{Backend, ClearType, WindowSize};
use ratatui_core::buffer::Cell;
use ratatui_core::layout::{Position, Size};
use ratatui_core::style::{Color, Modifier};

/// A terminal that is so large. A frame is written at once.
pub(super) struct Ansi<W> {
    out: W,
    frame: Vec<u8>,
    pub(super) size: Size,
}

impl<W: Write> Ansi<W> {
    pub(super) fn new(out: W, size: Size) -> Self {
        Self { out, frame: Vec::new(), size }
    }
}

impl<W: Write> Backend for Ansi<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let (mut next, mut style) = (None, (Color::Reset, Modifier::empty()));
        for (x, y, cell) in content {
            if next != Some((x, y)) {
                queue!(self.frame, MoveTo(x, y))?;
            }
            if style != (cell.fg, cell.modifier) {
                style = (cell.fg, cell.modifier);
                restyle(&mut self.frame, cell)?;
            }
            queue!(self.frame, Print(cell.symbol()))?;
            next = Some((x + 1, y));
        }
        queue!(self.frame, SetAttribute(Attribute::Reset))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        queue!(self.frame, Hide)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        queue!(self.frame, Show)
    }

    /// Nobody looks for the cursor: it is hidden.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        queue!(self.frame, MoveTo(x, y))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        let what = match region {
            ClearType::All => What::All,
            ClearType::AfterCursor => What::FromCursorDown,
            ClearType::BeforeCursor => What::FromCursorUp,
            ClearType::CurrentLine => What::CurrentLine,
            ClearType::UntilNewLine => What::UntilNewLine,
        };
        queue!(self.frame, Clear(what))
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.frame).and_then(|()| self.out.flush());
        self.frame.clear();
        written
    }
}

/// The few styles that a view has.
fn restyle(frame: &mut Vec<u8>, cell: &Cell) -> io::Result<()> {
    queue!(frame, SetAttribute(Attribute::Reset))?;
    if cell.modifier.contains(Modifier::BOLD) {
        queue!(frame, SetAttribute(Attribute::Bold))?;
    }
    if cell.modifier.contains(Modifier::DIM) {
        queue!(frame, SetAttribute(Attribute::Dim))?;
    }
    let color = match cell.fg {
        Color::Green => Shown::DarkGreen,
        Color::Yellow => Shown::DarkYellow,
        Color::Cyan => Shown::DarkCyan,
        _ => return Ok(()),
    };
    queue!(frame, SetForegroundColor(color))
}

#[cfg(test)]
mod tests {
    use ratatui_core::style::Style;
    use ratatui_core::terminal::Terminal;

    use super::*;

    /// What is written for one frame in which `style` has a text.
    fn written(style: Style) -> String {
        let mut out = Vec::new();
        let mut terminal = Terminal::new(Ansi::new(&mut out, Size::new(10, 2))).unwrap();
        terminal.draw(|frame| frame.buffer_mut().set_string(2, 1, "ab", style)).unwrap();
        drop(terminal);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn characters_beside_each_other_are_written_in_one_go() {
        let written = written(Style::new());
        assert!(written.contains("\u{1b}[2;3Hab\u{1b}[0m"), "{written:?}");
    }

    #[test]
    fn a_style_is_set_before_its_text_and_reset_behind_it() {
        let written = written(Style::new().add_modifier(Modifier::BOLD));
        assert!(written.contains("\u{1b}[0m\u{1b}[1mab\u{1b}[0m"), "{written:?}");
    }
}
