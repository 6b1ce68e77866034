//! Records on disk.

use std::fs;
use std::path::{Path, PathBuf};

use reports::journal::Journal;
use reports::record::{Cell, Run};
use reports::{ReadError, WriteError};

use crate::sample;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("the directory for temporary files can be written")
}

/// The sentence for a file that holds `bytes`, with the path taken out.
fn complaint(bytes: &[u8]) -> String {
    let directory = directory();
    let path = directory.path().join("run.json");
    fs::write(&path, bytes).unwrap();
    let error = Run::read(&path).unwrap_err().to_string();
    error.replace(path.to_str().unwrap(), "FILE")
}

fn names(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_record_reads_back_as_it_was_written() {
    let directory = directory();
    let run = sample::run();
    run.write(directory.path()).unwrap();
    assert_eq!(Run::read(directory.path()).unwrap(), run);
    assert_eq!(Run::read(&directory.path().join("run.json")).unwrap(), run);
}

#[test]
fn writing_again_leaves_the_new_record_and_nothing_else() {
    let directory = directory();
    let path = directory.path().join("run.json");
    let mut run = sample::run();
    run.write(&path).unwrap();
    run.cells.truncate(1);
    run.write(&path).unwrap();
    assert_eq!(Run::read(&path).unwrap().cells.len(), 1);
    assert_eq!(names(directory.path()), [path]);
}

#[test]
fn a_record_is_replaced_and_not_written_over() {
    let directory = directory();
    let path = directory.path().join("run.json");
    let run = sample::run();
    run.write(&path).unwrap();
    // Whoever has the old record open goes on reading the old record.
    let mut open = fs::File::open(&path).unwrap();
    Run { cells: Vec::new(), ..run.clone() }.write(&path).unwrap();
    let old: Run = serde_json::from_reader(&mut open).unwrap();
    assert_eq!(old, run);
}

#[test]
fn a_figure_that_is_not_finite_is_refused_and_the_old_record_stays() {
    let directory = directory();
    let mut run = sample::run();
    run.write(directory.path()).unwrap();
    let Cell::Servers(cell) = &mut run.cells[0] else { panic!("the sample begins with a server") };
    cell.seconds = f64::NAN;
    assert!(matches!(run.write(directory.path()), Err(WriteError::Unreadable(_))));
    assert_eq!(Run::read(directory.path()).unwrap(), sample::run());
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = directory();
    let path = directory.path().join("none").join("run.json");
    let error = sample::run().write(&path).unwrap_err().to_string();
    assert!(error.contains("none/run.json can't be written"), "{error}");
}

#[test]
fn a_missing_record_says_what_to_give() {
    let directory = directory();
    let path = directory.path().join("none");
    assert!(matches!(Run::read(&path), Err(ReadError::Missing(missing)) if missing == path));
    let error = Run::read(directory.path()).unwrap_err();
    assert!(matches!(&error, ReadError::NoRecord(path) if path == directory.path()));
    assert!(error.to_string().ends_with("holds no run.json; give the directory that a run wrote"));
}

#[test]
fn an_empty_file_is_called_empty() {
    for bytes in [&b""[..], b" \n"] {
        assert_eq!(
            complaint(bytes),
            "FILE is empty; the run that should have written it has to be run again"
        );
    }
}

#[test]
fn a_record_cut_anywhere_is_called_cut() {
    let whole = serde_json::to_vec(&sample::run()).unwrap();
    for cut in [1, 20, whole.len() / 2, whole.len() - 1] {
        let complaint = complaint(&whole[..cut]);
        assert!(complaint.starts_with("FILE ends in the middle, in line "), "{cut}: {complaint}");
    }
}

#[test]
fn what_is_not_json_is_said_to_be_none() {
    for bytes in [&b"# Report"[..], b"\x7fELF\x02\x01", b"{\"schema\": 1}}", b"{\"schema\": \"\xff\"}"] {
        let complaint = complaint(bytes);
        assert!(complaint.starts_with("FILE is not JSON ("), "{complaint}");
    }
}

#[test]
fn json_of_another_kind_is_not_a_record() {
    for bytes in [&b"{}"[..], b"[]", b"{\"schema\": 1}", b"{\"schema\": \"new\"}"] {
        let complaint = complaint(bytes);
        assert!(complaint.starts_with("FILE is JSON, but not a record of a run ("), "{complaint}");
    }
}

#[test]
fn a_record_of_the_future_names_its_version() {
    let expected = "FILE has version 2 of the format, and this concur reads up to version 1; read it with a newer concur";
    assert_eq!(complaint(br#"{"schema": 2, "cells": "of another form"}"#), expected);
}

#[test]
fn the_reports_stand_beside_the_record() {
    let directory = directory();
    let out = directory.path().join("new/out");
    reports::write_all(&sample::run(), &out).unwrap();
    let mut written = names(&out);
    written.sort();
    assert_eq!(written, ["cells.csv", "report.html", "report.md"].map(|name| out.join(name)));
    for path in written {
        assert!(fs::metadata(&path).unwrap().len() > 1_000, "{}", path.display());
    }
}

/// A record of the sample's first cell, with the others in its journal.
fn journalled(directory: &Path) -> Run {
    let run = sample::run();
    Run { cells: run.cells[..1].to_vec(), ..run.clone() }.write(directory).unwrap();
    let mut journal = Journal::new(directory);
    // The first stands in both: the run was killed after the record was written and before the journal was emptied.
    for (place, cell) in run.cells.iter().enumerate() {
        journal.add(place, cell).unwrap();
    }
    run
}

#[test]
fn cells_that_only_the_journal_holds_belong_to_the_record() {
    let directory = directory();
    let run = journalled(directory.path());
    assert_eq!(Run::read(directory.path()).unwrap(), run);
    assert_eq!(Run::read(&directory.path().join("run.json")).unwrap(), run);
}

#[test]
fn a_journal_that_ends_in_the_middle_of_a_line_gives_its_whole_lines() {
    let directory = directory();
    let run = journalled(directory.path());
    let path = directory.path().join("run.journal");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(Run::read(directory.path()).unwrap().cells, run.cells[..run.cells.len() - 1]);
    fs::write(&path, b"{}\n").unwrap();
    let said = Run::read(directory.path()).unwrap_err().to_string();
    assert!(said.contains("run.journal holds a line that is no cell"), "{said}");
}

#[test]
fn a_journal_is_gone_once_it_is_cleared() {
    let directory = directory();
    let run = sample::run();
    let mut journal = Journal::new(directory.path());
    journal.clear().unwrap();
    journal.add(0, &run.cells[0]).unwrap();
    assert!(reports::journal::is_in(directory.path()));
    journal.clear().unwrap();
    assert!(!reports::journal::is_in(directory.path()));
}
