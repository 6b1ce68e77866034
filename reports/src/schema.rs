//! `schema.json`: the format of the record in words that other programs check against.

use crate::record::Run;

/// The JSON schema of `run.json`, generated from [`Run`] and ending in a newline.
pub fn text() -> String {
    let mut text = format!("{:#}", schemars::schema_for!(Run).as_value());
    text.push('\n');
    text
}
