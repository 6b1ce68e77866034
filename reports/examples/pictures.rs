//! Draws a picture of each kind on a page, to be looked at: `cargo run -p reports --example pictures -- OUT.html`.

#[path = "../tests/sample/drawings.rs"]
mod pictures;

use reports::document::Document;
use reports::html::{Languages, draw_in};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args_os().nth(1).ok_or("give the file to write")?;
    let document =
        Document { title: "A picture of each kind".into(), pictures: pictures::all(), ..Document::default() };
    let dictionary = [("Pictures", "图"), ("connections", "连接数"), ("Whole picture", "整图")];
    let dictionary = dictionary.map(|(own, other)| (own.to_owned(), other.to_owned())).into();
    std::fs::write(out, draw_in(&document, &Languages { dictionary, ..Languages::default() })?)?;
    Ok(())
}
