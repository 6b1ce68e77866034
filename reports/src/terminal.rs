//! The document for a terminal: as many columns as fit its width, the most important first, and bars and sparklines where
//! there is room beside them. No line is wider than the terminal.

mod fit;
mod marks;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement};
use crossterm::style::Stylize;
use unicode_width::UnicodeWidthStr as _;

use self::fit::{Fit, GAP};
pub use self::marks::{bar, sparkline};
use crate::document::{Conclusion, Document, Fact};
use crate::language::Language;
use crate::table::{Align, Column, Marks, Table};
use crate::text::{break_label, one_line, wrap};

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// How many columns a line has room for; a Chinese character takes two.
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

/// Whether there are colours. None of them says what the texts do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colours {
    /// There are none, and no escape sequence.
    #[default]
    Off,
    /// Warnings are dark yellow, first places are dark green and bold, and what is not ranked is dim: to be read on white as well as on black.
    On,
}

/// Below the titles a line, and no other: comfy-table's notation for its preset styles.
const UTF8_RULE: &str = "     ─             ";
const ASCII_RULE: &str = "     -             ";
/// What stands in the rank's place of a row that has none, as the document has it and in ASCII.
const UNRANKED: [&str; 2] = ["–", "-"];

/// Draws the whole document, without colours.
pub fn draw(document: &Document, terminal: Terminal) -> String {
    draw_with(document, terminal, Colours::Off)
}

/// Draws the whole document.
pub fn draw_with(document: &Document, terminal: Terminal, colours: Colours) -> String {
    let paragraph = |text: &str, indent| draw_text(text, terminal, indent);
    let conclusions = |of: &[Conclusion]| -> String {
        of.iter().map(|conclusion| paragraph(&conclusion.line(document.language), 2)).collect()
    };
    let (before, behind) = document.conclusions_around();
    let mut blocks = vec![conclusions(before)];
    blocks.extend(document.warnings.iter().map(|warning| colours.warning(&paragraph(warning, 0))));
    let mut tables =
        document.in_order().map(|table| draw_table_in(document.language, table, terminal, colours));
    if let Some(brief) = &document.brief {
        let table = tables.next();
        let by = table.as_ref().map(|_| paragraph(brief.by, 0));
        blocks.extend(by.into_iter().chain(table));
    }
    blocks.push(conclusions(behind));
    let fact = |fact: &Fact| paragraph(&document.language.labelled(fact.name, &fact.value), 2);
    blocks.push(document.facts.iter().map(fact).collect());
    blocks.extend(tables);
    blocks.retain(|block| !block.trim().is_empty());
    let mut page = blocks.join("\n");
    if !document.tables.is_empty() {
        page += "\n";
        page += &paragraph(document.legend, 0);
    }
    page
}

/// How many columns of a terminal `text` takes: a Chinese character takes two.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// `text` with blanks behind it, so that it takes `width` columns if it has no more.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// Draws a text, every line but the first indented by `indent` spaces.
pub fn draw_text(text: &str, terminal: Terminal, indent: usize) -> String {
    wrap(&terminal.text(text), terminal.width, indent) + "\n"
}

/// Draws one table without colours: its title, its rows, which columns had no room, and its notes.
pub fn draw_table(table: &Table, terminal: Terminal) -> String {
    draw_table_in(Language::English, table, terminal, Colours::Off)
}

/// Draws one table that is in `language` already: its title, its rows, which columns had no room, and its notes.
pub fn draw_table_in(language: Language, table: &Table, terminal: Terminal, colours: Colours) -> String {
    let table = terminal.plain(table);
    let fit = Fit::of(&table, terminal.width);
    let mut page = wrap(&table.title, terminal.width, 2) + "\n\n";
    page += &build(&table, &fit, terminal, colours).trim_fmt();
    page += "\n";
    let left_out: Vec<String> = (0..table.columns.len())
        .filter(|index| !fit.shown.contains(index))
        .map(|index| terminal.text(&table.columns[index].heading()))
        .collect();
    let mut notes = table.notes.clone();
    if !left_out.is_empty() {
        let without_room =
            format!("No room here, but in a wider terminal: {}.", left_out.join(language.between_names()));
        notes.push(language.of(&without_room).into_owned());
    }
    if !notes.is_empty() {
        page += "\n";
    }
    for note in notes {
        page += &(wrap(&note, terminal.width, 2) + "\n");
    }
    page
}

impl Colours {
    /// A warning in its colour, line by line, so that each stands for itself in a pager.
    fn warning(self, text: &str) -> String {
        if self == Self::Off {
            return text.to_owned();
        }
        crossterm::style::force_color_output(true);
        let lines: Vec<String> = text.lines().map(|line| line.dark_yellow().to_string()).collect();
        lines.join("\n") + "\n"
    }

    /// A cell of a row that has this rank, if its table has ranks.
    fn cell(self, text: String, rank: Option<&str>) -> Cell {
        let cell = Cell::new(text);
        match rank {
            Some(rank) if self == Self::On && matches!(rank, "1" | "1=") => {
                cell.fg(Color::DarkGreen).add_attribute(Attribute::Bold)
            }
            Some(rank) if self == Self::On && UNRANKED.contains(&rank) => cell.add_attribute(Attribute::Dim),
            _ => cell,
        }
    }
}

impl Terminal {
    /// `text` in characters that this terminal knows, and none that would steer it.
    pub fn text(self, text: &str) -> String {
        let text = one_line(text);
        match self.charset {
            Charset::Utf8 => text,
            Charset::Ascii => text.chars().map(ascii).collect(),
        }
    }

    fn plain(self, table: &Table) -> Table {
        let texts = |texts: &[String]| texts.iter().map(|text| self.text(text)).collect::<Vec<_>>();
        let column = |column: &Column| Column { title: self.text(&column.title).into(), ..column.clone() };
        Table {
            title: self.text(&table.title),
            columns: table.columns.iter().map(column).collect(),
            rows: table.rows.iter().map(|row| texts(row)).collect(),
            notes: texts(&table.notes),
        }
    }

    /// A column's name, and its unit below it.
    fn heading(self, column: &Column) -> String {
        let (title, unit) = (self.text(&column.title), self.text(column.unit));
        if unit.is_empty() { title } else { format!("{title}\n{unit}") }
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
        '–' | '—' | '−' => "-".to_owned(),
        '’' => "'".to_owned(),
        '²' => "2".to_owned(),
        '→' => "->".to_owned(),
        height if marks::HEIGHTS.contains(&height) => marks::in_ascii(height).to_string(),
        c if c.is_ascii() => c.to_string(),
        _ => "?".to_owned(),
    }
}

/// A place from left to right: a column, or the marks beside one.
#[derive(Clone, Copy)]
enum Place {
    Texts(usize),
    Marks(usize, usize),
}

/// The places of what has room.
fn places(fit: &Fit) -> Vec<Place> {
    let marks = |index| fit.marks.iter().find(|(of, _)| *of == index);
    let with_marks = |&index: &usize| {
        let marks = marks(index).map(|&(of, width)| Place::Marks(of, width));
        [Some(Place::Texts(index)), marks].into_iter().flatten()
    };
    fit.shown.iter().flat_map(with_marks).collect()
}

fn build(table: &Table, fit: &Fit, terminal: Terminal, colours: Colours) -> comfy_table::Table {
    let mut drawn = comfy_table::Table::new();
    drawn.load_preset(match terminal.charset {
        Charset::Utf8 => UTF8_RULE,
        Charset::Ascii => ASCII_RULE,
    });
    // The arrangement only comes in where a single word is wider than the terminal has room for.
    drawn.force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    drawn.set_width(u16::try_from(terminal.width).unwrap_or(u16::MAX));
    if colours == Colours::On {
        // That there are colours is decided by whoever asks for them.
        crossterm::style::force_color_output(true);
        drawn.enforce_styling();
    }
    let places = places(fit);
    drawn.set_header(places.iter().map(|place| match *place {
        Place::Texts(index) => terminal.heading(&table.columns[index]),
        Place::Marks(index, _) => table.columns[index].marks.as_ref().map_or("", Marks::title).to_owned(),
    }));
    let rank = table.columns.iter().position(|column| column.is_rank);
    for (number, row) in table.rows.iter().enumerate() {
        let text = |place: &Place| match *place {
            Place::Texts(index) => match table.columns[index].align {
                Align::Left => break_label(&row[index], fit.label_width),
                Align::Right => row[index].clone(),
            },
            Place::Marks(index, width) => marks_of(&table.columns[index], number, width, terminal.charset),
        };
        let rank = rank.map(|index| row[index].as_str());
        drawn.add_row(places.iter().map(|place| colours.cell(text(place), rank)).collect::<Vec<_>>());
    }
    for (number, place) in places.iter().enumerate() {
        let column = drawn.column_mut(number).expect("every column that is shown has a heading");
        column.set_padding((if number == 0 { 0 } else { GAP as u16 }, 0));
        column.set_cell_alignment(match *place {
            Place::Texts(index) if table.columns[index].align == Align::Right => CellAlignment::Right,
            Place::Texts(_) | Place::Marks(..) => CellAlignment::Left,
        });
    }
    drawn
}

/// One row's marks beside a column.
fn marks_of(column: &Column, row: usize, width: usize, charset: Charset) -> String {
    match &column.marks {
        None => String::new(),
        Some(Marks::Bars(shares)) => {
            let share = shares.get(row).copied().flatten();
            share.map(|share| bar(share.into(), width, charset)).unwrap_or_default()
        }
        Some(Marks::Sparks { rows, .. }) => {
            let shares = rows.get(row).map(Vec::as_slice).unwrap_or_default();
            let drawn = shares.len().min(width);
            let highest = |mark: usize| {
                let of = &shares[mark * shares.len() / drawn..(mark + 1) * shares.len() / drawn];
                of.iter().flatten().max().map(|share| f64::from(*share))
            };
            sparkline((0..drawn).map(highest), charset)
        }
    }
}
