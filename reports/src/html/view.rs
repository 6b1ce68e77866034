//! The document as the page's templates take it: which tables come first, and what the page has room for.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figure::Figure;
use super::shown::Shown;
use super::{Languages, WORDS, dictionary, room, texts};
use crate::document::Document;

/// All that the page shows.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    pub(super) document: &'a Document,
    /// `en`.
    pub(super) language: &'a str,
    /// The page's own words, by their keys.
    pub(super) words: BTreeMap<&'static str, String>,
    /// The tables that the page begins with.
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
        let (leading, no_leading) = room::shared(leading, room::TABLES, Shown::kind, |_| false, Shown::size);
        let taken: usize = leading.iter().map(Shown::size).sum();
        let (others, no_others) =
            room::shared(others, room::TABLES - taken, Shown::kind, |_| false, Shown::size);
        let tables = no_leading.iter().chain(&no_others).map(Shown::title);
        let left_out: Vec<&str> = no_pictures.iter().map(Figure::title).chain(tables).collect();
        let shown_tables = leading.iter().chain(&others).map(Shown::table);
        let unseen = texts::left_out(document, shown_tables, pictures.iter().map(Figure::picture), &left_out);
        let dictionary = dictionary::json(&languages.dictionary, document, &unseen);
        Self {
            document,
            language: languages.own,
            words: WORDS.into_iter().map(|(key, word)| (key, (languages.words)(word))).collect(),
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
