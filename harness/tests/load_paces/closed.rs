//! Closed loops: pauses, several requests under way at once, and what comes after the window.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use harness::load::{Clients, Edge, Load, PIPELINE_AT_MOST, Pace, run};
use workloads::client::EchoClient;

use crate::servers::{MESSAGE, assert_no_errors, echo, go, load, message, refused, server};

#[test]
fn a_connection_pauses_between_a_reply_and_its_next_request() {
    const THINK: Duration = Duration::from_millis(40);
    for (keep_alive, pipeline) in [(true, 1), (true, 3), (false, 1)] {
        let shortest = Arc::new(AtomicU64::new(u64::MAX));
        let seen = Arc::clone(&shortest);
        let address = server(move |mut stream| {
            let mut replied: Vec<Instant> = Vec::new();
            while let Some(message) = message(&mut stream)? {
                // Of several under way, each follows the reply as many before it.
                if let Some(at) = replied.len().checked_sub(pipeline) {
                    seen.fetch_min(replied[at].elapsed().as_nanos() as u64, Ordering::SeqCst);
                }
                replied.push(Instant::now());
                stream.write_all(&message)?;
            }
            Ok(())
        });
        let pace = Pace::Closed { think: THINK };
        let outcome = go(&Load { pace, keep_alive, pipeline, ..load(address, 2) });
        assert_no_errors(&outcome);
        // 600 ms in all; the first request of a connection has no pause before it.
        let most = 2 * pipeline as u64 * (600 / 40 + 1);
        assert!((2..=most).contains(&outcome.requests_in_all), "{}", outcome.requests_in_all);
        if keep_alive {
            let shortest = Duration::from_nanos(shortest.load(Ordering::SeqCst));
            assert!(shortest >= THINK, "{shortest:?} with a pipeline of {pipeline}");
        }
    }
}

#[test]
fn as_many_requests_are_under_way_as_were_asked_for() {
    const DEPTH: usize = 8;
    let address = server(|mut stream| {
        // The first one comes alone; after that a reply to none comes before there are eight.
        let Some(first) = message(&mut stream)? else { return Ok(()) };
        stream.write_all(&first)?;
        let mut messages = [0; DEPTH * MESSAGE];
        loop {
            stream.read_exact(&mut messages)?;
            stream.write_all(&messages)?;
        }
    });
    let outcome = go(&Load { pipeline: DEPTH, ..load(address, 2) });
    assert_no_errors(&outcome);
    assert!(outcome.requests_in_all > 2 * DEPTH as u64, "{}", outcome.requests_in_all);
    assert_eq!((outcome.connects, outcome.latency_ns.len()), (2, outcome.requests));
}

#[test]
fn replies_to_several_requests_may_come_in_any_pieces() {
    let address = server(|mut stream| {
        stream.set_nodelay(true)?;
        let mut bytes = [0; 100]; // no multiple of a message
        loop {
            match stream.read(&mut bytes)? {
                0 => return Ok(()),
                count => stream.write_all(&bytes[..count])?,
            }
        }
    });
    let outcome = go(&Load { pipeline: 7, ..load(address, 3) });
    assert_no_errors(&outcome);
    assert!(outcome.requests_in_all > 3 * 7);
}

#[test]
fn a_wrong_reply_behind_right_ones_is_wrong() {
    let address = server(|mut stream| {
        let Some(first) = message(&mut stream)? else { return Ok(()) };
        stream.write_all(&first)?;
        let mut messages = [0; 4 * MESSAGE];
        stream.read_exact(&mut messages)?;
        messages[2 * MESSAGE + 5] ^= 1;
        stream.write_all(&messages)?;
        crate::servers::silent(stream)
    });
    let outcome = go(&Load { pipeline: 4, ..load(address, 1) });
    let (errors, first) = (outcome.errors, outcome.first_error.unwrap());
    assert!(errors.wrong > 0 && errors.wrong == errors.total(), "{errors:?} {first}");
    assert!(first.contains("byte 5 of the reply's body"), "{first}");
    // Of each connection: the first one, and two of four.
    assert!(outcome.requests_in_all >= 3 * errors.wrong);
}

#[test]
fn load_goes_on_after_the_window_as_long_as_it_is_asked_to() {
    let address = server(echo);
    let mut edges = Vec::new();
    let epilogue = Duration::from_millis(300);
    let plan = Load { epilogue, ..load(address, 2) };
    let mut look = |edge| edges.push((edge, Instant::now()));
    let client = EchoClient::new(MESSAGE);
    let outcome = run(&plan, Clients::of(&client), &mut look, &AtomicBool::new(false)).unwrap();
    assert_no_errors(&outcome);
    assert!(outcome.requests > 0 && outcome.requests_after > 0);
    assert!(outcome.requests + outcome.requests_after <= outcome.requests_in_all);
    assert_eq!(outcome.latency_ns.len(), outcome.requests, "what comes after the window is not timed");
    let order: Vec<_> = edges.iter().map(|(edge, _)| *edge).collect();
    assert_eq!(order, [Edge::Opens, Edge::Closes, Edge::Ended]);
    assert!(edges[2].1 - edges[0].1 >= plan.duration);
}

#[test]
fn load_goes_on_no_longer_than_somebody_needs_it_and_says_meanwhile_how_many_replies_it_had() {
    let address = server(echo);
    let plan = Load { epilogue: Duration::from_secs(600), ..load(address, 2) };
    let mut seen = Vec::new();
    let mut look = |edge| {
        seen.push(plan.replies.so_far());
        if edge == Edge::Closes {
            plan.replies.enough();
        }
    };
    let client = EchoClient::new(MESSAGE);
    let begun = Instant::now();
    let outcome = run(&plan, Clients::of(&client), &mut look, &AtomicBool::new(false)).unwrap();
    assert_no_errors(&outcome);
    assert!(begun.elapsed() < Duration::from_secs(300), "it was not waited for");
    let [opens, closes, _] = seen[..] else { panic!("{seen:?}") };
    assert!(opens < closes && closes <= outcome.requests_in_all, "{seen:?}");
    assert_eq!(plan.replies.so_far(), outcome.requests_in_all);
}

#[test]
fn pipelines_that_make_no_sense_are_refused() {
    let address = ([127, 0, 0, 1], 1).into();
    let echo = EchoClient::new(MESSAGE);
    let refused = |load: &Load| refused(load, Clients::of(&echo));
    for pipeline in [0, PIPELINE_AT_MOST + 1] {
        assert!(refused(&Load { pipeline, ..load(address, 1) }).contains("can't be under way at once"));
    }
    let alone = Load { pipeline: 2, keep_alive: false, ..load(address, 1) };
    assert!(refused(&alone).contains("no room for several"));
}
