//! All forms of a document, read back: in English as they are, in Chinese beside the English ones.

use reports::document::Document;
use reports::language::Language;
use reports::terminal::{self, Charset, Terminal};
use reports::{html, markdown};

use crate::expected::Expected;
use crate::read::{self, Grid};

/// So wide that no line is broken and every column has room.
const WIDE: usize = 4_000;

/// A document as one form shows it.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) grids: Vec<Grid>,
    /// Each with its suite.
    pub(crate) conclusions: Vec<String>,
    /// All of it, without what only marks it up.
    pub(crate) text: String,
}

/// All forms of a document in the language that it is in.
pub(crate) fn of(document: &Document) -> Vec<Form> {
    let mut forms = vec![
        on_terminal("the terminal", &drawn(document, Charset::Utf8)),
        in_markdown(&markdown::draw(document)),
        on_a_page("the page", &html::draw(document).unwrap()),
    ];
    if document.language == Language::English {
        let both = |language| html::draw_both(document, language).unwrap();
        forms.push(on_a_page("the page of both languages", &both(Language::English)));
        let ascii = drawn(document, Charset::Ascii);
        assert!(ascii.is_ascii() && !ascii.contains('?'), "something has no ASCII: {ascii}");
        forms.push(on_terminal("ASCII", &ascii));
    }
    forms
}

fn drawn(document: &Document, charset: Charset) -> String {
    terminal::draw(document, Terminal { width: WIDE, charset })
}

fn on_terminal(name: &'static str, text: &str) -> Form {
    let conclusions = read::conclusions_of_terminal(text);
    Form { name, grids: read::of_terminal(text), conclusions, text: text.to_owned() }
}

fn in_markdown(text: &str) -> Form {
    let conclusions = read::conclusions_of_markdown(text);
    Form { name: "Markdown", grids: read::of_markdown(text), conclusions, text: read::plain_markdown(text) }
}

fn on_a_page(name: &'static str, page: &str) -> Form {
    let conclusions = read::conclusions_of_html(page);
    Form { name, grids: read::of_html(page), conclusions, text: read::plain_html(page) }
}

/// Every form says what it must, and has no other table.
pub(crate) fn all_say(document: &Document, tables: &[Expected]) {
    for form in of(document) {
        for grid in &form.grids {
            let is_expected = tables.iter().any(|table| in_form(&form, &table.title) == grid.title);
            assert!(is_expected, "{}: nobody looks at {}", form.name, grid.title);
        }
        for table in tables {
            is_in(table, &form);
        }
    }
    crate::chinese::says_the_same(document);
}

/// Every form has this table and says in it what it must, whatever else it has.
pub(crate) fn each_says(document: &Document, table: &Expected) {
    for form in of(document) {
        is_in(table, &form);
    }
    crate::chinese::says_the_same(document);
}

fn is_in(table: &Expected, form: &Form) {
    let title = in_form(form, &table.title);
    let own: Vec<&Grid> = form.grids.iter().filter(|grid| grid.title == title).collect();
    assert_eq!(own.len(), 1, "{}: {} in {:?}", form.name, table.title, form.grids);
    table.is_in(form.name, &put_back(form, own[0]));
}

/// A text as it stands in a form.
pub(crate) fn in_form(form: &Form, text: &str) -> String {
    if form.name == "ASCII" { in_ascii(text) } else { text.to_owned() }
}

/// What a character is in ASCII.
const IN_ASCII: [(&str, &str); 10] = [
    ("µ", "u"),
    ("≥", ">="),
    ("±", "+-"),
    ("×", "x"),
    ("σ", "sigma"),
    ("κ", "kappa"),
    ("–", "-"),
    ("’", "'"),
    ("→", "->"),
    ("²", "2"),
];

fn in_ascii(text: &str) -> String {
    IN_ASCII.iter().fold(text.to_owned(), |text, (one, other)| text.replace(one, other))
}

/// The texts of a table in ASCII as they were: only whole words and marks are put back, as `us` may stand within another word.
fn put_back(form: &Form, grid: &Grid) -> Grid {
    if form.name != "ASCII" {
        return grid.clone();
    }
    let heading = |text: &String| {
        let words: Vec<String> = text.split(' ').map(word).collect();
        words.join(" ")
    };
    Grid {
        title: grid.title.clone(),
        headings: grid.headings.iter().map(heading).collect(),
        rows: grid.rows.iter().map(|row| row.iter().map(heading).collect()).collect(),
    }
}

fn word(text: &str) -> String {
    let inner = text.trim_start_matches('(').trim_end_matches([')', ',']);
    if inner.is_empty() {
        return text.to_owned();
    }
    let back = match inner {
        "us" => "µs",
        "us/connection" => "µs/connection",
        "x" => "×",
        "sigma" => "σ",
        "kappa" => "κ",
        ">=" => "≥",
        "->" => "→",
        "R2" => "R²",
        "-" => "–",
        _ => inner,
    };
    let back = back.replace("+-", "±");
    text.replacen(inner, &back, 1)
}
