//! Draws pictures of each kind on a page, to be looked at: `cargo run -p reports --example pictures -- OUT.html [zh]`. First those that
//! have all that a drawing has to deal with, then the whole page of a record with something for every picture.

#[path = "../tests/sample/drawings.rs"]
mod pictures;
#[allow(dead_code, reason = "only the record for every picture is drawn here")]
#[path = "../tests/sample/mod.rs"]
mod sample;

use reports::document::Document;
use reports::html;
use reports::language::Language;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let out = words.next().ok_or("give the file to write")?;
    let language = Language::of_locale(&words.next().unwrap_or_default());
    let mut document = Document::of(&sample::course::run());
    document.pictures.splice(..0, pictures::all());
    std::fs::write(out, html::draw_both(&document, language)?)?;
    Ok(())
}
