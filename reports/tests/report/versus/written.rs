//! What lies beside a page of two runs.

use reports::document::Document;
use reports::language::Language;
use reports::record::Run;
use reports::summary::Versus;

use super::{MODELS, run};

#[test]
fn a_page_of_two_runs_links_to_both_records_and_their_cells_which_lie_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (run(&MODELS, 3, 0.01, 1), run(&MODELS, 4, 0.01, 2));
    let document = Document::versus_with_both(&Versus::of(&old, &new), &old, &new);
    reports::write_comparison(&document, Language::English, [&old, &new], directory.path()).unwrap();
    for (name, run) in [("earlier.json", &old), ("later.json", &new)] {
        assert_eq!(Run::read(&directory.path().join(name)).unwrap(), *run);
    }
    let cells = |name| std::fs::read_to_string(directory.path().join(name)).unwrap().lines().count() - 1;
    assert_eq!((cells("earlier.csv"), cells("later.csv")), (old.cells.len(), new.cells.len()));
    let page = std::fs::read_to_string(directory.path().join("report.html")).unwrap();
    for file in &document.files {
        assert!(page.contains(&format!("<a href=\"{file}\" download>")), "{file}");
        assert!(directory.path().join(file).is_file(), "{file}");
    }
}
