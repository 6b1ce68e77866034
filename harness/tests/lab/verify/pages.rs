//! Faults in what is shown of a folder, and in what is taken for a request.

use std::collections::BTreeSet;

use crate::verify::grading::{command, graded, names, with_outcome};

/// The cases about pages.
fn page_cases() -> String {
    names("http", |name| name.starts_with("page")).join(",")
}

/// It fails these, of those that are tried. What is wrong shows in what is said: so a busy machine may take its time.
fn fails_of(fault: &str, tried: &str, expected: &[&str]) {
    let what = ["--cmd", &command(fault), "--workload", "http", "--case", tried];
    let answer = graded(&[&what[..], &["--patience", "10s"]].concat());
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(with_outcome(&answer, "failed"), expected, "{fault}: {answer:#}");
}

/// It fails these of the cases about pages, and no others.
fn fails_pages(fault: &str, expected: &[&str]) {
    fails_of(fault, &page_cases(), expected);
}

#[test]
fn a_server_without_a_fault_in_its_pages_passes() {
    fails_pages("none", &[]);
}

#[test]
fn every_model_of_ours_shows_its_pages_and_refuses_what_is_malformed() {
    let cases = format!("{},malformed", page_cases());
    let answer = graded(&["--all", "--workload", "http", "--case", &cases, "--patience", "10s"]);
    assert_eq!(with_outcome(&answer, "failed").len(), 0, "{answer:#}");
    assert!(with_outcome(&answer, "passed").contains("page-attacks"), "{answer:#}");
}

#[test]
fn ways_out_of_the_folder_are_found() {
    for fault in ["climbs", "follows-links", "shows-hidden"] {
        fails_pages(fault, &["page-attacks"]);
    }
}

#[test]
fn a_type_that_is_none_is_found() {
    fails_pages("types-nothing", &["page-type"]);
}

#[test]
fn a_directory_without_its_slash_is_found() {
    fails_pages("never-moves", &["page-index"]);
}

#[test]
fn conditions_that_are_not_heeded_are_found() {
    fails_pages("believes-every-tag", &["page-tag"]);
    fails_pages("heeds-no-condition", &["page-tag", "page-date"]);
}

#[test]
fn ranges_that_are_wrong_are_found() {
    fails_pages("cuts-ranges", &["page-range", "page-range-if"]);
    fails_pages("mixes-pages", &["page-range-if"]);
}

#[test]
fn a_body_behind_the_head_of_a_page_is_found() {
    fails_pages("head-with-body", &["page-head"]);
}

#[test]
fn malformed_requests_that_are_taken_are_found() {
    for fault in [
        "accepts-bare-lf",
        "accepts-bad-chunks",
        "accepts-odd-heads",
        "answers-smuggled",
        "believes-first-length",
        "takes-get-bodies",
        "takes-refused-bodies",
    ] {
        fails_of(fault, "malformed", &["malformed"]);
    }
    fails_of("none", "malformed", &[]);
}

#[test]
fn pages_are_not_tried_where_the_folder_is_not_known() {
    let cases = page_cases();
    let answer = graded(&["--cmd", &command("only-hello"), "--workload", "http", "--case", &cases]);
    assert_eq!(with_outcome(&answer, "failed").len(), 0, "{answer:#}");
    assert_eq!(with_outcome(&answer, "skipped").len(), cases.split(',').count(), "{answer:#}");
}
