//! Servers without a fault: ours, and one of somebody else.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::fd::AsRawFd;
use std::process;

use harness::transport::Transport;
use models::server::{Model, Room};

use crate::common;
use crate::verify::grading::{command, graded, passes, with_outcome};

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
