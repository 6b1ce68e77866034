//! The document as Markdown, as GitHub reads it.

use crate::document::{Conclusion, Document, Fact};
use crate::table::{Align, Table};
use crate::text::one_line;

/// Draws the whole document.
pub fn draw(document: &Document) -> String {
    let mut blocks = vec![format!("# {}", escape(&document.title))];
    let conclusion =
        |it: &Conclusion| format!("**{}**: {} *{}*", escape(&it.suite), escape(&it.text), escape(&it.trust));
    if !document.conclusions.is_empty() {
        blocks.push(list(document.conclusions.iter().map(conclusion)));
    }
    blocks.extend(document.warnings.iter().map(|warning| format!("**{}**", escape(warning))));
    blocks.push(list(document.facts.iter().map(|fact| format!("{}: {}", fact.name, value(fact)))));
    for section in &document.sections {
        blocks.push(format!("## {}", escape(&section.table.title)));
        blocks.push(draw_table(&section.table));
    }
    if !document.explanations.is_empty() {
        blocks.push("## What the columns mean".to_owned());
    }
    for explanation in &document.explanations {
        blocks.push(escape(explanation.text));
        if !explanation.columns.is_empty() {
            blocks.push(list(explanation.columns.iter().map(|column| escape(column))));
        }
    }
    blocks.join("\n\n") + "\n"
}

/// Draws one table and its notes, without a line break at the end.
pub fn draw_table(table: &Table) -> String {
    let headings = table.columns.iter().map(|column| escape(&column.heading()));
    let rules = table.columns.iter().map(|column| match column.align {
        Align::Left => "---".to_owned(),
        Align::Right => "---:".to_owned(),
    });
    let mut lines = vec![line(headings), line(rules)];
    lines.extend(table.rows.iter().map(|row| line(row.iter().map(|text| escape(text)))));
    let mut blocks = vec![lines.join("\n")];
    if !table.notes.is_empty() {
        blocks.push(list(table.notes.iter().map(|note| escape(note))));
    }
    blocks.join("\n\n")
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

    #[test]
    fn nothing_in_a_text_ends_its_cell_or_its_line() {
        assert_eq!(escape("a|b\nc\\|d"), r"a\|b c\\\|d");
    }

    #[test]
    fn a_text_is_neither_markup_nor_html() {
        assert_eq!(escape("<b>*x*</b> & [y](z)"), r"&lt;b>\*x\*&lt;/b> &amp; \[y\](z)");
    }

    #[test]
    fn a_code_span_may_hold_backticks() {
        assert_eq!(code("a `b` c"), "``a `b` c``");
        assert_eq!(code("`b`"), "`` `b` ``");
    }
}
