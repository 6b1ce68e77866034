//! Texts for places where a control character would do harm: a terminal or a line of Markdown.

/// `text` on one line: every control character, line breaks among them, becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_break(c) { ' ' } else { c }).collect()
}

/// Characters that break a line or turn its direction without being control characters.
fn is_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// `text` in lines of at most `width` characters, broken after spaces; a longer word keeps its line. Every line
/// but the first is indented by `indent` spaces.
pub(crate) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        let length = line.chars().count();
        if line.trim().is_empty() {
            line.push_str(word);
        } else if length + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{:indent$}{word}", ""));
        }
    }
    lines.join("\n")
}

/// `text` in lines of at most `width` characters, broken where a model and its options may be: after a colon, a
/// comma or a space, and after a hyphen where there is no other way.
pub(crate) fn break_label(text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut length = 0;
    let pieces = text.split_inclusive([':', ',', ' ']).flat_map(|piece| {
        let too_long = piece.trim_end().chars().count() > width;
        piece.split_inclusive(move |c| too_long && c == '-')
    });
    for piece in pieces {
        let piece_length = piece.trim_end().chars().count();
        if length > 0 && length + piece_length > width {
            lines.push('\n');
            length = 0;
        }
        lines.push_str(piece);
        length += piece.chars().count();
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
        assert_eq!(wrap("incomprehensibilities are long", 5, 0), "incomprehensibilities\nare\nlong");
    }

    #[test]
    fn a_label_is_broken_between_options() {
        assert_eq!(break_label("thread-pool:queue=8,workers=4", 16), "thread-pool:\nqueue=8,\nworkers=4");
        assert_eq!(break_label("shared-memory-futex", 16), "shared-memory-\nfutex");
        assert_eq!(break_label("fork:reap=double-fork", 16), "fork:\nreap=double-fork");
        assert_eq!(break_label("epoll:trigger=edge", 18), "epoll:trigger=edge");
    }
}
