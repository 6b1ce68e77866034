//! What a run measures, and what its rows say.

use std::fs;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use reports::record::{Run, Verdict};
use serde_json::Value;

use crate::common::processes_marked;
use crate::{SHORT, alone, among_others, marked, nothing_ran, once, server_cells, verdict, went_well};

#[test]
fn a_run_goes_over_every_transport_and_says_so() {
    let _machine = among_others();
    for (transport, workload, models) in
        [("unix", "http", "epoll,thread"), ("unix", "echo", "fork"), ("udp", "echo", "epoll,thread")]
    {
        let out = tempfile::tempdir().unwrap();
        let mut command = once();
        command.args([
            "--suite",
            "servers",
            "--models",
            models,
            "--transport",
            transport,
            "--workload",
            workload,
        ]);
        let code = command.arg("--out").arg(out.path()).output().unwrap().status.code();
        let run = Run::read(out.path()).unwrap();
        assert!(went_well(code, &run), "{code:?}: {run:?}");
        let first = server_cells(&run).into_iter().filter(|cell| cell.attempt.is_none()).count();
        assert_eq!(first, models.split(',').count() + 1, "one of them twice");
        for cell in server_cells(&run) {
            assert_eq!(cell.transport, transport);
            assert!(nothing_ran(cell) || cell.requests > 0 && cell.errors.total() == 0, "{cell:?}");
        }
    }
    for (arguments, said) in [
        (["--transport", "udp", "--workload", "http"], "only echo goes over UDP"),
        (["--transport", "tls", "--workload", "echo"], "possible values: tcp, unix, udp"),
    ] {
        let output = once().args(arguments).assert().code(2).get_output().clone();
        assert!(String::from_utf8(output.stderr).unwrap().contains(said));
    }
}

#[test]
fn a_short_run_measures_every_model_and_every_executor() {
    let _machine = alone();
    let out = tempfile::tempdir().unwrap();
    let mut command = once();
    let mark = marked(command.arg("--out").arg(out.path()), "short");
    // Tasks at their full size take a debug build long; one of each family will do.
    command.args(["--warm-up", "100ms", "--jobs", "2", "--tasks", "count,wait"]);
    let code = command.output().unwrap().status.code();

    let text = fs::read_to_string(out.path().join("run.json")).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../reports/schema.json")).unwrap();
    jsonschema::validate(&schema, &record).unwrap();

    let run = Run::read(out.path()).unwrap();
    assert!(run.complete && went_well(code, &run), "{code:?}: {run:?}");
    // The loop under two loads, and one server twice.
    let first = server_cells(&run).into_iter().filter(|cell| cell.attempt.is_none()).count();
    assert_eq!(first, models::server::servers().len() + 2);
    let copies: Vec<_> = server_cells(&run).into_iter().filter(|cell| cell.copy == Some(2)).collect();
    assert!(copies.iter().all(|cell| cell.model == "epoll") && !copies.is_empty(), "{copies:?}");
    let tasks = run.cells.iter().filter(|cell| cell.server().is_none()).count();
    assert!(tasks >= 2 * models::executor::executors().len());
    for cell in server_cells(&run) {
        assert_eq!(cell.errors.total(), 0, "{cell:?}");
        if nothing_ran(cell) || cell.noise.is_some_and(|noise| noise.disturbed) {
            continue; // a machine that did something else meanwhile says nothing of these figures
        }
        assert!(cell.requests > 0, "{cell:?}");
        let server = cell.server.unwrap();
        assert!(server.cpu_s().unwrap() > 0.0 && server.pss_peak_bytes.unwrap() > 0, "{cell:?}");
        assert!(server.threads_peak.unwrap() >= server.processes_peak.unwrap(), "{cell:?}");
        assert!(server.voluntary_switches.is_some(), "{cell:?}");
        let latency = cell.latency_us.unwrap();
        // Under a load of other tests there may be too few replies for a p99.
        let in_order = |p99| latency.p50 <= p99 && p99 <= latency.max;
        assert!(latency.p50 <= latency.max && latency.p99.is_none_or(in_order), "{cell:?}");
    }
    for file in ["report.md", "report.html", "cells.csv"] {
        assert!(fs::metadata(out.path().join(file)).unwrap().len() > 500, "{file}");
    }
    assert_eq!(processes_marked(&mark), [""; 0]);
}

#[test]
fn the_loop_is_said_to_starve_its_other_clients_and_is_shown_with_new_connections_too() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    once().args(["--suite", "servers", "--models", "loop", "--out"]).arg(out.path()).assert().success();
    let run = Run::read(out.path()).unwrap();
    let cells = server_cells(&run);
    let kept = cells.iter().find(|cell| cell.keep_alive).unwrap();
    assert_eq!((verdict(kept), kept.connections_served), (Verdict::Valid, Some(1)));
    let reason = kept.reason.as_deref().unwrap();
    let starved = "7 of 8 connections were never answered: this model serves one client to its end before it looks at the next";
    assert!(reason.starts_with(starved), "{reason}");
    let new = cells.iter().find(|cell| !cell.keep_alive).unwrap();
    assert!(new.requests > 8 && new.errors.total() == 0, "{new:?}");
}

#[test]
fn a_pool_smaller_than_its_clients_says_how_many_it_left_unserved() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    let models = ["--suite", "servers", "--models", "thread-pool:workers=3", "--out"];
    once().args(models).arg(out.path()).assert().success();
    let run = Run::read(out.path()).unwrap();
    let cell = server_cells(&run)[0];
    assert_eq!(cell.connections_served, Some(3));
    let reason = cell.reason.as_deref().unwrap();
    assert!(reason.starts_with("5 of 8 connections were never answered: its 3 workers"), "{reason}");
}

#[test]
fn a_model_that_fails_is_a_row_that_says_so_and_the_others_go_on() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    // With stacks of a gigabyte, this much address space holds but a few threads: the other clients are turned away.
    let program = env!("CARGO_BIN_EXE_concur");
    let models = "--suite servers --models thread:stack=1g,epoll";
    let script = format!(
        "ulimit -v 4000000; exec {program} {} --rounds 1 {models} --out {}",
        SHORT.join(" "),
        out.path().display()
    );
    Command::new("sh").args(["-c", &script]).assert().code(1);
    let run = Run::read(out.path()).unwrap();
    let cells = server_cells(&run);
    let failed = cells.iter().find(|cell| cell.model == "thread").unwrap();
    assert_eq!(failed.verdict, Verdict::Errors);
    assert!(failed.reason.as_deref().unwrap().contains("can't start a thread"), "{failed:?}");
    let other = cells.iter().find(|cell| cell.model == "epoll").unwrap();
    assert!(other.requests > 0 && other.errors.total() == 0, "{other:?}");
    assert!(run.complete);
    let report = fs::read_to_string(out.path().join("report.md")).unwrap();
    assert!(report.contains("can't start a thread"), "{report}");
}
