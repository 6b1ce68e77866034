//! `concur doctor`: what it says, of this machine and of a smaller one.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
mod common;

use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use common::{concur, eventually};
use harness::measure::floor;
use harness::measure::placement::{Bound, place, processors};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

fn json(command: &mut Command) -> Value {
    let output = command.assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

/// Whether a process has a handler for a signal (`SigCgt` in `/proc/PID/status`).
fn catches(pid: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << (signal as u64 - 1)) != 0
}

fn warnings(answer: &Value) -> String {
    let warnings = answer["warnings"].as_array().unwrap();
    warnings.iter().map(|warning| warning.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_examination_has_a_figure_for_everything_that_this_machine_shows() {
    let answer = json(concur().args(["doctor", "--json"]));
    let figure = |pointer: &str| answer.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    assert_eq!(figure("/host/cores") as usize, processors().unwrap().len());
    for positive in [
        "/clock_reading_ns",
        "/settings/nofile_hard",
        "/hiccup_us",
        "/spin_least_us",
        "/floor/cpu_us",
        "/floor/round_trip_us",
        "/floor/ceiling_per_second",
    ] {
        assert!(figure(positive) > 0.0, "{positive}: {answer}");
    }
    assert!(figure("/spin_most_us") >= figure("/spin_least_us"), "{answer}");
    assert!((0.0..=1.0).contains(&figure("/steal_share_so_far")), "{answer}");
}

#[test]
fn each_figure_is_followed_by_what_it_means() {
    let output = concur().arg("doctor").assert().success().get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    let (figures, verdict) = text.split_once("\n\n").unwrap();
    for pair in figures.lines().collect::<Vec<_>>().chunks(2) {
        assert!(
            !pair[0].starts_with(' ') && pair[1].starts_with("    ") && pair[1].ends_with('.'),
            "{pair:?}"
        );
    }
    for name in ["processors", "descriptors", "steal", "hiccup", "spin", "floor", "ceiling"] {
        assert!(figures.lines().any(|line| line.starts_with(name)), "{name}: {figures}");
    }
    assert!(verdict.starts_with("warning: ") || verdict.starts_with("nothing speaks against"), "{verdict}");
}

#[test]
fn few_descriptors_are_warned_of() {
    let script = format!("ulimit -n 500; exec {} doctor --json", env!("CARGO_BIN_EXE_concur"));
    let answer = json(Command::new("sh").args(["-c", &script]));
    assert!(warnings(&answer).contains("may open 500 descriptors"), "{answer}");
}

#[test]
fn where_descriptors_do_not_suffice_it_says_how_many_would() {
    let script = format!("ulimit -n 100; exec {} doctor", env!("CARGO_BIN_EXE_concur"));
    let output = Command::new("sh").args(["-c", &script]).assert().code(1).get_output().clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.lines().count() == 1 && said.contains("ulimit -n 400"), "{said}");
}

#[test]
fn on_one_processor_all_is_measured_and_it_is_warned_of() {
    let one = Bound::to(&processors().unwrap()[..1]).unwrap();
    let answer = json(concur().args(["doctor", "--json"]));
    drop(one);
    assert_eq!(answer["placement"]["server"], answer["placement"]["client"]);
    assert!(warnings(&answer).contains("there is one processor"), "{answer}");
    assert!(answer["floor"]["ceiling_per_second"].as_f64().unwrap() > 0.0, "{answer}");
}

#[test]
fn it_can_be_interrupted() {
    let mut command = concur();
    let child = command.arg("doctor").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    eventually("it asks for SIGINT", || catches(pid, Signal::SIGINT));
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "concur: interrupted\n");
}

#[test]
fn a_round_trip_takes_longer_than_the_two_calls_of_the_floor() {
    let placement = place(&processors().unwrap());
    // Beside other tests half a second may be too little for a single reply.
    let measure =
        |seconds| floor::measure(&placement, Duration::from_secs_f64(seconds), &AtomicBool::new(false));
    let floor = measure(0.5).or_else(|_| measure(5.0)).unwrap();
    assert!(floor.cpu_us > 0.0 && floor.round_trip_us > floor.cpu_us, "{floor:?}");
}

#[test]
fn a_floor_is_not_measured_once_somebody_wants_an_end() {
    let placement = place(&processors().unwrap());
    let stopped = floor::measure(&placement, Duration::from_millis(50), &AtomicBool::new(true));
    assert!(stopped.is_err());
}
