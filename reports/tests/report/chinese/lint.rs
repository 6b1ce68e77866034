//! What is still English in a Chinese text: two words of small letters beside each other.

/// The lines with English in them, without what is code: between backticks, behind a dollar sign, `concur` or a label for a
/// command or a machine.
pub(crate) fn english(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !is_code(line) && has_english(&without_code(line)))
        .map(str::to_owned)
        .collect()
}

fn is_code(line: &str) -> bool {
    line.trim_start().starts_with("$ ") || line.contains("命令：") || line.contains("主机：")
}

fn without_code(line: &str) -> String {
    let line = line.split('`').step_by(2).collect::<Vec<_>>().join(" · ");
    let mut pieces = line.split("concur ");
    let mut told = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        told.push('·');
        told.push_str(piece.trim_start_matches(|c: char| c.is_ascii()));
    }
    told
}

/// Columns and the cells of a table stand apart.
fn has_english(line: &str) -> bool {
    line.split('|').flat_map(|cell| cell.split("  ")).any(has_english_words)
}

/// Words with a comma between them are a list of names.
fn has_english_words(text: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches(['.', ';', ':', '*', '"', '\'']);
        word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '\'')
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).any(|pair| is_word(pair[0]) && is_word(pair[1].trim_end_matches(',')))
}
