//! Tables of probes whose columns are settings: a row a way, a column a size or a number.

use super::probes::{of_rows, void};
use crate::summary::{ProbeRow, ProbeTable};
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
        let notes = of_rows(self.tables.iter().flat_map(|table| &table.rows).filter(|row| !row.again));
        let mut rows: Vec<Vec<String>> = rows.iter().map(texts).collect();
        if rows.iter().all(|texts| texts[1].is_empty()) {
            columns.remove(1);
            for texts in &mut rows {
                texts.remove(1);
            }
        }
        Table { title, columns, rows, notes }
    }

    /// The middle columns go first where there is no room.
    fn column(&self, index: usize, table: &ProbeTable) -> Column {
        let from_the_ends = index.min(self.tables.len() - 1 - index);
        let expendable = u8::try_from(from_the_ends + 2).unwrap_or(u8::MAX);
        Column::numbers((self.heading)(table), self.unit, expendable)
    }
}

fn is_same(one: &ProbeRow, other: &ProbeRow) -> bool {
    !one.again && !other.again && one.name() == other.name()
}
