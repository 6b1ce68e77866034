//! Open loops: each request that was due in the window is in the latencies once.

use std::io::Write;
use std::net::UdpSocket;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use harness::load::{Clients, Load, Offered, Outcome, Pace};
use harness::transport::Transport;
use reports::record::Schedule;
use workloads::client::EchoClient;

use crate::servers::{
    MESSAGE, assert_no_errors, echo, echo_after, echo_thrice, go, load, message, rate, refused, server,
    silent,
};

/// What an open loop has.
fn offered(outcome: &Outcome) -> Offered {
    outcome.offered.expect("it is an open loop")
}

/// Each request that was due is in the latencies once, and was answered.
#[track_caller]
fn assert_all_answered(outcome: &Outcome, due: u64) {
    assert_no_errors(outcome);
    let Offered { due: were_due, unanswered, .. } = offered(outcome);
    assert_eq!((were_due, unanswered), (due, 0));
    let uncorrected = outcome.uncorrected_ns.as_ref().unwrap();
    assert_eq!((outcome.latency_ns.len(), uncorrected.len()), (due, due));
    assert!(outcome.lag_ns.as_ref().unwrap().len() >= due, "each left once at least");
    let over_time = outcome.over_time.as_ref().unwrap();
    assert_eq!(over_time.replies.iter().flatten().sum::<u64>(), outcome.requests, "those in the window");
}

#[test]
fn every_request_that_was_due_is_timed_once() {
    let address = server(echo);
    for (threads, connections, pipeline) in [(1, 1, 1), (2, 8, 1), (3, 5, 4)] {
        let outcome = go(&Load { pace: rate(2_000.0), threads, pipeline, ..load(address, connections) });
        assert_all_answered(&outcome, 1_000);
        assert_eq!(outcome.connections_served, connections);
    }
}

#[test]
fn random_distances_have_the_rate() {
    let address = server(echo);
    let pace = Pace::Open { rate: 2_000.0, schedule: Schedule::Poisson, seed: 5 };
    let outcome = go(&Load { pace, threads: 2, ..load(address, 4) });
    let due = offered(&outcome).due;
    // A Poisson number of mean 1,000: six deviations of 32.
    assert!((810..1_190).contains(&due), "{due}");
    assert_all_answered(&outcome, due);
}

#[test]
fn a_new_connection_per_request_keeps_a_schedule_too() {
    let address = server(echo);
    let outcome = go(&Load { pace: rate(200.0), keep_alive: false, ..load(address, 4) });
    assert_all_answered(&outcome, 100);
    assert!(outcome.connects >= outcome.requests_in_all);
}

#[test]
fn datagrams_keep_a_schedule_too() {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; MESSAGE];
        while let Ok((bytes, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..bytes], from);
        }
    });
    let outcome = go(&Load { pace: rate(400.0), transport: Transport::Udp, ..load(address, 3) });
    assert_all_answered(&outcome, 200);
    let think = Duration::from_millis(50);
    let pace = Pace::Closed { think };
    let outcome = go(&Load { pace, transport: Transport::Udp, ..load(address, 3) });
    assert_no_errors(&outcome);
    assert_eq!(outcome.connection_requests.len(), 3);
    assert_eq!(outcome.connection_requests.iter().sum::<u64>(), outcome.requests);
    assert!((3..=3 * (600 / 50 + 1)).contains(&outcome.requests_in_all), "{}", outcome.requests_in_all);
}

#[test]
fn a_server_that_falls_behind_does_not_look_good() {
    const DELAY: Duration = Duration::from_millis(50);
    let address = server(echo_after(DELAY));
    let timeout = Duration::from_millis(500);
    let outcome = go(&Load { pace: rate(100.0), timeout, ..load(address, 1) });
    assert_no_errors(&outcome);
    let Offered { due, left, unanswered } = offered(&outcome);
    assert_eq!(due, 50);
    // At most one each 50 ms, and as many again while the rest is waited for.
    assert!(left <= 11 && outcome.requests <= 11, "{left} {}", outcome.requests);
    assert!(unanswered >= 50 - 22, "{unanswered}");
    let uncorrected = outcome.uncorrected_ns.unwrap();
    assert_eq!((outcome.latency_ns.len(), uncorrected.len()), (due, due - unanswered));
    // What nobody got to has waited for longer than the time limit.
    let longest = Duration::from_nanos(outcome.latency_ns.max());
    assert!(longest >= timeout, "{longest:?}");
    // The generator was not the one who was late: its lag is far below what its requests waited.
    let lag = outcome.lag_ns.unwrap().value_at_quantile(0.5);
    assert!(lag < outcome.latency_ns.value_at_quantile(0.5) / 2, "{lag}");
}

#[test]
fn what_is_late_when_the_window_closes_is_waited_for() {
    // From its 250th request on, which is due in the first half of the window, it hangs until long after its close.
    let requests = Mutex::new(0);
    let address = server(move |mut stream| {
        while let Some(message) = message(&mut stream)? {
            let mut requests = requests.lock().unwrap();
            *requests += 1;
            if *requests == 250 {
                thread::sleep(Duration::from_millis(800)); // and nobody else counts meanwhile
            }
            drop(requests);
            stream.write_all(&message)?;
        }
        Ok(())
    });
    let outcome = go(&Load { pace: rate(1_000.0), ..load(address, 2) });
    assert_all_answered(&outcome, 500);
    assert!(outcome.requests < 500, "{}", outcome.requests);
    let longest = Duration::from_nanos(outcome.latency_ns.max());
    assert!(longest >= Duration::from_millis(750), "{longest:?}");
    let below = outcome.latency_ns.count_between(0, 1_000_000);
    assert!(outcome.latency_ns.len() - below >= 250, "half of them were due while it hung");
}

#[test]
fn a_connection_that_is_never_answered_takes_no_request_with_it() {
    let served = AtomicUsize::new(0);
    let address =
        server(
            move |stream| {
                if served.fetch_add(1, Ordering::SeqCst) == 0 { echo(stream) } else { silent(stream) }
            },
        );
    let outcome = go(&Load { pace: rate(200.0), ..load(address, 4) });
    assert_all_answered(&outcome, 100);
    assert_eq!(outcome.connections_served, 1);
}

#[test]
fn what_was_under_way_as_its_connection_ended_in_order_is_asked_again() {
    let address = server(echo_thrice);
    for pipeline in [1, 4] {
        let outcome = go(&Load { pace: rate(1_000.0), pipeline, ..load(address, 3) });
        assert_all_answered(&outcome, 500);
        assert!(outcome.connects >= 500 / 3, "{}", outcome.connects);
    }
}

#[test]
fn a_request_whose_connection_fails_is_an_error_and_in_no_latency() {
    let requests = Mutex::new(0);
    let address = server(move |mut stream| {
        while let Some(mut message) = message(&mut stream)? {
            let mut requests = requests.lock().unwrap();
            *requests += 1;
            message[0] ^= u8::from(*requests % 50 == 0);
            drop(requests);
            stream.write_all(&message)?;
        }
        Ok(())
    });
    let outcome = go(&Load { pace: rate(1_000.0), ..load(address, 4) });
    let Offered { due, unanswered, .. } = offered(&outcome);
    assert!(outcome.errors.wrong >= 5 && outcome.errors.wrong == outcome.errors.total());
    assert_eq!((due, unanswered), (500, 0));
    // Some of the wrong ones belong to the warm-up.
    assert!((due - outcome.errors.wrong..due).contains(&outcome.latency_ns.len()));
}

#[test]
fn an_open_loop_stops_when_it_is_told_to() {
    let address = server(silent_after_one);
    let plan = Load { pace: rate(100.0), duration: Duration::from_secs(600), ..load(address, 1) };
    let stop = AtomicBool::new(false);
    let echo = EchoClient::new(MESSAGE);
    let mut look = |_| stop.store(true, Ordering::SeqCst);
    let error = harness::load::run(&plan, Clients::of(&echo), &mut look, &stop).err().expect("an error");
    assert_eq!(error.to_string(), "the load was interrupted");
}

fn silent_after_one(mut stream: std::net::TcpStream) -> std::io::Result<()> {
    if let Some(message) = message(&mut stream)? {
        stream.write_all(&message)?;
    }
    silent(stream)
}

#[test]
fn rates_that_make_no_sense_are_refused() {
    let address = ([127, 0, 0, 1], 1).into();
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        let plan = Load { pace: rate(wrong), ..load(address, 1) };
        assert!(refused(&plan, Clients::of(&EchoClient::new(1))).contains("can't be asked for; try 1 to"));
    }
}
