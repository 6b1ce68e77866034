//! The tasks under real interpreters: every way comes to the right values, what goes wrong is said, and nothing stays behind.
//!
//! Where an interpreter is not there, a sentence says what is not tried.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use harness::interpreter::probe::probe;
use harness::interpreter::{Interpreter, Job, Programs, Ran, TASKS, Way};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use workloads::task::{Size, task};

use crate::common::{PATIENCE, concur, eventually, processes_marked, side_by_side, write_script};

static NEVER: AtomicBool = AtomicBool::new(false);

fn launcher() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_concur"))
}

fn ask(program: &str) -> Result<Interpreter, String> {
    probe(program, launcher(), PATIENCE, &NEVER)
}

/// An interpreter, or a sentence that its part of a test is skipped.
fn there(program: &str) -> Option<Interpreter> {
    ask(program).inspect_err(|lacks| skipped!("{lacks}")).ok()
}

fn run_with(
    interpreter: &Interpreter,
    programs: &Programs,
    way: Way,
    name: &str,
    limit: Duration,
) -> anyhow::Result<Ran> {
    run_jobs(3, interpreter, programs, way, name, limit)
}

fn run_jobs(
    jobs: usize,
    interpreter: &Interpreter,
    programs: &Programs,
    way: Way,
    name: &str,
    limit: Duration,
) -> anyhow::Result<Ran> {
    let task = task(name, Size::Short).unwrap();
    let job = Job { interpreter, way, task: &*task, size: Size::Short, jobs, workers: 2 };
    job.run(launcher(), programs, limit, &NEVER, |_| ()).map(|(ran, ())| ran)
}

/// The programs with a line of one of them changed.
fn changed(file: &str, line: &str, to: &str) -> Programs {
    let programs = Programs::write().unwrap();
    let path = programs.directory().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(line), "{file} has no {line}");
    fs::write(&path, text.replace(line, to)).unwrap();
    programs
}

/// Programs whose task `wait` takes an hour each time.
fn endless() -> Programs {
    changed("work.py", "EACH = 0.05\n", "EACH = 3600\n")
}

/// A program of this text that can be run as an interpreter.
fn fake(text: &str) -> (TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path: PathBuf = directory.path().join("python");
    write_script(&path, text);
    let path = path.display().to_string();
    (directory, path)
}

/// What an interpreter says of itself, as a shell command.
fn says(version: &str, executable: &str) -> String {
    format!(
        "echo '{{\"executable\": \"{executable}\", \"implementation\": \"CPython\", \"version\": {version}, \
         \"free_threaded\": false, \"gil\": true, \"modules\": [\"multiprocessing\", \
         \"concurrent.futures\"]}}'"
    )
}

/// Runs three jobs, and insists that each came to the right value.
fn is_right(interpreter: &Interpreter, programs: &Programs, way: Way, task: &str) {
    are_right(3, interpreter, programs, way, task);
}

/// Runs so many jobs, and insists that each came to the right value.
fn are_right(jobs: usize, interpreter: &Interpreter, programs: &Programs, way: Way, task: &str) {
    let ran = run_jobs(jobs, interpreter, programs, way, task, PATIENCE * 10).unwrap();
    let what = format!("{}, {}, {task}: {ran:?}", interpreter.name, way.name());
    assert_eq!((ran.execution.failed, &ran.execution.failure), (0, &None), "{what}");
    assert!(ran.execution.value.is_some() && !ran.start_up.is_zero(), "{what}");
    assert_eq!(ran.answer.implementation, interpreter.implementation, "{what}");
    assert_eq!(ran.answer.warm_up_s.is_none(), interpreter.implementation == "CPython", "{what}");
}

#[test]
fn every_way_of_every_interpreter_comes_to_the_right_values() {
    let programs = Programs::write().unwrap();
    for program in ["python3", "python3.13", "pypy3", "jython"] {
        let Some(interpreter) = there(program) else { continue };
        for way in Way::ALL {
            match way.lacks(&interpreter) {
                Some(lacks) => skipped!("{}: {lacks}", way.name()),
                None => is_right(&interpreter, &programs, way, "disk"),
            }
        }
    }
}

#[test]
fn every_task_comes_to_the_same_value_as_in_rust() {
    let programs = Programs::write().unwrap();
    for program in ["python3", "pypy3"] {
        let Some(interpreter) = there(program) else { continue };
        // One after another they come to the same each time, so one is enough.
        side_by_side(TASKS, |task| are_right(1, &interpreter, &programs, Way::Line, task));
    }
}

#[test]
fn threads_share_a_counter_and_lose_no_add() {
    let programs = Programs::write().unwrap();
    let Some(interpreter) = there("python3") else { return };
    for way in [Way::Threads, Way::ThreadPool, Way::FuturesThreads] {
        is_right(&interpreter, &programs, way, "counter-lock");
    }
}

#[test]
fn a_wrong_value_is_caught_in_every_way() {
    let Some(interpreter) = there("python3") else { return };
    let programs = changed("work.py", "    return waited\n", "    return waited + 1\n");
    for way in Way::ALL.into_iter().filter(|way| way.lacks(&interpreter).is_none()) {
        let ran = run_with(&interpreter, &programs, way, "wait", PATIENCE).unwrap();
        assert_eq!((ran.execution.failed, &ran.execution.value), (3, &None), "{way:?}");
        let failure = ran.execution.failure.unwrap();
        assert_eq!(failure, "3 of 3 jobs failed; job 0 came to 2 instead of 1", "{way:?}");
    }
}

#[test]
fn a_job_that_fails_says_why_and_a_process_that_dies_is_noticed() {
    let Some(interpreter) = there("python3") else { return };
    for (what, way, said) in [
        ("raise OSError('the disk is full')", Way::Threads, "job 0: OSError: the disk is full"),
        ("os._exit(7)", Way::Processes, "job 0: its process ended without a value (exit code 7)"),
    ] {
        let programs = changed("work.py", "    counter = x = y = 0\n", &format!("    {what}\n"));
        let ran = run_with(&interpreter, &programs, way, "count", PATIENCE).unwrap();
        let failure = ran.execution.failure.unwrap();
        assert!(failure.starts_with("3 of 3 jobs failed") && failure.ends_with(said), "{failure}");
    }
}

#[test]
fn a_program_that_breaks_is_quoted() {
    let Some(interpreter) = there("python3") else { return };
    let programs = Programs::write().unwrap();
    fs::write(programs.directory().join("line.py"), "print('ready', flush=True)\nimport nowhere\n").unwrap();
    let error = run_with(&interpreter, &programs, Way::Line, "count", PATIENCE).unwrap_err();
    let text = format!("{error:#}");
    assert!(text.starts_with("the interpreter gave no answer: it ended (exit status: 1)"), "{text}");
    assert!(text.contains("No module named 'nowhere'"), "{text}");
}

#[test]
fn what_an_interpreter_says_before_it_is_ready_is_its_own_business() {
    let Some(interpreter) = there("python3") else { return };
    let (_directory, path) = fake(&format!("echo 'processing new jar'; exec {} \"$@\"", interpreter.program));
    assert_eq!(ask(&path).unwrap().version, interpreter.version);
    let chatty = Interpreter { program: path, ..interpreter };
    is_right(&chatty, &Programs::write().unwrap(), Way::Line, "wait");
}

#[test]
fn a_missing_interpreter_is_told_with_what_to_install() {
    for name in ["/nowhere/python3", "no-such-python"] {
        let lacks = ask(name).unwrap_err();
        let expected = format!(
            "there is no {name}; install Python 3.8 or newer, or Jython 2.7, or name one with --python PATH"
        );
        assert_eq!(lacks, expected);
    }
}

#[test]
fn an_interpreter_that_is_too_old_is_told_so() {
    for (version, shown) in [("[2, 6, 9]", "2.6.9"), ("[3, 7, 16]", "3.7.16")] {
        let (_directory, path) = fake(&says(version, "/usr/bin/python"));
        let lacks = ask(&path).unwrap_err();
        assert!(
            lacks.starts_with(&format!("{path} is CPython {shown}, which is too old; install")),
            "{lacks}"
        );
    }
}

#[test]
fn what_fails_or_is_no_python_is_told_so() {
    let (_directory, failing) = fake("echo 'no such file: libpython' >&2; exit 1");
    let lacks = ask(&failing).unwrap_err();
    assert!(lacks.contains("does not say what it is: it ended (exit status: 1)"), "{lacks}");
    assert!(lacks.contains("its last words: no such file: libpython"), "{lacks}");
    let (_directory, talking) = fake("echo hello");
    let lacks = ask(&talking).unwrap_err();
    assert!(lacks.starts_with(&format!("{talking} is no Python; install")), "{lacks}");
}

#[test]
fn an_interpreter_that_never_answers_is_given_up_and_gone() {
    let mark = format!("CONCUR_TEST_MARK=silent-{}", std::process::id());
    let (_directory, path) = fake(&format!("export {mark}; sleep 600 & exec sleep 600"));
    let lacks = probe(&path, launcher(), Duration::from_secs(1), &NEVER).unwrap_err();
    assert!(lacks.contains("it took longer than 1s"), "{lacks}");
    eventually("nothing is left", || processes_marked(&mark).is_empty());
}

#[test]
fn jobs_that_hang_are_given_up_and_their_processes_gone() {
    let Some(interpreter) = there("python3") else { return };
    let mark = format!("CONCUR_TEST_MARK=hanging-{}", std::process::id());
    let (_directory, path) = fake(&format!("exec env {mark} {} \"$@\"", interpreter.program));
    let interpreter = Interpreter { program: path, ..interpreter };
    let programs = endless();
    side_by_side([Way::Threads, Way::Processes, Way::ProcessPool], |way| {
        // On a machine so busy that it does not even get ready until then, it hangs all the same.
        let error = run_with(&interpreter, &programs, way, "wait", Duration::from_secs(6)).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.ends_with("it took longer than 6s"), "{text}");
    });
    eventually("nothing is left", || processes_marked(&mark).is_empty());
}

/// Begins a run whose jobs take an hour, with the interpreter's processes marked, and waits until they are at work.
fn under_way(mark: &str, way: Way, programs: &Programs) -> Option<(std::thread::JoinHandle<String>, Pid)> {
    let interpreter = there("python3")?;
    let (directory, path) = fake(&format!("exec env {mark} {} \"$@\"", interpreter.program));
    let interpreter = Interpreter { program: path, ..interpreter };
    let programs = programs.clone();
    let (send, pid) = std::sync::mpsc::channel();
    let running = std::thread::spawn(move || {
        let _directory = directory;
        let task = task("wait", Size::Short).unwrap();
        let size = Size::Short;
        let job = Job { interpreter: &interpreter, way, task: &*task, size, jobs: 3, workers: 3 };
        let at_ready = |tree: harness::measure::tree::Tree| {
            send.send(tree.living().unwrap().first().unwrap().pid).unwrap();
        };
        format!("{:#}", job.run(launcher(), &programs, PATIENCE, &NEVER, at_ready).unwrap_err())
    });
    let pid = Pid::from_raw(pid.recv().unwrap());
    eventually("its children are there", || processes_marked(mark).len() >= 4);
    Some((running, pid))
}

#[test]
fn children_end_when_their_interpreter_is_killed() {
    let programs = endless();
    for way in [Way::Processes, Way::ProcessPool, Way::FuturesProcesses] {
        let mark = format!("CONCUR_TEST_MARK=killed-{}-{}", way.name(), std::process::id());
        let Some((running, pid)) = under_way(&mark, way, &programs) else { return };
        kill(pid, Signal::SIGKILL).unwrap();
        let said = running.join().unwrap();
        assert!(said.contains("it ended (signal: 9 (SIGKILL))"), "{said}");
        eventually("nothing is left", || processes_marked(&mark).is_empty());
    }
}

#[test]
fn interpreters_end_when_the_run_is_killed() {
    let mark = format!("CONCUR_TEST_MARK=orphans-{}", std::process::id());
    // It says what it is, and then never gets ready.
    let answer = says("[3, 8, 0]", "");
    let (directory, path) = fake(&format!(
        "if [ \"$1\" = -c ]; then {answer}; exit; fi\nexport {mark}\nsleep 600 &\nexec sleep 600"
    ));
    let out = directory.path().join("out");
    let mut run = concur()
        .args(["run", "--suite", "tasks", "--executors", "line", "--tasks", "wait", "--rounds", "1"])
        .args(["--jobs", "1", "--python", &path, "--out", &out.display().to_string()])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    eventually("an interpreter is at work", || !processes_marked(&mark).is_empty());
    run.kill().unwrap();
    run.wait().unwrap();
    eventually("nothing is left", || processes_marked(&mark).is_empty());
}

/// A short run of one task with these interpreters, beside one executor: its exit code, record and what it said.
fn run(more: &[&str]) -> (Option<i32>, Value, String) {
    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("run");
    let output = concur()
        .args([
            "run",
            "--suite",
            "tasks",
            "--executors",
            "line",
            "--tasks",
            "disk",
            "--rounds",
            "1",
            "--jobs",
            "2",
        ])
        .args(more)
        .args(["--json", "--out", &directory.display().to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), said)
}

fn cells<'a>(run: &'a Value, executor: &str) -> Vec<&'a Value> {
    run["cells"].as_array().unwrap().iter().filter(|cell| cell["executor"] == executor).collect()
}

#[test]
fn a_run_has_rows_of_the_interpreter_of_the_same_jobs_in_rust_and_of_what_is_missing() {
    let Some(interpreter) = there("python3") else { return };
    let (code, run, said) = run(&["--python", "--python", "/nowhere/other-python"]);
    assert_eq!(code, Some(0), "{said}");
    for way in Way::ALL {
        let cells = cells(&run, &format!("{}:{}", interpreter.name, way.name()));
        let cell = cells.last().expect("there is such a row");
        if way.lacks(&interpreter).is_some() {
            assert_eq!(cell["verdict"], "unsupported", "{cell:#}");
            continue;
        }
        assert_eq!((&cell["value"], &cell["size"]), (&"1800030000".into(), &"short".into()), "{cell:#}");
        assert_eq!(cell["interpreter"]["implementation"], interpreter.implementation.as_str());
        assert_eq!(cell["interpreter"]["gil"], interpreter.gil);
        assert!(cell["start_up_s"].as_f64().unwrap() > 0.0, "{cell:#}");
        assert!(cell["cost"]["user_s"].as_f64().unwrap() > 0.0, "{cell:#}");
    }
    for executor in ["line", "threads", "processes", "gil"] {
        assert_eq!(cells(&run, executor)[0]["value"], "1800030000", "{executor}");
    }
    let missing = cells(&run, "/nowhere/other-python:threads");
    assert_eq!(missing[0]["verdict"], "unsupported");
    let reason = missing[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("there is no /nowhere/other-python; install Python 3.8"), "{reason}");
}

#[test]
fn without_any_interpreter_the_run_goes_on_and_says_what_stands_in() {
    let (code, run, said) = run(&["--python", "/nowhere/python3"]);
    assert_eq!(code, Some(0), "{said}");
    let notes = run["notes"].to_string();
    assert!(notes.contains("the executor gil stands in for its threads"), "{notes}");
    assert_eq!(cells(&run, "/nowhere/python3:line")[0]["verdict"], "unsupported");
    assert!(!cells(&run, "gil").is_empty());
}

#[test]
fn two_missing_interpreters_of_one_file_name_are_rows_of_their_own() {
    let (code, run, said) = run(&["--python", "/nowhere/a/python3", "--python", "/nowhere/b/python3"]);
    assert_eq!(code, Some(0), "{said}");
    for name in ["/nowhere/a/python3:line", "/nowhere/b/python3:line"] {
        assert_eq!(cells(&run, name)[0]["verdict"], "unsupported", "{name}");
    }
}

/// A run of tasks with a fake interpreter as the only `python3` there is, which fails at whatever it is to do.
fn run_found(gil: bool, more: &[&str]) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("python3");
    let answer = says("[3, 13, 0]", "").replace("\"gil\": true", &format!("\"gil\": {gil}"));
    write_script(&path, &format!("[ \"$1\" = -c ] && {answer}\nexit 1"));
    let output = concur()
        .env("PATH", directory.path())
        .args(["run", "--suite", "tasks", "--rounds", "1", "--json"])
        .args(more)
        .arg("--out")
        .arg(directory.path().join("run"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Its rows: executor, task, jobs.
fn rows(run: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cells = run["cells"].as_array().unwrap().iter();
    let theirs = cells.filter(|cell| cell["executor"].as_str().unwrap().contains("python"));
    let mut rows: Vec<_> = theirs
        .map(|cell| (text(&cell["executor"]), text(&cell["task"]), cell["jobs"].as_u64().unwrap()))
        .collect();
    rows.sort();
    rows.dedup();
    rows
}

#[test]
fn an_interpreter_that_nobody_named_does_what_a_short_run_has_time_for_and_the_rest_is_said() {
    let three = |jobs: &[u64]| {
        let ways = ["line", "processes", "threads"].into_iter();
        let all = ways.flat_map(|way| jobs.iter().map(move |jobs| (way, *jobs)));
        all.map(|(way, jobs)| (format!("cpython-3.13:{way}"), "wait".to_owned(), jobs)).collect::<Vec<_>>()
    };
    let short = run_found(true, &["--tasks", "wait", "--jobs", "1,4"]);
    assert_eq!(rows(&short), three(&[1, 4]));
    let notes = short["notes"].to_string();
    assert!(notes.contains("run in the ways line, threads and processes; --python PATH runs"), "{notes}");
    assert!(!notes.contains("one number of jobs") && !notes.contains("stands in"), "{notes}");
    let full = run_found(true, &["--tasks", "wait", "--jobs", "1,4", "--size", "full"]);
    assert_eq!(rows(&full), three(&[2]));
    let notes = full["notes"].to_string();
    assert!(notes.contains("CPython alone runs jobs of --size full, 2 of a task at most"), "{notes}");
}

#[test]
fn the_lock_is_stood_in_for_where_the_only_cpython_has_none() {
    let run = run_found(false, &["--tasks", "wait", "--jobs", "1"]);
    let notes = run["notes"].to_string();
    assert!(notes.contains("the executor gil stands in for its threads"), "{notes}");
}

#[test]
fn none_leaves_interpreters_out() {
    let (code, run, said) = run(&["--python", "none"]);
    assert_eq!(code, Some(0), "{said}");
    let executors = run["cells"].as_array().unwrap().iter().map(|cell| cell["executor"].as_str().unwrap());
    assert!(executors.clone().all(|executor| executor == "line"), "{:?}", executors.collect::<Vec<_>>());
}

#[test]
fn an_interpreter_named_twice_and_none_beside_one_are_bad_usage() {
    if there("python3").is_some() {
        let (code, _, said) = run(&["--python", "python3", "--python", "python3"]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("twice; name one interpreter of each version"), "{said}");
    }
    let (code, _, said) = run(&["--python", "none", "--python", "/nowhere/python3"]);
    assert_eq!((code, said.lines().count()), (Some(2), 1), "{said}");
}
