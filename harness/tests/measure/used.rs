//! Processor time and switches of a window.

use std::io::BufRead;
use std::thread;
use std::time::{Duration, Instant};

use crate::subject::Subject;

/// A clock tick of `/proc/PID/stat`, twice: for each mode one may be cut off.
const TWO_TICKS_S: f64 = 0.02;

fn assert_about(one: f64, other: f64) {
    assert!((one - other).abs() <= 0.1 * one.max(other) + TWO_TICKS_S, "{one} s is not about {other} s");
}

const COUNT: &str = "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done";

#[test]
fn the_time_of_living_and_of_reaped_children_agrees_with_getrusage() {
    // Two of three children end and are waited for; the third lives on.
    let script = format!(
        "read go; ({COUNT}) & one=$!; ({COUNT}) & two=$!; ({COUNT}; echo third; read end) <&3 & \
         wait $one $two; echo both; wait"
    );
    let mut subject = Subject::shell(&script);
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    let mut words = Vec::new();
    while words.len() < 2 {
        let mut line = String::new();
        assert_ne!(subject.output.read_line(&mut line).unwrap(), 0);
        words.push(line);
    }
    let after = subject.tree().reading().unwrap();
    let window = before.until(&after);
    assert!(after.took() <= before.elapsed_until(&after) + after.took());
    let life = subject.end();
    assert!(window.cpu_s().unwrap() > 0.0);
    assert_about(window.cpu_s().unwrap(), life.cpu_s().unwrap());
}

#[test]
fn a_window_holds_no_more_time_than_the_processors_have() {
    let mut subject = Subject::shell("(while :; do :; done) & (while :; do :; done) & echo spinning; wait");
    subject.hear("spinning");
    let before = subject.tree().reading().unwrap();
    thread::sleep(Duration::from_millis(500));
    let after = subject.tree().reading().unwrap();
    let cost = before.until(&after);
    let elapsed = (before.elapsed_until(&after) + after.took()).as_secs_f64();
    assert!(cost.cpu_s().unwrap() > 0.0);
    // Two processes; a clock that was a scheduler's tick behind at the first reading catches up here.
    assert!(cost.cpu_s().unwrap() <= 2.0 * (elapsed + 0.01), "{cost:?} in {elapsed} s");
}

#[test]
fn system_time_is_told_from_user_time() {
    let copy = "dd if=/dev/zero of=/dev/null bs=1M count=20000 2>/dev/null";
    let mut subject = Subject::shell(&format!("read go; {copy}; echo done; read end"));
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    subject.hear("done");
    let cost = before.until(&subject.tree().reading().unwrap());
    assert!(cost.system_s > cost.user_s, "{cost:?}");
}

#[test]
fn switches_of_a_process_that_waits_again_and_again_are_counted() {
    const TURNS: u64 = 50;
    let mut subject = Subject::shell("echo ready; while read line; do echo $line; done");
    subject.hear("ready");
    let before = subject.tree().reading().unwrap();
    for _ in 0..TURNS {
        subject.tell("turn");
        subject.hear("turn");
        // Long enough for it to wait for the next line.
        thread::sleep(Duration::from_millis(2));
    }
    let cost = before.until(&subject.tree().reading().unwrap());
    let voluntary = cost.voluntary_switches.expect("one thread lived all the time");
    assert!(voluntary >= TURNS / 2, "{voluntary}");
    assert!(cost.involuntary_switches.is_some());
    let life = subject.end();
    assert!(life.voluntary_switches.unwrap() >= voluntary, "{life:?}");
}

#[test]
fn switches_are_unknown_when_children_came_and_went() {
    let mut subject = Subject::shell("echo ready; read go; sleep 0; sleep 0; echo done; read end");
    subject.hear("ready");
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    subject.hear("done");
    let cost = before.until(&subject.tree().reading().unwrap());
    assert_eq!((cost.voluntary_switches, cost.involuntary_switches), (None, None));
    assert!(subject.end().voluntary_switches.unwrap() >= 2, "the life of its children has them");
}

/// Not a test: a process whose threads come and go, which the test after it looks at.
#[test]
#[ignore = "a helper for the tests beside it, which start it as a process of its own"]
fn helper_with_threads_that_come_and_go() {
    let mut lines = std::io::stdin().lines();
    println!("\nready");
    lines.next();
    for _ in 0..20 {
        let busy = || {
            let end = Instant::now() + Duration::from_millis(5);
            while Instant::now() < end {}
        };
        thread::spawn(busy).join().unwrap();
    }
    println!("done");
    lines.next();
}

#[test]
fn threads_that_came_and_went_keep_their_time_and_leave_switches_unknown() {
    let mut subject = Subject::helper("used::helper_with_threads_that_come_and_go");
    subject.hear("ready");
    let before = subject.tree().reading().unwrap();
    subject.tell("go");
    subject.hear("done");
    let window = before.until(&subject.tree().reading().unwrap());
    assert_eq!(window.voluntary_switches, None);
    let life = subject.end();
    // Loading the program is in its life and not in the window.
    assert!(
        window.cpu_s().unwrap() > 0.0 && window.cpu_s().unwrap() <= life.cpu_s().unwrap() + TWO_TICKS_S,
        "{window:?} {life:?}"
    );
    assert!(life.voluntary_switches.is_some());
}
