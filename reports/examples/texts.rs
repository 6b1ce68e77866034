//! Prints the texts of the source that people read, one JSON object a line: what a catalogue must hold.
//!
//! `cargo run -p reports --example texts`; with any argument behind it, all string literals.

#[path = "../tests/language/source.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod source;

fn main() {
    let found = source::read();
    // With any argument all literals: words that are translated as well, though not every such word has to be.
    let asked = if std::env::args().len() > 1 { found.all } else { found.needed };
    for (key, file) in asked {
        println!("{}", serde_json::json!({ "context": key.context, "text": key.text, "file": file }));
    }
}
