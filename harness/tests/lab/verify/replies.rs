//! Faults in what a server says, and when.

use std::collections::BTreeSet;

use crate::verify::grading::{
    command, fails, fails_at_least, fails_of, fails_small, graded, names, with_outcome,
};

#[test]
fn a_byte_that_is_lost_is_found() {
    // How a message is cut into pieces is up to the kernel, so which of the smaller ones suffer is too.
    let may = ["whole-64-kib", "whole-1-mib", "slow-reader", "drain", "drain-sending"];
    fails_at_least("drops-last-byte", "echo", &["whole-16-mib"], &may);
}

#[test]
fn a_half_close_that_is_ignored_is_found() {
    fails("leaves-half-closed", "http", &["half-close", "post-half-close"]);
    fails_at_least("leaves-half-closed", "echo", &["half-close"], &["slow-reader", "drain-sending"]);
}

#[test]
fn a_connection_that_is_kept_behind_a_half_close_is_found_under_http() {
    // Whoever waits for the end of its connection waits in vain.
    let must = ["half-close", "post-half-close", "post-cut-short", "chunked-cut-short"];
    // Nor does it see, while it hears a refused client out, that this has left.
    let may = ["post-", "chunk", "trailers", "expect-continue", "nothing-kept"];
    let may: Vec<String> = names("http", |name| may.iter().any(|start| name.starts_with(start)));
    fails_at_least("keeps-half-closed", "http", &must, &may.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_connection_that_is_kept_behind_a_half_close_is_found_under_echo() {
    let may = [
        "whole-1-b",
        "whole-2-b",
        "whole-1-kib",
        "whole-64-kib",
        "whole-1-mib",
        "whole-16-mib",
        "split-packets",
        "joined-packets",
        "slow-sender",
        "slow-reader",
        "abrupt-reset",
        "after-1000-clients",
        "nothing-kept",
        "children-reaped",
    ];
    fails_at_least("keeps-half-closed", "echo", &["half-close"], &may);
}

#[test]
fn answers_in_the_wrong_order_are_found() {
    // A GET behind a body is a second request as well.
    let may = ["post-then-get", "chunked", "chunk-extensions", "trailers", "drain-pipelined"];
    fails_at_least("out-of-order", "http", &["pipelining", "pipelining-waits"], &may);
}

#[test]
fn a_body_behind_a_head_is_found() {
    fails_small("head-with-body", "http", &["head", "head-everywhere", "page-head"]);
}

#[test]
fn a_client_that_is_not_told_to_go_on_is_found() {
    fails_small("no-continue", "http", &["expect-continue", "drain-continue"]);
}

#[test]
fn answers_that_go_to_the_wrong_client_are_found() {
    // Whoever comes beside another client may suffer.
    let may = ["slow-sender", "slow-reader", "abrupt-reset", "ends-in-time", "drain-sending"];
    fails_at_least("shares-answers", "echo", &["many-clients", "drain"], &may);
    fails_of(
        "shares-answers",
        "http",
        "get,keep-alive,head,not-found,many-clients,drain",
        &["many-clients", "drain"],
    );
}

#[test]
fn a_loop_that_waits_for_one_client_is_found() {
    fails_at_least("blocks-on-send", "echo", &["slow-reader", "ends-in-time"], &["drain-sending"]);
    let must = ["slow-reader", "ends-in-time"];
    let may = names("http", |name| name == "flood" || name == "waits-overlap" || name.starts_with("drain-"));
    let cases = "get,slow-reader,flood,many-clients,slow-sender,waits-overlap,abrupt-reset,ends-in-time";
    let answer = graded(&["--cmd", &command("blocks-on-send"), "--workload", "http", "--case", cases]);
    let failed = with_outcome(&answer, "failed");
    assert!(must.iter().all(|name| failed.contains(*name)), "{answer:#}");
    assert!(failed.iter().all(|name| must.contains(&name.as_str()) || may.contains(name)), "{answer:#}");
}

#[test]
fn a_server_with_one_page_is_tried_with_that_page() {
    let answer = graded(&["--cmd", &command("only-hello"), "--workload", "http"]);
    // Whether a connection carries more than one request is one case's business, and not that of the others.
    assert_eq!(with_outcome(&answer, "failed"), BTreeSet::from(["keep-alive".to_owned()]), "{answer:#}");
    let skipped = with_outcome(&answer, "skipped");
    assert!(skipped.contains("post-1-b") && skipped.contains("chunk-size-plus"), "{answer:#}");
    assert!(!skipped.contains("many-clients") && !skipped.contains("drain"), "{answer:#}");
}

#[test]
fn replies_without_a_date_or_with_a_strange_one_are_found() {
    fails_small("no-date", "http", &["date"]);
    fails_small("odd-date", "http", &["date"]);
}

#[test]
fn waits_that_stand_in_a_line_are_found() {
    fails_small("waits-in-line", "http", &["waits-overlap"]);
}
