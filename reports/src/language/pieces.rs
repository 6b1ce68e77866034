//! Texts that were put together: taken apart where sentences, parts and list items meet, and put together again.

use super::catalogue::Catalogue;
use super::pattern::has_whole_brackets;

/// How deep texts may stand within texts.
pub(super) const DEPTH: usize = 8;

/// Where two pieces of a text meet: what stands there, and what does in Chinese.
type Border = (&'static str, &'static str);

const PARAGRAPHS: Border = ("\n\n", "\n\n");
const SENTENCES: Border = (" ", "");
/// Behind a label, and between parts.
const PARTS: [Border; 2] = [("; ", "；"), (": ", "：")];
const ITEMS: Border = (", ", "，");

/// `text` in the language of the catalogue; none where nothing of it has a translation.
pub(super) fn translate(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    if !has_word(text) {
        return None;
    }
    let within = text.trim();
    looked_up(catalogue, text, depth).or_else(|| match text.find(PARAGRAPHS.0) {
        Some(_) => paragraphs(catalogue, text, depth),
        None if within.len() < text.len() => trimmed(catalogue, text, within, depth),
        None => taken_apart(catalogue, text, depth),
    })
}

/// Whether there is anything to translate: at least two letters beside each other.
fn has_word(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_alphabetic))
}

/// What is found for the text as a whole: as it stands, else by the pattern that says most about it.
fn looked_up(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let small = small(text);
    let variants = [Some(text), small.as_deref(), singular(text)];
    if let Some(literal) = variants.iter().flatten().find_map(|text| catalogue.literal(text)) {
        return Some(literal.to_owned());
    }
    let matches = variants.iter().flatten().filter_map(|text| catalogue.matched(text));
    let best = matches.reduce(|best, other| if other.weight() > best.weight() { other } else { best });
    if let Some((label, behind)) = labelled(catalogue, text)
        && best.as_ref().is_none_or(|best| best.weight() < label.len())
    {
        let behind = translate(catalogue, behind, depth).unwrap_or_else(|| behind.to_owned());
        return Some(format!("{}{}{behind}", catalogue.literal(label)?, PARTS[1].1));
    }
    let Some(best) = best else { return counted(catalogue, text).or_else(|| listed(catalogue, text, depth)) };
    // Brackets behind a title are not part of its last value.
    if best.is_open_behind()
        && let Some(found) = known_before_brackets(catalogue, text, depth)
    {
        return Some(found);
    }
    Some(best.translated(|value| translate(catalogue, value, depth).unwrap_or_else(|| value.to_owned())))
}

/// `Fairness over workers: ...`: a label that has a key of its own, and what is behind it.
fn labelled<'a>(catalogue: &Catalogue, text: &'a str) -> Option<(&'a str, &'a str)> {
    text.split_once(PARTS[1].0).filter(|(label, _)| label.contains(' ') && catalogue.literal(label).is_some())
}

/// What was made a sentence of had a small letter at first.
fn small(text: &str) -> Option<String> {
    let first = text.chars().next().filter(|first| first.is_uppercase())?;
    Some(first.to_lowercase().chain(text.chars().skip(1)).collect())
}

/// `3 valid`: how many, and of what. Behind the word a number needs no measure word.
fn counted(catalogue: &Catalogue, text: &str) -> Option<String> {
    let (number, word) = text.split_once(' ')?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    is_number.then(|| catalogue.literal(word)).flatten().map(|word| format!("{word} {number}"))
}

/// `epoll, io-uring and poll`: names or few words.
fn listed(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let (before, last) = text.rsplit_once(" and ")?;
    let items: Vec<&str> = before.split(", ").chain([last]).collect();
    let is_item = |item: &&str| {
        let is_part = item.ends_with('.') || item.contains([';', ',']) || !has_whole_brackets(item);
        item.split(' ').count() <= ITEM_WORDS && !is_part
    };
    if !items.iter().all(is_item) {
        return None;
    }
    let said = |item: &str| translate(catalogue, item, depth).unwrap_or_else(|| item.to_owned());
    let (last, others) = items.split_last()?;
    let others: Vec<String> = others.iter().map(|item| said(item)).collect();
    Some(format!("{} 和 {}", others.join("、"), said(last)))
}

/// So many words an item of a list has at most.
const ITEM_WORDS: usize = 4;

/// `3 rounds` is of the form `{} round`.
fn singular(text: &str) -> Option<&str> {
    let counted = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(": ");
    text.strip_suffix('s').filter(|_| counted)
}

/// Help may have several paragraphs.
fn paragraphs(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let mut joined = Joined::default();
    for paragraph in text.split(PARAGRAPHS.0) {
        joined.push(PARAGRAPHS, paragraph, translate(catalogue, paragraph, depth).as_deref());
    }
    joined.translated()
}

/// A text with blanks around: one line's end behind it stays, and full-width marks need no blanks beside them.
fn trimmed(catalogue: &Catalogue, text: &str, within: &str, depth: usize) -> Option<String> {
    let behind = if text.ends_with('\n') { "\n" } else { "" };
    Some(translate(catalogue, within, depth)? + behind)
}

/// Piece by piece from the left, each at one depth: a list may be long. What is left is looked up as a whole before it is
/// taken apart further, and there is one way to do that and no other, so that what nobody can translate is not gone through
/// again and again.
fn taken_apart(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let (mut joined, mut between, mut rest, mut full_stop) = (Joined::default(), ("", ""), text, "");
    loop {
        let known = if joined.is_empty() { None } else { looked_up(catalogue, rest, depth) };
        if let Some(found) = known.or_else(|| known_before_brackets(catalogue, rest, depth)) {
            joined.push(between, rest, Some(&found));
            break;
        }
        // A label before a text of several sentences.
        if let Some((label, behind)) = rest.split_once(": ")
            && sentence_end(rest).is_some()
            && sentence_end(label).is_none()
            && let Some(found) = looked_up(catalogue, behind, depth)
        {
            joined.push(between, label, translate(catalogue, label, depth).as_deref());
            joined.push(PARTS[1], behind, Some(&found));
            break;
        }
        let (at, border) = match (sentence_end(rest), rest.strip_suffix('.')) {
            (Some(at), _) => (several(catalogue, rest, depth).unwrap_or(at), SENTENCES),
            // The full stop may not be part of the key.
            (None, Some(body)) => {
                (rest, full_stop) = (body, "。");
                if let Some(found) = looked_up(catalogue, rest, depth) {
                    joined.push(between, rest, Some(&found));
                    break;
                }
                continue;
            }
            (None, None) => {
                if let Some(found) = without_full_stop(catalogue, rest, depth) {
                    joined.push(between, rest, Some(&found));
                    break;
                }
                if let Some(found) = border(catalogue, rest, depth, Borders::OutsideBrackets) {
                    found
                } else if let Some(found) = bracketed(catalogue, rest, depth) {
                    joined.push(between, rest, Some(&found));
                    break;
                } else if let Some(found) = border(catalogue, rest, depth, Borders::All) {
                    found
                } else {
                    joined.push(between, rest, None);
                    break;
                }
            }
        };
        let (piece, behind) = (&rest[..at], &rest[at + border.0.len()..]);
        joined.push(between, piece, translate(catalogue, piece, depth).as_deref());
        (between, rest) = (border, behind);
    }
    let translated = joined.translated()?;
    Some(if translated.ends_with('。') { translated } else { translated + full_stop })
}

/// Words that end with a full stop and no sentence.
const SHORT: [&str; 3] = ["e.g", "i.e", "etc"];

/// Where the first of several sentences ends; the next one may begin with a model's name.
pub(super) fn sentence_end(text: &str) -> Option<usize> {
    let begins = |c: char| c.is_alphabetic() || c.is_ascii_digit() || "'(-".contains(c);
    let is_initial = |word: &str| word.len() == 1 && word.starts_with(|c: char| c.is_ascii_uppercase());
    let is_short = |at: usize| {
        text[..at].rsplit([' ', '(']).next().is_some_and(|word| SHORT.contains(&word) || is_initial(word))
    };
    let mut ends = text.match_indices(". ").map(|(at, _)| at);
    ends.find(|&at| text[at + 2..].starts_with(begins) && !is_short(at)).map(|at| at + 1)
}

/// Where the most sentences end, of those at the beginning, that are one key together.
fn several(catalogue: &Catalogue, text: &str, depth: usize) -> Option<usize> {
    let mut ends: Vec<usize> = Vec::new();
    while let Some(end) = sentence_end(&text[ends.last().map_or(0, |end| end + 1)..]) {
        ends.push(ends.last().map_or(0, |end| end + 1) + end);
        if ends.len() == TRIED {
            break;
        }
    }
    ends.into_iter().skip(1).rev().find(|&end| looked_up(catalogue, &text[..end], depth).is_some())
}

/// A sentence whose full stop is part of the key and was left out here.
fn without_full_stop(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let found = looked_up(catalogue, &format!("{text}."), depth)?;
    Some(found.trim_end_matches(['.', '。']).to_owned())
}

/// So many borders of one kind are tried, where a key has some of them in it.
const TRIED: usize = 6;

/// Which borders count: `pipe (apart, again)` is one thing, whatever its brackets hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Borders {
    OutsideBrackets,
    All,
}

/// Where the loosest bond is: behind a label, or between parts; else between items. Where more than one piece is one text,
/// behind the last of these.
fn border(catalogue: &Catalogue, text: &str, depth: usize, which: Borders) -> Option<(usize, Border)> {
    let counts = |at: &usize| which == Borders::All || !is_within_brackets(text, *at);
    let all = |border: &Border| text.match_indices(border.0).map(|(at, _)| at).filter(counts);
    let at = |border: &Border| Some((all(border).next()?, *border));
    let (first, border) = PARTS.iter().filter_map(at).min_by_key(|(at, _)| *at).or_else(|| at(&ITEMS))?;
    let ends: Vec<usize> = all(&border).take(TRIED).collect();
    let whole = ends.into_iter().skip(1).rev().find(|&at| looked_up(catalogue, &text[..at], depth).is_some());
    Some((whole.unwrap_or(first), border))
}

/// Whether more brackets were opened than closed before this place.
fn is_within_brackets(text: &str, at: usize) -> bool {
    let before = text.as_bytes()[..at].iter();
    before.fold(0_usize, |open, byte| match byte {
        b'(' => open + 1,
        b')' => open.saturating_sub(1),
        _ => open,
    }) > 0
}

/// `something (more)`, of which the something may have brackets of its own.
fn bracketed(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let (before, within) = with_brackets(text)?;
    let (one, other) = (translate(catalogue, before, depth), translate(catalogue, within, depth));
    if one.is_none() && other.is_none() {
        return None;
    }
    let known = |translated: Option<String>, text: &str| translated.unwrap_or_else(|| text.to_owned());
    Some(format!("{}（{}）", known(one, before), known(other, within)))
}

/// `What is known, as it stands (more)`.
fn known_before_brackets(catalogue: &Catalogue, text: &str, depth: usize) -> Option<String> {
    let (before, within) = with_brackets(text)?;
    let before = looked_up(catalogue, before, depth)?;
    let within = translate(catalogue, within, depth).unwrap_or_else(|| within.to_owned());
    Some(format!("{before}（{within}）"))
}

/// What stands before the last brackets, and in them.
fn with_brackets(text: &str) -> Option<(&str, &str)> {
    let open = opening(text)?;
    Some((text[..open].strip_suffix(' ')?, &text[open + 1..text.len() - 1]))
}

/// Where the bracket stands that the last character closes.
fn opening(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut last = None;
    for (at, bracket) in text.match_indices(['(', ')']) {
        match bracket {
            "(" => open.push(at),
            _ => last = Some((at, open.pop()?)),
        }
    }
    last.filter(|(at, _)| at + 1 == text.len()).map(|(_, open)| open)
}

/// Pieces with the Chinese mark between them where one beside it was translated.
#[derive(Default)]
struct Joined {
    text: String,
    pieces: usize,
    translated: usize,
    /// Whether the last piece was.
    last: bool,
}

impl Joined {
    fn is_empty(&self) -> bool {
        self.pieces == 0
    }

    fn push(&mut self, border: Border, piece: &str, translated: Option<&str>) {
        if self.pieces > 0 {
            let is_chinese = match border {
                SENTENCES => self.text.ends_with('。'),
                _ => self.last || translated.is_some(),
            };
            self.text += if is_chinese { border.1 } else { border.0 };
        }
        self.pieces += 1;
        self.last = translated.is_some();
        self.translated += usize::from(self.last);
        self.text += translated.unwrap_or(piece);
    }

    /// The whole; none where no piece was translated.
    fn translated(self) -> Option<String> {
        (self.translated > 0).then_some(self.text)
    }
}
