//! The Chinese forms beside the English ones, which are compared with the record: the same figures in the same places, below the same
//! headings as the catalogue has them.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use polib::po_file;
use reports::document::Document;
use reports::html;
use reports::language::Language;

use crate::forms::{self, Form};
use crate::read::{self, Grid};

/// Every form in Chinese has the tables, conclusions and figures of the English one.
pub(crate) fn says_the_same(document: &Document) {
    let chinese = document.clone().translated(Language::Chinese);
    let english = forms::of(document);
    let named = |name: &str| english.iter().find(|form| form.name == name).expect("there is such a form");
    for form in forms::of(&chinese) {
        is_same(named(form.name), &form);
    }
    let page = html::draw_both(document, Language::Chinese).unwrap();
    assert_eq!(read::of_html(&page), read::of_html(&html::draw(&chinese).unwrap()));
}

fn is_same(english: &Form, chinese: &Form) {
    let headings = headings();
    assert_eq!(english.grids.len(), chinese.grids.len(), "{}", english.name);
    for (one, other) in english.grids.iter().zip(&chinese.grids) {
        assert_eq!(figures(&one.title), figures(&other.title), "{}", one.title);
        let distinct: BTreeSet<&String> = other.headings.iter().collect();
        assert_eq!(distinct.len(), one.headings.len(), "two columns have one heading: {:?}", other.headings);
        for (one, other) in one.headings.iter().zip(&other.headings) {
            is_heading(&headings, one, other);
        }
        has_same_cells(one, other);
    }
    assert_eq!(english.conclusions.len(), chinese.conclusions.len());
    for (one, other) in english.conclusions.iter().zip(&chinese.conclusions) {
        assert_eq!(figures(one), figures(other), "{one}\n{other}");
    }
}

fn has_same_cells(english: &Grid, chinese: &Grid) {
    assert_eq!(english.rows.len(), chinese.rows.len());
    for (one, other) in english.rows.iter().flatten().zip(chinese.rows.iter().flatten()) {
        assert_eq!(figures(one), figures(other), "{one}: {other}");
        assert_eq!(one.is_empty(), other.is_empty(), "{one}: {other}");
    }
}

/// A title that the catalogue has stands there as the catalogue has it, and so does its unit; others have the same figures in them.
fn is_heading(headings: &HashMap<String, String>, english: &str, chinese: &str) {
    for (one, other) in parts(english).into_iter().zip(parts(chinese)) {
        match headings.get(one) {
            Some(expected) => assert_eq!(expected, other, "{english}: {chinese}"),
            None => assert_eq!(figures(one), figures(other), "{english}: {chinese}"),
        }
    }
}

/// `memory` and `MiB` of `memory (MiB)`.
fn parts(heading: &str) -> Vec<&str> {
    match heading.strip_suffix(')').and_then(|heading| heading.rsplit_once(" (")) {
        Some((title, unit)) => vec![title, unit],
        None => vec![heading],
    }
}

/// What the catalogue has for words above columns, and for texts where it has none for these.
fn headings() -> HashMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales/zh.po");
    let file = po_file::parse(&path).expect("the catalogue is a gettext file");
    let mut headings = HashMap::new();
    for message in file.messages().filter(|it| !it.msgid().is_empty() && !it.msgid().contains("{}")) {
        let translation = message.msgstr().expect("no entry has plurals").to_owned();
        match message.msgctxt() {
            None => drop(headings.entry(message.msgid().to_owned()).or_insert(translation)),
            Some(_) => drop(headings.insert(message.msgid().to_owned(), translation)),
        }
    }
    headings
}

/// The figures of a text, in an order that does not depend on its language.
pub(crate) fn figures(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let pieces = text.split(|c| !is_part(c)).map(|piece| piece.trim_matches(['.', ',']).to_owned());
    let mut figures: Vec<String> = pieces.filter(|piece| !piece.is_empty()).collect();
    figures.sort();
    figures
}
