//! The suites of probes: each in a process of its own, recorded, and nothing left behind however they end.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use assert_cmd::assert::OutputAssertExt;
use common::{concur, eventually, processes_marked};
use harness::measure::placement::{Bound, processors};
use harness::probing::Probing;
use models::probe::{Suite, probes};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use reports::record::{Cell, ProbeCell, Run, Verdict};

/// The variable by which a run's processes are found, however many there are in between.
const MARK: &str = "CONCUR_TEST_OF_PROBES";

fn refused(arguments: &[&str]) -> String {
    let output = concur().args(arguments).assert().code(2).get_output().clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// What a probe answers, whatever its exit code.
fn answer(arguments: &[&str]) -> Probing {
    let output = concur().arg("probe").args(arguments).args(["--json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs suites of probes and gives their record; with failed cells the exit code is another one.
fn run(out: &Path, arguments: &[&str]) -> Run {
    let mut command = concur();
    command.args(["run", "--probe-time", "5ms", "--out"]).arg(out).args(arguments);
    command.assert().success();
    Run::read(out).unwrap()
}

fn cells(run: &Run) -> impl Iterator<Item = &ProbeCell> {
    run.cells.iter().map(|cell| cell.probe().expect("a probe's"))
}

#[test]
fn a_probe_answers_with_figures_in_microseconds() {
    for (suite, way) in
        [("spawn", "fork"), ("spawn", "thread"), ("switch", "pipe-processes"), ("ipc", "pipe")]
    {
        let Probing::Measured(figures) = answer(&[suite, way, "--time", "20ms"]) else {
            panic!("{way} has no figures")
        };
        let us = figures.time_us.expect("times");
        assert!(figures.samples.unwrap() >= 10 && figures.seconds > 0.0, "{way}: {figures:?}");
        assert!(0.0 < us.p50 && us.p50 <= us.max, "{way}: {us:?}");
    }
}

#[test]
fn a_probe_that_is_asked_wrongly_says_so_in_a_line() {
    let said = refused(&["probe", "spwan", "fork"]);
    assert!(said.contains("no suite of probes 'spwan'; try one of: spawn, switch, ipc"), "{said}");
    let said = refused(&["probe", "spawn", "pipe"]);
    assert!(said.contains("no way in the suite spawn 'pipe'; try one of: fork"), "{said}");
    let said = refused(&["probe", "spawn", "fork", "--setting", "{}"]);
    assert!(said.contains("--setting can't be '{}'"), "{said}");
    let said = refused(&["probe", "spawn", "fork", "--time", "2h"]);
    assert!(said.contains("--time can't be 2h; try 1ms to 1m"), "{said}");
}

#[test]
fn options_that_no_suite_would_heed_are_refused() {
    let run = |arguments: &[&str]| refused(&[&["run"], arguments].concat());
    assert!(run(&["--suite", "tasks", "--ways", "fork"]).contains("--ways is for probes"));
    assert!(run(&["--suite", "servers", "--probe-time", "9ms"]).contains("--probe-time is for probes"));
    assert!(run(&["--suite", "ipc", "--connections", "5"]).contains("--connections is for servers"));
    assert!(run(&["--suite", "spawn", "--again", "epoll"]).contains("--again epoll is for servers"));
    assert!(run(&["--suite", "spawn", "--ways", "pipe"]).contains("no way in these suites 'pipe'"));
    assert!(run(&["--suite", "ipc", "--ways", "pipe,pipe"]).contains("--ways names pipe twice"));
    assert!(
        run(&["--suite", "ipc,spawn", "--ways", "pipe"]).contains("--ways names nothing in the suite spawn")
    );
    assert!(
        run(&["--suite", "ipc", "--probe-time", "0s"]).contains("--probe-time can't be 0s; try 1ms to 1m")
    );
}

#[test]
fn the_listing_names_every_way_under_its_suite() {
    let output = concur().args(["list", "--json"]).assert().success().get_output().stdout.clone();
    let listing: serde_json::Value = serde_json::from_slice(&output).unwrap();
    for suite in Suite::ALL {
        let listed = listing[suite.name()].as_array().unwrap().iter();
        let listed: Vec<&str> = listed.map(|entry| entry["name"].as_str().unwrap()).collect();
        let known: Vec<&str> = probes().filter(|it| it.suite == suite).map(|it| it.name).collect();
        assert_eq!(listed, known);
    }
}

#[test]
fn a_run_of_all_three_suites_records_each_setting_in_each_round() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let run = run(
        &out,
        &["--suite", "spawn,switch,ipc", "--ways", "thread,vfork,generator,channel", "--rounds", "2"],
    );
    assert!(run.complete);
    let named = |suite: Suite| probes().filter(move |it| it.suite == suite);
    for suite in Suite::ALL {
        let of = |cell: &&Cell| match suite {
            Suite::Spawn => matches!(cell, Cell::Spawn(_)),
            Suite::Switch => matches!(cell, Cell::Switch(_)),
            Suite::Ipc => matches!(cell, Cell::Ipc(_)),
        };
        let measured = run.cells.iter().filter(of).filter_map(Cell::probe);
        let ways: BTreeSet<&str> = measured.map(|cell| cell.way.as_str()).collect();
        assert!(named(suite).any(|it| ways.contains(it.name)), "{suite:?}: {ways:?}");
    }
    for (name, suite) in [("vfork", Suite::Spawn), ("channel", Suite::Ipc)] {
        let probe = named(suite).find(|it| it.name == name).unwrap();
        let own =
            cells(&run).filter(|cell| cell.way == name && cell.copy.is_none() && cell.attempt.is_none());
        assert_eq!(own.count(), 2 * (probe.settings)().len(), "{name}");
    }
    assert!(cells(&run).any(|cell| cell.way == "thread" && cell.copy == Some(2)), "it is measured twice");
    let report = fs::read_to_string(out.join("report.md")).unwrap();
    for title in [
        "Making one and waiting for its end",
        "Going from one that runs to another",
        "A message there and back",
    ] {
        assert!(report.contains(title), "{title} is not in {report}");
    }
}

#[test]
fn on_one_processor_two_sides_apart_are_unsupported_and_the_other_rows_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let one = processors().unwrap()[..1].to_vec();
    // What this thread starts meanwhile may run there alone.
    let _here = Bound::to(&one).unwrap();
    let ways = ["--suite", "switch", "--ways", "pipe-processes,generator", "--rounds", "1"];
    let run = run(&directory.path().join("run"), &ways);
    for cell in cells(&run) {
        let apart = cell.sides.as_deref() == Some("apart");
        assert_eq!(cell.verdict == Verdict::Unsupported, apart, "{cell:?}");
        assert!(!apart || cell.reason.as_ref().unwrap().contains("one processor"), "{cell:?}");
    }
}

/// A run that will measure for long, in a process group of its own, and whose processes are marked.
fn long_run(out: &Path, mark: &str, suite: &str, ways: &str) -> Child {
    let mut command: Command = concur();
    command
        .args(["run", "--suite", suite, "--ways", ways, "--probe-time", "30s", "--rounds", "1", "--out"])
        .arg(out)
        .env(MARK, mark)
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

/// What lies in the file systems that names of shared memory and of message queues stand in.
fn names() -> BTreeSet<String> {
    let in_one = |path: &str| {
        let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
        entries.map(|entry| entry.path().display().to_string()).collect::<Vec<_>>()
    };
    let all = ["/dev/shm", "/dev/mqueue"].into_iter().flat_map(in_one);
    all.filter(|name| name.contains("concur")).collect()
}

/// Ends a run in some way while one of these ways is measured by `processes`, and insists that nothing of it is left.
fn nothing_is_left(suite: &str, ways: &str, processes: usize, end: impl Fn(&Child)) {
    let directory = tempfile::tempdir().unwrap();
    let mark = format!("{}-{suite}-{ways}-{}", std::process::id(), directory.path().display());
    let marked = format!("{MARK}={mark}");
    let mut run = long_run(&directory.path().join("run"), &mark, suite, ways);
    // `concur run`, `concur probe` and, where it has one, its child.
    eventually(&format!("{ways} is being measured"), || processes_marked(&marked).len() >= processes);
    end(&run);
    run.wait().unwrap();
    eventually(&format!("nothing is left of {ways}"), || processes_marked(&marked).is_empty());
    // Names are taken away as soon as both sides have what they stand for.
    eventually(&format!("no name is left of {ways}"), || names().is_empty());
}

const BETWEEN_PROCESSES: [(&str, &str); 4] =
    [("switch", "pipe-processes"), ("ipc", "pipe"), ("ipc", "message-queue"), ("ipc", "shared-memory-futex")];

fn killed(run: &Child) {
    kill(Pid::from_raw(run.id().cast_signed()), Signal::SIGKILL).unwrap();
}

#[test]
fn nothing_is_left_of_a_run_that_is_killed() {
    for (suite, ways) in BETWEEN_PROCESSES {
        nothing_is_left(suite, ways, 3, killed);
    }
    nothing_is_left("spawn", "thread", 2, killed);
}

#[test]
fn nothing_is_left_after_a_key_press_in_the_terminal() {
    for (suite, ways) in BETWEEN_PROCESSES {
        let press = |run: &Child| killpg(Pid::from_raw(run.id().cast_signed()), Signal::SIGINT).unwrap();
        nothing_is_left(suite, ways, 3, press);
    }
}

#[test]
fn names_that_a_killed_probe_left_are_taken_away() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let mut run = concur()
        .args(["run", "--suite", "ipc", "--ways", "fifo", "--probe-time", "30s", "--rounds", "1", "--out"])
        .arg(&out)
        .env("TMPDIR", directory.path())
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let child_of = |process: u32| {
        let children =
            fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
        children.split_whitespace().next().and_then(|number| number.parse::<u32>().ok())
    };
    // A probe that has its other side is past the moment in which its names are there, and its own code leaves them alone.
    let probe = || child_of(run.id()).filter(|probe| child_of(*probe).is_some());
    eventually("a probe measures", || probe().is_some());
    let probe = probe().unwrap();
    let left = directory.path().join(format!("concur-{probe}-here"));
    fs::write(&left, "").unwrap();
    kill(Pid::from_raw(probe.cast_signed()), Signal::SIGKILL).unwrap();
    eventually("the name is taken away", || !left.exists());
    kill(Pid::from_raw(run.id().cast_signed()), Signal::SIGTERM).unwrap();
    run.wait().unwrap();
}

#[test]
fn a_run_that_is_asked_to_end_does_so_with_a_record_of_what_it_had() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let mut run = long_run(&out, "asked", "switch", "pipe-processes");
    eventually("there is a record", || Run::read(&out).is_ok());
    kill(Pid::from_raw(run.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let record = Run::read(&out).unwrap();
    assert!(!record.complete && record.cells.is_empty(), "{record:?}");
}
