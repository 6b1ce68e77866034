//! `concur run` from end to end: what it records, and what it leaves behind, however it ends.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use common::{concur, eventually, processes_marked, side_by_side};
use harness::measure::group::Group;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports::record::{Cell, Run, ServerCell, Verdict};
use serde_json::Value;

/// Held by each test while it runs: by the one that measures everything alone, by the others together.
static MACHINE: RwLock<()> = RwLock::new(());

fn alone() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}

fn among_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// A run in which everything happens once, in a few seconds.
const SHORT: [&str; 7] = ["run", "--duration", "300ms", "--connections", "8", "--timeout", "20s"];

/// One round of it.
fn once() -> Command {
    let mut command = concur();
    command.args(SHORT).args(["--rounds", "1"]);
    command
}

/// The first attempt at each: on a busy machine some are measured again.
fn server_cells(run: &Run) -> Vec<&ServerCell> {
    fn of(cell: &Cell) -> Option<&ServerCell> {
        if let Cell::Servers(cell) = cell { Some(cell) } else { None }
    }
    run.cells.iter().filter(|cell| cell.attempt() == 1).filter_map(of).collect()
}

/// The verdict that a cell has on a quiet machine.
fn verdict(cell: &ServerCell) -> Verdict {
    let disturbed = cell.noise.is_some_and(|noise| noise.disturbed);
    if disturbed { Verdict::Valid } else { cell.verdict }
}

/// Whether the machine had no time for a cell: so short a window may pass without a reply and without anybody's fault.
fn nothing_ran(cell: &ServerCell) -> bool {
    let nothing = cell.reason.as_deref().is_some_and(|reason| reason.starts_with("no request was answered"));
    nothing && cell.errors.total() == 0
}

/// Whether a run's exit code says that all went well, but for cells that the machine had no time for.
fn went_well(code: Option<i32>, run: &Run) -> bool {
    let failed = run.cells.iter().filter(|cell| cell.verdict() == Verdict::Errors);
    let mut failed = failed.filter(|cell| !cell.server().is_some_and(nothing_ran));
    failed.next().is_none() && matches!(code, Some(0 | 1))
}

/// Marks a command's environment, which all its processes inherit, so that any of them can be found.
fn marked(command: &mut Command, mark: &str) -> String {
    let value = format!("{mark}-{}", std::process::id());
    command.env("CONCUR_TEST", &value);
    format!("CONCUR_TEST={value}")
}

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
    let code = command.args(["--jobs", "2", "--tasks", "count,wait"]).output().unwrap().status.code();

    let text = fs::read_to_string(out.path().join("run.json")).unwrap();
    let record: Value = serde_json::from_str(&text).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../reports/schema.json")).unwrap();
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

/// Starts a run, ends it with `signal` at some moment, and gives its exit code and the record it left.
fn interrupted(signal: Signal, after: Duration, out: &Path) -> (Option<i32>, Run) {
    let mut command = concur();
    command.args(SHORT).args(["--rounds", "3", "--suite", "servers", "--out"]).arg(out);
    let mark = marked(&mut command, &format!("interrupted-{}", after.as_millis()));
    let mut child: Child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    progress.read_line(&mut String::new()).unwrap(); // the first step has begun
    let rest = std::thread::spawn(move || std::io::copy(&mut progress, &mut std::io::sink()));
    std::thread::sleep(after);
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
    let status = child.wait().unwrap();
    rest.join().unwrap().unwrap();
    eventually("no process of the run is left", || processes_marked(&mark).is_empty());
    (status.code(), Run::read(out).unwrap())
}

#[test]
fn an_interrupted_run_leaves_its_record_and_nothing_else() {
    let _machine = among_others();
    // Somewhere in starting, connecting, warming up, measuring and stopping.
    side_by_side([0, 7, 90, 333, 481, 655, 1_210], |ms| {
        for signal in [Signal::SIGINT, Signal::SIGTERM] {
            let out = tempfile::tempdir().unwrap();
            let (code, run) = interrupted(signal, Duration::from_millis(ms), out.path());
            assert_eq!(code, Some(130), "after {ms} ms");
            assert!(!run.complete && run.measured() < run.planned, "after {ms} ms");
            assert!(run.cells.iter().all(|cell| cell.verdict() != Verdict::Errors), "after {ms} ms: {run:?}");
            let report = fs::read_to_string(out.path().join("report.md")).unwrap();
            assert!(!report.is_empty());
        }
    });
}

#[test]
fn a_run_that_is_killed_leaves_no_process() {
    let _machine = among_others();
    for ms in [100, 400, 700] {
        let out = tempfile::tempdir().unwrap();
        let (code, _) = interrupted(Signal::SIGKILL, Duration::from_millis(ms), out.path());
        assert_eq!(code, None);
    }
}

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

/// A run of `epoll` and of these commands, and its cells by model.
fn run_beside(commands: &[String], more: &[&str], out: &Path) -> (Option<i32>, Run) {
    let mut command = once();
    command.args(["--suite", "servers", "--models", "epoll"]).args(more).arg("--out").arg(out);
    for text in commands {
        command.args(["--cmd", text]);
    }
    let mark = marked(&mut command, "beside");
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
    let schema: Value = serde_json::from_str(include_str!("../../reports/schema.json")).unwrap();
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
        eprintln!("skipped: there is no python3");
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
        eprintln!("skipped: there is no python3");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("ignoring.py");
    let text = include_str!("../../benches/floor/forking_tcp_server.py");
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
        eprintln!("skipped: the machine had no time for it");
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
