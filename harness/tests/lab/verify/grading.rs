//! Has servers graded, and says what was found.

use std::collections::BTreeSet;
use std::env;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;

use crate::common::concur;

/// By which the server below knows what it is to be.
pub(crate) const FAULT: &str = "BROKEN_FAULT";
pub(crate) const WORKLOAD: &str = "BROKEN_WORKLOAD";
pub(crate) const PORT: &str = "BROKEN_PORT";
pub(crate) const ROOT: &str = "BROKEN_ROOT";

const HAVE_NO_PAGES: [&str; 2] = ["only-hello", "exits-on-sigterm"];

/// The command that starts the server with this fault.
pub(crate) fn command(fault: &str) -> String {
    let program = env::current_exe().unwrap();
    // Who has one page is told of no folder.
    let root = if HAVE_NO_PAGES.contains(&fault) { "" } else { "{root}" };
    format!(
        "env {FAULT}={fault} {WORKLOAD}={{workload}} {PORT}={{port}} {ROOT}={root} '{}' --exact verify::broken_server --ignored --nocapture",
        program.display()
    )
}

/// Grades a server, and gives what `concur verify` says of it.
pub(crate) fn graded(arguments: &[&str]) -> Value {
    let patience: &[&str] = if arguments.contains(&"--patience") { &[] } else { &["--patience", "2s"] };
    let connections: &[&str] =
        if arguments.contains(&"--connections") { &[] } else { &["--connections", "300"] };
    let mut grading = concur();
    grading.arg("verify").args(arguments).args(patience).args(connections).arg("--json");
    let output = grading.output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let has_failed = answer["failed"].as_u64().unwrap() > 0;
    assert_eq!(output.status.code(), Some(i32::from(has_failed)), "{answer}");
    answer
}

/// The cases with this outcome, of all workloads.
pub(crate) fn with_outcome(answer: &Value, outcome: &str) -> BTreeSet<String> {
    let suites = answer["suites"].as_array().unwrap().iter();
    let cases = suites.flat_map(|suite| suite["cases"].as_array().unwrap());
    let cases = cases.filter(|case| case["outcome"] == outcome);
    cases.map(|case| case["name"].as_str().unwrap().to_owned()).collect()
}

/// The small cases that the server with this fault fails under this workload.
pub(crate) fn failed_small_cases(fault: &str, workload: &str) -> BTreeSet<String> {
    let cases = small_cases(workload);
    with_outcome(&graded(&["--cmd", &command(fault), "--workload", workload, "--case", &cases]), "failed")
}

/// It fails these and no others.
pub(crate) fn fails(fault: &str, workload: &str, expected: &[&str]) {
    fails_at_least(fault, workload, expected, &[]);
}

/// Cases that send, open or count a lot, and take most of the time of all cases.
const LARGE: [&str; 14] = [
    "after-1000-clients",
    "children-reaped",
    "endless-extension",
    "endless-head",
    "endless-line",
    "endless-trailers",
    "flood",
    "malformed",
    "many-clients",
    "nothing-kept",
    "page-attacks",
    "page-large",
    "slow-reader",
    "whole-16-mib",
];

/// All other cases of a workload, as the command takes them. They suffice for a fault in what is said,
/// which the large ones show no better.
pub(crate) fn small_cases(workload: &str) -> String {
    names(workload, |name| !LARGE.contains(&name)).join(",")
}

/// It fails these of the small cases, and no others of them.
pub(crate) fn fails_small(fault: &str, workload: &str, expected: &[&str]) {
    fails_of(fault, workload, &small_cases(workload), expected);
}

/// It fails these, and no others but those that it may fail.
pub(crate) fn fails_at_least(fault: &str, workload: &str, must: &[&str], may: &[&str]) {
    let answer = graded(&["--cmd", &command(fault), "--workload", workload]);
    let failed = with_outcome(&answer, "failed");
    let must: BTreeSet<String> = must.iter().map(ToString::to_string).collect();
    let allowed: BTreeSet<String> = may.iter().map(ToString::to_string).chain(must.clone()).collect();
    assert!(
        failed.is_superset(&must) && failed.is_subset(&allowed),
        "{fault}, {workload}: {failed:?} {answer:#}"
    );
}

/// The cases whose requests must be refused: each names the status for it.
pub(crate) fn refusals() -> BTreeSet<String> {
    let statuses = ["400", "413", "414", "417", "431", "501", "505", "refus"];
    let refuses = |about: &str| statuses.iter().any(|word| about.contains(word));
    let listed = listed("http").into_iter().filter(|(_, about)| refuses(about));
    listed.map(|(name, _)| name).collect()
}

/// The names of the cases that `is_meant` picks.
pub(crate) fn names(workload: &str, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    listed(workload).into_iter().map(|(name, _)| name).filter(|name| is_meant(name)).collect()
}

/// The cases of a workload: the name and what each is about.
fn listed(workload: &str) -> Vec<(String, String)> {
    let output = concur().args(["verify", "--list", "--json", "--workload", workload]).assert().success();
    let listed: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let text = |case: &Value, key| case[key].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(|case| (text(case, "name"), text(case, "about"))).collect()
}

/// It fails this case, of these that are tried.
pub(crate) fn fails_of(fault: &str, workload: &str, tried: &str, expected: &[&str]) {
    let answer = graded(&["--cmd", &command(fault), "--workload", workload, "--case", tried]);
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(with_outcome(&answer, "failed"), expected, "{fault}, {workload}: {answer:#}");
}

/// Grades a model of ours, which must pass every case but those that it has no room for.
pub(crate) fn passes(model: &str, workload: &str, has_room: bool) {
    let answer = graded(&[model, "--workload", workload, "--patience", "10s"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{model}: {answer:#}");
    let expected: &[&str] = match (has_room, workload) {
        (true, _) => &[],
        (false, "http") => &["many-clients", "waits-overlap"],
        (false, _) => &["many-clients"],
    };
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(with_outcome(&answer, "skipped"), expected, "{model}: {answer:#}");
}
