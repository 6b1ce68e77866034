//! Markdown tables of medians and ranges.

use reports::Spread;

use crate::blocks::Difference;

/// A table: its heading and then its rows, all of the same width.
#[derive(Debug, Clone, Default)]
pub struct Table(Vec<Vec<String>>);

impl Table {
    /// An empty table under this heading.
    pub fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self(vec![heading.map(str::to_owned).to_vec()])
    }

    /// One more row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.into());
    }

    /// As Markdown, padded so that it reads as plain text too. The first column is a name, the others are figures.
    pub fn markdown(&self) -> String {
        let columns = self.0[0].len();
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                if column == 0 { format!(" {cell:<width$} ") } else { format!(" {cell:>width$} ") }
            });
            format!("|{}|\n", padded.collect::<Vec<_>>().join("|"))
        };
        let rule = |column: usize| {
            let dashes = "-".repeat(widths[column] + 1);
            if column == 0 { format!(":{dashes}") } else { format!("{dashes}:") }
        };
        let rules = (0..columns).map(rule).collect::<Vec<_>>().join("|");
        let mut lines = self.0.iter().map(|row| line(row));
        let heading = lines.next().unwrap_or_default();
        format!("{heading}|{rules}|\n{}", lines.collect::<String>())
    }
}

/// `median (min..max)`, or a dash where there is nothing.
pub fn spread(values: &[f64], decimals: usize) -> String {
    Spread::of(values.iter().copied()).map_or_else(
        || "-".to_owned(),
        |it| format!("{:.decimals$} ({:.decimals$}..{:.decimals$})", it.median, it.min, it.max),
    )
}

/// Only the median, or a dash where there is nothing.
pub fn median(values: &[f64], decimals: usize) -> String {
    Spread::of(values.iter().copied())
        .map_or_else(|| "-".to_owned(), |it| format!("{:.decimals$}", it.median))
}

/// As it stands in a table.
pub fn difference(difference: Difference) -> String {
    match difference {
        Difference::Told => "yes",
        Difference::NotTold => "no",
        Difference::TooFewBlocks => "too few rounds",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_padded_markdown() {
        let mut table = Table::new(["row", "µs"]);
        table.row(["nginx".into(), spread(&[1.0, 3.0, 2.0], 1)]);
        table.row(["a".into(), spread(&[], 1)]);
        assert_eq!(
            table.markdown(),
            "| row   |             µs |
|:------|---------------:|
| nginx | 2.0 (1.0..3.0) |
| a     |              - |
"
        );
    }
}
