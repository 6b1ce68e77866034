//! The document as the page's templates take it: which tables come first, which rows belong together, what is folded.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::chart;
use super::data::Data;
use super::room;
use super::{Languages, WORDS, texts};
use crate::document::Document;
use crate::picture::{Drawing, Picture, Style};
use crate::svg::{self, Drawn};
use crate::table::{Align, Table};

/// A table of more rows is folded, unless the page begins with it.
const LONG: usize = 24;
/// The page begins with so many tables; the others that rank are folded.
const OPEN: usize = 3;

/// All that the page shows.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    pub(super) document: &'a Document,
    /// `en`.
    pub(super) language: &'a str,
    /// The page's own words, by their keys.
    pub(super) words: BTreeMap<&'static str, String>,
    /// The tables that rank.
    pub(super) leading: Vec<Shown<'a>>,
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

/// A table with its place on the page.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    /// What it is linked to by.
    id: String,
    table: &'a Table,
    /// Its rows: of a table with ranks those of a place together.
    groups: Vec<Group<'a>>,
    /// The column that says whose a row is.
    head: Option<usize>,
    /// Whether it is folded.
    folded: bool,
}

/// Rows that belong together.
#[derive(Serialize, Debug, PartialEq)]
pub(super) struct Group<'a> {
    /// What they are: `first`, `tie`, `one`, `unranked`, or nothing.
    kind: &'static str,
    rows: Vec<&'a [String]>,
}

/// A picture as it is drawn.
#[derive(Serialize)]
pub(super) struct Figure<'a> {
    picture: &'a Picture,
    drawn: Drawn,
    headings: Vec<String>,
    /// What it is drawn from, if that is little.
    rows: Option<Vec<Vec<String>>>,
    /// The same, all of it, to take away.
    link: String,
    /// For the script, of lines.
    chart: Option<String>,
}

impl<'a> Page<'a> {
    pub(super) fn of(document: &'a Document, languages: &'a Languages<'_>) -> Self {
        let leading = document.leading.clone();
        let others = (0..document.tables.len()).filter(|index| !leading.contains(index));
        let others: Vec<usize> = others.collect();
        let shown = |ranks: bool| {
            move |(place, index): (usize, usize)| Shown::of(index, &document.tables[index], ranks, place)
        };
        let figure = |picture| Figure::of(picture, languages.words);
        let pictures: Vec<Figure<'a>> = document.pictures.iter().map(figure).collect();
        // What the first table is about, which is what the first conclusion is about.
        let main = leading.first().map_or("", |&index| &*document.tables[index].title);
        let is_main = |figure: &Figure<'_>| !main.is_empty() && figure.picture.title.contains(main);
        let (pictures, no_pictures) =
            room::shared(pictures, room::PICTURES, Figure::kind, is_main, Figure::size);
        let leading: Vec<Shown<'a>> = leading.into_iter().enumerate().map(shown(true)).collect();
        let others: Vec<Shown<'a>> = others.into_iter().enumerate().map(shown(false)).collect();
        let (leading, no_leading) = room::shared(leading, room::TABLES, Shown::kind, |_| false, Shown::size);
        let taken: usize = leading.iter().map(Shown::size).sum();
        let (others, no_others) =
            room::shared(others, room::TABLES - taken, Shown::kind, |_| false, Shown::size);
        let tables = no_leading.iter().chain(&no_others).map(|shown| &*shown.table.title);
        let left_out = no_pictures.iter().map(|figure| &*figure.picture.title).chain(tables).collect();
        let dictionary = &languages.dictionary;
        // A map of texts is JSON whatever stands in it.
        let json = serde_json::to_string(&keyed(dictionary, &texts(document))).unwrap_or_default();
        Self {
            document,
            language: languages.own,
            words: WORDS.into_iter().map(|(key, word)| (key, (languages.words)(word))).collect(),
            leading,
            others,
            left_out,
            has_charts: pictures.iter().any(|figure| figure.chart.is_some()),
            pictures,
            dictionary: (!dictionary.is_empty()).then(|| chart::harmless(&json)),
            files: &document.files,
        }
    }
}

/// The dictionary with short keys: the page has every text once already, and need not have it again to look it up. A key that two
/// texts of the page have, which hardly ever happens, is left out, so that none of them becomes the other's translation.
fn keyed<'d>(dictionary: &'d BTreeMap<String, String>, all: &BTreeSet<String>) -> BTreeMap<String, &'d str> {
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for text in dictionary.keys().chain(all) {
        texts.entry(key(text)).or_default().insert(text);
    }
    let own = dictionary.iter().map(|(text, other)| (key(text), &**other));
    own.filter(|(key, _)| texts[key].len() == 1).collect()
}

/// FNV-1a of 32 bits over the text's UTF-16 code units, as the script counts them, in hexadecimal digits. Source: G. Fowler,
/// L. C. Noll, K.-P. Vo, D. Eastlake, The FNV Non-Cryptographic Hash Algorithm.
fn key(text: &str) -> String {
    let hash = text
        .encode_utf16()
        .fold(0x811c_9dc5_u32, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193));
    format!("{hash:x}")
}

impl<'a> Shown<'a> {
    fn of(index: usize, table: &'a Table, ranks: bool, place: usize) -> Self {
        let rows = &table.rows;
        let groups = if ranks {
            groups(rows)
        } else {
            vec![Group { kind: "", rows: rows.iter().map(Vec::as_slice).collect() }]
        };
        let head = table.columns.iter().position(|column| column.align == Align::Left);
        let folded = if ranks { place >= OPEN } else { rows.len() > LONG };
        Self { id: format!("table-{}", index + 1), table, groups, head, folded }
    }

    /// What its title says before the first colon.
    fn kind(&self) -> String {
        kind(&self.table.title)
    }

    /// What it takes of the page, in bytes, nearly.
    fn size(&self) -> usize {
        let table = self.table;
        let cells = table.rows.iter().flatten().map(|text| text.len() + room::CELL).sum::<usize>();
        cells + table.notes.iter().map(String::len).sum::<usize>()
    }
}

/// What a title says before the first colon; behind it stands in which setting.
fn kind(title: &str) -> String {
    title.split(':').next().unwrap_or(title).to_owned()
}

/// The rows of a table whose first column is the rank: `1=`, `3`, `–`. What stands without one among ranked rows, as a server
/// that was measured twice does, stays where it is.
fn groups(rows: &[Vec<String>]) -> Vec<Group<'_>> {
    let rank = |row: &[String]| row.first().cloned().unwrap_or_default();
    let is_ranked = |row: &[String]| rank(row).starts_with(|c: char| c.is_ascii_digit());
    let ranked = rows.iter().rposition(|row| is_ranked(row)).map_or(0, |last| last + 1);
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut last = None;
    for row in &rows[..ranked] {
        let own = rank(row);
        if is_ranked(row) && last.as_ref() != Some(&own) {
            let kind = match (groups.is_empty(), own.ends_with('=')) {
                (true, _) => "first",
                (false, true) => "tie",
                (false, false) => "one",
            };
            groups.push(Group { kind, rows: Vec::new() });
            last = Some(own);
        }
        if groups.is_empty() {
            groups.push(Group { kind: "unranked", rows: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.rows.push(row);
        }
    }
    if ranked < rows.len() {
        groups.push(Group { kind: "unranked", rows: rows[ranked..].iter().map(Vec::as_slice).collect() });
    }
    groups
}

impl<'a> Figure<'a> {
    fn of(picture: &'a Picture, words: &dyn Fn(&str) -> String) -> Self {
        let data = Data::of(picture);
        Self {
            picture,
            drawn: svg::draw(picture, words),
            headings: data.headings().iter().map(|heading| words(heading)).collect(),
            rows: data.few().map(<[_]>::to_vec),
            link: data.link(),
            chart: chart::json(picture),
        }
    }

    /// What each does is a thing of its own: a timeline of processes says nothing of one of threads.
    fn kind(&self) -> String {
        match &self.picture.drawing {
            Drawing::Tracks(_) => self.picture.title.split(',').next().unwrap_or_default().to_owned(),
            // With a schedule there are two lines of each, and what lies between them is the lesson.
            Drawing::Lines(lines) if lines.series.iter().any(|series| series.style == Style::Reference) => {
                kind(&self.picture.title) + " beside a reference"
            }
            _ => kind(&self.picture.title),
        }
    }

    /// What it takes of the page, in bytes, nearly.
    fn size(&self) -> usize {
        let cells = self.rows.iter().flatten().flatten().map(|text| text.len() + room::CELL).sum::<usize>();
        let key = self.drawn.key.iter().map(|entry| entry.swatch.len() + entry.name.len()).sum::<usize>();
        let chart = self.chart.as_ref().map_or(0, String::len);
        self.drawn.svg.len() + key + self.link.len() + chart + cells + self.picture.notice.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_place_stand_together_and_who_has_none_below() {
        let rows: Vec<Vec<String>> =
            ["1=", "–", "1=", "3", "4=", "4=", "–"].map(|rank| vec![rank.to_owned()]).to_vec();
        let kinds: Vec<(&str, usize)> =
            groups(&rows).iter().map(|group| (group.kind, group.rows.len())).collect();
        assert_eq!(kinds, [("first", 3), ("one", 1), ("tie", 2), ("unranked", 1)]);
    }

    #[test]
    fn where_nothing_is_ranked_all_rows_are_one_group() {
        let rows: Vec<Vec<String>> = ["–", "–"].map(|rank| vec![rank.to_owned()]).to_vec();
        let kinds: Vec<(&str, usize)> =
            groups(&rows).iter().map(|group| (group.kind, group.rows.len())).collect();
        assert_eq!(kinds, [("unranked", 2)]);
    }

    #[test]
    fn a_text_has_the_key_that_others_compute_for_it() {
        // The published test vectors of FNV-1a: of ASCII the code units are the bytes.
        assert_eq!([key(""), key("a"), key("foobar")], ["811c9dc5", "e40c292c", "bf9cf968"]);
    }
}
