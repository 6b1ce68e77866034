//! Connections that end: announced, between replies, or one for each request.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use harness::load::Load;

use crate::servers::{
    Echoed, MESSAGE, assert_no_errors, assert_only, echo, go, load, message, server, silent,
};

#[test]
fn without_keep_alive_each_request_brings_its_own_connection() {
    let (address, seen) = server(echo);
    let plan = Load { keep_alive: false, ..load(address, 4) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests > 4);
    assert!(outcome.connection_requests.is_empty(), "there is nothing to be fair about");
    assert!(
        (outcome.requests_in_all..=outcome.requests_in_all + 4).contains(&outcome.connects),
        "{} connects for {} requests",
        outcome.connects,
        outcome.requests_in_all
    );
    let ends = seen.ends.load(Ordering::SeqCst);
    assert!(ends + 4 >= outcome.requests_in_all, "the server sees each client end in order: {ends}");
}

#[test]
fn a_close_announced_with_the_reply_is_awaited() {
    let (address, seen) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&message)?;
        }
        stream.shutdown(std::net::Shutdown::Write)?;
        message(&mut stream, seen).map(drop) // the client closes only now
    });
    for keep_alive in [true, false] {
        let plan = Load { keep_alive, ..load(address, 4) };
        let outcome = go(&plan, &Echoed { closing: true, ..Echoed::of(MESSAGE) });
        assert_no_errors(&outcome);
        assert!(outcome.requests > 4);
        assert!(outcome.connects >= outcome.requests_in_all);
    }
    assert!(seen.ends.load(Ordering::SeqCst) > 0);
}

#[test]
fn an_announced_close_that_never_comes_is_a_timeout() {
    let (address, _) = server(echo);
    let plan = Load { timeout: Duration::from_millis(100), ..load(address, 1) };
    let outcome = go(&plan, &Echoed { closing: true, ..Echoed::of(MESSAGE) });
    assert_only(&outcome, |errors| errors.timeout, "did not close within 100ms");
}

#[test]
fn a_close_between_replies_is_no_error() {
    let (address, _) = server(|mut stream, seen| {
        for _ in 0..3 {
            let Some(message) = message(&mut stream, seen)? else { return Ok(()) };
            stream.write_all(&message)?;
        }
        // The close comes with the third reply or soon after it, and the next request may be on its way by then:
        // it is read, so that nothing is reset.
        stream.shutdown(std::net::Shutdown::Write)?;
        silent(stream, seen)
    });
    let outcome = go(&load(address, 4), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests_in_all > 12);
    assert!(outcome.connects >= outcome.requests_in_all / 3, "{}", outcome.connects);
    assert_eq!(outcome.connections_served, 4);
}
