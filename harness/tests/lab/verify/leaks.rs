//! What a server keeps of clients who are gone, and whom it has no room for.

use std::collections::BTreeSet;

use crate::verify::grading::{command, fails, fails_at_least, graded, with_outcome};

#[test]
fn a_server_that_reads_without_limit_is_found() {
    fails("grows", "echo", &["slow-reader"]);
    fails("grows", "http", &["slow-reader", "flood", "page-large"]);
}

#[test]
fn a_descriptor_that_is_kept_for_each_connection_is_found() {
    for workload in ["echo", "http"] {
        fails("leaks-descriptors", workload, &["nothing-kept"]);
    }
}

#[test]
fn memory_that_is_kept_for_each_connection_is_found() {
    fails("leaks-memory", "echo", &["nothing-kept"]);
}

#[test]
fn threads_that_stay_are_found() {
    fails("leaks-threads", "http", &["nothing-kept"]);
}

#[test]
fn children_that_are_not_waited_for_are_found() {
    for workload in ["echo", "http"] {
        fails("leaves-zombies", workload, &["children-reaped"]);
    }
}

#[test]
fn a_server_with_room_for_one_fails_where_many_are_expected_and_only_there() {
    let may = ["slow-sender", "slow-reader", "drain", "drain-idle", "abrupt-reset", "nothing-left"];
    fails_at_least("one-at-a-time", "echo", &["many-clients"], &may);
    // Where one is expected, what remains is that it can't end while its only thread waits to send.
    let answer = graded(&["--cmd", &command("one-at-a-time"), "--workload", "echo,http", "--at-once", "1"]);
    let failed = with_outcome(&answer, "failed");
    assert!(failed.is_subset(&BTreeSet::from(["ends-in-time".to_owned()])), "{failed:?} {answer:#}");
    assert!(with_outcome(&answer, "skipped").contains("many-clients"));
}

#[test]
fn children_of_crashed_clients_that_are_not_waited_for_are_found() {
    for workload in ["echo", "http"] {
        fails("leaves-reset-zombies", workload, &["children-reaped"]);
    }
}

#[test]
fn a_descriptor_that_is_kept_for_each_refusal_is_found() {
    fails("leaks-refused", "http", &["nothing-kept"]);
}

#[test]
fn a_little_memory_that_is_kept_for_each_connection_is_found() {
    let answer = graded(&[
        "--cmd",
        &command("leaks-slowly"),
        "--workload",
        "echo",
        "--case",
        "nothing-kept",
        "--connections",
        "2000",
    ]);
    assert!(with_outcome(&answer, "failed").contains("nothing-kept"), "{answer:#}");
}

#[test]
fn what_never_ends_and_is_kept_is_found() {
    let must = ["endless-line", "endless-head", "endless-trailers", "endless-extension"];
    // Who waits for the end of a head does not see before what is wrong with its beginning.
    fails_at_least("waits-for-ends", "http", &must, &["tls-hello", "malformed"]);
}
