//! Texts for places where a control character would do harm: a terminal or a line of Markdown.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` on one line: every control character, line breaks among them, becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_break(c) { ' ' } else { c }).collect()
}

/// Characters that break a line or turn its direction without being control characters.
fn is_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// `text` in lines of at most `width` columns of a terminal, broken after spaces, and beside characters as wide as two, which
/// have no spaces between their words; within a word only where it has no room on a line of its own. Every line but the first is
/// indented by `indent` spaces, where that leaves half of the width.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let indent = if indent * 2 <= width { indent } else { 0 };
    let mut lines = Lines { text: String::new(), width: width.max(1), indent, length: 0, is_fresh: true };
    for word in text.split_whitespace() {
        for (number, piece) in pieces(word).into_iter().enumerate() {
            lines.put(piece, number == 0);
        }
    }
    lines.text
}

/// Lines that are being filled.
struct Lines {
    text: String,
    width: usize,
    indent: usize,
    /// How wide the last one is.
    length: usize,
    /// Whether nothing stands in it.
    is_fresh: bool,
}

impl Lines {
    /// Puts a piece into the last line, behind a space where it begins a word, or into a new one.
    fn put(&mut self, piece: &str, begins: bool) {
        let gap = usize::from(begins && !self.is_fresh);
        if !self.is_fresh && self.length + gap + piece.width() > self.width {
            self.turn();
        } else if gap == 1 {
            self.text.push(' ');
            self.length += 1;
        }
        for c in piece.chars() {
            let width = c.width().unwrap_or_default();
            if !self.is_fresh && self.length + width > self.width {
                self.turn();
            }
            self.text.push(c);
            self.length += width;
            self.is_fresh = false;
        }
    }

    fn turn(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', self.indent));
        (self.length, self.is_fresh) = (self.indent, true);
    }
}

/// A word in pieces that a line may end behind.
fn pieces(word: &str) -> Vec<&str> {
    let is_wide = |c: char| c.width() == Some(2);
    let (mut pieces, mut begin, mut last) = (Vec::new(), 0, None);
    for (place, c) in word.char_indices() {
        let may_break = last.is_some_and(|last| {
            (is_wide(last) || is_wide(c)) && !OPENS.contains(last) && !CLOSES.contains(c)
        });
        if may_break {
            pieces.push(&word[begin..place]);
            begin = place;
        }
        last = Some(c);
    }
    pieces.push(&word[begin..]);
    pieces
}

/// What no line ends with, and what none begins with.
const OPENS: &str = "（「『《〈【“‘([{";
const CLOSES: &str = "，。、；：！？）」』》〉】”’…％,.;:!?)]}%";

/// `text` in lines of at most `width` columns of a terminal, broken where a model and its options may be: after a colon, a
/// comma or a space, and after a hyphen where there is no other way.
pub(crate) fn break_label(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    let pieces = text.split_inclusive([':', ',', ' ']).flat_map(|piece| {
        let too_long = piece.trim_end().width() > width;
        piece.split_inclusive(move |c| too_long && c == '-')
    });
    for piece in pieces {
        let piece_length = piece.trim_end().width();
        if length > 0 && length + piece_length > width {
            lines.push('\n');
            length = 0;
        }
        lines.push_str(piece);
        length += piece.width();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_becomes_a_space() {
        assert_eq!(one_line("a\u{1b}[31mb\r\nc\u{202e}d"), "a [31mb  c d");
    }

    #[test]
    fn a_text_is_broken_between_words() {
        assert_eq!(wrap("one two three", 7, 2), "one two\n  three");
        assert_eq!(wrap("incomprehensible it is", 6, 0), "incomp\nrehens\nible\nit is");
        assert_eq!(wrap("a bc", 1, 2), "a\nb\nc");
    }

    #[test]
    fn wide_characters_count_twice_and_lines_break_between_them() {
        assert_eq!(wrap("每个请求的处理器时间，越低越好。", 10, 0), "每个请求的\n处理器时\n间，越低越\n好。");
        assert_eq!(wrap("用 epoll（边缘触发）更快", 12, 2), "用 epoll（边\n  缘触发）更\n  快");
    }

    #[test]
    fn a_label_is_broken_between_options() {
        assert_eq!(break_label("thread-pool:queue=8,workers=4", 16), "thread-pool:\nqueue=8,\nworkers=4");
        assert_eq!(break_label("shared-memory-futex", 16), "shared-memory-\nfutex");
        assert_eq!(break_label("fork:reap=double-fork", 16), "fork:\nreap=double-fork");
        assert_eq!(break_label("epoll:trigger=edge", 18), "epoll:trigger=edge");
    }
}
