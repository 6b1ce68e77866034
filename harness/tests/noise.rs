//! The machine is watched while cells are measured, and what it disturbed is measured again.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::concur;
use harness::measure::noise::{Watch, spin};
use harness::measure::placement::processors;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reports::record::{Run, Verdict};

/// How long a process is kept from running.
const STOPPED: Duration = Duration::from_millis(300);

/// Keeps a process from running for a while.
fn hold(child: &Child) {
    let pid = Pid::from_raw(child.id().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    thread::sleep(STOPPED);
    kill(pid, Signal::SIGCONT).unwrap();
}

/// Watches for as long as its input is open, and says what it saw.
#[test]
#[ignore = "it is the process that the next test holds"]
fn watch_until_the_input_ends() {
    let watch = Watch::start(&processors().unwrap());
    eprintln!("watching");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    eprintln!("hiccup {}", watch.stop().hiccup.unwrap().as_millis());
}

#[test]
fn a_thread_that_could_not_run_is_a_hiccup_of_that_length() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "watch_until_the_input_ends", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "watching"));
    hold(&child);
    drop(child.stdin.take());
    let hiccup: u128 = lines.find_map(|line| line.strip_prefix("hiccup ")?.parse().ok()).unwrap();
    assert!(child.wait().unwrap().success());
    // It had slept for some of its 5 ms when it was stopped, and the rest of them passed meanwhile.
    assert!(hiccup + 6 >= STOPPED.as_millis(), "{hiccup} ms");
}

#[test]
fn watching_takes_less_than_half_a_percent_of_a_core() {
    let begun = Instant::now();
    let watch = Watch::start(&[]);
    thread::sleep(Duration::from_secs(1));
    let seen = watch.stop();
    assert!(seen.cpu > Duration::ZERO, "{seen:?}");
    assert!(seen.cpu.as_secs_f64() < 0.005 * begun.elapsed().as_secs_f64(), "{seen:?}");
}

#[test]
fn a_spin_is_timed_on_the_processor_asked_for_and_on_none_that_is_not_there() {
    let processors = processors().unwrap();
    assert!(spin(&processors[..1]).unwrap() > Duration::ZERO);
    assert!(spin(&[]).unwrap() > Duration::ZERO);
    assert_eq!(spin(&[1_023]).filter(|_| !processors.contains(&1_023)), None);
}

#[test]
fn a_cell_during_which_nothing_ran_is_unstable_and_is_measured_again_and_both_are_kept() {
    let out = tempfile::tempdir().unwrap();
    let mut child = concur()
        .args(["run", "--suite", "servers", "--models", "epoll", "--connections", "4", "--rounds", "1"])
        .args(["--duration", "4s", "--out"])
        .arg(out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(child.stderr.take().unwrap());
    progress.read_line(&mut String::new()).unwrap(); // the first cell begins
    let rest = thread::spawn(move || std::io::copy(&mut progress, &mut std::io::sink()));
    thread::sleep(Duration::from_secs(2)); // well into its window, which is 4 s and begins after some 0.4 s
    hold(&child);
    assert!(child.wait().unwrap().success());
    rest.join().unwrap().unwrap();

    let run = Run::read(out.path()).unwrap();
    assert!(run.complete && run.measured() == run.planned, "{run:?}");
    // Beside other tests there may be too little time for one of them.
    let again = run.floor.and_then(|floor| Some((floor.cpu_us, floor.cpu_us_most?)));
    let told = run.notes.iter().any(|note| note.contains("machine's floor"));
    assert!(again.map_or(told, |(least, most)| least <= most), "{:?}, {:?}", run.floor, run.notes);
    let [first, second] = [0, 1].map(|place| run.cells[place].server().unwrap());
    assert_eq!((first.verdict, first.attempt), (Verdict::Unstable, None), "{first:?}");
    let reason = first.reason.as_deref().unwrap();
    assert!(
        reason.contains("the machine was disturbed: ") && reason.contains("could not run for"),
        "{reason}"
    );
    let noise = first.noise.unwrap();
    assert!(noise.disturbed && noise.hiccup_us > Some(250_000.0), "{noise:?}");
    assert!(
        noise.steal_share.is_some() && noise.spin_before_us.is_some() && noise.spin_after_us.is_some(),
        "{noise:?}"
    );
    assert!(noise.watching_cpu_s > Some(0.0), "{noise:?}");
    let client = first.client.unwrap();
    assert!(client.voluntary_switches > Some(0) && client.involuntary_switches.is_some(), "{client:?}");
    // On one processor the two may wait for each other, which is no noise.
    let apart = first.placement.server != first.placement.client;
    assert_eq!(noise.client_run_queue_wait_share.is_some(), apart && client.run_queue_wait_s.is_some());
    assert!((0.0..=1.0).contains(&noise.client_run_queue_wait_share.unwrap_or(0.0)), "{noise:?}");
    assert_eq!((&second.model, second.round, second.attempt), (&first.model, first.round, Some(2)));
    assert!(second.noise.unwrap().hiccup_us < noise.hiccup_us, "{second:?}");
    let little = second.little.unwrap();
    assert!((0.5..1.5).contains(&little), "{second:?}");
}
