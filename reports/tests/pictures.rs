//! Pictures of records: what is in them and what is not, and that each number is the record's own.

mod sample;

use insta::assert_snapshot;
use reports::document::Document;
use sample::course;

#[test]
fn the_pictures() {
    assert_snapshot!(serde_json::to_string_pretty(&Document::of(&course::run()).pictures).unwrap());
}
