//! `concur verify`: good servers pass, and each fault is found by the case that is meant for it.

mod broken;
#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::env;

use assert_cmd::assert::OutputAssertExt;
use common::concur;
use serde_json::Value;

/// By which the server below knows what it is to be.
const FAULT: &str = "BROKEN_FAULT";
const WORKLOAD: &str = "BROKEN_WORKLOAD";
const PORT: &str = "BROKEN_PORT";

/// Not a test, but the server that the tests start: this very program, told by its environment what to be. So it is
/// there however the tests are built.
#[test]
#[ignore = "a server that other tests start"]
fn broken_server() {
    let variables = [FAULT, WORKLOAD, PORT].map(env::var);
    let [Ok(fault), Ok(workload), Ok(port)] = variables else { return };
    broken::serve(&fault, &workload, port.parse().unwrap()).unwrap();
}

/// The command that starts the server with this fault.
fn command(fault: &str) -> String {
    let program = env::current_exe().unwrap();
    format!(
        "env {FAULT}={fault} {WORKLOAD}={{workload}} {PORT}={{port}} '{}' --exact broken_server --ignored --nocapture",
        program.display()
    )
}

/// Grades a server, and gives what `concur verify` says of it.
fn graded(arguments: &[&str]) -> Value {
    let patience: &[&str] = if arguments.contains(&"--patience") { &[] } else { &["--patience", "2s"] };
    let more = ["--json", "--connections", "300"];
    let output = concur().arg("verify").args(arguments).args(patience).args(more).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let has_failed = answer["failed"].as_u64().unwrap() > 0;
    assert_eq!(output.status.code(), Some(i32::from(has_failed)), "{answer}");
    answer
}

/// The cases with this outcome, of all workloads.
fn with_outcome(answer: &Value, outcome: &str) -> BTreeSet<String> {
    let suites = answer["suites"].as_array().unwrap().iter();
    let cases = suites.flat_map(|suite| suite["cases"].as_array().unwrap());
    let cases = cases.filter(|case| case["outcome"] == outcome);
    cases.map(|case| case["name"].as_str().unwrap().to_owned()).collect()
}

/// The cases that the server with this fault fails under this workload.
fn failed_cases(fault: &str, workload: &str) -> BTreeSet<String> {
    with_outcome(&graded(&["--cmd", &command(fault), "--workload", workload]), "failed")
}

/// It fails these and no others.
fn fails(fault: &str, workload: &str, expected: &[&str]) {
    fails_at_least(fault, workload, expected, &[]);
}

/// It fails these, and no others but those that it may fail.
fn fails_at_least(fault: &str, workload: &str, must: &[&str], may: &[&str]) {
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
fn refusals() -> BTreeSet<String> {
    let output = concur().args(["verify", "--list", "--json", "--workload", "http"]).assert().success();
    let listed: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let refuses =
        |about: &str| ["400", "413", "414", "431", "501", "505"].iter().any(|status| about.contains(status));
    let cases = listed.as_array().unwrap().iter();
    let refusing = cases.filter(|case| refuses(case["about"].as_str().unwrap()));
    refusing.map(|case| case["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_server_without_a_fault_passes_every_case_that_applies() {
    let answer = graded(&["--cmd", &command("none"), "--workload", "echo,http"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{answer:#}");
    for suite in answer["suites"].as_array().unwrap() {
        for case in suite["cases"].as_array().unwrap() {
            let is_without_route = case["reason"] == "the server has no /echo";
            assert!(case["outcome"] == "passed" || is_without_route, "{case}");
        }
    }
}

#[test]
fn a_byte_that_is_lost_is_found() {
    // How a message is cut into pieces is up to the kernel, so which of the smaller ones suffer is too.
    let may = ["whole-64-kib", "whole-1-mib", "slow-reader", "drain"];
    fails_at_least("drops-last-byte", "echo", &["whole-16-mib"], &may);
}

#[test]
fn a_half_close_that_is_ignored_is_found() {
    fails("leaves-half-closed", "http", &["half-close"]);
    fails("keeps-half-closed", "http", &["half-close"]);
    fails_at_least("leaves-half-closed", "echo", &["half-close"], &["slow-reader"]);
    // Whoever waits for the end of its connection waits in vain.
    let may = [
        "slow-sender",
        "slow-reader",
        "abrupt-reset",
        "after-1000-clients",
        "nothing-kept",
        "children-reaped",
    ];
    fails_at_least("keeps-half-closed", "echo", &["half-close"], &may);
}

#[test]
fn a_server_that_reads_without_limit_is_found() {
    fails("grows", "echo", &["slow-reader"]);
}

#[test]
fn answers_in_the_wrong_order_are_found() {
    fails("out-of-order", "http", &["pipelining", "pipelining-waits"]);
}

#[test]
fn a_body_behind_a_head_is_found() {
    fails("head-with-body", "http", &["head", "head-everywhere"]);
}

#[test]
fn bare_line_feeds_that_are_accepted_are_found() {
    fails("accepts-bare-lf", "http", &["bare-lf", "bare-lf-field", "bare-lf-end"]);
}

#[test]
fn a_reset_behind_a_refusal_is_found() {
    // A server that happens to have read everything does not reset, so not every one is hit.
    let failed = failed_cases("resets-refusals", "http");
    assert!(failed.len() >= 3, "{failed:?}");
    let refusals = refusals();
    assert!(failed.is_subset(&refusals), "{failed:?}");
}

#[test]
fn a_smuggled_request_that_is_answered_is_found() {
    let answer = graded(&["--cmd", &command("answers-smuggled"), "--workload", "http"]);
    let failed = with_outcome(&answer, "failed");
    for name in ["host-missing", "host-bad", "version-unknown", "nul", "folded-field", "space-before-colon"] {
        assert!(failed.contains(name), "{name}: {answer:#}");
    }
    assert!(failed.is_subset(&refusals()), "{failed:?}");
}

#[test]
fn a_descriptor_that_is_kept_for_each_connection_is_found() {
    for workload in ["echo", "http"] {
        fails("leaks-descriptors", workload, &["nothing-kept"]);
    }
}

#[test]
fn children_that_are_not_waited_for_are_found() {
    for workload in ["echo", "http"] {
        fails("leaves-zombies", workload, &["children-reaped"]);
    }
}

#[test]
fn a_reply_that_is_cut_by_a_signal_is_found() {
    fails("cuts-on-sigterm", "http", &["drain-waiting", "drain-large"]);
}

#[test]
fn a_server_that_does_not_end_is_found() {
    fails(
        "ignores-sigterm",
        "http",
        &["drain-waiting", "drain-large", "drain-idle", "ends-in-time", "nothing-left"],
    );
}

#[test]
fn a_process_that_is_left_behind_is_found() {
    fails("leaves-child", "echo", &["nothing-left"]);
}

#[test]
fn a_server_that_a_client_can_end_is_found() {
    fails("dies-of-reset", "http", &["abrupt-reset"]);
}

#[test]
fn a_server_with_room_for_one_fails_where_many_are_expected_and_only_there() {
    let may = ["slow-sender", "drain", "abrupt-reset", "nothing-left"];
    fails_at_least("one-at-a-time", "echo", &["many-clients"], &may);
    // Where one is expected, what remains is that it can't end while its only thread waits to send.
    let answer = graded(&["--cmd", &command("one-at-a-time"), "--workload", "echo,http", "--at-once", "1"]);
    let failed = with_outcome(&answer, "failed");
    assert!(failed.is_subset(&BTreeSet::from(["ends-in-time".to_owned()])), "{failed:?} {answer:#}");
    assert!(with_outcome(&answer, "skipped").contains("many-clients"));
}

#[test]
fn our_own_models_pass_every_case_of_echo() {
    for model in models::server::servers() {
        let answer = graded(&[model.name, "--workload", "echo", "--patience", "10s"]);
        assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{}: {answer:#}", model.name);
    }
}

#[test]
fn a_server_that_runs_already_is_tried_without_its_processes() {
    let server = common::serve("epoll", &[]);
    let address = server.address().to_string();
    let answer = graded(&[&address, "--case", "get", "nothing-left", "nothing-kept"]);
    assert_eq!(
        with_outcome(&answer, "passed"),
        BTreeSet::from(["get".to_owned(), "starts".to_owned()]),
        "{answer:#}"
    );
    assert_eq!(with_outcome(&answer, "skipped").len(), 2);
    common::stop(server);
}

#[test]
fn a_server_that_does_not_start_fails_and_says_why() {
    for (command, reason) in [
        ("/nonexistent/server {port}", "can't be started"),
        ("sh -c 'echo no such port >&2; exit 3' {port}", "no such port"),
        ("sh -c 'echo hello; exec sleep 1000' {port}", "neither said"),
    ] {
        let answer = graded(&["--cmd", command, "--case", "get"]);
        let first = &answer["suites"][0]["cases"][0];
        assert_eq!((&first["name"], &first["outcome"]), (&Value::from("starts"), &Value::from("failed")));
        assert!(first["reason"].as_str().unwrap().contains(reason), "{first}");
        assert!(with_outcome(&answer, "skipped").contains("get"));
    }
}

#[test]
fn what_can_not_be_tried_is_said_in_one_line() {
    for (arguments, said) in [
        (&["epol"][..], "there is no server model 'epol'"),
        (&["epoll", "--case", "nope"], "there is no case 'nope'"),
        (&["epoll", "--workload", "ftp"], "there are no cases for 'ftp'; try one of: echo, http"),
        (&["--cmd", "'x"], "that is not closed"),
        (&["--cmd", " "], "the command is empty"),
        (&["epoll", "--all"], "cannot be used with"),
        (&[], "required"),
        (&["epoll", "--patience", "0s"], "--patience can't be 0"),
        (&["epoll", "--at-once", "0"], "can't be 0"),
        (&["epoll", "--at-once", "100000000"], "raise it with"),
    ] {
        let output = concur().arg("verify").args(arguments).assert().code(2).get_output().clone();
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.contains(said) && line.trim_end().lines().count() == 1, "{arguments:?}: {line}");
    }
}
