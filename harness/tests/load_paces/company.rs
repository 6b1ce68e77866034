//! Connections beside the measured ones: idle, slow, and such as ask for something else.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::load::{Clients, Company, Edge, Load, Outcome, run};
use workloads::client::EchoClient;

use crate::servers::{MESSAGE, assert_no_errors, echo, load, message, rate, refused, server};

/// The size of what the others ask for.
const OTHER: usize = 8;

fn go(plan: &Load, look: &mut dyn FnMut(Edge)) -> Outcome {
    let (measured, beside) = (EchoClient::new(MESSAGE), EchoClient::new(OTHER));
    let clients = Clients { measured: &measured, beside: Some(&beside) };
    run(plan, clients, look, &AtomicBool::new(false)).unwrap()
}

#[test]
fn an_idle_connection_is_answered_once_and_stays() {
    for pace in [harness::load::Pace::default(), rate(500.0)] {
        idle_connections_stay(pace);
    }
}

fn idle_connections_stay(pace: harness::load::Pace) {
    let requests = Arc::new(Mutex::new(Vec::<u64>::new()));
    let over = Arc::new(AtomicU64::new(0));
    let (seen, ended) = (Arc::clone(&requests), Arc::clone(&over));
    let address = server(move |mut stream| {
        let mut connections = seen.lock().unwrap();
        let index = connections.len();
        connections.push(0);
        drop(connections);
        while let Some(message) = message(&mut stream)? {
            seen.lock().unwrap()[index] += 1;
            stream.write_all(&message)?;
        }
        ended.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let company = Company { idle: 7, ..Company::default() };
    let plan = Load { company, threads: 2, pace, ..load(address, 2) };
    let mut at_close = (Vec::new(), 0);
    let outcome = go(&plan, &mut |edge| {
        if edge == Edge::Closes {
            at_close = (requests.lock().unwrap().clone(), over.load(Ordering::SeqCst));
        }
    });
    assert_no_errors(&outcome);
    let (requests, over) = at_close;
    assert_eq!((requests.len(), over), (9, 0));
    assert_eq!(requests.iter().filter(|count| **count == 1).count(), 7, "{requests:?}");
    assert_eq!((outcome.connects, outcome.connections_served), (9, 2));
}

#[test]
fn a_slow_connection_sends_byte_by_byte_and_counts_for_nothing() {
    let shortest = Arc::new(AtomicU64::new(u64::MAX));
    let slow_ones = Arc::new(AtomicU64::new(0));
    let (seen, counted) = (Arc::clone(&shortest), Arc::clone(&slow_ones));
    let address = server(move |mut stream| {
        loop {
            let mut message = [0; MESSAGE];
            let first = stream.read(&mut message)?;
            if first == 0 {
                return Ok(());
            }
            let begun = Instant::now();
            stream.read_exact(&mut message[first..])?;
            if first < MESSAGE {
                seen.fetch_min(begun.elapsed().as_micros() as u64, Ordering::SeqCst);
                counted.fetch_add(1, Ordering::SeqCst);
            }
            stream.write_all(&message)?;
        }
    });
    let company = Company { slow: 3, ..Company::default() };
    // Shorter than a slow request takes: its time limit is for the reply alone.
    let timeout = Duration::from_millis(400);
    let plan = Load { company, timeout, duration: Duration::from_secs(2), ..load(address, 2) };
    let outcome = go(&plan, &mut |_| ());
    assert_no_errors(&outcome);
    assert_eq!((outcome.connects, outcome.connections_served), (5, 2));
    assert!(slow_ones.load(Ordering::SeqCst) >= 3, "each has sent a whole request at least");
    let shortest = Duration::from_micros(shortest.load(Ordering::SeqCst));
    // 64 bytes, 10 ms apart; a machine that held up the server may have hidden the beginning, never the most of it.
    assert!(shortest >= Duration::from_millis(320), "{shortest:?}");
}

#[test]
fn those_who_ask_for_something_else_are_timed_apart() {
    let others = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&others);
    let address = server(move |mut stream| {
        let mut bytes = [0; MESSAGE];
        loop {
            match stream.read(&mut bytes)? {
                0 => return Ok(()),
                count => {
                    seen.fetch_add(u64::from(count == OTHER), Ordering::SeqCst);
                    stream.write_all(&bytes[..count])?;
                }
            }
        }
    });
    let company = Company { beside: 2, ..Company::default() };
    let outcome = go(&Load { company, ..load(address, 3) }, &mut |_| ());
    assert_no_errors(&outcome);
    let beside = outcome.beside_ns.unwrap().len();
    assert!((1..=others.load(Ordering::SeqCst)).contains(&beside), "{beside}");
    assert_eq!(outcome.latency_ns.len(), outcome.requests);
    assert_eq!((outcome.connects, outcome.connections_served), (5, 3));
}

#[test]
fn without_them_there_is_no_figure_for_them() {
    let address = server(echo);
    let outcome = go(&load(address, 1), &mut |_| ());
    assert!(outcome.beside_ns.is_none() && outcome.lag_ns.is_none() && outcome.uncorrected_ns.is_none());
    assert_eq!(outcome.offered, None);
}

#[test]
fn company_that_cannot_be_is_refused() {
    let address = ([127, 0, 0, 1], 1).into();
    let echo = EchoClient::new(MESSAGE);
    let beside = Load { company: Company { beside: 1, ..Company::default() }, ..load(address, 1) };
    assert!(refused(&beside, Clients::of(&echo)).contains("need to know for what"));
    let company = Company { idle: 1, ..Company::default() };
    let closing = Load { company, keep_alive: false, ..load(address, 1) };
    assert!(refused(&closing, Clients::of(&echo)).contains("must then stay open too"));
}
