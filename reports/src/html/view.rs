//! The document as the page's templates take it: which tables come first, and what the page has room for.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figure::Figure;
use super::room::{self, Room};
use super::shown::Shown;
use super::{Languages, WORDS, dictionary};
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
    /// How much room of a record's own is taken.
    #[serde(skip)]
    pub(super) taken: Room,
}

impl<'a> Page<'a> {
    pub(super) fn of(document: &'a Document, languages: &'a Languages<'_>, room: Room) -> Self {
        let leading = document.leading.clone();
        let others = (0..document.tables.len()).filter(|index| !leading.contains(index));
        let others: Vec<usize> = others.collect();
        let shown = |indices: Vec<usize>, leads: bool| {
            let of = |(place, index)| (index, Shown::of(index, document, leads, place));
            room::together(indices.into_iter().enumerate().map(of), &document.pairs.tables)
        };
        // What the first table is about, which is what the first conclusion is about.
        let main = leading.first().map_or("", |&index| &*document.tables[index].title);
        let is_main = |figure: &Figure<'_>| !main.is_empty() && figure.title().contains(main);
        let pairs = &document.pairs.pictures;
        let figure = |(place, picture)| {
            let begins = pairs.iter().any(|[first, _]| *first == place);
            (place, Figure::of(picture, begins, languages.words))
        };
        let figures = room::together(document.pictures.iter().enumerate().map(figure), pairs);
        let (pictures, no_pictures) =
            room::shared(figures, room.pictures, Figure::kinds, is_main, Figure::size);
        let tables = |shown, room| room::shared(shown, room, Shown::kinds, |_| false, Shown::size);
        let of_tables = |tables: &[Shown<'_>]| tables.iter().map(Shown::size).sum::<usize>();
        let brief = document.brief.as_ref().map(|brief| Shown::brief(&brief.table, document.language));
        let taken_by_brief = brief.as_ref().map_or(0, Shown::size);
        let room_of_tables = room.tables.saturating_sub(taken_by_brief);
        let (leading, no_leading) = tables(shown(leading, true), room_of_tables);
        let (others, no_others) = tables(shown(others, false), room_of_tables - of_tables(&leading));
        let taken = Room {
            pictures: pictures.iter().map(Figure::size).sum(),
            tables: taken_by_brief + of_tables(&leading) + of_tables(&others),
        };
        let no_tables = no_leading.iter().chain(&no_others).map(Shown::title);
        let left_out: Vec<&str> = no_pictures.iter().map(Figure::title).chain(no_tables).collect();
        let (before, behind) = document.conclusions_around();
        let whole = document.brief.as_ref().map(|brief| format!("table-{}", brief.whole + 1));
        let is_there = |id: &String| leading.iter().chain(&others).any(|shown| shown.id() == id);
        let on_page = Document {
            tables: leading.iter().chain(&others).map(|shown| shown.table().clone()).collect(),
            pictures: pictures.iter().map(|figure| figure.picture().clone()).collect(),
            ..document.without_tables_and_pictures()
        };
        let dictionary = dictionary::json(&languages.dictionary, document, &on_page, &left_out);
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
            taken,
        }
    }
}
