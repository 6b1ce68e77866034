//! `concur compare` as its users meet it: made-up records of known ratios.

use std::path::{Path, PathBuf};

use assert_cmd::assert::OutputAssertExt;
use reports::record::{Cell, Cost, Host, Run, SCHEMA, ServerCell, Verdict};
use serde_json::Value;

use crate::common::concur;

/// Writes a record of five rounds of each model, which costs so many microseconds a request, and a little more or less.
fn record(directory: &Path, name: &str, models: &[(&str, f64)], change: impl FnOnce(&mut Run)) -> PathBuf {
    let cell = |model: &str, cpu_us: f64, round: u32| {
        let requests = 100_000;
        let cpu_us = cpu_us * (1.0 + 0.002 * f64::from(round * 2 % 5));
        Cell::Servers(Box::new(ServerCell {
            model: model.into(),
            workload: "http".into(),
            request: "/hello".into(),
            transport: "tcp".into(),
            connections: 64,
            keep_alive: true,
            round,
            requests,
            requests_per_second: 50_000.0,
            server: Some(Cost {
                user_s: Some(cpu_us * requests as f64 / 1e6),
                system_s: Some(0.0),
                ..Cost::default()
            }),
            ..ServerCell::default()
        }))
    };
    let rounds =
        (1..=5).flat_map(|round| models.iter().map(move |&(model, cpu_us)| cell(model, cpu_us, round)));
    let cells: Vec<Cell> = rounds.collect();
    let mut run = Run {
        schema: SCHEMA,
        concur: "0.1.0".into(),
        command: vec!["concur".into(), "run".into()],
        started: "2026-01-31T12:00:00Z".into(),
        complete: true,
        planned: cells.len(),
        seed: None,
        host: Host { cpu: "Example".into(), cores: 2, ..Host::default() },
        floor: None,
        notes: Vec::new(),
        cells,
        ..Run::default()
    };
    change(&mut run);
    let path = directory.join(name);
    run.write(&path).unwrap();
    path
}

fn compare(old: &Path, new: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let output = concur().arg("compare").args([old, new]).args(more).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const MODELS: [(&str, f64); 2] = [("epoll", 10.0), ("poll", 12.0)];
const SLOWER: [(&str, f64); 2] = [("epoll", 11.0), ("poll", 12.0)];

#[test]
fn a_tenth_slower_fails_where_that_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let new = record(directory.path(), "new.json", &SLOWER, |_| ());
    let (code, said, _) = compare(&old, &new, &["--fail-on", "slower"]);
    assert_eq!(code, Some(1), "{said}");
    let row = said.lines().find(|line| line.starts_with("slower")).unwrap();
    assert!(row.contains("epoll") && row.contains("1.10"), "{said}");
    assert_eq!(compare(&old, &new, &[]).0, Some(0));
    let (code, said, _) = compare(&new, &old, &["--fail-on", "slower"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("faster"), "{said}");
}

#[test]
fn the_same_run_is_the_same_and_fails_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let run = record(directory.path(), "run.json", &MODELS, |_| ());
    // By its directory as well as by its file.
    let (code, said, _) = compare(directory.path(), &run, &["--fail-on", "slower"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("of 2 rows: 0 slower, 0 faster, 2 same, 0 can't tell"), "{said}");
}

#[test]
fn runs_of_different_hosts_are_refused_in_a_sentence_unless_forced() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let new = record(directory.path(), "new.json", &MODELS, |run| run.host.cores = 64);
    let (code, said, refused) = compare(&old, &new, &[]);
    assert_eq!((code, said.as_str(), refused.lines().count()), (Some(2), "", 1), "{refused}");
    assert!(refused.contains("cores (2 and 64)") && refused.contains("--force"), "{refused}");
    let (code, said, _) = compare(&old, &new, &["--force"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("different hosts"), "{said}");
}

#[test]
fn runs_of_different_placements_are_refused_in_a_sentence_unless_forced() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let new = record(directory.path(), "new.json", &MODELS, |run| {
        for cell in &mut run.cells {
            let Cell::Servers(cell) = cell else { continue };
            cell.placement.server = vec![0];
        }
    });
    let (code, said, refused) = compare(&old, &new, &[]);
    assert_eq!((code, said.as_str(), refused.lines().count()), (Some(2), "", 1), "{refused}");
    assert!(refused.contains("server on core 0") && refused.contains("--force"), "{refused}");
    let (code, said, _) = compare(&old, &new, &["--force"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("server on core 0"), "{said}");
}

#[test]
fn both_runs_are_named_as_they_were_given() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let new =
        record(directory.path(), "new.json", &MODELS, |run| run.started = "2026-02-01T12:00:00Z".into());
    let (_, json, _) = compare(&old, &new, &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    for (which, path, started) in
        [("old", &old, "2026-01-31T12:00:00Z"), ("new", &new, "2026-02-01T12:00:00Z")]
    {
        let run = &json[which];
        assert_eq!((&run["path"], &run["started"]), (&path.to_str().unwrap().into(), &started.into()));
        assert_eq!((&run["concur"], &run["complete"]), (&"0.1.0".into(), &true.into()));
    }
    // A long path may be broken into lines, so by its last part.
    let (_, said, _) = compare(&old, &new, &[]);
    for part in ["old.json", "new.json", "2026-01-31T12:00:00Z", "2026-02-01T12:00:00Z"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_record_of_another_version_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let new = directory.path().join("new.json");
    std::fs::write(&new, format!("{{\"schema\": {}}}", SCHEMA + 1)).unwrap();
    let (code, said, refused) = compare(&old, &new, &[]);
    assert_eq!((code, said.as_str(), refused.lines().count()), (Some(2), "", 1), "{refused}");
    assert!(refused.contains(&format!("version {}", SCHEMA + 1)), "{refused}");
}

#[test]
fn a_run_that_is_not_there_is_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let (code, _, refused) = compare(&old, &directory.path().join("nowhere"), &[]);
    assert_eq!((code, refused.lines().count()), (Some(2), 1), "{refused}");
}

#[test]
fn the_json_has_what_the_help_says() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let new = record(directory.path(), "new.json", &SLOWER, |run| {
        run.cells.retain(|cell| cell.server().is_some_and(|cell| cell.model == "epoll"));
    });
    let (code, said, _) = compare(&old, &new, &["--json", "--fail-on", "slower"]);
    assert_eq!(code, Some(1));
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json["rows"][0]["outcome"], "slower");
    assert_eq!(json["only_old"][0]["model"], "poll");
    let help = concur().args(["compare", "--help"]).assert().success().get_output().stdout.clone();
    let help = String::from_utf8(help).unwrap();
    let row = json["rows"][0].as_object().unwrap();
    let change = row["cpu_us"].as_object().unwrap();
    let run = json["old"].as_object().unwrap();
    for name in json.as_object().unwrap().keys().chain(row.keys()).chain(change.keys()).chain(run.keys()) {
        assert!(help.contains(name.as_str()), "{name} is not in the help");
    }
}

/// Gives the cells of `model`, or of all models, another verdict.
fn judge(run: &mut Run, model: Option<&str>, verdict: Verdict) {
    for cell in &mut run.cells {
        if let Cell::Servers(cell) = cell
            && model.is_none_or(|model| cell.model == model)
        {
            cell.verdict = verdict;
        }
    }
}

#[test]
fn rows_that_the_later_run_lost_fail_as_slower_ones_do_and_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let gone = record(directory.path(), "gone.json", &MODELS[..1], |_| ());
    let errors =
        record(directory.path(), "errors.json", &MODELS, |run| judge(run, Some("poll"), Verdict::Errors));
    let void =
        record(directory.path(), "void.json", &MODELS, |run| judge(run, Some("poll"), Verdict::Unstable));
    for new in [&gone, &errors, &void] {
        let (code, said, failed) = compare(&old, new, &["--fail-on", "slower"]);
        assert_eq!(code, Some(1), "{said}{failed}");
        assert!(failed.contains("poll (") && !failed.contains("epoll ("), "{failed}");
        assert_eq!(compare(&old, new, &[]).0, Some(0));
    }
}

#[test]
fn a_later_run_of_nothing_but_errors_does_not_pass() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS, |_| ());
    let new = record(directory.path(), "new.json", &MODELS, |run| judge(run, None, Verdict::Errors));
    let (code, _, failed) = compare(&old, &new, &["--fail-on", "slower"]);
    assert_eq!(code, Some(1), "{failed}");
    assert!(failed.contains("came to errors") && failed.contains("nothing was compared"), "{failed}");
    // Where neither run could measure anything, nothing is lost, and nothing is known either.
    let void = record(directory.path(), "void.json", &MODELS, |run| judge(run, None, Verdict::Unsupported));
    let (code, _, failed) = compare(&void, &void, &["--fail-on", "slower"]);
    assert_eq!((code, failed.lines().count()), (Some(1), 1), "{failed}");
    assert!(failed.contains("nothing was compared"), "{failed}");
}

#[test]
fn runs_without_a_common_row_are_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let old = record(directory.path(), "old.json", &MODELS[..1], |_| ());
    let new = record(directory.path(), "new.json", &MODELS[1..], |_| ());
    let empty = record(directory.path(), "empty.json", &[], |_| ());
    for new in [&new, &empty] {
        let (code, said, refused) = compare(&old, new, &[]);
        assert_eq!((code, said.as_str(), refused.lines().count()), (Some(2), "", 1), "{refused}");
        assert!(refused.contains("no row in common"), "{refused}");
    }
}

/// Three runs a day apart in directories of their own, the last of which is slower.
fn days(directory: &Path) -> Vec<PathBuf> {
    let day = |(number, models): (u32, &[(&str, f64)])| {
        let own = directory.join(format!("day-{number}"));
        std::fs::create_dir(&own).unwrap();
        record(&own, "run.json", models, |run| run.started = format!("2026-02-0{number}T12:00:00Z"));
        own
    };
    [(1, &MODELS[..]), (2, &MODELS), (3, &SLOWER)].map(day).to_vec()
}

#[test]
fn three_runs_are_a_series_and_so_is_a_directory_of_runs() {
    let directory = tempfile::tempdir().unwrap();
    let days = days(directory.path());
    let output = |arguments: &[&Path]| {
        let output = concur().arg("compare").args(arguments).args(["--fail-on", "slower"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    // In whichever order they are given.
    let (code, said) = output(&[&days[2], &days[0], &days[1]]);
    assert_eq!(code, Some(1), "{said}");
    let change = said.lines().find(|line| line.starts_with("slower")).unwrap();
    assert!(change.contains("2 → 3") || change.contains("2 -> 3"), "{said}");
    let (code, of_directory) = output(&[directory.path()]);
    assert_eq!((code, of_directory), (Some(1), said));
}

#[test]
fn the_pages_of_a_comparison_are_written_where_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let days = days(directory.path());
    let out = directory.path().join("out");
    let (code, _, told) = compare(&days[1], &days[2], &["--out", out.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    assert!(told.contains("out/report.html"), "{told}");
    let markdown = std::fs::read_to_string(out.join("report.md")).unwrap();
    assert!(markdown.contains("| slower | epoll |") && markdown.contains("(earlier run)"), "{markdown}");
    assert!(std::fs::read_to_string(out.join("report.html")).unwrap().contains("Two runs compared"));
}

#[test]
fn the_json_of_a_series_has_its_runs_its_steps_and_its_rows() {
    let directory = tempfile::tempdir().unwrap();
    days(directory.path());
    let output = concur().arg("compare").arg(directory.path()).arg("--json").output().unwrap();
    let (code, said) = (output.status.code(), String::from_utf8(output.stdout).unwrap());
    assert_eq!(code, Some(0));
    let json: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 3);
    assert_eq!(json["steps"][1]["rows"][0]["outcome"], "slower");
    assert_eq!(json["overall"]["rows"][0]["outcome"], "slower");
    assert_eq!(json["rows"][0]["cpu_us"].as_array().unwrap().len(), 3);
}

#[test]
fn one_run_and_a_directory_without_runs_are_refused_in_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let days = days(directory.path());
    let empty = directory.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for (asked, expected) in [(&days[0], "give two runs"), (&empty, "holds no run.json")] {
        let output = concur().arg("compare").arg(asked).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}
