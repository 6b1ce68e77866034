//! System calls: what a request makes, and what is counted after the window.

use std::time::{Duration, Instant};

use harness::load::{Edge, Load, Replies};
use harness::measure::after::{
    After, COUNTED_AT_LEAST, Counted, Counting, REQUESTS_AT_LEAST, counting_unavailable,
};
use harness::measure::group::Group;

use crate::common::{PATIENCE, stop};
use crate::measured::{Asked, KEPT, alone, go, group, load, plan, serve};

/// The system calls of a server, its clients coming and going included, and the requests that it answered.
pub(crate) fn calls(model: &str, asked: Asked) -> Option<(Counted, u64)> {
    let group = group()?;
    let server = serve(model, &group);
    let counting = Counting::begin(&group).unwrap();
    let requests = load(&server, asked, &mut |_| {}).requests_in_all;
    let counted = counting.end().unwrap();
    stop(server);
    Some((counted, requests))
}

#[test]
fn a_thread_makes_two_system_calls_for_a_request() {
    let _alone = alone();
    let one = Asked { connections: 1, ..KEPT };
    let Some((counted, requests)) = calls("thread", one) else { return };
    // recv(2) and send(2); the connection's beginning and end are shared by thousands of requests.
    let each = counted.calls.unwrap() as f64 / requests as f64;
    assert!((2.0..2.1).contains(&each), "{counted:?} for {requests} requests");
    assert_eq!(counted.epoll_ctls.unwrap_or(0), 0);
}

/// What `thread` does after the window while one connection asks on, from when the counters are open.
pub(crate) fn after(until: Duration) -> Option<After> {
    let group = group()?;
    let server = serve("thread", &group);
    let replies = Replies::default();
    let mut after = None;
    let mut look = |edge| {
        if edge == Edge::Closes {
            let counting = Counting::begin(&group).unwrap();
            let until = Instant::now() + until;
            after = counting.over(Duration::from_millis(50), until, || replies.so_far()).unwrap();
            replies.enough();
        }
    };
    let one = Asked { connections: 1, ..KEPT };
    let plan = Load { epilogue: PATIENCE, replies: replies.clone(), ..plan(&server, one) };
    go(&plan, one, &mut look);
    stop(server);
    after
}

#[test]
fn system_calls_after_the_window_are_those_of_the_requests_that_were_answered_meanwhile() {
    let _alone = alone();
    if counting_unavailable().is_some() {
        skipped!("nothing can be counted here");
        return;
    }
    let after = after(PATIENCE / 2).unwrap();
    let each = after.counted.calls.unwrap() as f64 / after.requests as f64;
    // The generator says of a reply a moment after the server has made its calls.
    assert!((1.95..2.05).contains(&each), "{after:?}");
    assert!(after.requests >= REQUESTS_AT_LEAST && after.counted.took >= COUNTED_AT_LEAST, "{after:?}");
}

#[test]
fn of_too_short_a_time_and_of_too_few_requests_nothing_is_said() {
    let _alone = alone();
    if counting_unavailable().is_some() {
        skipped!("nothing can be counted here");
        return;
    }
    assert_eq!(after(Duration::ZERO), None);
    let counting = Counting::begin(&Group::make().unwrap()).unwrap();
    let until = Instant::now() + COUNTED_AT_LEAST * 2;
    assert_eq!(counting.over(COUNTED_AT_LEAST, until, || 7).unwrap(), None);
}

#[test]
fn a_loop_changes_what_it_watches_once_for_a_connection_and_not_for_a_request() {
    let _alone = alone();
    let Some((counted, requests)) = calls("epoll", KEPT) else { return };
    let Some(changes) = counted.epoll_ctls else {
        skipped!("this kernel does not trace single system calls");
        return;
    };
    let connections = KEPT.connections as u64;
    assert!((connections..=2 * connections).contains(&changes), "{counted:?} for {requests} requests");
    assert!(counted.calls.unwrap() > requests, "{counted:?} for {requests} requests");
}
