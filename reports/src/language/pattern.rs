//! A text with `{}` in it: whether another text is of this form, and what it is then in another language.

use super::pieces::sentence_end;

/// What stands for a value.
const VALUE: &str = "{}";

/// With fewer literal characters a pattern that begins with a value fits by accident.
const TELLING: usize = 20;
/// With so many it never does.
const CERTAIN: usize = 40;
/// A pattern with fewer letters (`{} of {}`) is no sentence, and its values must be short as well.
const LETTERS: usize = 3;
/// So many words may a value have that such a pattern begins with.
const WORDS: usize = 3;

/// An English text with values, and its translation.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What stands before, between and behind the values: one more than there are values.
    literals: Vec<String>,
    translation: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    /// The value with this number, from nought.
    Value(usize),
}

/// A pattern with the values of one text.
#[derive(Debug)]
pub(super) struct Match<'p, 'a> {
    pattern: &'p Pattern,
    values: Vec<&'a str>,
}

impl Pattern {
    /// The pattern of a key and its translation; none where the key has no value, or nothing but values and punctuation.
    pub(super) fn of(key: &str, translation: &str) -> Option<Self> {
        let literals: Vec<String> = key.split(VALUE).map(str::to_owned).collect();
        let pattern = Self { literals, translation: pieces(translation) };
        (pattern.literals.len() > 1 && pattern.letters() > 1).then_some(pattern)
    }

    fn letters(&self) -> usize {
        self.literals.iter().flat_map(|literal| literal.chars()).filter(|c| c.is_alphabetic()).count()
    }

    /// How many characters it has beside its values.
    pub(super) fn weight(&self) -> usize {
        self.literals.iter().map(String::len).sum()
    }

    /// The word that every text of this form begins with.
    pub(super) fn first_word(&self) -> Option<&str> {
        self.literals.first()?.split_once(' ').map(|(word, _)| word)
    }

    /// The word that every text of this form ends with.
    pub(super) fn last_word(&self) -> Option<&str> {
        self.literals.last()?.rsplit_once(' ').map(|(_, word)| word)
    }

    /// The values of `text`, if it is of this form.
    pub(super) fn matched<'p, 'a>(&'p self, text: &'a str) -> Option<Match<'p, 'a>> {
        let (first, others) = self.literals.split_first()?;
        let (last, middle) = others.split_last()?;
        let mut rest = text.strip_prefix(first.as_str())?.strip_suffix(last.as_str())?;
        let mut values = Vec::with_capacity(others.len());
        for literal in middle {
            let (value, behind) = rest.split_once(literal.as_str())?;
            values.push(value);
            rest = behind;
        }
        values.push(rest);
        let found = Match { pattern: self, values };
        found.is_likely().then_some(found)
    }
}

impl Match<'_, '_> {
    /// Whether the values are not more than values: a pattern that is open at an end takes in what stood beside it.
    fn is_likely(&self) -> bool {
        let pattern = self.pattern;
        if pattern.letters() < LETTERS && !self.are_items() {
            return false;
        }
        let (Some(first), Some(last)) = (self.values.first(), self.values.last()) else { return false };
        let weight = pattern.weight();
        let open_before = pattern.literals.first().is_some_and(String::is_empty);
        let open_behind = pattern.literals.last().is_some_and(String::is_empty);
        let before = match weight {
            _ if !open_before => true,
            _ if !first.contains(char::is_alphanumeric) => false,
            _ if pattern.letters() < LETTERS => true,
            // What stands before brackets may be a sentence.
            _ if pattern.literals[1].starts_with(" (") => !has_border(first),
            0..TELLING => is_short(first) && !has_border(first) && !first.contains(": "),
            TELLING..CERTAIN => !(has_border(first) || first.contains(", ")),
            _ => true,
        };
        // The full stop is the sentence's, and not the value's.
        let labelled = pattern.literals.iter().rev().nth(1).is_some_and(|literal| literal.ends_with(": "));
        let behind = weight >= CERTAIN || labelled || !has_border(last);
        // A full stop at the end is that of the sentence, and there is no other one before it.
        let ends = pattern.literals.last().is_some_and(|literal| literal.ends_with('.'));
        let several = ends && self.values.iter().any(|value| sentence_end(value).is_some());
        let whole = self.values.iter().all(|value| has_whole_brackets(value));
        before
            && whole
            && !several
            && (!open_behind || self.is_followed_by_sentences() || !last.ends_with('.') && behind)
    }

    /// Whether it ends with a value, which takes in whatever comes.
    pub(super) fn is_open_behind(&self) -> bool {
        self.pattern.literals.last().is_some_and(String::is_empty)
    }

    /// Whether the pattern's own sentence is over before its last values, which are sentences of their own.
    fn is_followed_by_sentences(&self) -> bool {
        let own = &self.pattern.literals[..self.pattern.literals.len() - 1];
        self.pattern.weight() >= TELLING && own.concat().trim_end().ends_with('.')
    }

    /// Whether each value is a name or a figure, or all are figures, which may be several.
    fn are_items(&self) -> bool {
        let figures = |it: &&str| is_number(it) && !has_border(it) && !it.contains(": ");
        let item = |it: &&str| !it.contains(' ') || (figures(it) && !it.contains(", "));
        self.values.iter().all(item) || self.values.iter().all(figures)
    }

    /// How many characters are the pattern's own.
    pub(super) fn weight(&self) -> usize {
        self.pattern.weight()
    }

    /// The text in the other language; `translate` is asked for each value.
    pub(super) fn translated(&self, translate: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Value(index) => self.values.get(*index).map(|value| translate(value)).unwrap_or_default(),
        };
        close_up(&self.pattern.translation.iter().map(piece).collect::<String>())
    }
}

/// Whether a value is one thing: a figure with its unit, or a few words.
fn is_short(value: &str) -> bool {
    let is_listed = value.contains(", ") || value.contains(" and ") || value.ends_with(" and");
    let is_cut = is_listed || value.ends_with([',', ';', ':', '×']) || value.ends_with(" of");
    !is_cut && (is_number(value) || value.split(' ').count() <= WORDS)
}

/// Whether all brackets that it opens are closed in it: else it is part of something.
pub(super) fn has_whole_brackets(value: &str) -> bool {
    let mut open = 0_usize;
    value.bytes().all(|byte| {
        match byte {
            b'(' => open += 1,
            b')' if open == 0 => return false,
            b')' => open -= 1,
            _ => {}
        }
        true
    }) && open == 0
}

fn is_number(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether there is more than one sentence, or part of one, in it.
fn has_border(value: &str) -> bool {
    ["; ", " (round"].iter().any(|border| value.contains(border)) || sentence_end(value).is_some()
}

/// A translation has blanks around its values, which only those that are not Chinese need.
fn close_up(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let is_idle = |index: usize| {
        let beside = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| is_wide(*c));
        characters[index] == ' ' && beside(index.checked_sub(1)) && beside(Some(index + 1))
    };
    (0..characters.len()).filter(|&index| !is_idle(index)).map(|index| characters[index]).collect()
}

/// Chinese characters and full-width marks.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303F}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}')
}

/// A translation in pieces: `{}` is the next value, `{2}` the second one.
fn pieces(translation: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut rest, mut next) = (translation, 0);
    while let Some((text, tail)) = rest.split_once('{') {
        let number = tail.split_once('}').filter(|(digits, _)| digits.chars().all(|c| c.is_ascii_digit()));
        let Some((digits, behind)) = number else {
            pieces.push(Piece::Text(format!("{text}{{")));
            rest = tail;
            continue;
        };
        pieces.push(Piece::Text(text.to_owned()));
        let index = digits.parse::<usize>().map_or(next, |number| number.saturating_sub(1));
        next = index + 1;
        pieces.push(Piece::Value(index));
        rest = behind;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(key: &str, translation: &str, text: &str) -> Option<String> {
        let pattern = Pattern::of(key, translation)?;
        Some(pattern.matched(text)?.translated(str::to_owned))
    }

    #[test]
    fn a_text_of_another_form_does_not_match() {
        assert_eq!(said("{} rounds count here and there", "{}", "3 rounds count"), None);
        assert_eq!(said("on core {}", "在核 {} 上", "on cores 1, 2"), None);
    }

    #[test]
    fn values_may_change_places() {
        assert_eq!(
            said("{} of {} rounds", "{2} 轮中的 {1} 轮", "2 of 3 rounds").as_deref(),
            Some("3 轮中的 2 轮")
        );
    }

    #[test]
    fn what_is_no_number_in_braces_stays() {
        assert_eq!(
            said("write {} for {port}", "为 {port} 写 {}", "write x for {port}").as_deref(),
            Some("为 {port} 写 x")
        );
    }

    #[test]
    fn an_open_end_does_not_swallow_the_sentence_beside_it() {
        assert_eq!(said("{} of {} rounds count", "{2}/{1}", "fork: not ranked. 2 of 3 rounds count"), None);
    }

    #[test]
    fn a_value_before_a_pattern_is_not_half_a_list() {
        assert_eq!(said("{} idle", "{} 个空闲", "tasks, idle"), None);
        assert_eq!(said("{} to {}", "{} 到 {}", "0.05 s; each came to 1"), None);
        assert_eq!(said("{} of {}", "{2}中 {1}", "2 cores, 8 GiB of memory"), None);
        assert_eq!(said("{} of {}", "{2}中 {1}", "2 a, 1 b of 3 c").as_deref(), Some("3 c中 2 a, 1 b"));
        assert_eq!(said("{} to {}", "{} 到 {}", "1.50 to 2.00").as_deref(), Some("1.50 到 2.00"));
    }

    #[test]
    fn a_pattern_of_nothing_but_punctuation_is_none() {
        assert!(Pattern::of("{}: {}", "{}：{}").is_none());
    }
}
