//! `concur lesson`: what a class reads, what a program reads, and that nothing is left of it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use assert_cmd::assert::OutputAssertExt;
use harness::measure::tree::Tree;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{concur, eventually, processes_marked, write_script};

/// The program where it finds no Python, so that a lesson has the same steps on all machines.
fn alone() -> Command {
    let mut command = concur();
    command.env("PATH", "/nowhere");
    command
}

fn output(arguments: &[&str]) -> String {
    let output = alone().args(arguments).stdin(Stdio::null()).assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = concur().args(arguments).stdin(Stdio::null()).assert().code(2).get_output().clone();
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said.trim_end().to_owned()
}

/// All events of a lesson.
fn events(arguments: &[&str]) -> Vec<Value> {
    output(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A page in which whatever this run measured is masked, and what depends on that is left out.
fn masked(page: &str) -> String {
    let figure = |word: &str| word.contains('.') && word.parse::<f64>().is_ok() && !word.ends_with('.');
    let mask = |word: &str| if figure(word) { "#".to_owned() } else { word.to_owned() };
    let mut lines: Vec<String> = Vec::new();
    let mut conclusion = false;
    let depends = |line: &str| line.contains("ready or running") || line.starts_with("This machine has");
    for line in page.lines().filter(|line| !depends(line)) {
        conclusion |= line.starts_with("What this run came to");
        conclusion &= !line.starts_with("Where to look");
        let gap = line.len() - line.trim_start().len();
        let words: Vec<String> = line.split_whitespace().map(mask).collect();
        if !conclusion {
            lines.push(" ".repeat(gap) + &words.join(" "));
        }
    }
    lines.join("\n")
}

#[test]
fn the_lessons_are_listed() {
    let text = output(&["lesson", "list"]);
    assert!(text.contains("\n  gil  ") && text.contains("\n  cost  "), "{text}");
    let listing: Value = serde_json::from_str(&output(&["lesson", "list", "--json"])).unwrap();
    let names: Vec<&str> =
        listing.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gil", "cost"]);
    assert!(listing.as_array().unwrap().iter().all(|it| !it["title"].as_str().unwrap().is_empty()));
}

#[test]
fn what_can_not_be_carried_out_is_refused_in_one_line() {
    assert_eq!(
        refused(&["lesson", "gill"]),
        "concur: there is no lesson 'gill'; try one of: gil, cost, or list"
    );
    assert_eq!(
        refused(&["lesson", "gil", "--predict", "many"]),
        "concur: a guess can't be 'many'; try a number such as 2 or 0.5"
    );
    for option in ["--quick", "--answers", "--predict"] {
        let said = refused(&["lesson", "list", option]);
        assert!(said.contains("takes no option but --json"), "{said}");
    }
}

#[test]
fn a_class_reads_a_page_with_the_answers_at_its_end() {
    let page = output(&["lesson", "gil", "--quick"]);
    assert!(!page.contains('\x1b'), "no terminal is steered where there is none: {page}");
    insta::assert_snapshot!(masked(&page));
}

#[test]
fn the_figures_of_the_run_stand_beside_the_notes_and_the_guess() {
    let page = output(&["lesson", "gil", "--quick", "--predict", "3.5"]);
    let row = |name: &str| page.lines().find(|line| line.starts_with(name) && line.contains(" s ")).unwrap();
    // Their seconds are of longer jobs.
    assert!(row("line").contains("  Line") && !page.contains("8.15 s"), "{page}");
    assert!(row("gil").contains(" × line") && row("gil").contains("Thread: 1.03 × Line"), "{page}");
    assert!(row("processes").contains("Process: 0.50 × Line"), "{page}");
    assert!(page.contains("You guessed 3.5; it was "), "{page}");
    let verdicts =
        ["Shown", "Not shown", "Can't be shown here"].map(|it| format!("\n{it} (from one quick run): "));
    let page = page.replace("quick\nrun)", "quick run)");
    assert_eq!(verdicts.iter().filter(|verdict| page.contains(*verdict)).count(), 1, "{page}");
}

#[test]
fn a_program_reads_events_in_their_order() {
    let events = events(&["lesson", "gil", "--quick", "--json", "--predict", "2"]);
    let told: Vec<&str> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .filter(|event| *event != "sample")
        .collect();
    let step = ["step-begun", "step-ended"];
    let expected: Vec<&str> =
        [&["title"][..], &step, &step, &step, &step, &["conclusion", "questions"]].concat();
    assert_eq!(told, expected);
    let steps = ["line", "threads", "gil", "processes"];
    assert_eq!(events[0]["steps"], Value::from(steps.to_vec()));
    let ended: Vec<&Value> = events.iter().filter(|event| event["event"] == "step-ended").collect();
    for (event, step) in ended.iter().zip(steps) {
        assert_eq!((&event["step"], &event["trouble"]), (&Value::from(step), &Value::Null));
        let figure = &event["figure"];
        assert_eq!((&figure["unit"], figure["values"].as_array().unwrap().len()), (&Value::from("s"), 1));
        assert!(figure["median"].as_f64().unwrap() > 0.0, "{figure}");
    }
    let conclusion = events.iter().find(|event| event["event"] == "conclusion").unwrap();
    assert!(["shown", "not-shown", "cannot-show"].contains(&conclusion["verdict"].as_str().unwrap()));
    assert_eq!(conclusion["claims"].as_array().unwrap().len(), 4);
    let ratio =
        ended[0]["figure"]["median"].as_f64().unwrap() / ended[1]["figure"]["median"].as_f64().unwrap();
    assert_eq!(conclusion["guess"]["guessed"], 2.0);
    assert!((conclusion["guess"]["was"].as_f64().unwrap() - ratio).abs() < 1e-9);
    let questions = events.last().unwrap()["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 3);
    assert!(questions.iter().all(|it| it["asks"].is_string() && it["answer"].is_string()));
}

#[test]
fn every_kind_of_thing_is_made_switched_to_and_put_to_sleep() {
    let events = events(&["lesson", "cost", "--quick", "--json"]);
    let figures: Vec<(&str, &str)> = events
        .iter()
        .filter(|event| event["event"] == "step-ended")
        .map(|event| {
            let (median, unit) = (&event["figure"]["median"], event["figure"]["unit"].as_str().unwrap());
            // What a hundred sleepers hold may not stand out from what all others on the machine do meanwhile.
            assert!(median.as_f64().is_some_and(|median| median > 0.0 || unit == "bytes"), "{event}");
            (event["step"].as_str().unwrap(), unit)
        })
        .collect();
    let us = ["thread", "fork", "fork-256", "coroutine", "task"];
    let switches = ["switch-processes", "switch-threads", "switch-coroutines", "switch-tasks"];
    let bytes = ["asleep-processes", "asleep-threads", "asleep-coroutines", "asleep-tasks"];
    let expected: Vec<(&str, &str)> = us
        .iter()
        .chain(&switches)
        .map(|step| (*step, "us"))
        .chain(bytes.map(|step| (step, "bytes")))
        .collect();
    assert_eq!(figures, expected);
}

#[test]
fn where_there_is_a_cpython_with_its_lock_its_threads_are_run_too() {
    let lock = "import sys; sys.exit(not getattr(sys, '_is_gil_enabled', lambda: True)())";
    if !Command::new("python3").args(["-c", lock]).status().is_ok_and(|status| status.success()) {
        skipped!("there is no python3 with its lock");
        return;
    }
    let output =
        concur().args(["lesson", "gil", "--quick", "--json"]).assert().success().get_output().clone();
    let events: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events[0]["python"].as_str().unwrap().starts_with("cpython-3."), "{}", events[0]);
    for step in ["python-line", "python-threads", "python-processes"] {
        let ended = |event: &&Value| event["event"] == "step-ended" && event["step"] == step;
        let ended = events.iter().find(ended).unwrap();
        assert!(ended["figure"]["median"].as_f64().unwrap() > 0.0, "{ended}");
    }
    let conclusion = events.iter().find(|event| event["event"] == "conclusion").unwrap();
    let claims = conclusion["claims"].as_array().unwrap();
    assert!(claims.len() == 6 && claims.iter().all(|claim| claim["ratio"].is_number()), "{conclusion}");
}

/// A directory with a `python3` that says of itself whatever stands in `says`, and does `work` when it is to work.
fn fake_python(says: &str, work: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("python3");
    let says = format!(
        "{{\"executable\": null, \"version\": [3, 13, 0], \"free_threaded\": false, \"modules\": [], {says}}}"
    );
    write_script(&path, &format!("if [ \"$1\" = -c ]; then echo '{says}'; exit; fi\n{work}"));
    directory
}

/// The program where this directory's Python is the only one.
fn beside(python: &TempDir) -> Command {
    let mut command = concur();
    command.env("PATH", format!("{}:/usr/bin:/bin", python.path().display()));
    command
}

/// What the step says that stands for CPython's threads.
fn says_of_the_lock(mut command: Command) -> String {
    command.args(["lesson", "gil", "--quick", "--json"]).stdin(Stdio::null());
    let output = command.assert().success().get_output().stdout.clone();
    let events = String::from_utf8(output).unwrap();
    let mut events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let gil = events.find(|event| event["event"] == "step-begun" && event["step"] == "gil").unwrap();
    gil["says"].as_str().unwrap().to_owned()
}

#[test]
fn a_python_without_its_lock_is_not_said_to_be_missing() {
    let python = fake_python(r#""implementation": "CPython", "gil": false"#, "exit 1");
    let says = says_of_the_lock(beside(&python));
    assert!(says.contains("python3 is CPython 3.13.0 without its lock here"), "{says}");
    let says = says_of_the_lock(alone());
    assert!(says.contains("there is no python3; install"), "{says}");
}

#[test]
fn where_the_python_programs_can_not_be_written_python_is_left_out_with_a_word() {
    let python = fake_python(r#""implementation": "CPython", "gil": true"#, "exit 1");
    let mut command = beside(&python);
    command.env("TMPDIR", "/nowhere");
    let says = says_of_the_lock(command);
    assert!(says.contains("the Python programs can't be written to /nowhere"), "{says}");
    assert!(says.contains("set TMPDIR"), "{says}");
}

#[test]
fn a_lesson_that_is_killed_leaves_nothing_of_a_python_and_its_children_behind() {
    let mark = format!("CONCUR_TEST_MARK=lesson-{}", std::process::id());
    let work = format!("export {mark}; sleep 600 & sleep 600 & exec sleep 600");
    let python = fake_python(r#""implementation": "CPython", "gil": true"#, &work);
    let mut lesson = Running::of(beside(&python), &["lesson", "gil", "--quick", "--json"]);
    eventually("its Python is at work", || processes_marked(&mark).len() == 3);
    lesson.0.kill().unwrap();
    lesson.0.wait().unwrap();
    eventually("nothing is left", || processes_marked(&mark).is_empty());
}

#[test]
fn steps_are_run_in_rounds_and_each_figure_grows() {
    let mut lesson = Running::start(&["lesson", "cost", "--json"]);
    let title = lesson.event("title");
    let steps: Vec<&str> = title["steps"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    // To the second step of the second round.
    let seen: Vec<(String, u64, usize)> = (0..steps.len() + 2)
        .map(|_| {
            let event = lesson.event("step-ended");
            let values = event["figure"]["values"].as_array().unwrap_or_else(|| panic!("{event}")).len();
            (event["step"].as_str().unwrap().to_owned(), event["repeat"].as_u64().unwrap(), values)
        })
        .collect();
    let first = steps.iter().map(|step| ((*step).to_owned(), 1, 1));
    let second = steps[..2].iter().map(|step| ((*step).to_owned(), 2, 2));
    assert_eq!(seen, first.chain(second).collect::<Vec<_>>());
}

#[test]
fn the_threads_of_a_step_are_seen_while_it_runs() {
    let mut lesson = Running::start(&["lesson", "gil", "--json"]);
    let sample = lesson.event("sample");
    assert_eq!((&sample["step"], &sample["repeat"]), (&Value::from("line"), &Value::from(1)));
    let seen = sample["seen"].as_array().unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|thread| thread["cpu_s"].is_number()), "{sample}");
    assert!(seen.iter().all(|thread| "RSDTI".contains(thread["state"].as_str().unwrap())), "{sample}");
}

#[test]
fn ctrl_c_ends_a_lesson_and_all_that_it_runs() {
    let mut lesson = Running::start(&["lesson", "gil", "--json"]);
    let group = lesson.event("sample")["seen"][0]["pid"].as_i64().unwrap();
    kill(lesson.pid(), Signal::SIGINT).unwrap();
    let status = lesson.0.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    let mut said = String::new();
    lesson.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "concur: interrupted\n");
    is_gone(group);
}

#[test]
fn a_lesson_that_is_killed_leaves_no_process_behind() {
    let mut lesson = Running::start(&["lesson", "gil", "--json"]);
    let group = lesson.event("sample")["seen"][0]["pid"].as_i64().unwrap();
    lesson.0.kill().unwrap();
    lesson.0.wait().unwrap();
    is_gone(group);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let mut lesson = Running::start(&["lesson", "gil", "--json"]);
    let group = lesson.event("sample")["seen"][0]["pid"].as_i64().unwrap();
    lesson.1 = None;
    assert_eq!(lesson.0.wait().unwrap().code(), Some(0));
    is_gone(group);
}

#[test]
fn a_guess_is_read_from_a_pipe() {
    let mut command = alone();
    command.args(["lesson", "gil", "--quick", "--predict"]);
    let page =
        assert_cmd::Command::from_std(command).write_stdin("2.25\n").assert().success().get_output().clone();
    assert!(String::from_utf8(page.stdout).unwrap().contains("You guessed 2.25; it was "));
    let mut command = alone();
    command.args(["lesson", "gil", "--quick", "--predict"]);
    let refused =
        assert_cmd::Command::from_std(command).write_stdin("many\n").assert().code(2).get_output().clone();
    assert!(String::from_utf8(refused.stderr).unwrap().contains("a guess can't be 'many'"));
}

#[test]
fn where_nobody_answers_there_is_no_guess() {
    let page = output(&["lesson", "gil", "--quick", "--predict"]);
    assert!(!page.contains("You guessed"), "{page}");
}

/// Fails if a process group is still there after a while.
fn is_gone(group: i64) {
    let tree = Tree::new(u32::try_from(group).unwrap());
    eventually("its processes are gone", || tree.living().unwrap().is_empty());
}

/// A lesson under way, which is killed if a test fails, and its events.
struct Running(Child, Option<BufReader<std::process::ChildStdout>>);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        Self::of(alone(), arguments)
    }

    fn of(mut command: Command, arguments: &[&str]) -> Self {
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let events = BufReader::new(child.stdout.take().unwrap());
        Self(child, Some(events))
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().cast_signed())
    }

    /// The next event of that name.
    fn event(&mut self, name: &str) -> Value {
        loop {
            let mut line = String::new();
            assert_ne!(self.1.as_mut().unwrap().read_line(&mut line).unwrap(), 0, "there is no {name}");
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name {
                return event;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
