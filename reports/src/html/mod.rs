//! The document as one HTML page that needs nothing else: no font, no picture, no script from elsewhere. What it says can be read
//! without its script; with it lines can be looked at more closely, and the page put into another language.

mod chart;
mod data;
mod dictionary;
mod figure;
mod link;
mod pairs;
mod room;
mod shown;
mod texts;
mod view;
mod words;

use std::collections::BTreeMap;

use minijinja::{Environment, HtmlEscape, Value};

use pairs::{different, inverted};
use room::{PAGE, Room};
pub use texts::texts;
pub use words::WORDS;

use crate::document::Document;
use crate::language::Language;
use crate::storage::WriteError;

/// The page's pieces; everything that is put into them is escaped.
const TEMPLATES: [(&str, &str); 8] = [
    ("page.html", include_str!("../../templates/page.html")),
    ("verdict.html", include_str!("../../templates/verdict.html")),
    ("conclusions.html", include_str!("../../templates/conclusions.html")),
    ("contents.html", include_str!("../../templates/contents.html")),
    ("table.html", include_str!("../../templates/table.html")),
    ("grid.html", include_str!("../../templates/grid.html")),
    ("picture.html", include_str!("../../templates/picture.html")),
    ("about.html", include_str!("../../templates/about.html")),
];

/// What is put into a page as it is; nothing of it comes from a record.
const ASSETS: [(&str, &str); 10] = [
    ("style", include_str!("../../assets/report.css")),
    ("script", include_str!("../../assets/report.js")),
    ("chart_numbers", include_str!("../../assets/chart/numbers.js")),
    ("chart_looks", include_str!("../../assets/chart/looks.js")),
    ("chart_layers", include_str!("../../assets/chart/layers.js")),
    ("chart_zoom", include_str!("../../assets/chart/zoom.js")),
    ("charts", include_str!("../../assets/chart/chart.js")),
    ("uplot", include_str!("../../assets/uplot/uPlot.iife.min.js")),
    ("uplot_style", include_str!("../../assets/uplot/uPlot.min.css")),
    // A page that holds uPlot holds its licence.
    ("uplot_license", include_str!("../../assets/uplot/LICENSE")),
];

/// The language of a page, and the other one that it can be put into.
pub struct Languages<'a> {
    /// The language of the document as a page has it (BCP 47): `en`, `zh-CN`.
    pub own: &'a str,
    /// The page's own words in it: one of [`WORDS`], or of a drawing's.
    pub words: &'a dyn Fn(&str) -> String,
    /// For [`texts`] of the page those in the other language; empty: the page has no switch.
    pub dictionary: BTreeMap<String, String>,
}

impl Languages<'static> {
    /// One language alone.
    pub fn of(language: Language) -> Self {
        let words: &'static dyn Fn(&str) -> String = match language {
            Language::English => &|word| word.to_owned(),
            Language::Chinese => &|word| Language::Chinese.of(word).into_owned(),
        };
        Self { own: language.tag(), words, dictionary: BTreeMap::new() }
    }
}

impl Default for Languages<'_> {
    fn default() -> Self {
        Languages::of(Language::English)
    }
}

/// Draws the whole document in its own language only.
pub fn draw(document: &Document) -> Result<String, WriteError> {
    draw_in(document, &Languages::of(document.language))
}

/// Draws a document, which is in English, in `language`, to be put into the other one by its reader.
pub fn draw_both(document: &Document, language: Language) -> Result<String, WriteError> {
    let chinese = document.clone().translated(Language::Chinese);
    let languages = Languages::of(language);
    let pairs = different(document, &chinese);
    match language {
        Language::English => draw_in(document, &Languages { dictionary: pairs, ..languages }),
        Language::Chinese => draw_in(&chinese, &Languages { dictionary: inverted(pairs), ..languages }),
    }
}

/// Draws the whole document, to be read in two languages.
pub fn draw_in(document: &Document, languages: &Languages<'_>) -> Result<String, WriteError> {
    let failed = |error: minijinja::Error| WriteError::Drawing(format!("{error:#}"));
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.add_filter("breakable", breakable);
    for (name, text) in ASSETS {
        environment.add_global(name, Value::from_safe_string(text.to_owned()));
    }
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(failed)?;
    }
    let mut room = Room::default();
    loop {
        let page = view::Page::of(document, languages, room);
        let taken = page.taken;
        let template = environment.get_template("page.html");
        let drawn = template.and_then(|template| template.render(page)).map_err(failed)?;
        // minijinja escapes a slash as well, which nothing in a text or a quoted attribute needs, and a page has thousands. What is
        // put in unescaped holds no such reference: in its JSON every `&` is written another way.
        let drawn = drawn.replace("&#x2f;", "/");
        match taken.less((drawn.len() + 1).saturating_sub(PAGE)) {
            Some(smaller) if smaller != taken => room = smaller,
            _ => return Ok(drawn),
        }
    }
}

/// `text`, escaped, and with places where a browser may break a label: after a colon and between options.
fn breakable(text: &str) -> Value {
    let pieces = text.split_inclusive([':', ',']).map(|piece| HtmlEscape(piece).to_string());
    Value::from_safe_string(pieces.collect::<Vec<_>>().join("<wbr>"))
}
