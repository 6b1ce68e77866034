//! `concur torture`: good servers pass, and each kind of loss is found by the fault that is meant to bring it about.

use std::collections::BTreeSet;
use std::fs;

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;

use crate::common::concur;
use crate::verify::grading::command;

/// Tortures a server, and gives what `concur torture` says of it.
fn tortured(arguments: &[&str]) -> Value {
    let mut torture = concur();
    torture.arg("torture").args(arguments).args(["--patience", "20s", "--seed", "1", "--json"]);
    let output = torture.output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let has_failed = answer["failed"].as_u64().unwrap() > 0;
    assert_eq!(output.status.code(), Some(i32::from(has_failed)), "{answer:#}");
    answer
}

/// The faults that came to this.
fn with_outcome(answer: &Value, outcome: &str) -> BTreeSet<String> {
    let rows = answer["rows"].as_array().unwrap().iter().filter(|row| row["outcome"] == outcome);
    rows.map(|row| row["fault"].as_str().unwrap().to_owned()).collect()
}

fn only(name: &str) -> BTreeSet<String> {
    BTreeSet::from([name.to_owned()])
}

/// The server with this defect fails under this fault, for a reason with these words in it. A machine that is busy with other
/// tests may not get round to the fault in a short time: then it has a longer one.
fn fails(defect: &str, fault: &str, words: &str) {
    let torture = |seconds| {
        tortured(&["--cmd", &command(defect), "--seconds", seconds, "--at-once", "40", "--faults", fault])
    };
    let found = |answer: &Value| !with_outcome(answer, "failed").is_empty();
    let mut answer = torture("2");
    for seconds in ["6", "15"] {
        if !found(&answer) {
            answer = torture(seconds);
        }
    }
    assert_eq!(with_outcome(&answer, "failed"), only(fault), "{defect}: {answer:#}");
    let reason = answer["rows"][0]["reason"].as_str().unwrap();
    assert!(reason.contains(words), "{defect}, {fault}: {reason}");
}

#[test]
fn a_good_server_of_somebody_else_passes() {
    let answer = tortured(&["--cmd", &command("none"), "--seconds", "15", "--at-once", "40"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{answer:#}");
    assert!(with_outcome(&answer, "not-applicable").contains("kill-workers"), "{answer:#}");
}

/// All faults, in a short time, and what each comes to under one of our own.
fn passes_a_short_torture(model: &str) {
    let answer = tortured(&[model, "--seconds", "12", "--at-once", "60"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{model}: {answer:#}");
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 15, "{model}");
    for row in rows.iter().filter(|row| row["outcome"] == "passed") {
        assert!(row["good"]["answered"].as_u64().unwrap() > 0, "{model}: {row:#}");
    }
    let has_workers = model.starts_with("prefork");
    assert_eq!(with_outcome(&answer, "passed").contains("kill-workers"), has_workers, "{model}: {answer:#}");
}

#[test]
fn a_loop_of_ours_passes_a_short_torture() {
    passes_a_short_torture("epoll");
}

#[test]
fn threads_of_ours_pass_a_short_torture() {
    passes_a_short_torture("thread");
}

#[test]
fn workers_of_ours_pass_a_short_torture() {
    passes_a_short_torture("prefork:workers=4");
}

#[test]
fn a_worker_that_is_replaced_holds_no_more_than_the_one_before() {
    for accept in ["fd-pass", "reuseport"] {
        let model = format!("prefork:workers=4,accept={accept}");
        let answer = tortured(&[&model, "--seconds", "3", "--faults", "kill-workers"]);
        assert_eq!(with_outcome(&answer, "passed"), only("kill-workers"), "{answer:#}");
    }
}

#[test]
fn who_turns_without_sleeping_where_descriptors_have_run_out_is_found() {
    fails("turns-without-descriptors", "descriptors", "turns without sleeping");
}

#[test]
fn who_drops_a_reply_after_a_reset_is_found() {
    fails("drops-after-reset", "resets-in-request", "lost");
}

#[test]
fn who_dies_of_a_reset_is_found() {
    fails("dies-of-reset", "resets-in-reply", "ended before it was asked to");
}

#[test]
fn who_dies_of_garbage_is_found() {
    fails("dies-of-garbage", "garbage", "ended before it was asked to");
}

#[test]
fn a_reply_that_is_no_http_is_found() {
    fails("refuses-in-free-form", "mutations", "is no status line");
}

#[test]
fn descriptors_that_stay_open_are_found() {
    fails("leaks-descriptors", "half-open", "it still holds");
}

#[test]
fn threads_that_stay_are_found() {
    fails("leaks-threads", "resets-in-request", "it still holds");
}

#[test]
fn memory_that_is_not_given_back_is_found() {
    fails("leaks-memory", "resets-in-request", "its memory grew");
}

#[test]
fn what_nobody_reads_and_piles_up_is_found() {
    let answer = tortured(&[
        "--cmd",
        &command("grows"),
        "--seconds",
        "5",
        "--at-once",
        "30",
        "--faults",
        "slow-readers",
    ]);
    assert_eq!(with_outcome(&answer, "failed"), only("slow-readers"), "{answer:#}");
    let reason = answer["rows"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("piles up"), "{reason}");
}

#[test]
fn a_mixture_of_nothing_does_not_pass() {
    let answer = tortured(&["epoll", "--requests", "10", "--faults", "terminate"]);
    assert_eq!(with_outcome(&answer, "not-applicable"), only("mixed"), "{answer:#}");
}

#[test]
fn who_gives_clients_each_others_answers_is_found() {
    fails("shares-answers", "half-open", "wrong");
}

#[test]
fn who_waits_until_a_slow_reader_takes_its_reply_is_found() {
    let defect = command("blocks-on-send");
    let answer = tortured_briefly(&["--cmd", &defect, "--seconds", "3", "--faults", "slow-readers"]);
    assert_eq!(with_outcome(&answer, "failed"), only("slow-readers"), "{answer:#}");
    assert!(answer["rows"][0]["good"]["lost"].as_u64().unwrap() > 0, "{answer:#}");
}

#[test]
fn who_serves_one_client_at_a_time_is_found_by_the_slow_ones() {
    let defect = command("one-at-a-time");
    let answer = tortured_briefly(&["--cmd", &defect, "--seconds", "3", "--faults", "slow-headers"]);
    assert_eq!(with_outcome(&answer, "failed"), only("slow-headers"), "{answer:#}");
}

/// The same where somebody is to be lost, for which nobody waits long.
fn tortured_briefly(arguments: &[&str]) -> Value {
    let mut torture = concur();
    torture.arg("torture").args(arguments).args(["--patience", "1s", "--at-once", "20", "--json"]);
    serde_json::from_slice(&torture.output().unwrap().stdout).unwrap()
}

#[test]
fn a_reply_that_is_cut_when_the_server_is_to_end_is_found() {
    fails("cuts-on-sigterm", "terminate", "cut");
}

#[test]
fn who_does_not_end_when_asked_to_is_found() {
    fails("ignores-sigterm", "terminate", "did not end on SIGTERM");
}

#[test]
fn what_is_not_there_is_refused_before_anything_is_started() {
    for (arguments, words) in [
        (&["epoll", "--faults", "rain"][..], "no fault 'rain'"),
        (&["epol"], "epol"),
        (&["--cmd", "server"], "{port}"),
        (&["epoll", "--seconds", "0"], "can't be 0"),
        (&["epoll", "--at-once", "0"], "can't be 0"),
    ] {
        let output = concur().arg("torture").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(words), "{arguments:?}: {output:?}");
    }
}

#[test]
fn every_fault_is_listed_with_what_it_is_about() {
    let output = concur().args(["torture", "--list", "--json"]).assert().success();
    let listed: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let listed = listed.as_array().unwrap();
    let names: BTreeSet<_> = listed.iter().map(|fault| fault["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 15);
    assert!(listed.iter().all(|fault| fault["about"].as_str().unwrap().ends_with('.')));
}

#[test]
fn the_report_has_the_table() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let out = directory.path().join("report");
    let faults = ["--seconds", "2", "--at-once", "20", "--faults", "resets-in-reply,kill-workers"];
    let mut torture = concur();
    torture.args(["torture", "epoll", "loop", "--patience", "20s"]).args(faults).arg("--out").arg(&out);
    torture.assert().success();
    let text = fs::read_to_string(out.join("report.md")).unwrap();
    for words in
        ["2 servers under faults", "epoll under faults: 1 passed", "resets-in-reply", "no workers to kill"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    let record: Value = serde_json::from_str(&fs::read_to_string(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(record["torture"].as_array().unwrap().len(), 4);
}
