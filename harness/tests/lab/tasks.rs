//! `concur run --suite tasks` and `concur exec` where something is wrong: it is said in one sentence, and the other rows go on.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::assert::OutputAssertExt;
use reports::record::{Cell, Run, TaskCell, Verdict};
use tempfile::TempDir;

use crate::common::{concur, write_script};

/// A run of tasks through other programs, which change something and become the run. None, aloud, where they can't.
fn run_through(through: &[&str], out: &Path, tasks: &str, more: &[&str]) -> Option<Output> {
    let mut command = Command::new(through[0]);
    command.args(&through[1..]).arg(env!("CARGO_BIN_EXE_concur"));
    command.args(["run", "--suite", "tasks", "--rounds", "1", "--tasks", tasks]).args(more);
    let output = command.arg("--out").arg(out.join("run")).output();
    match output {
        Ok(output) if out.join("run").is_dir() => Some(output),
        Ok(output) => {
            skipped!("{}: {}", through[0], String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            skipped!("{}: {error}; install util-linux", through[0]);
            None
        }
    }
}

fn cells(out: &Path) -> Vec<TaskCell> {
    let of = |cell| match cell {
        Cell::Tasks(cell) => Some(*cell),
        _ => None,
    };
    Run::read(&out.join("run")).unwrap().cells.into_iter().filter_map(of).collect()
}

/// That a cell failed, and says why in one line.
fn failed_with(cell: &TaskCell, words: &[&str]) {
    let reason = cell.reason.as_deref().unwrap_or_default();
    assert_eq!(cell.verdict, Verdict::Errors, "{cell:?}");
    assert!(!reason.contains('\n') && words.iter().all(|word| reason.contains(word)), "{reason}");
}

/// That a cell went well, whatever else the machine did.
fn went_well(cell: &TaskCell) {
    assert!(matches!(cell.verdict, Verdict::Valid | Verdict::Unstable) && cell.value.is_some(), "{cell:?}");
}

/// A directory that anybody may write to.
fn open_to(user: u32) -> TempDir {
    let out = tempfile::Builder::new().prefix("concur-").tempdir().unwrap();
    if let Err(error) = chown(out.path(), Some(user), Some(user)) {
        skipped!("in part: {error}");
    }
    out
}

#[test]
fn more_jobs_than_the_process_limit_are_those_rows_errors_and_the_others_go_on() {
    // The limit does not hold for root, so the run is that of a user who has no other process.
    let user = 1_000_000_000 + std::process::id();
    let out = open_to(user);
    let program = out.path().join("concur"); // the build may lie where nobody else may go
    // By another process, for the same reason as in `write_script`.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_concur")).arg(&program).status().unwrap();
    assert!(copied.success());
    let ids = [format!("--reuid={user}"), format!("--regid={user}")];
    let through = [
        "setpriv",
        &ids[0],
        &ids[1],
        "--clear-groups",
        "prlimit",
        "--nproc=40:40",
        "sh",
        "-c",
        "shift; exec \"$0\" \"$@\"",
    ];
    let through: Vec<&str> = through.into_iter().chain([program.to_str().unwrap()]).collect();
    let arguments = ["--executors", "line,threads,processes", "--jobs", "2,100"];
    let Some(output) = run_through(&through, out.path(), "wait", &arguments) else { return };
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let cells = cells(out.path());
    assert!(cells.len() >= 6, "{cells:?}");
    for cell in cells {
        match (cell.executor.as_str(), cell.jobs) {
            ("threads", 100) => {
                failed_with(&cell, &["of 100 jobs failed", "no thread could be made", "try fewer jobs"]);
            }
            ("processes", 100) => {
                failed_with(&cell, &["of 100 jobs failed", "no process could be made", "ulimit -u"]);
            }
            _ => went_well(&cell),
        }
    }
}

#[test]
fn a_full_disk_is_those_rows_error_and_the_others_go_on() {
    let (out, small) = (open_to(0), open_to(0));
    let small = small.path().to_str().unwrap();
    // A mount that nobody else sees, and that is gone with the run.
    let script = "mount -t tmpfs -o size=64k tmpfs \"$TMPDIR\" && exec \"$@\"";
    let variable = format!("TMPDIR={small}");
    let through = ["unshare", "--mount", "env", &variable, "sh", "-c", script, "sh"];
    let arguments = ["--executors", "line,threads,processes,async", "--jobs", "2"];
    let Some(output) = run_through(&through, out.path(), "disk,wait", &arguments) else { return };
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let cells = cells(out.path());
    assert!(cells.len() >= 8, "{cells:?}");
    for cell in cells {
        if cell.task == "disk" {
            failed_with(&cell, &["No space left on device", small, "set TMPDIR"]);
        } else {
            went_well(&cell);
        }
    }
}

#[test]
fn a_disk_that_is_full_from_the_start_leaves_interpreters_out_with_a_word_and_the_others_go_on() {
    let (out, small) = (open_to(0), open_to(0));
    let small = small.path().to_str().unwrap();
    let python = out.path().join("python");
    let says = r#"{"executable": null, "implementation": "CPython", "version": [3, 13, 0], "free_threaded": false, "gil": true, "modules": []}"#;
    write_script(&python, &format!("echo '{says}'"));
    let script = "mount -t tmpfs -o size=64k tmpfs \"$TMPDIR\" && { head -c 1M /dev/zero >\"$TMPDIR/full\"; exec \"$@\"; }";
    let variable = format!("TMPDIR={small}");
    let through = ["unshare", "--mount", "env", &variable, "sh", "-c", script, "sh"];
    let arguments = ["--python", python.to_str().unwrap(), "--jobs", "2"];
    let Some(output) = run_through(&through, out.path(), "disk,wait", &arguments) else { return };
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let (interpreters, ours): (Vec<_>, Vec<_>) =
        cells(out.path()).into_iter().partition(|cell| cell.executor.starts_with("cpython-3.13:"));
    assert_eq!(interpreters.len(), 3, "{interpreters:?}");
    for cell in interpreters {
        let reason = cell.reason.unwrap_or_default();
        assert_eq!(cell.verdict, Verdict::Unsupported, "{reason}");
        assert!(
            reason.contains(&format!("can't be written to {small}: No space left on device")),
            "{reason}"
        );
        assert!(reason.contains("set TMPDIR") && !reason.contains('\n'), "{reason}");
    }
    assert!(ours.len() >= 18, "{ours:?}");
    for cell in ours {
        if cell.task == "disk" {
            failed_with(&cell, &["No space left on device", small, "set TMPDIR"]);
        } else {
            went_well(&cell);
        }
    }
}

#[test]
fn a_task_that_an_executor_can_not_run_is_a_row_that_says_why() {
    let out = open_to(0);
    let mut command = concur();
    command.args(["run", "--suite", "tasks", "--rounds", "1", "--tasks", "counter-lock"]);
    command.args(["--executors", "line,process-pool", "--jobs", "1,2", "--out"]).arg(out.path().join("run"));
    command.assert().success();
    for cell in cells(out.path()) {
        if cell.executor == "line" {
            went_well(&cell);
        } else {
            assert_eq!(cell.verdict, Verdict::Unsupported);
            assert!(cell.reason.unwrap().contains("share memory"));
        }
    }
    let output = concur()
        .args(["exec", "processes", "--task", "counter-atomic"])
        .assert()
        .code(2)
        .get_output()
        .clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().count() == 1 && said.contains("try another executor"), "{said}");
}

#[test]
fn a_run_takes_several_numbers_of_jobs_and_says_of_each_how_many_were_at_once() {
    let out = open_to(0);
    let mut command = concur();
    command.args(["run", "--suite", "tasks", "--rounds", "1", "--tasks", "wait", "--jobs", "1,3"]);
    command.args(["--executors", "line", "threads", "thread-pool:workers=2", "async:workers=1", "--out"]);
    command.arg(out.path().join("run")).assert().success();
    let mut seen: Vec<_> = cells(out.path())
        .into_iter()
        .filter(|cell| cell.attempt.is_none())
        .map(|cell| (cell.executor, cell.jobs, cell.workers, cell.at_once.unwrap()))
        .collect();
    seen.sort();
    let expected = [
        ("async", 1, 1, 1),
        ("async", 3, 1, 3),
        ("line", 1, 1, 1),
        ("line", 3, 1, 1),
        ("thread-pool", 1, 1, 1),
        ("thread-pool", 3, 2, 2),
        ("threads", 1, 1, 1),
        ("threads", 3, 3, 3),
    ];
    assert_eq!(
        seen,
        expected.map(|(name, jobs, workers, at_once)| (name.to_owned(), jobs, workers, at_once))
    );
}
