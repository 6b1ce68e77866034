//! The catalogue: a gettext file with its texts by what they are looked up by.

use std::collections::HashMap;
use std::sync::OnceLock;

use polib::po_file;

use super::pattern::{Match, Pattern};

/// The context of what stands above a column.
const HEADING: &str = "heading";

/// All texts of one language.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    literals: HashMap<String, String>,
    headings: HashMap<String, String>,
    /// The most literal one first, since it says most about what a text is.
    patterns: Vec<Pattern>,
    /// Patterns by the word that they begin with, else by the one that they end with, else all others.
    by_first: HashMap<String, Vec<usize>>,
    by_last: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

/// The Chinese one.
pub(super) fn chinese() -> &'static Catalogue {
    static CHINESE: OnceLock<Catalogue> = OnceLock::new();
    CHINESE.get_or_init(|| Catalogue::read(include_str!("../../locales/zh.po")))
}

impl Catalogue {
    /// Reads a catalogue that is part of this program; a test sees to it that it can be read.
    fn read(text: &str) -> Self {
        let file = po_file::parse_from_reader(text.as_bytes()).expect("the catalogue is a gettext file");
        let mut catalogue = Self::default();
        for message in file.messages() {
            let Ok(translation) = message.msgstr() else { continue };
            let key = message.msgid();
            if key.is_empty() || translation.is_empty() {
                continue;
            }
            if message.msgctxt() == Some(HEADING) {
                catalogue.headings.insert(key.to_owned(), translation.to_owned());
                continue;
            }
            catalogue.add(key, translation);
            // What goes on from something else may stand in a list, or be taken off it; and a line's end may be off.
            let within = key.trim_start_matches([',', ';', ' ']).trim_end_matches('\n');
            if within.len() < key.len() {
                catalogue
                    .add(within, translation.trim_start_matches(['，', '；', ' ']).trim_end_matches('\n'));
            }
        }
        catalogue.patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.weight()));
        for (index, pattern) in catalogue.patterns.iter().enumerate() {
            let of = match (pattern.first_word(), pattern.last_word()) {
                (Some(word), _) => catalogue.by_first.entry(word.to_owned()).or_default(),
                (None, Some(word)) => catalogue.by_last.entry(word.to_owned()).or_default(),
                (None, None) => &mut catalogue.others,
            };
            of.push(index);
        }
        catalogue
    }

    fn add(&mut self, key: &str, translation: &str) {
        match Pattern::of(key, translation) {
            Some(pattern) => self.patterns.push(pattern),
            None => drop(self.literals.insert(key.to_owned(), translation.to_owned())),
        }
    }

    pub(super) fn literal(&self, text: &str) -> Option<&str> {
        self.literals.get(text).map(String::as_str)
    }

    pub(super) fn heading(&self, text: &str) -> Option<&str> {
        self.headings.get(text).map(String::as_str)
    }

    /// The pattern that says most about `text`, with its values.
    pub(super) fn matched<'a>(&self, text: &'a str) -> Option<Match<'_, 'a>> {
        let first = text.split(' ').next().unwrap_or_default();
        let last = text.rsplit(' ').next().unwrap_or_default();
        let candidates = [self.by_first.get(first), self.by_last.get(last), Some(&self.others)];
        let mut best: Option<(usize, Match<'_, 'a>)> = None;
        for &index in candidates.into_iter().flatten().flatten() {
            if best.as_ref().is_some_and(|(other, _)| *other < index) {
                continue;
            }
            if let Some(found) = self.patterns[index].matched(text) {
                best = Some((index, found));
            }
        }
        best.map(|(_, found)| found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_can_be_read_and_holds_texts() {
        assert!(chinese().literals.len() > 500, "{}", chinese().literals.len());
        assert!(chinese().patterns.len() > 300, "{}", chinese().patterns.len());
        assert!(chinese().headings.len() > 20, "{}", chinese().headings.len());
    }
}
