//! The document as the page's templates take it: which tables come first, and what the page has room for.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figure::Figure;
use super::shown::Shown;
use super::{Languages, WORDS, dictionary, room};
use crate::document::{Conclusion, Document};

/// All that the page shows.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    pub(super) document: &'a Document,
    /// `en`.
    pub(super) language: &'a str,
    /// The page's own words, by their keys.
    pub(super) words: BTreeMap<&'static str, String>,
    /// The conclusions before the table that they are about.
    pub(super) before: &'a [Conclusion],
    /// That table, in short.
    pub(super) brief: Option<Shown<'a>>,
    /// What the whole of it is linked to by; none where the page has no room for that.
    pub(super) whole: Option<String>,
    /// The other conclusions.
    pub(super) behind: &'a [Conclusion],
    /// The tables that rank what the run compares.
    pub(super) leading: Vec<Shown<'a>>,
    /// Whether these rank.
    pub(super) ranked: bool,
    /// The others.
    pub(super) others: Vec<Shown<'a>>,
    pub(super) pictures: Vec<Figure<'a>>,
    /// What is shown of neither, as the page has no room: titles.
    pub(super) left_out: Vec<&'a str>,
    /// What the other language has for each text, as JSON; none where there is nothing.
    pub(super) dictionary: Option<String>,
    /// Whether the page has lines to be looked at more closely.
    pub(super) has_charts: bool,
    /// What else lies beside the page.
    pub(super) files: &'a [&'a str],
}

impl<'a> Page<'a> {
    pub(super) fn of(document: &'a Document, languages: &'a Languages<'_>) -> Self {
        let leading = document.leading.clone();
        let others = (0..document.tables.len()).filter(|index| !leading.contains(index));
        let others: Vec<usize> = others.collect();
        let shown =
            |leads: bool| move |(place, index): (usize, usize)| Shown::of(index, document, leads, place);
        let figure = |picture| Figure::of(picture, languages.words);
        let pictures: Vec<Figure<'a>> = document.pictures.iter().map(figure).collect();
        // What the first table is about, which is what the first conclusion is about.
        let main = leading.first().map_or("", |&index| &*document.tables[index].title);
        let is_main = |figure: &Figure<'_>| !main.is_empty() && figure.title().contains(main);
        let (pictures, no_pictures) =
            room::shared(pictures, room::PICTURES, Figure::kind, is_main, Figure::size);
        let leading: Vec<Shown<'a>> = leading.into_iter().enumerate().map(shown(true)).collect();
        let others: Vec<Shown<'a>> = others.into_iter().enumerate().map(shown(false)).collect();
        let brief = document.brief.as_ref().map(|brief| Shown::brief(&brief.table, document.language));
        let room = room::TABLES.saturating_sub(brief.as_ref().map_or(0, Shown::size));
        let (leading, no_leading) = room::shared(leading, room, Shown::kind, |_| false, Shown::size);
        let taken: usize = leading.iter().map(Shown::size).sum();
        let (others, no_others) = room::shared(others, room - taken, Shown::kind, |_| false, Shown::size);
        let tables = no_leading.iter().chain(&no_others).map(Shown::title);
        let left_out = no_pictures.iter().map(Figure::title).chain(tables).collect();
        let (before, behind) = document.conclusions_around();
        let whole = document.brief.as_ref().map(|brief| format!("table-{}", brief.whole + 1));
        let is_there = |id: &String| leading.iter().chain(&others).any(|shown| shown.id() == id);
        let dictionary = dictionary::json(&languages.dictionary, document);
        Self {
            document,
            language: languages.own,
            words: WORDS.into_iter().map(|(key, word)| (key, (languages.words)(word))).collect(),
            before,
            brief,
            whole: whole.filter(is_there),
            behind,
            ranked: leading.iter().any(Shown::ranks),
            leading,
            others,
            left_out,
            has_charts: pictures.iter().any(Figure::is_chart),
            pictures,
            dictionary,
            files: &document.files,
        }
    }
}
