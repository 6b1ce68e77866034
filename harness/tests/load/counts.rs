//! What is counted and timed while all goes well.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use harness::load::Load;

use crate::servers::{Echoed, MESSAGE, WINDOW, assert_no_errors, echo, go, load, message, server, silent};

#[test]
fn every_reply_is_counted_once() {
    let (address, seen) = server(echo);
    let outcome = go(&load(address, 8), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    let served = seen.requests.load(Ordering::SeqCst);
    // What was still under way at the end was served and not counted: at most one request per connection.
    assert!((served - 8..=served).contains(&outcome.requests_in_all), "{} {served}", outcome.requests_in_all);
    assert!((1..=outcome.requests_in_all).contains(&outcome.requests));
    assert_eq!(outcome.latency_ns.len(), outcome.requests);
    assert_eq!((outcome.connects, outcome.connections_served), (8, 8));
    assert!(outcome.user_s + outcome.system_s > 0.0);
    assert!((outcome.seconds - WINDOW.as_secs_f64()).abs() < 1e-9);
}

#[test]
fn every_reply_in_the_window_is_its_connection_s_and_its_slice_s() {
    let (address, _) = server(echo);
    let outcome = go(&Load { threads: 3, ..load(address, 8) }, &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert_eq!(outcome.connection_requests.len(), 8);
    assert!(outcome.connection_requests.is_sorted());
    assert_eq!(outcome.connection_requests.iter().sum::<u64>(), outcome.requests);
    let over_time = outcome.over_time.unwrap();
    assert_eq!(over_time.replies.iter().flatten().sum::<u64>(), outcome.requests);
    let window = over_time.slice_s * over_time.replies.len() as f64;
    assert!((window - outcome.seconds).abs() < 1e-3, "{window}");
}

#[test]
fn latencies_over_time_are_those_of_the_histogram() {
    let (address, _) = server(echo);
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    let over_time = outcome.over_time.unwrap();
    let mut below = 0;
    for (class, bound_us) in over_time.bounds_us.iter().enumerate() {
        below += over_time.replies.iter().filter_map(|slice| slice.get(class)).sum::<u64>();
        // A histogram's buckets are a thousandth of a value wide, so those at the bound may be on either side of it.
        let around = |part: f64| outcome.latency_ns.count_between(0, (bound_us * part * 1e3) as u64);
        assert!(around(0.998) <= below && below <= around(1.002), "{below} below {bound_us} us");
    }
    assert_eq!(below, outcome.requests);
}

#[test]
fn latency_is_the_time_from_request_to_reply() {
    const DELAY: Duration = Duration::from_millis(40);
    let (address, _) = server(|mut stream, seen| {
        while let Some(message) = message(&mut stream, seen)? {
            thread::sleep(DELAY);
            stream.write_all(&message)?;
        }
        Ok(())
    });
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests >= 2);
    assert!(u128::from(outcome.latency_ns.min()) >= DELAY.as_nanos() * 999 / 1000);
}

#[test]
fn a_request_longer_than_the_warm_up_counts_where_it_ends() {
    let (address, _) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            thread::sleep(Duration::from_millis(120)); // more than the warm-up, and less than the window
            stream.write_all(&message)?;
        }
        silent(stream, seen)
    });
    let plan = Load { duration: Duration::from_secs(1), ..load(address, 1) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert_eq!((outcome.requests, outcome.requests_in_all), (1, 1));
}

#[test]
fn a_reply_in_pieces_is_one_reply() {
    let (address, seen) = server(|mut stream, seen| {
        stream.set_nodelay(true)?;
        while let Some(message) = message(&mut stream, seen)? {
            for piece in message.chunks(7) {
                stream.write_all(piece)?;
                thread::yield_now();
            }
        }
        Ok(())
    });
    let outcome = go(&load(address, 4), &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert!(outcome.requests > 0);
    assert!(outcome.requests_in_all <= seen.requests.load(Ordering::SeqCst));
}

#[test]
fn several_threads_share_the_connections() {
    let (address, _) = server(echo);
    let plan = Load { threads: 3, ..load(address, 10) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_no_errors(&outcome);
    assert_eq!((outcome.connects, outcome.connections_served), (10, 10));
    assert_eq!(outcome.latency_ns.len(), outcome.requests);
}

#[test]
fn more_connections_than_one_batch_are_all_served_on_and_on() {
    let served_again = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&served_again);
    let (address, _) = server(move |mut stream, seen| {
        let mut requests = 0;
        while let Some(message) = message(&mut stream, seen)? {
            requests += 1;
            if requests == 2 {
                counter.fetch_add(1, Ordering::SeqCst);
            }
            stream.write_all(&message)?;
        }
        Ok(())
    });
    // A machine busy with other things may need longer for 300 threads; the last run is the longest by far.
    for seconds in [1, 4, 20] {
        served_again.store(0, Ordering::SeqCst);
        let plan = Load { duration: Duration::from_secs(seconds), ..load(address, 300) };
        let outcome = go(&plan, &Echoed::of(MESSAGE));
        assert_no_errors(&outcome);
        if (outcome.connects, outcome.connections_served) == (300, 300)
            && served_again.load(Ordering::SeqCst) == 300
        {
            return;
        }
    }
    panic!("only {} of 300 were served a second time", served_again.load(Ordering::SeqCst));
}

#[test]
fn a_request_larger_than_all_buffers_does_not_block_its_own_reply() {
    let (address, _) = server(|mut stream, _| {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                count => stream.write_all(&buffer[..count])?,
            }
        }
    });
    let plan = Load { duration: Duration::from_secs(1), ..load(address, 2) };
    let outcome = go(&plan, &Echoed::of(4 << 20));
    assert_no_errors(&outcome);
    assert!(outcome.requests_in_all > 0);
    assert_eq!(outcome.connections_served, 2);
}
