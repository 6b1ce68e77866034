//! What is still English in a Chinese text: two words of small letters beside each other.

/// What is code of two words and stays.
const NAMES: [&str; 1] = ["concur run"];

/// The lines with English in them, without what is code: between backticks, after a dollar sign, behind `命令`.
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
    line.split('`').step_by(2).collect::<Vec<_>>().join(" · ")
}

/// Cells of a table stand apart.
fn has_english(line: &str) -> bool {
    line.split('|').any(has_english_words)
}

fn has_english_words(text: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches([',', '.', ';', ':', '*', '"', '\'']);
        word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '\'')
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .windows(2)
        .any(|pair| pair.iter().all(|word| is_word(word)) && !NAMES.contains(&pair.join(" ").as_str()))
}
