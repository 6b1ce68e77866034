//! Faults in what a server takes for a request, and in how it refuses.

use crate::verify::grading::{
    command, failed_small_cases, fails_at_least, fails_small, graded, refusals, with_outcome,
};

#[test]
fn bare_line_feeds_that_are_accepted_are_found() {
    fails_small("accepts-bare-lf", "http", &["bare-lf", "bare-lf-field", "bare-lf-end"]);
}

#[test]
fn a_reset_behind_a_refusal_is_found() {
    // A server that happens to have read everything does not reset, so not every one is hit.
    let failed = failed_small_cases("resets-refusals", "http");
    assert!(failed.len() >= 3, "{failed:?}");
    let refusals = refusals();
    assert!(failed.is_subset(&refusals), "{failed:?}");
}

#[test]
fn a_smuggled_request_that_is_answered_is_found() {
    let answer = graded(&["--cmd", &command("answers-smuggled"), "--workload", "http"]);
    let failed = with_outcome(&answer, "failed");
    for name in ["host-missing", "host-bad", "version-unknown", "nul", "folded-field", "space-before-colon"] {
        assert!(failed.contains(name), "{name}: {answer:#}");
    }
    // And many are refused where it is counted what stays.
    let counted = ["nothing-kept", "children-reaped"].map(str::to_owned);
    assert!(failed.is_subset(&refusals().into_iter().chain(counted).collect()), "{failed:?}");
}

#[test]
fn a_length_that_another_server_might_not_believe_is_found() {
    fails_small("believes-first-length", "http", &["lengths-conflicting"]);
}

#[test]
fn chunks_that_are_written_in_other_ways_and_accepted_are_found() {
    let wrong = [
        "chunk-size-plus",
        "chunk-size-0x",
        "chunk-size-blank",
        "chunk-size-bare-lf",
        "chunk-extension-bare-lf",
        "chunk-end-bare-lf",
        "last-chunk-bare-lf",
        "trailer-bare-lf",
        "trailers-end-bare-lf",
    ];
    fails_small("accepts-bad-chunks", "http", &wrong);
}

#[test]
fn a_body_that_is_taken_for_a_request_is_found() {
    fails_small("takes-get-bodies", "http", &["get-with-body"]);
    let refused = ["post-refused-with-body", "method-with-body", "expect-refused-with-body"];
    fails_small("takes-refused-bodies", "http", &refused);
}

#[test]
fn a_reset_behind_the_refusal_of_what_is_well_formed_is_found() {
    let must = ["method-with-body", "post-refused-with-body", "expect-refused-with-body", "expect-unknown"];
    fails_at_least("resets-others", "http", &must, &["get-with-body", "malformed"]);
}

#[test]
fn heads_that_others_read_in_another_way_and_that_are_accepted_are_found() {
    fails_small("accepts-odd-heads", "http", &["bare-cr-in-line", "nul-in-line", "blank-before-field"]);
}

#[test]
fn what_is_legal_and_refused_is_found() {
    fails_small("too-strict", "http", &["line-of-8000-bytes", "host-without-blank"]);
}
