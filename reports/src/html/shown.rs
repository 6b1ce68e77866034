//! A table as the page shows it: which of its rows belong together, and whether it is folded.

use serde::Serialize;

use super::room;
use crate::document::Document;
use crate::language::Language;
use crate::table::{Align, Column, Table};

/// A table of more rows is folded, unless the page begins with it.
const LONG: usize = 24;
/// Of the tables that lead so many are open; the others are folded.
const OPEN: usize = 3;

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
    /// Whether its rows have places.
    ranks: bool,
}

/// Rows that belong together.
#[derive(Serialize, Debug, PartialEq)]
pub(super) struct Group<'a> {
    /// What they are: `first`, `tie`, `one`, `unranked`, or nothing.
    kind: &'static str,
    rows: Vec<&'a [String]>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(index: usize, document: &'a Document, leads: bool, place: usize) -> Self {
        let table = &document.tables[index];
        let rows = table.rows.len();
        let folded = if leads { place >= OPEN } else { rows > LONG };
        let id = format!("table-{}", index + 1);
        Self { id, folded, ..Self::open(table, document.language, leads) }
    }

    /// A table that is no section of its own.
    pub(super) fn brief(table: &'a Table, language: Language) -> Self {
        Self::open(table, language, true)
    }

    fn open(table: &'a Table, language: Language, in_groups: bool) -> Self {
        let ranks = is_ranked(table);
        let groups = if in_groups && ranks {
            groups(&table.rows)
        } else {
            vec![Group { kind: "", rows: table.rows.iter().map(Vec::as_slice).collect() }]
        };
        // What became of a row stands before whose it is.
        let outcome = language.heading("outcome");
        let is_head = |column: &Column| column.align == Align::Left && column.title != outcome;
        let head = table.columns.iter().position(is_head);
        Self { id: String::new(), table, groups, head, folded: false, ranks }
    }

    /// What it is linked to by.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether its rows have places.
    pub(super) fn ranks(&self) -> bool {
        self.ranks
    }

    /// The table itself.
    pub(super) fn table(&self) -> &'a Table {
        self.table
    }

    /// Its title.
    pub(super) fn title(&self) -> &'a str {
        &self.table.title
    }

    /// What its title says before the first colon; there are no kinds within that.
    pub(super) fn kinds(&self) -> [String; 2] {
        [room::kind(self.title()), room::kind(self.title())]
    }

    /// What it takes of the page, in bytes, nearly.
    pub(super) fn size(&self) -> usize {
        let table = self.table;
        let cells = table.rows.iter().flatten().map(|text| text.len() + room::CELL).sum::<usize>();
        cells + table.notes.iter().map(String::len).sum::<usize>()
    }
}

fn is_ranked(table: &Table) -> bool {
    table.columns.first().is_some_and(|column| column.is_rank)
}

/// The rows of a table whose first column is the rank: `1=`, `3`, `–`. What stands without one among ranked rows, as a server
/// that was measured twice does, stays where it is.
fn groups(rows: &[Vec<String>]) -> Vec<Group<'_>> {
    let rank = |row: &[String]| row.first().cloned().unwrap_or_default();
    let has_place = |row: &[String]| rank(row).starts_with(|c: char| c.is_ascii_digit());
    let ranked = rows.iter().rposition(|row| has_place(row)).map_or(0, |last| last + 1);
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut last = None;
    for row in &rows[..ranked] {
        let own = rank(row);
        if has_place(row) && last.as_ref() != Some(&own) {
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
}
