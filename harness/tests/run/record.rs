//! What becomes of a record: it is drawn again, or printed.

use std::fs;
use std::path::Path;

use assert_cmd::assert::OutputAssertExt;
use reports::record::Run;

use crate::common::concur;
use crate::{among_others, once};

#[test]
fn a_record_is_drawn_again() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    let models = ["--suite", "servers", "--models", "poll", "--out"];
    once().args(models).arg(out.path()).assert().success();
    let elsewhere = tempfile::tempdir().unwrap();
    let report = |path: &Path| {
        let mut command = concur();
        command.arg("report").arg(path).arg("--out").arg(elsewhere.path());
        String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
    };
    assert!(report(out.path()).contains("poll"));
    assert_eq!(report(out.path()), report(&out.path().join("run.json")));
    let both = |file| [out.path(), elsewhere.path()].map(|of| fs::read_to_string(of.join(file)).unwrap());
    for file in ["report.md", "cells.csv"] {
        let [first, again] = both(file);
        assert!(first == again, "{file}");
    }
    // Where the record does not lie, the page has no link to it.
    let link = "<a href=\"run.json\" download>";
    let [first, again] = both("report.html");
    assert!(first.contains(link) && !again.contains(link));
    let without_it =
        |page: &str| page.lines().filter(|line| !line.contains(link)).collect::<Vec<_>>().join("\n");
    assert!(without_it(&first) == without_it(&again), "report.html");
}

#[test]
fn a_run_prints_its_record_when_asked_for_json() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    let tasks = ["run", "--rounds", "1", "--suite", "tasks", "--executors", "threads", "--tasks", "wait"];
    let output = concur()
        .args(tasks)
        .args(["--json", "--out"])
        .arg(out.path())
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let printed: Run = serde_json::from_slice(&output).unwrap();
    assert_eq!(printed, Run::read(out.path()).unwrap());
}
