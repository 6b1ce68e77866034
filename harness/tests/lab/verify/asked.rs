//! What was asked for: cases that are listed, an interrupt, and what can not be tried.

use std::env;
use std::process::Stdio;

use assert_cmd::assert::OutputAssertExt;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::common::{self, concur};
use crate::verify::grading::{graded, names, with_outcome};

#[test]
fn the_start_is_listed_and_can_be_asked_for_alone() {
    assert!(names("echo", |name| name == "starts").len() == 1);
    let answer = graded(&["epoll", "--case", "starts"]);
    assert_eq!(answer["passed"], 4, "{answer:#}"); // once for each workload
}

#[test]
fn what_was_asked_for_stands_beside_what_was_found() {
    let answer =
        graded(&["epoll", "--case", "get", "--patience", "3s", "--grace", "1500ms", "--at-once", "7"]);
    assert_eq!(answer["concur"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&answer["patience_seconds"], &answer["grace_seconds"]),
        (&Value::from(3.0), &Value::from(1.5))
    );
    assert_eq!((&answer["at_once"], &answer["connections"]), (&Value::from(7), &Value::from(300)));
    assert_eq!(answer["interrupted"], false);
}

#[test]
fn an_interrupt_ends_a_case_that_would_take_for_ever() {
    let arguments = ["verify", "epoll", "--workload", "echo", "--case", "nothing-kept"];
    let mut grading = concur()
        .args(arguments)
        .args(["--connections", "100000000", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    common::eventually("a server is there", || !common::children_of(grading.id()).is_empty());
    kill(Pid::from_raw(grading.id().cast_signed()), Signal::SIGINT).unwrap();
    common::eventually("it ends", || grading.try_wait().unwrap().is_some());
    let output = grading.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    // What was found by then is not lost.
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["interrupted"], true, "{answer:#}");
    let cases = answer["suites"][0]["cases"].as_array().unwrap();
    assert_eq!(cases[0]["name"], "starts", "{answer:#}");
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
        (&["epoll", "--workload", "echo", "--transport", "udp"], "no cases for echo over UDP"),
        (&["127.0.0.1:1", "--transport", "unix"], "needs a path"),
        (&["unix:/tmp/x", "--transport", "tcp"], "needs an IP address"),
        (&[], "required"),
        (&["epoll", "--patience", "0s"], "--patience can't be 0"),
        (&["epoll", "--at-once", "0"], "can't be 0"),
        (&["epoll", "--at-once", "100000000"], "raise it with"),
        (&["epoll", "--at-once", "18446744073709551615"], "raise it with"),
        (&["epoll", "--patience", "25h"], "longer than a day"),
        (&["epoll", "--grace", "25h"], "longer than a day"),
    ] {
        let output = concur().arg("verify").args(arguments).assert().code(2).get_output().clone();
        let line = String::from_utf8(output.stderr).unwrap();
        assert!(line.contains(said) && line.trim_end().lines().count() == 1, "{arguments:?}: {line}");
    }
}
