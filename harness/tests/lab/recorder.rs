//! The record of a run that is killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::recorder::Recorder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports::record::{Cell, Run, TaskCell};

/// Where the process that is to be killed keeps its record.
const KEEP_IN: &str = "CONCUR_TEST_KEEP_RECORD_IN";
/// More cells than are added before it is killed: a process that is forgotten ends by itself.
const CELLS: u32 = 20_000;

/// Adds cells one right after another, so that hardly any has the record written anew, and says of each that it is kept.
#[test]
#[ignore = "it is the process that the next test kills"]
fn keep_a_record() {
    let Some(directory) = std::env::var_os(KEEP_IN) else { return };
    let mut recorder = Recorder::new(Some(PathBuf::from(directory)), CELLS as usize, 1).unwrap();
    for round in 1..CELLS {
        recorder.add(Cell::Tasks(Box::new(TaskCell { round, ..TaskCell::default() }))).unwrap();
        eprintln!("kept {round}");
    }
}

/// Kills a process that keeps a record in `directory`, as soon as it has said that it kept `cells`; gives how many it had
/// said by then.
fn killed_after(cells: u32, directory: &Path) -> u32 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "recorder::keep_a_record", "--ignored", "--nocapture"])
        .env(KEEP_IN, directory)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut kept = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        if let Some(round) = line.strip_prefix("kept ").and_then(|round| round.parse().ok()) {
            kept = round;
        }
        if kept == cells {
            kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success() && kept >= cells, "{status}, after {kept} cells");
    kept
}

#[test]
fn a_run_that_is_killed_has_lost_no_cell_that_was_kept() {
    for cells in [1, 40, 333] {
        let directory = tempfile::tempdir().unwrap();
        let kept = killed_after(cells, directory.path());
        let run = Run::read(directory.path()).unwrap();
        let rounds: Vec<u32> = run.cells.iter().map(Cell::round).collect();
        // One more may have been kept before it could say so.
        assert!(
            rounds.len() == kept as usize || rounds.len() == kept as usize + 1,
            "{} of {kept}",
            rounds.len()
        );
        assert_eq!(rounds, (1..=rounds.len() as u32).collect::<Vec<_>>());
        assert!(!run.complete);
    }
}

#[test]
fn a_record_that_is_finished_needs_no_journal() {
    let directory = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(Some(directory.path().to_owned()), 100, 1).unwrap();
    for round in 1..50 {
        recorder.add(Cell::Tasks(Box::new(TaskCell { round, ..TaskCell::default() }))).unwrap();
    }
    assert_eq!(Run::read(directory.path()).unwrap(), *recorder.run());
    recorder.finish().unwrap();
    assert!(!reports::journal::is_in(directory.path()));
    assert_eq!(Run::read(directory.path()).unwrap().cells.len(), 49);
}

#[test]
fn a_cell_that_was_measured_again_is_planned_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::new(Some(directory.path().to_owned()), 2, 1).unwrap();
    let mut add = |round, attempt| {
        recorder.add(Cell::Tasks(Box::new(TaskCell { round, attempt, ..TaskCell::default() }))).unwrap();
        recorder.run().complete
    };
    assert_eq!([add(1, None), add(1, Some(2)), add(2, None)], [false, false, true]);
}
