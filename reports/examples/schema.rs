//! Writes `schema.json` anew, after a change of the record's types: `cargo run -p reports --example schema`.

fn main() -> std::io::Result<()> {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json"), reports::schema::text())
}
