//! What a server does wrong, each told from the others.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use harness::load::Load;
use socket2::{Domain, SockRef, Socket, Type};

use crate::servers::{Echoed, MESSAGE, assert_no_errors, assert_only, go, load, message, server, silent};

#[test]
fn a_changed_byte_is_a_wrong_reply() {
    let (address, seen) = server(|mut stream, seen| {
        while let Some(mut message) = message(&mut stream, seen)? {
            if seen.requests.load(Ordering::SeqCst).is_multiple_of(100) {
                message[MESSAGE - 1] ^= 1;
            }
            stream.write_all(&message)?;
        }
        Ok(())
    });
    let outcome = go(&load(address, 1), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.wrong, "not what was sent");
    let served = seen.requests.load(Ordering::SeqCst);
    let wrong = outcome.errors.wrong;
    assert!((wrong..=wrong + 1).contains(&outcome.connects), "each wrong reply costs its connection");
    assert!((served - wrong - 1..=served - wrong).contains(&outcome.requests_in_all), "{served} {wrong}");
}

#[test]
fn bytes_beyond_the_reply_are_wrong() {
    let (address, _) = server(|mut stream, seen| {
        while let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&[&message[..], b"!"].concat())?;
        }
        Ok(())
    });
    let outcome = go(&load(address, 1), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.wrong, "belong to no reply");
    assert_eq!(outcome.requests_in_all, 0);
}

#[test]
fn a_close_within_a_reply_is_short() {
    let (address, _) = server(|mut stream, seen| match message(&mut stream, seen)? {
        Some(message) => stream.write_all(&message[..MESSAGE / 2]),
        None => Ok(()),
    });
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.short, "within a reply");
    assert_eq!((outcome.requests_in_all, outcome.connections_served), (0, 0));
}

#[test]
fn a_close_instead_of_the_first_reply_is_short_and_no_storm() {
    let (address, _) = server(|mut stream, seen| message(&mut stream, seen).map(drop));
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.short, "without a reply");
    // 350 ms at one attempt per 50 ms and connection.
    assert!(outcome.connects <= 2 * 9, "{}", outcome.connects);
}

#[test]
fn a_reset_is_told_from_a_close() {
    let (address, _) = server(|mut stream, seen| {
        message(&mut stream, seen)?;
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))
    });
    let outcome = go(&load(address, 2), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.reset, "the connection broke");
}

#[test]
fn never_to_be_answered_is_to_starve_and_no_error() {
    let (address, seen) = server(silent);
    let plan = Load { timeout: Duration::from_millis(50), ..load(address, 3) };
    let begun = Instant::now();
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_no_errors(&outcome);
    assert_eq!((outcome.requests_in_all, outcome.connections_served), (0, 0));
    assert_eq!(outcome.connects, 3, "a starved connection is left in its place");
    while seen.over.load(Ordering::SeqCst) < 3 && begun.elapsed() < Duration::from_secs(30) {
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(seen.requests.load(Ordering::SeqCst), 3);
}

#[test]
fn silence_after_a_reply_is_a_timeout() {
    let (address, _) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&message)?;
        }
        silent(stream, seen)
    });
    let plan =
        Load { timeout: Duration::from_millis(200), duration: Duration::from_secs(1), ..load(address, 2) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.timeout, "no whole reply within 200ms");
    assert_eq!(outcome.connections_served, 2);
}

#[test]
fn silence_within_the_first_reply_is_a_timeout() {
    let (address, _) = server(|mut stream, seen| {
        if let Some(message) = message(&mut stream, seen)? {
            stream.write_all(&message[..1])?;
        }
        silent(stream, seen)
    });
    let plan = Load { timeout: Duration::from_millis(100), ..load(address, 1) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.timeout, "no whole reply within 100ms");
}

#[test]
fn without_keep_alive_silence_is_a_timeout_at_once() {
    let (address, _) = server(silent);
    let plan = Load { timeout: Duration::from_millis(100), keep_alive: false, ..load(address, 1) };
    let outcome = go(&plan, &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.timeout, "no whole reply within 100ms");
}

#[test]
fn nobody_listening_is_a_connect_error_and_no_storm() {
    // Bound and not listening: the port is refused, and nobody else can come by it meanwhile.
    let held = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    held.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = held.local_addr().unwrap().as_socket().unwrap();
    let outcome = go(&load(address, 200), &Echoed::of(MESSAGE));
    assert_only(&outcome, |errors| errors.connect, "nobody listens there");
    // Each of 200 once, and then at most 1,600 a second for 350 ms.
    assert!((200..=200 + 600).contains(&outcome.errors.connect), "{}", outcome.errors.connect);
    assert_eq!(outcome.connects, 0);
}
