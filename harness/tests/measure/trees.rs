//! How many processes and threads there are, and what memory they hold.

use std::thread;

use crate::subject::{Subject, eventually};

/// Not a test: a process with many threads.
#[test]
#[ignore = "a helper for the tests beside it, which start it as a process of its own"]
fn helper_with_forty_threads() {
    for _ in 0..40 {
        thread::spawn(thread::park);
    }
    println!("\nready");
    std::io::stdin().lines().next();
}

#[test]
fn threads_of_one_process_are_counted() {
    let mut subject = Subject::helper("trees::helper_with_forty_threads");
    subject.hear("ready");
    let sample = subject.tree().sample().unwrap();
    // The first thread and the one that runs the helper come on top.
    assert_eq!((sample.processes, sample.threads), (1, 42));
}

#[test]
fn zombies_do_not_count() {
    let mut subject = Subject::shell("sleep 0 & echo ready; exec sleep 1000");
    subject.hear("ready");
    eventually("one process is alive", || subject.tree().sample().unwrap().processes == 1);
}

#[test]
fn a_tree_that_has_ended_is_empty() {
    let subject = Subject::shell("exit 0");
    let tree = subject.tree();
    subject.end();
    assert_eq!(tree.sample().unwrap().processes, 0);
    assert_eq!(tree.pss_bytes().unwrap(), 0);
    let nothing = tree.reading().unwrap();
    assert!(nothing.until(&tree.reading().unwrap()).cpu_s().unwrap() < f64::EPSILON);
}

#[test]
fn memory_shared_by_forked_processes_counts_once() {
    let child = "(echo up; read end) <&3 &";
    let mut subject = Subject::shell(&format!("{child} {child} {child} {child} wait"));
    for _ in 0..4 {
        subject.hear("up");
    }
    let living = subject.tree().living().unwrap();
    assert_eq!(living.len(), 5);
    let pss = subject.tree().pss_bytes().unwrap();
    let rss: u64 = living
        .iter()
        .map(|id| procfs::process::Process::new(id.pid).unwrap().statm().unwrap().resident)
        .sum::<u64>()
        * procfs::page_size();
    assert!(pss > 0 && pss < rss, "{pss} of {rss}");
    // All of them run one program, whose file is not their own memory.
    let fileless = subject.tree().fileless_bytes().unwrap();
    assert!(fileless > 0 && fileless < pss, "{fileless} of {pss}");
}
