//! What there is, and what carries it out: listings and executors by hand.

use assert_cmd::assert::OutputAssertExt;
use serde_json::Value;

use super::json;
use crate::common::concur;

#[test]
fn the_listing_names_everything_there_is() {
    let listing = json(&["list", "--json"]);
    let names = |kind: &str| -> Vec<String> {
        let entries = listing[kind].as_array().unwrap();
        for entry in entries {
            assert!(!entry["family"].as_str().unwrap().is_empty(), "{entry}");
            assert!(!entry["summary"].as_str().unwrap().is_empty(), "{entry}");
        }
        entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
    };
    let servers = [
        "loop",
        "fork",
        "prefork",
        "thread",
        "prethread",
        "thread-pool",
        "select",
        "poll",
        "epoll",
        "polling",
        "mio",
        "io-uring",
        "coroutine",
        "async",
        "multi-loop",
        "hybrid",
    ];
    assert_eq!(names("servers"), servers);
    let datagram_servers = ["loop", "fork", "thread", "thread-pool", "epoll", "coroutine"];
    assert_eq!(names("datagram_servers"), datagram_servers);
    assert_eq!(
        names("executors"),
        ["line", "threads", "gil", "processes", "thread-pool", "process-pool", "rayon", "async", "coroutine"]
    );
    let tasks = ["primes", "count", "bubble", "selection", "insertion", "quick", "library-sort", "fibonacci"];
    let others = ["counter-lock", "counter-atomic", "disk", "wait", "mix"];
    assert_eq!(names("tasks"), [&tasks[..], &others].concat());
    assert_eq!(names("workloads"), ["echo", "http", "files", "chat", "broadcast", "arrivals", "records"]);
}

#[test]
fn the_listing_as_text_stays_as_it_is() {
    let output = concur().arg("list").assert().success().get_output().stdout.clone();
    insta::assert_snapshot!(String::from_utf8(output).unwrap());
}

#[test]
fn an_executor_says_how_long_it_took_and_what_it_came_to() {
    let outcome = json(&["exec", "processes", "--task", "wait", "--jobs", "3", "--json"]);
    assert_eq!((&outcome["executor"], &outcome["task"]), (&Value::from("processes"), &Value::from("wait")));
    assert_eq!((&outcome["jobs"], &outcome["workers"]), (&Value::from(3), &Value::from(3)));
    assert_eq!(outcome["value"], "5");
    assert_eq!(outcome["failed"], 0);
    assert!(outcome["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn every_executor_can_be_run_and_says_how_many_workers_it_had() {
    let executors = [
        ("line", "", 1),
        ("threads", "", 4),
        ("gil:interval_ms=1", "interval_ms=1", 4),
        ("processes", "", 4),
        ("thread-pool:workers=2", "workers=2", 2),
        ("process-pool:workers=2", "workers=2", 2),
        ("rayon:workers=2", "workers=2", 2),
        ("async:workers=2", "workers=2", 2),
        ("coroutine:stack=64k,workers=2", "stack=64k,workers=2", 2),
    ];
    for (choice, options, workers) in executors {
        let outcome = json(&["exec", choice, "--task", "wait", "--jobs", "4", "--json"]);
        assert_eq!(outcome["executor"], choice.split(':').next().unwrap());
        assert_eq!(
            (&outcome["options"], &outcome["workers"]),
            (&Value::from(options), &Value::from(workers))
        );
        assert_eq!((&outcome["value"], &outcome["failed"]), (&Value::from("5"), &Value::from(0)), "{choice}");
    }
}
