//! Records that can't be drawn, or hold nothing to draw: `concur report` and `concur compare` say so in one sentence that names the
//! file, what is wrong with it and what to try.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
mod common;

use std::path::{Path, PathBuf};

use common::concur;
use reports::record::{Cell, Host, Run, SCHEMA, ServerCell, Verdict};

/// What a command ended with and said.
fn ended(arguments: &[&str], paths: &[&Path]) -> (Option<i32>, String, String) {
    let output = concur().args(arguments).args(paths).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Both commands refuse `path` as bad usage, in one line that holds its name and all of `expected`.
fn is_refused(path: &Path, expected: &[&str]) {
    let name = path.file_name().unwrap().to_str().unwrap();
    for (arguments, paths) in [(["report"], vec![path]), (["compare"], vec![path, path])] {
        let (code, printed, said) = ended(&arguments, &paths);
        assert_eq!((code, printed.as_str(), said.lines().count()), (Some(2), "", 1), "{arguments:?}: {said}");
        for part in [&[name], expected].concat() {
            assert!(said.contains(part), "{arguments:?}: {part} is not in {said}");
        }
    }
}

fn file(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn run(cells: Vec<Cell>) -> Run {
    Run {
        schema: SCHEMA,
        concur: "0.1.0".into(),
        command: vec!["concur".into(), "run".into()],
        started: "2026-01-31T12:00:00Z".into(),
        planned: 4,
        host: Host { cpu: "Example".into(), cores: 2, ..Host::default() },
        cells,
        ..Run::default()
    }
}

#[test]
fn an_empty_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    is_refused(&file(directory.path(), "empty.json", b""), &["is empty", "run again"]);
}

#[test]
fn a_record_that_was_cut_off_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let whole = serde_json::to_vec(&run(vec![Cell::Servers(Box::default())])).unwrap();
    let cut = file(directory.path(), "cut.json", &whole[..whole.len() / 2]);
    is_refused(&cut, &["ends in the middle", "copy it again"]);
}

#[test]
fn a_record_of_a_later_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let later = format!("{{\"schema\": {}, \"cells\": 7}}", SCHEMA + 1);
    is_refused(&file(directory.path(), "later.json", later.as_bytes()), &["newer concur"]);
}

#[test]
fn what_is_no_json_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    is_refused(&file(directory.path(), "report.html", b"<!doctype html>"), &["is not JSON", "run.json"]);
}

#[test]
fn json_that_is_no_record_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    is_refused(&file(directory.path(), "package.json", b"{\"name\": 1}"), &["not a record of a run"]);
}

#[test]
fn a_directory_without_a_record_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("nothing-in-it");
    std::fs::create_dir(&empty).unwrap();
    is_refused(&empty, &["holds no run.json", "give the directory"]);
}

#[test]
fn what_is_not_there_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    is_refused(&directory.path().join("nowhere"), &["there is no record at", "give the directory"]);
}

#[test]
fn a_record_without_cells_is_drawn_as_one_sentence_and_can_not_be_compared() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.json");
    run(Vec::new()).write(&path).unwrap();
    let (code, printed, said) = ended(&["report"], &[&path]);
    assert_eq!(code, Some(0), "{said}");
    let sentence = "This run holds no cells of its 4 planned cells, so there is nothing to show.";
    assert!(printed.split_whitespace().collect::<Vec<_>>().join(" ").contains(sentence), "{printed}");
    let page = std::fs::read_to_string(directory.path().join("report.html")).unwrap();
    assert!(page.contains(sentence), "{page}");
    let (code, _, said) = ended(&["compare"], &[&path, &path]);
    assert_eq!((code, said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("no row in common"), "{said}");
}

#[test]
fn a_record_none_of_whose_cells_counts_says_so_first_and_compares_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.json");
    let cell = |round| {
        Cell::Servers(Box::new(ServerCell {
            model: "epoll".into(),
            workload: "echo".into(),
            transport: "tcp".into(),
            connections: 4,
            round,
            verdict: Verdict::Errors,
            reason: Some("the server ended with status 1".into()),
            ..ServerCell::default()
        }))
    };
    Run { complete: true, ..run((1..=4).map(cell).collect()) }.write(&path).unwrap();
    let (code, printed, said) = ended(&["report"], &[&path]);
    assert_eq!(code, Some(0), "{said}");
    let sentence = "No cell of this run counts (4 errors), so there are no figures; the notes say why.";
    assert!(printed.split_whitespace().collect::<Vec<_>>().join(" ").contains(sentence), "{printed}");
    assert!(printed.contains("The server ended with status 1"), "{printed}");
    let (code, printed, _) = ended(&["compare", "--fail-on", "slower"], &[&path, &path]);
    assert_eq!(code, Some(1), "{printed}");
}
