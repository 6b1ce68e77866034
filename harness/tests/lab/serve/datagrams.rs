//! Servers and the generator over UDP.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use harness::load::{self, Clients, Load, Outcome};
use harness::server::Server;
use harness::transport::Transport;
use harness::workload::Workload;
use models::datagram::datagram_servers;
use nix::sys::signal::Signal;
use reports::record::Errors;

use crate::common::{
    PATIENCE, children_of, ended_in_order, eventually, held_still, ip, send, serve_over, stop,
};

const MOST: usize = 65_507;
/// After this long a datagram is taken for lost, and is sent again: a network may do that, also one inside a machine.
const LOST_AFTER: Duration = Duration::from_secs(2);

fn all() -> impl Iterator<Item = &'static str> {
    datagram_servers().iter().map(|model| model.name)
}

fn serve(model: &str) -> Server {
    serve_over(Transport::Udp, model, "echo")
}

fn client(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(LOST_AFTER)).unwrap();
    socket
}

/// Sends `message` until it comes back. What comes back otherwise must be an earlier one of ours that was sent again.
fn exchange(socket: &UdpSocket, message: &[u8], earlier: &BTreeSet<Vec<u8>>) {
    let mut buffer = vec![0; MOST + 1];
    for _ in 0..10 {
        socket.send(message).unwrap();
        loop {
            match socket.recv(&mut buffer) {
                Ok(bytes) if &buffer[..bytes] == message => return,
                Ok(bytes) => assert!(earlier.contains(&buffer[..bytes]), "{bytes} wrong bytes"),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {} // calls with a time limit are not restarted
                Err(error) => panic!("{error}"),
            }
        }
    }
    panic!("{} bytes never came back", message.len());
}

fn is_still_there(server: &Server) {
    exchange(&client(ip(server)), b"still there?", &BTreeSet::new());
}

#[test]
fn every_model_echoes_a_thousand_datagrams_of_all_sizes_to_twenty_clients() {
    const SIZES: [usize; 10] = [0, 1, 7, 8, 64, 1_472, 1_473, 9_000, 30_000, MOST];
    for model in all() {
        let server = serve(model);
        let address = ip(&server);
        thread::scope(|scope| {
            for number in 0..20_u8 {
                scope.spawn(move || {
                    let socket = client(address);
                    let mut earlier = BTreeSet::new();
                    for turn in 0..50_u8 {
                        let size = SIZES[usize::from(turn) % SIZES.len()];
                        let message: Vec<u8> =
                            (0..size).map(|at| (at % 251) as u8 ^ number ^ turn.rotate_left(3)).collect();
                        exchange(&socket, &message, &earlier);
                        earlier.insert(message);
                    }
                });
            }
        });
        eventually("no child is left", || children_of(server.pid()).is_empty());
        let threads = || std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap().count();
        if model == "thread" {
            eventually("no thread is left", || threads() == 1);
        }
        stop(server);
    }
}

#[test]
fn what_had_arrived_before_the_signal_is_answered() {
    for model in all() {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let server = serve(model);
            let socket = client(ip(&server));
            send(&server, Signal::SIGSTOP);
            for number in 0..100_u8 {
                socket.send(&[number; 100]).unwrap();
            }
            send(&server, signal);
            send(&server, Signal::SIGCONT);
            let mut heard = BTreeSet::new();
            let mut buffer = [0; 200];
            while heard.len() < 100 {
                let bytes = match socket.recv(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    got => got.unwrap_or_else(|error| {
                        panic!("{model} {signal}: {error} after {} of 100", heard.len())
                    }),
                };
                assert!(bytes == 100 && buffer[..100].iter().all(|byte| *byte == buffer[0]));
                assert!(heard.insert(buffer[0]), "{model} answered twice");
            }
            ended_in_order(server);
        }
    }
}

#[test]
fn a_server_ends_although_datagrams_keep_coming() {
    for model in all() {
        let server = serve(model);
        let (address, over) = (ip(&server), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let socket = client(address);
                    while !over.load(Ordering::Relaxed) {
                        let _ = socket.send(b"more"); // refused once the server has ended
                    }
                });
            }
            thread::sleep(Duration::from_millis(100));
            send(&server, Signal::SIGTERM);
            // The threads must end whatever comes of it.
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| ended_in_order(server)));
            over.store(true, Ordering::Relaxed);
            assert!(ended.is_ok(), "{model}");
        });
    }
}

#[test]
fn a_client_who_has_gone_is_nobody_elses_trouble() {
    for model in all() {
        let server = serve(model);
        for _ in 0..3 {
            send(&server, Signal::SIGSTOP);
            for _ in 0..5 {
                client(ip(&server)).send(b"answer me if you can").unwrap();
            }
            send(&server, Signal::SIGCONT);
            is_still_there(&server);
        }
        stop(server);
    }
}

#[test]
fn a_burst_beyond_all_bounds_is_survived_and_leaves_nothing() {
    for model in ["fork:children=2", "thread:threads=1", "thread-pool:workers=1,queue=1"] {
        let server = serve(model);
        let socket = client(ip(&server));
        send(&server, Signal::SIGSTOP);
        for _ in 0..1_000 {
            socket.send(b"burst").unwrap();
        }
        send(&server, Signal::SIGCONT);
        let (mut heard, mut buffer) = (0, [0; 100]);
        socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        while let Ok(bytes) = socket.recv(&mut buffer) {
            assert_eq!(&buffer[..bytes], b"burst");
            heard += 1;
        }
        assert!((1..=1_000).contains(&heard), "{model}: {heard}");
        is_still_there(&server);
        eventually("no child is left", || children_of(server.pid()).is_empty());
        stop(server);
    }
}

#[test]
fn no_more_children_are_alive_than_were_asked_for() {
    let server = serve("fork:children=2");
    let (address, over) = (ip(&server), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let socket = client(address);
            while !over.load(Ordering::Relaxed) {
                let _ = socket.send(b"more");
            }
        });
        let most = (0..50).map(|_| held_still(&server, || children_of(server.pid()).len())).max();
        over.store(true, Ordering::Relaxed);
        assert!(most <= Some(2), "{most:?}");
    });
    stop(server);
}

fn load(address: SocketAddr, connections: usize, timeout: Duration) -> Load {
    Load {
        address: address.into(),
        transport: Transport::Udp,
        connections,
        threads: 1,
        keep_alive: true,
        warm_up: Duration::from_millis(50),
        duration: Duration::from_millis(400),
        timeout,
        processors: Vec::new(),
        ..Load::default()
    }
}

fn go(load: &Load, bytes: usize) -> Outcome {
    let client = Workload::new("echo", "/", bytes).unwrap().client("test", true).unwrap();
    load::run(load, Clients::of(&*client), &mut |_| (), &AtomicBool::new(false)).unwrap()
}

#[test]
fn the_generator_gets_right_replies_from_every_model() {
    for model in all() {
        let server = serve(model);
        for (bytes, connections) in [(1, 8), (64, 16), (MOST, 2)] {
            let enough = |it: &Outcome| {
                it.errors.total() > 0 || (it.requests > 0 && it.connections_served == connections)
            };
            // A busy machine needs longer than a quiet one.
            let mut outcomes = [1, 3, 9, 27].into_iter().map(|times| {
                let load = load(ip(&server), connections, PATIENCE);
                go(&Load { duration: load.duration * times, ..load }, bytes)
            });
            let outcome = outcomes.find(enough).unwrap_or_else(|| panic!("{model} left some unanswered"));
            assert_eq!(outcome.errors, Errors::default(), "{model}: {:?}", outcome.first_error);
            assert_eq!(outcome.latency_ns.len(), outcome.requests);
            assert_eq!((outcome.connects, outcome.connections_served), (connections as u64, connections));
        }
        stop(server);
    }
}

/// A server that does with each datagram what `answer` says, until the test's process ends. `answer` gets its number,
/// from 1, and a way to send to whom it came from.
fn server(
    answer: impl Fn(u64, &[u8], &dyn Fn(&[u8]) -> io::Result<()>) -> io::Result<()> + Send + 'static,
) -> (SocketAddr, Arc<AtomicU64>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    thread::spawn(move || {
        let mut buffer = vec![0; MOST + 1];
        while let Ok((bytes, from)) = socket.recv_from(&mut buffer) {
            let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
            let _ = answer(number, &buffer[..bytes], &|reply| socket.send_to(reply, from).map(drop));
        }
    });
    (address, seen)
}

#[test]
fn every_datagram_that_comes_back_is_counted_once() {
    let (address, seen) = server(|_, data, send| send(data));
    let outcome = go(&load(address, 4, PATIENCE), 64);
    assert_eq!(outcome.errors, Errors::default(), "{:?}", outcome.first_error);
    let served = seen.load(Ordering::SeqCst);
    assert!((served - 4..=served).contains(&outcome.requests_in_all), "{} {served}", outcome.requests_in_all);
}

#[test]
fn a_lost_datagram_is_a_timeout_and_the_next_one_is_sent() {
    let (address, seen) =
        server(|number, data, send| if number.is_multiple_of(20) { Ok(()) } else { send(data) });
    let outcome = go(&load(address, 2, Duration::from_millis(40)), 64);
    let errors = outcome.errors;
    assert!(errors.timeout > 0 && errors.timeout == errors.total(), "{errors:?}");
    let first = outcome.first_error.unwrap();
    assert!(first.contains("no reply to a datagram within 40ms"), "{first}");
    assert!(outcome.requests_in_all > 20, "{}", outcome.requests_in_all);
    assert_eq!(outcome.connects, 2, "the sockets stay");
    let served = seen.load(Ordering::SeqCst);
    assert!(outcome.requests_in_all + errors.timeout + 2 >= served, "{served}");
}

#[test]
fn a_late_reply_is_not_taken_for_the_right_one() {
    // Every other datagram is answered only after the next one has come, when it has been given up; and the answer to
    // that one comes first, in another order, or not at all.
    let held = std::sync::Mutex::new(Vec::new());
    let (address, seen) = server(move |number, data, send| {
        let mut held = held.lock().unwrap();
        if number % 2 == 1 {
            *held = data.to_vec();
            return Ok(());
        }
        send(&held)?;
        send(&held)?;
        send(data)
    });
    let outcome = go(&load(address, 1, Duration::from_millis(20)), 64);
    let (errors, served) = (outcome.errors, seen.load(Ordering::SeqCst));
    assert!(errors.timeout > 0 && errors.timeout == errors.total(), "{errors:?} {:?}", outcome.first_error);
    assert!(outcome.requests_in_all > 0 && outcome.requests_in_all <= served / 2, "late ones were counted");
}

#[test]
fn a_datagram_that_comes_twice_counts_once() {
    let (address, seen) = server(|_, data, send| send(data).and_then(|()| send(data)));
    let outcome = go(&load(address, 2, PATIENCE), 64);
    assert_eq!(outcome.errors, Errors::default(), "{:?}", outcome.first_error);
    assert!(outcome.requests_in_all > 2 && outcome.requests_in_all <= seen.load(Ordering::SeqCst));
}

#[test]
fn a_changed_cut_or_longer_datagram_is_wrong_and_no_storm() {
    type Spoil = fn(&[u8]) -> Vec<u8>;
    let spoil: [(Spoil, &str); 3] = [
        (|data| data.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 40)).collect(), "byte 40"),
        (|data| data[1..].to_vec(), "63 bytes"),
        (|data| [data, b"!"].concat(), "65 bytes"),
    ];
    for (spoil, words) in spoil {
        let (address, _) = server(move |_, data, send| send(&spoil(data)));
        let outcome = go(&load(address, 2, PATIENCE), 64);
        let errors = outcome.errors;
        assert!(errors.wrong > 0 && errors.wrong == errors.total(), "{errors:?}");
        // 450 ms at one attempt per 50 ms and socket.
        assert!(errors.wrong <= 2 * 11, "{}", errors.wrong);
        assert!(outcome.first_error.as_deref().unwrap().contains(words), "{:?}", outcome.first_error);
        assert_eq!(outcome.requests_in_all, 0);
    }
}

#[test]
fn nobody_listening_is_a_connect_error_and_no_storm() {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = go(&load(free, 4, Duration::from_millis(200)), 64);
    let errors = outcome.errors;
    assert!(errors.connect > 0 && errors.connect == errors.total(), "{errors:?}");
    assert!(errors.connect <= 4 * 12, "{}", errors.connect);
    assert!(outcome.first_error.as_deref().unwrap().contains("nobody listens there"));
    assert_eq!(outcome.connections_served, 0);
}

#[test]
fn loads_that_datagrams_cannot_carry_are_refused() {
    let here = ([127, 0, 0, 1], 9).into();
    let refused = |workload: &str, bytes: usize| {
        let client = Workload::new(workload, "/", bytes).unwrap().client("test", true).unwrap();
        let plan = load(here, 1, PATIENCE);
        let outcome = load::run(&plan, Clients::of(&*client), &mut |_| (), &AtomicBool::new(false));
        format!("{:#}", outcome.err().unwrap())
    };
    assert!(refused("http", 1).contains("has no datagrams; try echo"));
    assert!(refused("echo", MOST + 1).contains("room for 65507 bytes, and the message has 65508"));
}
