//! The document as one HTML page that needs nothing else: no script, no font, no picture from elsewhere.

use minijinja::{Environment, HtmlEscape, Value};

use crate::document::Document;
use crate::storage::WriteError;

/// Named `.html`, so that minijinja escapes everything that is put into it.
const NAME: &str = "report.html";

/// Draws the whole document.
pub fn draw(document: &Document) -> Result<String, WriteError> {
    let failed = |error: minijinja::Error| WriteError::Drawing(format!("{error:#}"));
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    environment.add_filter("breakable", breakable);
    environment.add_template(NAME, include_str!("../templates/report.html")).map_err(failed)?;
    environment.get_template(NAME).and_then(|template| template.render(document)).map_err(failed)
}

/// `text`, escaped, and with places where a browser may break a label: after a colon and between options.
fn breakable(text: &str) -> Value {
    let pieces = text.split_inclusive([':', ',']).map(|piece| HtmlEscape(piece).to_string());
    Value::from_safe_string(pieces.collect::<Vec<_>>().join("<wbr>"))
}
