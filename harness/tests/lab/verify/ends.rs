//! Faults in how a server ends.

use crate::verify::grading::{fails_of, fails_small, names};

#[test]
fn idle_clients_that_are_kept_until_the_grace_is_over_are_found() {
    for workload in ["echo", "http"] {
        fails_small("keeps-idle-until-grace", workload, &["drain-idle"]);
    }
}

#[test]
fn a_reply_that_is_cut_by_a_signal_is_found() {
    let cut = ["drain", "drain-waiting", "drain-large", "drain-pipelined", "drain-sending"];
    fails_small("cuts-on-sigterm", "http", &cut);
    fails_small("cuts-on-sigterm", "echo", &["drain", "drain-sending"]);
}

#[test]
fn a_server_that_does_not_end_is_found() {
    let mut stops = names("http", |name| name.starts_with("drain"));
    stops.extend(["ends-in-time", "nothing-left"].map(str::to_owned));
    fails_small("ignores-sigterm", "http", &stops.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_process_that_is_left_behind_is_found() {
    fails_small("leaves-child", "echo", &["nothing-left"]);
}

#[test]
fn a_server_that_a_client_can_end_is_found() {
    // Of these: in others a client that leaves while it still pours resets its connection too, or does not, by chance.
    let tried = "get,keep-alive,abrupt-reset,nothing-kept,children-reaped";
    fails_of("dies-of-reset", "http", tried, &["abrupt-reset", "nothing-kept", "children-reaped"]);
}

#[test]
fn a_server_with_one_page_that_drops_requests_on_a_signal_is_found() {
    fails_small("exits-on-sigterm", "http", &["drain"]);
}

#[test]
fn a_request_that_is_called_bad_for_a_signal_is_found() {
    let halves = ["drain-half-head", "drain-half-body", "drain-half-chunk", "drain-continue"];
    fails_small("blames-halves", "http", &halves);
}

#[test]
fn a_reply_that_a_reset_overtakes_when_the_server_ends_is_found() {
    for workload in ["echo", "http"] {
        fails_small("closes-on-sigterm", workload, &["drain-sending"]);
    }
    let stops: Vec<String> = names("http", |name| name.starts_with("drain"));
    fails_of("closes-behind-first", "http", &stops.join(","), &["drain-pipelined", "drain-sending"]);
}
