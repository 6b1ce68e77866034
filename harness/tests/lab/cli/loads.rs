//! Numbers and loads that make no sense, or that this machine has no room for.

use std::fs;
use std::process::Command;

use super::{refused, run_refused, usage};

#[test]
fn numbers_that_make_no_sense_are_refused() {
    assert_eq!(
        usage(&["run", "--connections", "0"]),
        "concur: --connections can't be 0; try --connections 1,16,256"
    );
    assert!(usage(&["run", "--connections", "16,0"]).contains("--connections can't be 0"));
    assert!(usage(&["load", "127.0.0.1:1", "--connections", "0"]).contains("can't be 0"));
    assert!(usage(&["run", "--rounds", "0"]).contains("--rounds can't be 0"));
    assert!(usage(&["run", "--jobs", "0"]).contains("--jobs can't be 0"));
    assert!(usage(&["run", "--jobs", "1,2,0"]).contains("--jobs can't be 0"));
    assert!(usage(&["exec", "line", "--jobs", "0"]).contains("--jobs can't be 0"));
    assert!(usage(&["run", "--duration", "1ms"]).contains("--duration is too short"));
    assert!(usage(&["run", "--workload", "echo", "--message", "0"]).contains("--message can't be 0"));
    assert!(usage(&["run", "--path", "hello"]).contains("begins with a slash"));
    assert!(usage(&["load", "nowhere"]).contains("'nowhere' is not an address"));
}

#[test]
fn what_the_command_line_does_not_know_gets_one_line_too() {
    for arguments in [
        &["nope"][..],
        &["run", "--connections", "abc"],
        &["run", "--connections", "-1"],
        &["serve", "epoll", "--grace", "5"],
        &["serve"],
        &["run", "--nope"],
    ] {
        let line = usage(arguments);
        assert!(line.starts_with("concur: ") && line.contains("see concur --help"), "{line}");
    }
    assert!(usage(&["serve", "epoll", "--bind", "foo"]).contains("try 127.0.0.1:8888"));
    assert!(usage(&["run", "--timeout", "0s"]).contains("--timeout can't be 0"));
    assert!(usage(&["load", "127.0.0.1:1", "--timeout", "0s"]).contains("can't be 0"));
    assert!(usage(&["load", "127.0.0.1:1", "--cpus", "99999"]).contains("there is no processor 99999"));
    assert!(usage(&["serve", "epoll", "--cpus", "99999"]).contains("--cpus"));
    assert!(usage(&["run", "--jobs", "100000"]).contains("at most --jobs 10000"));
    assert!(usage(&["run", "--models", "epoll,poll,epoll"]).contains("names something twice"));
}

#[test]
fn durations_beyond_a_day_are_refused_alike() {
    let endless = "18446744073709551615s";
    for option in ["--think", "--timeout", "--duration", "--warm-up"] {
        for line in [usage(&["run", option, endless]), usage(&["load", "127.0.0.1:1", option, endless])] {
            let wanted =
                format!("concur: a load can't take more than a day, and {option} is longer; try {option} 2s");
            assert_eq!(line, wanted);
        }
    }
}

#[test]
fn a_load_that_makes_no_sense_is_refused_before_the_first_cell() {
    for (arguments, said) in [
        ("--new-connections --slow 1", "must then stay open too"),
        ("--new-connections --idle 5", "must then stay open too"),
        ("--new-connections --beside /hello", "must then stay open too"),
        ("--suite idle --new-connections", "must then stay open too"),
        ("--new-connections --pipeline 2", "no room for several"),
        ("--beside /hello --beside-connections 0", "--beside-connections can't be 0"),
        ("--beside-connections 2", "--beside"),
        ("--pipeline 0", "can't be under way at once"),
        ("--pipeline 5000", "try 1 to 4096"),
        ("--rate 0", "0 requests a second can't be asked for"),
        ("--rate 1e9", "requests a second can't be asked for"),
        ("--rate 1 --duration 100ms", "is fewer than 10 requests; try --duration 10s"),
        ("--rate 100 --think 1ms", "cannot be used with"),
        ("--knee --think 1ms", "cannot be used with"),
    ] {
        let line = run_refused(arguments);
        assert!(line.contains(said), "{arguments}: {line}");
    }
    let line = usage(&["load", "127.0.0.1:1", "--rate", "1", "--duration", "100ms"]);
    assert_eq!(line, "concur: --rate 1 for 100ms is fewer than 10 requests; try --duration 10s");
}

#[test]
fn more_connections_than_can_be_counted_are_refused_and_no_panic() {
    let most = usize::MAX.to_string();
    for line in [
        run_refused(&format!("--models epoll --connections {most} --idle 5")),
        usage(&["load", "127.0.0.1:1", "--connections", &most, "--idle", &most]),
    ] {
        assert!(line.contains("raise it with `ulimit -n"), "{line}");
    }
}

#[test]
fn too_few_descriptors_are_said_before_anything_starts() {
    let out = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_concur");
    let run = format!("ulimit -n 64; exec {program} run --connections 64 --out {}", out.path().display());
    let line = refused(Command::new("sh").args(["-c", &run]), 2);
    assert!(line.contains("the limit is 64; raise it with `ulimit -n"), "{line}");
    assert!(fs::read_dir(out.path()).unwrap().next().is_none(), "nothing was begun");
}

#[test]
fn a_budget_that_five_rounds_do_not_go_into_is_refused() {
    let run = "--suite servers --models epoll --again none --until 2% --duration 1s --warm-up 100ms";
    let line = run_refused(&format!("{run} --budget 5s"));
    assert!(
        line.contains("--until takes 5 rounds at least, which need about 7s here, and --budget is 5s"),
        "{line}"
    );
    let line = run_refused(&format!("{run} --knee --budget 50s"));
    assert!(line.contains("which need about 57s here"), "{line}");
}
