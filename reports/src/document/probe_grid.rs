//! Tables of probes whose columns are settings: a row a way, a column a size or a number.

use super::notes;
use super::probes::{void, void_parts};
use crate::record::Verdict;
use crate::summary::counted::DISTURBED;
use crate::summary::{ProbeRow, ProbeTable, Remark};
use crate::table::{Column, Table};

/// What stands in the columns.
pub(super) struct Grid<'a> {
    /// The tables of one operation, one for each column.
    pub(super) tables: Vec<&'a ProbeTable>,
    /// A column's name.
    pub(super) heading: fn(&ProbeTable) -> String,
    /// Their unit.
    pub(super) unit: &'static str,
    /// What stands in a place of which there are figures.
    pub(super) text: fn(&ProbeRow) -> String,
}

impl Grid<'_> {
    /// The table: its rows in the order of the first column, those that it does not have after them.
    pub(super) fn table(&self, title: String) -> Table {
        let mut rows: Vec<&ProbeRow> = Vec::new();
        for row in self.tables.iter().flat_map(|table| &table.rows).filter(|row| !row.again) {
            if !rows.iter().any(|other| is_same(other, row)) {
                rows.push(row);
            }
        }
        let mut columns = vec![Column::words("way", 0), Column::words("sides", 1)];
        columns.extend(self.tables.iter().enumerate().map(|(index, table)| self.column(index, table)));
        let texts = |row: &&ProbeRow| {
            let text = |table: &&ProbeTable| {
                let own = table.rows.iter().find(|other| is_same(other, row));
                own.map(|row| void(row).unwrap_or_else(|| (self.text)(row))).unwrap_or_default()
            };
            let mut texts = vec![row.label(), row.sides.clone().unwrap_or_default()];
            texts.extend(self.tables.iter().map(text));
            texts
        };
        let notes = self.notes(&rows);
        let mut rows: Vec<Vec<String>> = rows.iter().map(texts).collect();
        if rows.iter().all(|texts| texts[1].is_empty()) {
            columns.remove(1);
            for texts in &mut rows {
                texts.remove(1);
            }
        }
        Table { title, columns, rows, notes }
    }

    /// What the rows say, each thing once, with the columns of which it is said unless it is all that the row has. Of those that
    /// were disturbed there is a sentence for all: which ones they were is in the record.
    fn notes(&self, rows: &[&ProbeRow]) -> Vec<String> {
        let mut said: Vec<(Vec<String>, Vec<String>)> = Vec::new();
        for row in rows {
            for (columns, parts) in self.said_of(row) {
                let label = columns.map_or(row.name(), |columns| format!("{} ({columns})", row.name()));
                match said.iter_mut().find(|(_, other)| *other == parts) {
                    Some((labels, _)) => labels.push(label),
                    None => said.push((vec![label], parts)),
                }
            }
        }
        let sentences = said.iter().filter_map(|(labels, parts)| notes::sentence(&labels.join("; "), parts));
        let own = self.tables.iter().flat_map(|table| &table.rows).filter(|row| !row.again);
        sentences.chain(disturbed(own.filter(|row| row.remarks.iter().any(is_disturbance)).count())).collect()
    }

    /// What there is to say of a row, and of which of its columns; of all where none are named.
    fn said_of(&self, row: &ProbeRow) -> Vec<(Option<String>, Vec<String>)> {
        let own = self
            .tables
            .iter()
            .filter_map(|table| Some((table, table.rows.iter().find(|it| is_same(it, row))?)));
        let own: Vec<_> = own.map(|(table, row)| ((self.heading)(table), parts(row))).collect();
        let mut said: Vec<(Vec<&str>, &Vec<String>)> = Vec::new();
        for (column, parts) in own.iter().filter(|(_, parts)| !parts.is_empty()) {
            match said.iter_mut().find(|(_, other)| *other == parts) {
                Some((columns, _)) => columns.push(column),
                None => said.push((vec![column], parts)),
            }
        }
        let named = |columns: Vec<&str>| (columns.len() < own.len()).then(|| columns.join(", "));
        said.into_iter().map(|(columns, parts)| (named(columns), parts.clone())).collect()
    }

    /// The middle columns go first where there is no room.
    fn column(&self, index: usize, table: &ProbeTable) -> Column {
        let from_the_ends = index.min(self.tables.len() - 1 - index);
        let expendable = u8::try_from(from_the_ends + 2).unwrap_or(u8::MAX);
        Column::numbers((self.heading)(table), self.unit, expendable)
    }
}

/// What a row has to say beside that it was disturbed.
fn parts(row: &ProbeRow) -> Vec<String> {
    let remarks = row.remarks.iter().filter(|remark| !remark.superseded && !is_disturbance(remark));
    let remarks: Vec<Remark> = remarks.cloned().collect();
    let is_an_error = |remark: &Remark| remark.verdict != Verdict::Valid;
    let mut parts = void_parts(row);
    if remarks.iter().any(is_an_error) {
        parts.extend(notes::rounds_left_out(row.rounds));
    }
    parts.extend(notes::reasons(&remarks, row.rounds, row.void.unwrap_or(Verdict::Valid)));
    parts
}

fn is_disturbance(remark: &Remark) -> bool {
    remark.reason.as_deref() == Some(DISTURBED)
}

fn disturbed(figures: usize) -> Option<String> {
    (figures > 0).then(|| match figures {
        1 => "In one place some rounds were measured again, or do not count, since the machine was disturbed.".to_owned(),
        _ => format!(
            "In {figures} places some rounds were measured again, or do not count, since the machine was disturbed."
        ),
    })
}

fn is_same(one: &ProbeRow, other: &ProbeRow) -> bool {
    !one.again && !other.again && one.name() == other.name()
}
