//! The document as Markdown, as GitHub reads it: for a README or a pull request. What it comes to stands first, then the ranked
//! tables with their main columns; the long rest is folded, and nothing is left out.

use crate::document::{Conclusion, Document, Fact};
use crate::language::Language;
use crate::table::{Align, Table};
use crate::text::one_line;

/// Tables stand open up to so many rows in all: more is no longer looked over at once.
const OPEN_ROWS: usize = 40;
/// So many columns GitHub shows beside each other without scrolling.
const MAIN_COLUMNS: usize = 9;

/// Draws the whole document.
pub fn draw(document: &Document) -> String {
    let mut blocks = vec![format!("# {}", escape(&document.title))];
    let conclusion =
        |it: &Conclusion| format!("**{}**: {} *{}*", escape(&it.suite), escape(&it.text), escape(&it.trust));
    let (before, behind) = document.conclusions_around();
    let mut tables = tables(document).into_iter();
    blocks.push(list(before.iter().map(conclusion)));
    blocks.extend(document.warnings.iter().map(|warning| format!("**{}**", escape(warning))));
    if let Some(brief) = &document.brief {
        blocks.push(escape(brief.by));
        blocks.extend(tables.next());
    }
    blocks.push(list(behind.iter().map(conclusion)));
    if !document.pictures.is_empty() {
        blocks.push(document.language.of("Pictures are in [report.html](report.html).").into_owned());
    }
    blocks.extend(tables);
    let facts = list(document.facts.iter().map(|fact| document.language.labelled(fact.name, &value(fact))));
    blocks.push(folded(&document.language.of("Machine, command and versions"), &facts));
    let explanations = explanations(document);
    if !explanations.is_empty() {
        blocks.push(folded(&document.language.of("What the columns mean"), &explanations));
    }
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n") + "\n"
}

/// All tables: open as long as there is room, those first that rank what the run compares.
fn tables(document: &Document) -> Vec<String> {
    let mut rows = 0;
    let open = |table: &&Table| {
        let is_first = rows == 0;
        rows += table.rows.len();
        is_first || rows <= OPEN_ROWS
    };
    let number = document.in_order().take_while(open).count();
    let drawn = |(place, table): (usize, &Table)| {
        if place < number { open_table(table, document.language) } else { folded_table(table) }
    };
    document.in_order().enumerate().map(drawn).collect()
}

/// A table with its main columns, and all of it folded below where that is more.
fn open_table(table: &Table, language: Language) -> String {
    let columns = main_columns(table);
    let heading = format!("## {}", escape(&table.title));
    if columns.len() == table.columns.len() {
        return [heading, draw_table(table)].join("\n\n");
    }
    [heading, grid(table, &columns), folded(&language.of("All columns and notes"), &draw_table(table))]
        .join("\n\n")
}

fn folded_table(table: &Table) -> String {
    folded(&table.title, &draw_table(table))
}

/// What is shown at a click; without one its summary alone. The empty lines make Markdown of what is in it (section 4.6 of the
/// `CommonMark` specification).
fn folded(summary: &str, content: &str) -> String {
    let summary = one_line(summary).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<details><summary>{summary}</summary>\n\n{content}\n\n</details>")
}

fn explanations(document: &Document) -> String {
    let mut blocks = Vec::new();
    for explanation in &document.explanations {
        blocks.push(escape(explanation.text));
        if !explanation.columns.is_empty() {
            blocks.push(list(explanation.columns.iter().map(|column| escape(column))));
        }
    }
    blocks.join("\n\n")
}

/// The places of the columns that stay where there is room for few: a terminal leaves out the same ones first.
fn main_columns(table: &Table) -> Vec<usize> {
    let mut columns = filled_columns(table);
    while columns.len() > MAIN_COLUMNS {
        let expendable = |place: &usize| table.columns[*place].expendable;
        let Some(least) =
            columns.iter().copied().max_by_key(expendable).filter(|place| expendable(place) > 0)
        else {
            break;
        };
        columns.retain(|place| *place != least);
    }
    columns
}

/// The places of the columns in which anything stands.
fn filled_columns(table: &Table) -> Vec<usize> {
    let filled =
        |place: &usize| table.rows.is_empty() || table.rows.iter().any(|row| !row[*place].is_empty());
    (0..table.columns.len()).filter(filled).collect()
}

/// Draws one table and its notes, without a line break at the end.
pub fn draw_table(table: &Table) -> String {
    let all: Vec<usize> = (0..table.columns.len()).collect();
    let mut blocks = vec![grid(table, &all)];
    if !table.notes.is_empty() {
        blocks.push(list(table.notes.iter().map(|note| escape(note))));
    }
    blocks.join("\n\n")
}

/// These columns of a table.
fn grid(table: &Table, columns: &[usize]) -> String {
    let of = || columns.iter().map(|place| &table.columns[*place]);
    let headings = of().map(|column| escape(&column.heading()));
    let rules = of().map(|column| match column.align {
        Align::Left => "---".to_owned(),
        Align::Right => "---:".to_owned(),
    });
    let mut lines = vec![line(headings), line(rules)];
    lines.extend(table.rows.iter().map(|row| line(columns.iter().map(|place| escape(&row[*place])))));
    lines.join("\n")
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

fn line(texts: impl Iterator<Item = String>) -> String {
    format!("| {} |", texts.collect::<Vec<_>>().join(" | "))
}

fn value(fact: &Fact) -> String {
    if fact.code { code(&fact.value) } else { escape(&fact.value) }
}

/// A text that shows as it is: nothing in it ends a cell, starts markup or is taken for HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A code span: between more backticks than there are anywhere in it (section 6.1 of the `CommonMark` specification).
fn code(text: &str) -> String {
    let text = one_line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    #[test]
    fn nothing_in_a_text_ends_its_cell_or_its_line() {
        assert_eq!(escape("a|b\nc\\|d"), r"a\|b c\\\|d");
    }

    #[test]
    fn a_text_is_neither_markup_nor_html() {
        assert_eq!(escape("<b>*x*</b> & [y](z)"), r"&lt;b>\*x\*&lt;/b> &amp; \[y\](z)");
    }

    fn table(title: &str, columns: usize, rows: usize) -> Table {
        let column = |place: usize| Column::numbers(format!("c{place}"), "", place as u8);
        Table {
            title: title.into(),
            columns: (0..columns).map(column).collect(),
            rows: vec![(0..columns).map(|place| format!("v{place}")).collect(); rows],
            notes: vec!["A note.".into()],
        }
    }

    fn document(tables: Vec<Table>, leading: Vec<usize>) -> Document {
        Document { title: "T".into(), tables, leading, ..Document::default() }
    }

    #[test]
    fn what_ranks_stands_open_before_everything_else_and_what_is_long_is_folded() {
        let page = draw(&document(vec![table("rest", 3, 39), table("ranks", 3, 2)], vec![1]));
        let (ranks, rest) =
            (page.find("## ranks").unwrap(), page.find("<details><summary>rest</summary>").unwrap());
        assert!(ranks < rest && !page.contains("## rest"), "{page}");
    }

    #[test]
    fn a_table_of_many_columns_shows_its_main_ones_and_all_of_them_at_a_click() {
        let page = draw(&document(vec![table("wide", 12, 2)], vec![0]));
        let (open, rest) = page.split_once("<details>").unwrap();
        assert!(open.contains("| c0 | c1 | c2 | c3 | c4 | c5 | c6 | c7 | c8 |\n"), "{open}");
        assert!(rest.contains("| c8 | c9 | c10 | c11 |\n") && rest.contains("- A note."), "{rest}");
    }

    #[test]
    fn the_first_table_stands_open_however_long_it_is() {
        let page = draw(&document(vec![table("long", 3, 90), table("next", 3, 1)], vec![0, 1]));
        assert!(page.contains("## long") && !page.contains("## next"), "{page}");
    }

    #[test]
    fn what_is_folded_has_empty_lines_around_it_and_a_summary_without_markup() {
        assert_eq!(
            folded("a <b> & |", "- x"),
            "<details><summary>a &lt;b&gt; &amp; |</summary>\n\n- x\n\n</details>"
        );
    }

    #[test]
    fn a_code_span_may_hold_backticks() {
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`b`"), "`` `b` ``");
    }
}
