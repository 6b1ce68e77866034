//! The texts of a page in both languages, for its switch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::WORDS;
use super::data::Data;
use crate::document::Document;
use crate::language::Language;
use crate::svg;

/// The texts of the page of `english` that differ in `chinese`, which is the same document. A text that is a name in one place and a
/// word in another (`threads`, an executor and a column) is left out: better a word in English than a name that is not one.
pub(super) fn different(english: &Document, chinese: &Document) -> BTreeMap<String, String> {
    let in_place = texts(english).into_iter().zip(texts(chinese));
    let headings = english.pictures.iter().zip(&chinese.pictures).flat_map(|(one, other)| {
        // As the page has them: what they are put together from is Chinese already, but for words of their own.
        let said = |heading: &String| Language::Chinese.of(heading).into_owned();
        let (one, other) = (Data::of(one), Data::of(other));
        let other: Vec<String> = other.headings().iter().map(said).collect();
        one.headings().to_vec().into_iter().zip(other)
    });
    let own = WORDS.iter().map(|(_, word)| *word).chain(svg::words());
    let own = own.map(|word| (word.to_owned(), Language::Chinese.of(word).into_owned()));
    let (mut found, mut names) = (BTreeMap::new(), BTreeSet::new());
    for (one, other) in in_place.chain(headings).chain(own) {
        if one == other {
            names.insert(one);
        } else {
            found.insert(one, other.trim_start_matches(HEADING).to_owned());
        }
    }
    found.retain(|text, _| !names.contains(text));
    found
}

/// The same the other way round.
pub(super) fn inverted(pairs: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let plain = |english: String| english.trim_start_matches(HEADING).to_owned();
    pairs.into_iter().map(|(english, chinese)| (chinese, plain(english))).collect()
}

/// What stands before a text that is looked up as the heading of a column: a word there may be a name elsewhere. The script knows it.
pub(super) const HEADING: char = '\u{4}';

/// All texts of a document that a page may look up.
pub(super) fn looked_up(document: &Document) -> BTreeSet<String> {
    let headings = document.pictures.iter().flat_map(|picture| Data::of(picture).headings().to_vec());
    texts(document)
        .into_iter()
        .map(|text| text.trim_start_matches(HEADING).to_owned())
        .chain(headings)
        .collect()
}

/// All texts of a document, in an order that does not depend on its language.
fn texts(document: &Document) -> Vec<String> {
    let mut texts = Vec::new();
    // A document is made of texts and numbers, and can always be written.
    collect(serde_json::to_value(document).unwrap_or_default(), &mut texts);
    texts
}

fn collect(value: Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => {
            let is_column = fields.contains_key("expendable");
            for (name, value) in fields {
                match value {
                    Value::String(text) if is_column && name == "title" => {
                        texts.push(format!("{HEADING}{text}"));
                    }
                    value => collect(value, texts),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
