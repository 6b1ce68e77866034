//! The document for a terminal: as many columns as fit its width, the most important first.

use comfy_table::{CellAlignment, ContentArrangement};

use crate::document::Document;
use crate::table::{Align, Column, Table};
use crate::text::{break_label, one_line, wrap};

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// How many characters a line has room for.
    pub width: usize,
    /// Which characters it knows.
    pub charset: Charset,
}

/// Which characters a terminal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charset {
    /// All.
    #[default]
    Utf8,
    /// ASCII only.
    Ascii,
}

/// Below this many characters labels are not broken further; columns go first.
const LABEL_WIDTH: usize = 16;

/// The space between two columns.
const GAP: usize = 2;

/// Below the titles a line, and no other: comfy-table's notation for its preset styles.
const UTF8_RULE: &str = "     ─             ";
const ASCII_RULE: &str = "     -             ";

/// Draws the whole document.
pub fn draw(document: &Document, terminal: Terminal) -> String {
    let paragraph = |text: &str, indent| draw_text(text, terminal, indent);
    let mut page = String::new();
    for conclusion in &document.conclusions {
        page += &paragraph(&conclusion.line(), 2);
    }
    if !document.conclusions.is_empty() {
        page += "\n";
    }
    for fact in &document.facts {
        page += &paragraph(&format!("{}: {}", fact.name, fact.value), 2);
    }
    for warning in &document.warnings {
        page += "\n";
        page += &paragraph(warning, 0);
    }
    for section in &document.sections {
        page += "\n";
        page += &draw_table(&section.table, terminal);
    }
    if !document.sections.is_empty() {
        page += "\n";
        page += &paragraph(document.legend, 0);
    }
    page
}

/// Draws a text, every line but the first indented by `indent` spaces.
pub fn draw_text(text: &str, terminal: Terminal, indent: usize) -> String {
    wrap(&terminal.text(text), terminal.width, indent) + "\n"
}

/// Draws one table: its title, its rows, which columns had no room, and its notes.
pub fn draw_table(table: &Table, terminal: Terminal) -> String {
    let table = terminal.plain(table);
    let (shown, label_width) = fit(&table, terminal.width);
    let mut page = wrap(&table.title, terminal.width, 2) + "\n\n";
    page += &build(&table, &shown, label_width, terminal).trim_fmt();
    page += "\n";
    let left_out: Vec<String> = (0..table.columns.len())
        .filter(|index| !shown.contains(index))
        .map(|index| terminal.text(&table.columns[index].heading()))
        .collect();
    let mut notes = table.notes.clone();
    if !left_out.is_empty() {
        notes.push(format!("No room here, but in a wider terminal: {}.", left_out.join(", ")));
    }
    if !notes.is_empty() {
        page += "\n";
    }
    for note in notes {
        page += &(wrap(&note, terminal.width, 2) + "\n");
    }
    page
}

impl Terminal {
    /// `text` in characters that this terminal knows, and none that would steer it.
    fn text(self, text: &str) -> String {
        let text = one_line(text);
        match self.charset {
            Charset::Utf8 => text,
            Charset::Ascii => text.chars().map(ascii).collect(),
        }
    }

    fn plain(self, table: &Table) -> Table {
        let texts = |texts: &[String]| texts.iter().map(|text| self.text(text)).collect::<Vec<_>>();
        Table {
            title: self.text(&table.title),
            columns: table.columns.clone(),
            rows: table.rows.iter().map(|row| texts(row)).collect(),
            notes: texts(&table.notes),
        }
    }
}

/// The nearest thing to `c` in ASCII.
fn ascii(c: char) -> String {
    match c {
        'µ' => "u".to_owned(),
        '≥' => ">=".to_owned(),
        '±' => "+-".to_owned(),
        '×' => "x".to_owned(),
        'σ' => "sigma".to_owned(),
        'κ' => "kappa".to_owned(),
        '–' | '—' => "-".to_owned(),
        '’' => "'".to_owned(),
        c if c.is_ascii() => c.to_string(),
        _ => "?".to_owned(),
    }
}

/// Which columns have room in `width`, and how wide labels may be. Labels are broken before columns go.
fn fit(table: &Table, width: usize) -> (Vec<usize>, usize) {
    let widths: Vec<usize> = (0..table.columns.len()).map(|index| natural_width(table, index)).collect();
    let is_label = |index: &usize| table.columns[*index].align == Align::Left;
    let mut shown: Vec<usize> = (0..table.columns.len()).collect();
    loop {
        let gaps = shown.len().saturating_sub(1) * GAP;
        let fixed: usize = shown.iter().filter(|index| !is_label(index)).map(|&index| widths[index]).sum();
        let labels: Vec<usize> =
            shown.iter().filter(|index| is_label(index)).map(|&index| widths[index]).collect();
        let room = width.saturating_sub(gaps + fixed);
        let needed: usize = labels.iter().map(|&label| label.min(LABEL_WIDTH)).sum();
        let expendable = shown.iter().copied().max_by_key(|&index| table.columns[index].expendable);
        match expendable.filter(|&index| table.columns[index].expendable > 0) {
            Some(index) if needed > room => shown.retain(|&other| other != index),
            _ => return (shown, label_width(&labels, room)),
        }
    }
}

/// The greatest width that labels may have for all of them to fit into `room`.
fn label_width(labels: &[usize], room: usize) -> usize {
    let taken = |limit: usize| labels.iter().map(|&label| label.min(limit)).sum::<usize>();
    let longest = labels.iter().copied().max().unwrap_or_default();
    (LABEL_WIDTH..=longest).rev().find(|&limit| taken(limit) <= room).unwrap_or(LABEL_WIDTH)
}

/// The width of a column's longest text, in characters.
fn natural_width(table: &Table, index: usize) -> usize {
    let column = &table.columns[index];
    let texts = table.rows.iter().map(|row| row[index].as_str());
    texts.chain([&*column.title, column.unit]).map(|text| text.chars().count()).max().unwrap_or_default()
}

fn build(table: &Table, shown: &[usize], label_width: usize, terminal: Terminal) -> comfy_table::Table {
    let mut drawn = comfy_table::Table::new();
    drawn.load_preset(match terminal.charset {
        Charset::Utf8 => UTF8_RULE,
        Charset::Ascii => ASCII_RULE,
    });
    // The arrangement only comes in where a single word is wider than the terminal has room for.
    drawn.force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    drawn.set_width(u16::try_from(terminal.width).unwrap_or(u16::MAX));
    let headings: Vec<String> = shown.iter().map(|&index| terminal.heading(&table.columns[index])).collect();
    drawn.set_header(headings);
    for row in &table.rows {
        let text = |&index: &usize| match table.columns[index].align {
            Align::Left => break_label(&row[index], label_width),
            Align::Right => row[index].clone(),
        };
        drawn.add_row(shown.iter().map(text).collect::<Vec<_>>());
    }
    for (place, &index) in shown.iter().enumerate() {
        let column = drawn.column_mut(place).expect("every column that is shown has a heading");
        column.set_padding((if place == 0 { 0 } else { GAP as u16 }, 0));
        column.set_cell_alignment(match table.columns[index].align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    drawn
}

impl Terminal {
    /// A column's name, and its unit below it.
    fn heading(self, column: &Column) -> String {
        let (title, unit) = (self.text(&column.title), self.text(column.unit));
        if unit.is_empty() { title } else { format!("{title}\n{unit}") }
    }
}
