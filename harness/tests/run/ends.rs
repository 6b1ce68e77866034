//! A run that is ended: it leaves its record, and nothing else.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports::record::{Run, Verdict};

use crate::common::{concur, eventually, processes_marked, side_by_side};
use crate::{SHORT, among_others, marked};

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
