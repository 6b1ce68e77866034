//! `concur verify`: good servers pass, and each fault is found by the case that is meant for it.

mod broken;
#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::os::fd::AsRawFd;
use std::process::{self, Stdio};
use std::{env, fs};

use assert_cmd::assert::OutputAssertExt;
use common::concur;
use harness::transport::Transport;
use models::server::{Model, Room};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
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
    let statuses = ["400", "413", "414", "417", "431", "501", "505", "refus"];
    let refuses = |about: &str| statuses.iter().any(|word| about.contains(word));
    let listed = listed("http").into_iter().filter(|(_, about)| refuses(about));
    listed.map(|(name, _)| name).collect()
}

/// The names of the cases that `is_meant` picks.
fn names(workload: &str, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
    listed(workload).into_iter().map(|(name, _)| name).filter(|name| is_meant(name)).collect()
}

/// The cases of a workload: the name and what each is about.
fn listed(workload: &str) -> Vec<(String, String)> {
    let output = concur().args(["verify", "--list", "--json", "--workload", workload]).assert().success();
    let listed: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let text = |case: &Value, key| case[key].as_str().unwrap().to_owned();
    listed.as_array().unwrap().iter().map(|case| (text(case, "name"), text(case, "about"))).collect()
}

#[test]
fn the_start_is_listed_and_can_be_asked_for_alone() {
    assert!(names("echo", |name| name == "starts").len() == 1);
    let answer = graded(&["epoll", "--case", "starts"]);
    assert_eq!(answer["passed"], 2, "{answer:#}"); // once for each workload
}

#[test]
fn a_server_without_a_fault_passes_every_case_that_applies() {
    let answer = graded(&["--cmd", &command("none"), "--workload", "echo,http"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{answer:#}");
    for suite in answer["suites"].as_array().unwrap() {
        for case in suite["cases"].as_array().unwrap() {
            let reason = case["reason"].as_str().unwrap_or_default();
            assert!(case["outcome"] == "passed" || reason.contains("the lab's own models"), "{case}");
        }
    }
}

#[test]
fn a_byte_that_is_lost_is_found() {
    // How a message is cut into pieces is up to the kernel, so which of the smaller ones suffer is too.
    let may = ["whole-64-kib", "whole-1-mib", "slow-reader", "drain", "drain-sending"];
    fails_at_least("drops-last-byte", "echo", &["whole-16-mib"], &may);
}

#[test]
fn a_half_close_that_is_ignored_is_found() {
    fails("leaves-half-closed", "http", &["half-close", "post-half-close"]);
    // Whoever waits for the end of its connection waits in vain.
    let must = ["half-close", "post-half-close", "post-cut-short", "chunked-cut-short"];
    // Nor does it see, while it hears a refused client out, that this has left.
    let may = ["post-", "chunk", "trailers", "expect-continue", "nothing-kept"];
    let may: Vec<String> = names("http", |name| may.iter().any(|start| name.starts_with(start)));
    fails_at_least("keeps-half-closed", "http", &must, &may.iter().map(String::as_str).collect::<Vec<_>>());
    fails_at_least("leaves-half-closed", "echo", &["half-close"], &["slow-reader", "drain-sending"]);
    let may = [
        "whole-1-b",
        "whole-2-b",
        "whole-1-kib",
        "whole-64-kib",
        "whole-1-mib",
        "whole-16-mib",
        "split-packets",
        "joined-packets",
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
    fails("grows", "http", &["slow-reader", "flood"]);
}

#[test]
fn answers_in_the_wrong_order_are_found() {
    // A GET behind a body is a second request as well.
    let may = ["post-then-get", "chunked", "chunk-extensions", "trailers", "drain-pipelined"];
    fails_at_least("out-of-order", "http", &["pipelining", "pipelining-waits"], &may);
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
    // And many are refused where it is counted what stays.
    let counted = ["nothing-kept", "children-reaped"].map(str::to_owned);
    assert!(failed.is_subset(&refusals().into_iter().chain(counted).collect()), "{failed:?}");
}

#[test]
fn a_descriptor_that_is_kept_for_each_connection_is_found() {
    for workload in ["echo", "http"] {
        fails("leaks-descriptors", workload, &["nothing-kept"]);
    }
}

#[test]
fn memory_that_is_kept_for_each_connection_is_found() {
    fails("leaks-memory", "echo", &["nothing-kept"]);
}

#[test]
fn threads_that_stay_are_found() {
    fails("leaks-threads", "http", &["nothing-kept"]);
}

#[test]
fn a_length_that_another_server_might_not_believe_is_found() {
    fails("believes-first-length", "http", &["lengths-conflicting"]);
}

#[test]
fn chunks_that_are_written_in_other_ways_and_accepted_are_found() {
    let wrong = [
        "chunk-size-plus",
        "chunk-size-0x",
        "chunk-size-blank",
        "chunk-size-bare-lf",
        "chunk-extension-bare-lf",
        "chunk-end-bare-lf",
        "last-chunk-bare-lf",
        "trailer-bare-lf",
        "trailers-end-bare-lf",
    ];
    fails("accepts-bad-chunks", "http", &wrong);
}

#[test]
fn a_client_that_is_not_told_to_go_on_is_found() {
    fails("no-continue", "http", &["expect-continue", "drain-continue"]);
}

#[test]
fn idle_clients_that_are_kept_until_the_grace_is_over_are_found() {
    for workload in ["echo", "http"] {
        fails("keeps-idle-until-grace", workload, &["drain-idle"]);
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
    let cut = ["drain", "drain-waiting", "drain-large", "drain-pipelined", "drain-sending"];
    fails("cuts-on-sigterm", "http", &cut);
    fails("cuts-on-sigterm", "echo", &["drain", "drain-sending"]);
}

#[test]
fn a_server_that_does_not_end_is_found() {
    let mut stops = names("http", |name| name.starts_with("drain"));
    stops.extend(["ends-in-time", "nothing-left"].map(str::to_owned));
    fails("ignores-sigterm", "http", &stops.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_process_that_is_left_behind_is_found() {
    fails("leaves-child", "echo", &["nothing-left"]);
}

#[test]
fn a_server_that_a_client_can_end_is_found() {
    // Of these: in others a client that leaves while it still pours resets its connection too, or does not, by chance.
    let tried = "get,keep-alive,abrupt-reset,nothing-kept,children-reaped";
    fails_of("dies-of-reset", "http", tried, &["abrupt-reset", "nothing-kept", "children-reaped"]);
}

#[test]
fn a_server_with_room_for_one_fails_where_many_are_expected_and_only_there() {
    let may = ["slow-sender", "slow-reader", "drain", "drain-idle", "abrupt-reset", "nothing-left"];
    fails_at_least("one-at-a-time", "echo", &["many-clients"], &may);
    // Where one is expected, what remains is that it can't end while its only thread waits to send.
    let answer = graded(&["--cmd", &command("one-at-a-time"), "--workload", "echo,http", "--at-once", "1"]);
    let failed = with_outcome(&answer, "failed");
    assert!(failed.is_subset(&BTreeSet::from(["ends-in-time".to_owned()])), "{failed:?} {answer:#}");
    assert!(with_outcome(&answer, "skipped").contains("many-clients"));
}

/// It fails this case, of these that are tried.
fn fails_of(fault: &str, workload: &str, tried: &str, expected: &[&str]) {
    let answer = graded(&["--cmd", &command(fault), "--workload", workload, "--case", tried]);
    let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
    assert_eq!(with_outcome(&answer, "failed"), expected, "{fault}, {workload}: {answer:#}");
}

#[test]
fn answers_that_go_to_the_wrong_client_are_found() {
    // Whoever comes beside another client may suffer.
    let may = ["slow-sender", "slow-reader", "abrupt-reset", "ends-in-time", "drain-sending"];
    fails_at_least("shares-answers", "echo", &["many-clients", "drain"], &may);
    fails_of(
        "shares-answers",
        "http",
        "get,keep-alive,head,not-found,many-clients,drain",
        &["many-clients", "drain"],
    );
}

#[test]
fn a_loop_that_waits_for_one_client_is_found() {
    fails_at_least("blocks-on-send", "echo", &["slow-reader", "ends-in-time"], &["drain-sending"]);
    let must = ["slow-reader", "ends-in-time"];
    let may = names("http", |name| name == "flood" || name == "waits-overlap" || name.starts_with("drain-"));
    let cases = "get,slow-reader,flood,many-clients,slow-sender,waits-overlap,abrupt-reset,ends-in-time";
    let answer = graded(&["--cmd", &command("blocks-on-send"), "--workload", "http", "--case", cases]);
    let failed = with_outcome(&answer, "failed");
    assert!(must.iter().all(|name| failed.contains(*name)), "{answer:#}");
    assert!(failed.iter().all(|name| must.contains(&name.as_str()) || may.contains(name)), "{answer:#}");
}

#[test]
fn a_server_with_one_page_is_tried_with_that_page() {
    let answer = graded(&["--cmd", &command("only-hello"), "--workload", "http"]);
    // Whether a connection carries more than one request is one case's business, and not that of the others.
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::from(["keep-alive".to_owned()]), "{answer:#}");
    let skipped = with_outcome(&answer, "skipped");
    assert!(skipped.contains("post-1-b") && skipped.contains("chunk-size-plus"), "{answer:#}");
    assert!(!skipped.contains("many-clients") && !skipped.contains("drain"), "{answer:#}");
}

#[test]
fn a_server_with_one_page_that_drops_requests_on_a_signal_is_found() {
    fails("exits-on-sigterm", "http", &["drain"]);
}

#[test]
fn a_body_that_is_taken_for_a_request_is_found() {
    fails("takes-get-bodies", "http", &["get-with-body"]);
    let refused = ["post-refused-with-body", "method-with-body", "expect-refused-with-body"];
    fails("takes-refused-bodies", "http", &refused);
}

#[test]
fn a_request_that_is_called_bad_for_a_signal_is_found() {
    let halves = ["drain-half-head", "drain-half-body", "drain-half-chunk", "drain-continue"];
    fails("blames-halves", "http", &halves);
}

#[test]
fn a_reply_that_a_reset_overtakes_when_the_server_ends_is_found() {
    for workload in ["echo", "http"] {
        fails("closes-on-sigterm", workload, &["drain-sending"]);
    }
    let stops: Vec<String> = names("http", |name| name.starts_with("drain"));
    fails_of("closes-behind-first", "http", &stops.join(","), &["drain-pipelined", "drain-sending"]);
}

#[test]
fn a_reset_behind_the_refusal_of_what_is_well_formed_is_found() {
    let must = ["method-with-body", "post-refused-with-body", "expect-refused-with-body", "expect-unknown"];
    fails_at_least("resets-others", "http", &must, &["get-with-body"]);
}

#[test]
fn heads_that_others_read_in_another_way_and_that_are_accepted_are_found() {
    fails("accepts-odd-heads", "http", &["bare-cr-in-line", "nul-in-line", "blank-before-field"]);
}

#[test]
fn children_of_crashed_clients_that_are_not_waited_for_are_found() {
    for workload in ["echo", "http"] {
        fails("leaves-reset-zombies", workload, &["children-reaped"]);
    }
}

#[test]
fn a_descriptor_that_is_kept_for_each_refusal_is_found() {
    fails("leaks-refused", "http", &["nothing-kept"]);
}

#[test]
fn a_little_memory_that_is_kept_for_each_connection_is_found() {
    let answer = graded(&[
        "--cmd",
        &command("leaks-slowly"),
        "--workload",
        "echo",
        "--case",
        "nothing-kept",
        "--connections",
        "2000",
    ]);
    assert!(with_outcome(&answer, "failed").contains("nothing-kept"), "{answer:#}");
}

#[test]
fn what_never_ends_and_is_kept_is_found() {
    let must = ["endless-line", "endless-head", "endless-trailers", "endless-extension"];
    // Who waits for the end of a head does not see before what is wrong with its beginning.
    fails_at_least("waits-for-ends", "http", &must, &["tls-hello"]);
}

#[test]
fn replies_without_a_date_or_with_a_strange_one_are_found() {
    fails("no-date", "http", &["date"]);
    fails("odd-date", "http", &["date"]);
}

#[test]
fn what_is_legal_and_refused_is_found() {
    fails("too-strict", "http", &["line-of-8000-bytes", "host-without-blank"]);
}

#[test]
fn waits_that_stand_in_a_line_are_found() {
    fails("waits-in-line", "http", &["waits-overlap"]);
}

/// Grades a model of ours, which must pass every case but those that it has no room for.
fn passes(model: &str, workload: &str, has_room: bool) {
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

#[test]
fn our_own_models_pass_every_case_of_echo() {
    let has_room = |model: &Model| match model.usual_room() {
        Room::One | Room::DealtOut(_) => false,
        Room::Workers(workers) => workers > 1,
        Room::Descriptors(_) | Room::Many => true,
    };
    let models = common::runnable().map(|model| (model.name, has_room(model)));
    // The kernel deals clients out beforehand, and two may get the same worker.
    let dealt_out = ("prefork:workers=4,accept=reuseport", false);
    common::side_by_side(models.chain([dealt_out]), |(model, has_room)| passes(model, "echo", has_room));
}

#[test]
fn our_own_models_pass_over_unix_sockets_too() {
    let pairs = [("fork", "echo"), ("thread", "echo"), ("epoll", "echo,http"), ("poll", "http")];
    common::side_by_side(pairs, |(model, workload)| {
        let answer = graded(&[model, "--workload", workload, "--transport", "unix", "--patience", "10s"]);
        assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{model}: {answer:#}");
        assert_eq!(with_outcome(&answer, "skipped"), BTreeSet::new(), "{model}: {answer:#}");
        assert_eq!(answer["suites"][0]["transport"], "unix");
    });
}

#[test]
fn a_server_at_a_path_is_tried_there() {
    let server = common::serve_over(Transport::Unix, "epoll", "http");
    let address = server.address().to_string();
    assert!(address.starts_with("unix:"), "{address}");
    let answer = graded(&[&address, "--case", "get", "many-clients", "drain"]);
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::new(), "{answer:#}");
    assert!(with_outcome(&answer, "passed").contains("many-clients"), "{answer:#}");
    common::stop(server);
}

#[test]
fn a_program_whose_file_was_replaced_still_starts_its_servers() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let link = directory.path().join("concur");
    fs::hard_link(env!("CARGO_BIN_EXE_concur"), &link).unwrap();
    let file = fs::File::open(&link).unwrap();
    fs::remove_file(&link).unwrap();
    let program = format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd());
    let foreign = command("none");
    for arguments in [&["epoll"][..], &["--cmd", &foreign, "--workload", "echo"]] {
        let output = process::Command::new(&program)
            .arg("verify")
            .args(arguments)
            .args(["--json", "--case", "starts"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
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
fn our_own_models_pass_every_case_of_http() {
    let models = [("thread", true), ("epoll", true), ("async", true), ("loop", false)];
    common::side_by_side(models, |(model, has_room)| passes(model, "http", has_room));
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
        (&["epoll", "--transport", "udp"], "no cases for messages over UDP"),
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
