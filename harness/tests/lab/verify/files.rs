//! Faults of file servers.

use std::collections::BTreeSet;

use crate::common;
use crate::verify::grading::{command, fails_of, graded, names, with_outcome};

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
        "drain",
        "drain-idle",
        "nothing-left",
    ];
    names("files", |name| !others.contains(&name)).join(",")
}

/// It fails these, and no others of those that suffice.
fn fails(fault: &str, expected: &[&str]) {
    fails_of(fault, "files", &tried(), expected);
}

#[test]
fn a_file_server_without_a_fault_passes_every_case_that_applies() {
    let answer = graded(&["--cmd", &command("none"), "--workload", "files"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{answer:#}");
    assert_eq!(with_outcome(&answer, "skipped"), BTreeSet::from(["too-many".to_owned()]), "{answer:#}");
}

#[test]
fn our_own_models_pass_every_case_of_files() {
    let models = ["thread", "fork", "epoll", "io-uring", "async"].into_iter().filter(common::can_run);
    common::side_by_side(models, |model| {
        let answer = graded(&[model, "--workload", "files", "--patience", "10s"]);
        assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{model}: {answer:#}");
        assert_eq!(with_outcome(&answer, "skipped"), BTreeSet::new(), "{model}: {answer:#}");
    });
}

#[test]
fn our_own_models_pass_over_unix_sockets_as_well() {
    let answer = graded(&["epoll", "--workload", "files", "--transport", "unix", "--patience", "10s"]);
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
    let answer = graded(&[
        "--cmd",
        &command("follows-links"),
        "--workload",
        "files",
        "--case",
        "links",
        "list-visible",
    ]);
    assert_eq!(
        with_outcome(&answer, "failed"),
        BTreeSet::from(["links", "list-visible"].map(str::to_owned)),
        "{answer:#}"
    );
}

#[test]
fn names_that_are_taken_for_paths_are_found() {
    let answer = graded(&[
        "--cmd",
        &command("takes-paths"),
        "--workload",
        "files",
        "--case",
        "names-get",
        "names-put",
    ]);
    assert_eq!(
        with_outcome(&answer, "failed"),
        BTreeSet::from(["names-get", "names-put"].map(str::to_owned)),
        "{answer:#}"
    );
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
    let refused = ["garbage", "no-checksum", "too-large"];
    let answer =
        graded(&["--cmd", &command("reads-on"), "--workload", "files", "--case", &refused.join(",")]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::from(refused.map(str::to_owned)), "{answer:#}");
}

#[test]
fn checksums_that_are_wrong_are_found() {
    let answer =
        graded(&["--cmd", &command("wrong-sums"), "--workload", "files", "--case", "get", "list", "put"]);
    assert_eq!(with_outcome(&answer, "failed").len(), 3, "{answer:#}");
}

#[test]
fn files_that_are_in_memory_whole_are_found() {
    let tried = "get,put,get-large,put-large,slow-reader";
    fails_of("keeps-all", "files", tried, &["get-large", "put-large", "slow-reader"]);
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
    fails_of("cuts", "files", "get,put,drain,drain-get", &["drain", "drain-get"]);
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
