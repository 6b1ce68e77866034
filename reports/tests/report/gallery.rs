//! The gallery: what is committed is what is drawn from its record.

#[path = "../sample/gallery.rs"]
mod forms;

use std::collections::BTreeSet;
use std::fs;

use reports::record::Run;

pub(crate) fn record() -> Run {
    Run::read(&forms::directory()).expect("the gallery has a record")
}

#[test]
fn every_file_of_the_gallery_is_drawn_from_its_record() {
    for (name, drawn) in forms::forms(&record()).unwrap() {
        let committed = fs::read(forms::directory().join(name)).unwrap_or_default();
        assert!(
            committed == drawn,
            "samples/{name} is not what is drawn now; draw it anew with: cargo run -p reports --example gallery"
        );
    }
}

#[test]
fn the_gallery_has_nothing_that_is_drawn_no_more() {
    let own = ["README.md", "run.json"].map(str::to_owned);
    let drawn = forms::forms(&record()).unwrap().into_iter().map(|(name, _)| name.to_owned());
    let expected: BTreeSet<String> = own.into_iter().chain(drawn).collect();
    let files = fs::read_dir(forms::directory()).unwrap();
    let found: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_gallerys_record_has_a_line_for_each_cell() {
    let text = fs::read_to_string(forms::directory().join("run.json")).unwrap();
    assert!(
        forms::in_lines(&record()).unwrap() == text,
        "write it anew with: cargo run -p reports --example gallery"
    );
}
