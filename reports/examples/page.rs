//! Draws a record's page, to be looked at: `cargo run -p reports --example page -- RUN OUT.html`.

use std::path::PathBuf;

use reports::document::Document;
use reports::record::Run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(run), Some(out)) = (words.next(), words.next()) else {
        return Err("give the directory that a run wrote, and the file to write".into());
    };
    let document = Document::of(&Run::read(&run)?);
    std::fs::write(out, reports::html::draw(&document)?)?;
    Ok(())
}
