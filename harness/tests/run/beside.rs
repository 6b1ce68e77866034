//! Servers that are not ours, beside ours.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::measure::group::Group;
use reports::record::{Run, ServerCell, Verdict};
use serde_json::Value;

use crate::common::{eventually, processes_marked};
use crate::{among_others, marked, nothing_ran, once, server_cells, verdict, went_well};

/// A run of `epoll` and of these commands, and its cells by model.
fn run_beside(commands: &[String], more: &[&str], out: &Path) -> (Option<i32>, Run) {
    let mut command = once();
    command.args(["--suite", "servers", "--models", "epoll"]).args(more).arg("--out").arg(out);
    for text in commands {
        command.args(["--cmd", text]);
    }
    // Of this run alone: others go on beside it.
    let mark = marked(&mut command, &format!("beside-{}", out.display()));
    let status = command.output().unwrap().status;
    // The guard ends as soon as it notices.
    eventually("no process of the run is left", || processes_marked(&mark).is_empty());
    (status.code(), Run::read(out).unwrap())
}

fn cell_of<'a>(run: &'a Run, model: &str) -> &'a ServerCell {
    server_cells(run).into_iter().find(|cell| cell.model == model).unwrap()
}

#[test]
fn anyones_server_is_a_row_beside_ours_with_the_command_that_was_typed() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_concur");
    let typed = format!("'{program}' serve poll --workload {{workload}} --bind 127.0.0.1:{{port}}");
    let (code, run) = run_beside(&[format!("mine={typed}")], &["--workload", "http,echo"], out.path());
    assert!(went_well(code, &run), "{code:?}: {run:?}");
    let cells: Vec<_> = server_cells(&run).into_iter().filter(|cell| cell.model == "mine").collect();
    assert_eq!(cells.len(), 2, "one for each workload");
    for cell in cells.into_iter().filter(|cell| !nothing_ran(cell)) {
        // Unstable: not all of its clients had their turn in so short a time.
        assert_ne!(cell.verdict, Verdict::Errors, "{cell:?}");
        assert_eq!((cell.command.as_deref(), cell.options.as_str()), (Some(typed.as_str()), ""));
        let server = cell.server.unwrap();
        assert!(cell.requests > 0 && server.cpu_s().unwrap() > 0.0 && server.pss_peak_bytes.unwrap() > 0);
    }
    assert_eq!(cell_of(&run, "epoll").command, None);
    let record: Value =
        serde_json::from_str(&fs::read_to_string(out.path().join("run.json")).unwrap()).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../reports/schema.json")).unwrap();
    jsonschema::validate(&schema, &record).unwrap();
}

#[test]
fn a_server_that_answers_wrong_or_does_not_start_voids_its_own_row_alone() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_concur");
    let commands = [
        format!("echoing={program} serve epoll --workload echo --bind 127.0.0.1:{{port}}"),
        "missing=/nowhere/server {port}".to_owned(),
    ];
    let (code, run) = run_beside(&commands, &[], out.path());
    assert_eq!(code, Some(1));
    let reason = |model| {
        let cell = cell_of(&run, model);
        assert_eq!(cell.verdict, Verdict::Errors, "{cell:?}");
        cell.reason.clone().unwrap()
    };
    assert!(reason("echoing").contains("the reply's head is not HTTP/1"), "{}", reason("echoing"));
    assert!(reason("missing").contains("/nowhere/server can't be started"), "{}", reason("missing"));
    let ours = cell_of(&run, "epoll");
    assert!(ours.requests > 0, "{ours:?}");
}

#[test]
fn a_server_that_closes_connections_it_should_keep_is_said_to() {
    let _machine = among_others();
    if Command::new("python3").arg("-V").output().is_err() {
        skipped!("there is no python3");
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/floor/forking_tcp_server.py");
    let (code, run) = run_beside(&[format!("forking=python3 '{script}' {{port}}")], &[], out.path());
    let cell = cell_of(&run, "forking");
    assert_eq!((code, verdict(cell)), (Some(0), Verdict::Valid), "{run:?}");
    assert!(cell.reason.as_deref().unwrap().contains("closed connections that its clients wanted to keep"));
}

#[test]
fn the_courses_servers_are_rows_by_themselves_and_unsupported_without_python() {
    let _machine = among_others();
    let out = tempfile::tempdir().unwrap();
    let (code, run) = run_beside(&[], &["--python", "/nowhere/python3"], out.path());
    assert_eq!(code, Some(0));
    let python: Vec<_> =
        server_cells(&run).into_iter().filter(|cell| cell.model.starts_with("python-")).collect();
    assert_eq!(python.len(), 8 + 1, "the loop twice: with kept and with new connections");
    for cell in python {
        assert_eq!(cell.verdict, Verdict::Unsupported, "{cell:?}");
        assert!(cell.reason.as_deref().unwrap().contains("install Python 3.8"), "{cell:?}");
    }

    let out = tempfile::tempdir().unwrap();
    let (code, run) = run_beside(&[], &["--python"], out.path());
    assert_eq!(code, Some(0), "{run:?}");
    // A Python that has to wait for a processor may answer nobody in so short a window.
    let disturbed = |cell: &&ServerCell| cell.noise.is_some_and(|noise| noise.disturbed);
    let there = |cell: &&ServerCell| cell.verdict != Verdict::Unsupported && !disturbed(cell);
    for cell in server_cells(&run).into_iter().filter(there) {
        assert!(cell.requests > 0 && cell.errors.total() == 0, "{cell:?}");
    }
    assert!(cell_of(&run, "python-fork").command.as_deref().unwrap().starts_with("python3 fork_server.py "));
}

#[test]
fn the_time_of_children_that_nobody_waits_for_is_missed_only_where_no_group_keeps_it() {
    let _machine = among_others();
    if Command::new("python3").arg("-V").output().is_err() {
        skipped!("there is no python3");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("ignoring.py");
    let text = include_str!("../../../benches/floor/forking_tcp_server.py");
    let (server, main) = ("class Server(socketserver.ForkingTCPServer):", "if __name__ == \"__main__\":");
    assert!(text.contains(server) && text.contains(main));
    let ignoring =
        text.replace(main, &format!("import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n{main}"));
    fs::write(&script, ignoring).unwrap();
    let out = tempfile::tempdir().unwrap();
    let commands = [format!("ignoring=python3 {} {{port}}", script.display())];
    let (_, run) = run_beside(&commands, &["--new-connections"], out.path());
    let cell = cell_of(&run, "ignoring");
    if nothing_ran(cell) {
        skipped!("the machine had no time for it");
        return;
    }
    assert!(cell.requests > 0, "{cell:?}");
    let cost = cell.server.unwrap();
    assert!(cost.pss_peak_bytes.is_some(), "{cell:?}");
    assert_eq!((cost.clocked_cpu_s, cost.voluntary_switches), (None, None), "{cell:?}");
    if Group::make().is_ok() {
        // A machine that is busy with other things may disturb it, which is not what this is about.
        let said = cell.reason.as_deref().unwrap_or_default();
        assert!(cost.cpu_s().unwrap() > 0.0 && !said.contains("CPU time"), "{cell:?}");
        return;
    }
    assert_eq!(cost.cpu_s(), None, "{cell:?}");
    assert!(cell.reason.as_deref().unwrap().contains("CPU time is not known"), "{cell:?}");
    let report = fs::read_to_string(out.path().join("report.md")).unwrap();
    assert!(report.contains("the server's CPU time was not measured"), "{report}");
}
