//! Children whose time nobody has: it is noticed.

use std::process::Command;

use harness::measure::census::{Census, Lost};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::subject::{Subject, eventually};

/// Looks at a subject before it has children, while it has them, and when they are gone.
fn census(script: &str) -> Census {
    let mut subject = Subject::shell(script);
    let mut census = Census::default();
    for word in ["before", "there", "gone"] {
        if word != "before" {
            subject.tell("go on");
        }
        subject.hear(word);
        subject.tree().look(&mut census).unwrap();
    }
    // It waits for more to read, so that its whole group is killed when it is dropped.
    census
}

#[test]
fn children_that_are_waited_for_lose_no_time() {
    let census = census("echo before; read go; (echo there; read go) <&3 & wait; echo gone; read go");
    assert_eq!(census.lost(true), None);
}

#[test]
fn orphans_that_stay_lose_no_time() {
    let census = census("(sleep 1000 &); echo before; read go; echo there; read go; echo gone; read go");
    assert_eq!(census.lost(true), None);
}

#[test]
fn orphans_that_end_take_their_time_with_them() {
    // The shell between ends at once and leaves an orphan.
    let mut subject = Subject::shell("(sleep 1000 &); echo there; read end");
    let mut census = Census::default();
    subject.hear("there");
    let two = |census: &mut Census| subject.tree().look(census).unwrap().processes == 2;
    eventually("one process and the orphan are there", || two(&mut census));
    assert_eq!(census.lost(false), None);
    let first = subject.child.id().cast_signed();
    for process in subject.tree().living().unwrap().iter().filter(|process| process.pid != first) {
        kill(Pid::from_raw(process.pid), Signal::SIGKILL).unwrap();
    }
    // It is a zombie, whose time can still be read, until the system process waits for it.
    eventually("its time is lost", || {
        subject.tree().look(&mut census).unwrap();
        census.lost(false) == Some(Lost::Orphaned)
    });
}

#[test]
fn children_of_one_who_ignores_sigchld_take_their_time_with_them() {
    // A shell waits for its children whatever it was told; Python does not.
    let program = |children: u32| {
        let lines = [
            "import os, signal, sys, time",
            "def say(word): print(word, flush=True); sys.stdin.buffer.raw.read(100)",
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
            "say('before')",
            "hold, held = os.pipe()",
            &format!("pids = [os.fork() for _ in range({children})]"),
            "if 0 in pids: os.close(held); os.read(hold, 1); os._exit(0)",
            "say('there')",
            "os.close(held)",
            "while any(os.path.exists(f'/proc/{pid}') for pid in pids): time.sleep(0.01)",
            "say('gone')",
        ];
        format!("exec python3 -c \"{}\"", lines.join("\n"))
    };
    if Command::new("python3").arg("-V").output().is_err() {
        skipped!("there is no python3");
        return;
    }
    let with_a_child = census(&program(1));
    assert_eq!(with_a_child.lost(false), Some(Lost::Unwaited), "seen in the child");
    let childless = census(&program(0));
    assert_eq!(childless.lost(true), Some(Lost::Ignored), "seen in the parent");
    assert_eq!(childless.lost(false), None, "nothing came or went");
}
