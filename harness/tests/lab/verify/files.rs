//! Faults of file servers.

use std::collections::BTreeSet;

use crate::common;
use crate::verify::grading::{self, command, names, with_outcome};

/// The cases that suffice for a fault in what is said and done with files.
fn tried() -> String {
    let others = [
        "after-1000-clients",
        "children-reaped",
        "many-clients",
        "nothing-kept",
        "get-large",
        "put-large",
        "slow-reader",
        "too-many",
        "ends-in-time",
        "drain-get",
        "drain",
        "drain-idle",
        "nothing-left",
    ];
    names("files", |name| !others.contains(&name)).join(",")
}

/// Grades a server that may take its time: to have a file on disk can take seconds on a busy machine.
fn graded(arguments: &[&str]) -> serde_json::Value {
    grading::graded(&[arguments, &["--workload", "files", "--patience", "10s"]].concat())
}

/// It fails these, and no others of those that are tried.
fn fails_of(fault: &str, tried: &str, expected: &[&str]) {
    let answer = graded(&["--cmd", &command(fault), "--case", tried]);
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(with_outcome(&answer, "failed"), expected, "{fault}: {answer:#}");
}

/// It fails these, and no others of those that suffice.
fn fails(fault: &str, expected: &[&str]) {
    fails_of(fault, &tried(), expected);
}

#[test]
fn a_file_server_without_a_fault_passes_every_case_that_applies() {
    let answer = graded(&["--cmd", &command("none")]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{answer:#}");
    assert_eq!(with_outcome(&answer, "skipped"), BTreeSet::from(["too-many".to_owned()]), "{answer:#}");
}

#[test]
fn our_own_models_pass_every_case_of_files() {
    let models = ["fork", "io-uring"].into_iter().filter(common::can_run); // .ci/run tries all
    common::side_by_side(models, |model| {
        let answer = graded(&[model, "--grace", "10s"]);
        assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{model}: {answer:#}");
        assert_eq!(with_outcome(&answer, "skipped"), BTreeSet::new(), "{model}: {answer:#}");
    });
}

#[test]
fn our_own_models_pass_over_unix_sockets_as_well() {
    let answer = graded(&["epoll", "--transport", "unix", "--grace", "10s"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{answer:#}");
}

#[test]
fn a_file_that_is_written_where_it_is_to_be_is_found() {
    let halves =
        ["put-replaces", "wrong-checksum", "no-checksum", "short-upload", "broken-upload", "two-at-once"];
    fails("writes-in-place", &[&halves[..], &["get-replaced", "killed", "stop-uploading"]].concat());
}

#[test]
fn links_that_are_followed_are_found() {
    fails_of("follows-links", "links,list-visible", &["links", "list-visible"]);
}

#[test]
fn names_that_are_taken_for_paths_are_found() {
    fails_of("takes-paths", "names-get,names-put", &["names-get", "names-put"]);
}

#[test]
fn hidden_files_that_are_shown_are_found() {
    fails("shows-hidden", &["list-visible", "names-put"]);
}

#[test]
fn a_checksum_that_nobody_looks_at_is_found() {
    fails("believes-all", &["wrong-checksum", "no-checksum"]);
}

#[test]
fn uploads_that_mix_are_found() {
    fails("shares-parts", &["two-at-once"]);
}

#[test]
fn bytes_that_are_taken_for_commands_are_found() {
    fails_of("reads-on", "garbage,no-checksum,too-large", &["garbage", "no-checksum", "too-large"]);
}

#[test]
fn checksums_that_are_wrong_are_found() {
    fails_of("wrong-sums", "get,list,put", &["get", "list", "put"]);
}

#[test]
fn files_that_are_in_memory_whole_are_found() {
    let tried = "get,put,get-large,put-large,slow-reader";
    fails_of("keeps-all", tried, &["get-large", "put-large", "slow-reader"]);
}

#[test]
fn what_is_left_of_an_upload_is_found() {
    fails("leaves-parts", &["wrong-checksum", "no-checksum", "short-upload", "broken-upload"]);
}

#[test]
fn lines_that_only_look_like_commands_are_found() {
    fails("forgiving", &["garbage", "names-get", "names-put"]);
}

#[test]
fn half_a_file_that_is_kept_is_found() {
    fails("keeps-short", &["short-upload"]);
}

#[test]
fn files_that_are_cut_by_a_signal_are_found() {
    fails_of("cuts", "get,put,drain,drain-get", &["drain", "drain-get"]);
}

#[test]
fn a_command_that_is_not_told_its_folder_is_not_tried() {
    let output = common::concur()
        .args(["verify", "--cmd", "true {port}", "--workload", "files", "--json"])
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["suites"][0]["passed"], 0, "{answer:#}");
    assert!(answer.to_string().contains("where the folder goes"), "{answer:#}");
}
