//! The load generator against servers with a known fault: it must read what arithmetic says.
//!
//! A fault is timed by the server itself, so that what is compared is what the generator read with what the server did, on
//! a busy machine as well. What a busy machine does to the generator is in its readings, as it should be: a witness,
//! a thread with nothing to do, tells such a run from a wrong one, and so does a plain client, which asks, waits and looks at the
//! clock. Only then it is tried again.

#[macro_use]
#[path = "../../models/tests/common/skipped.rs"]
mod skipped;
#[path = "common/threads.rs"]
mod threads;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use harness::load::{Clients, Edge, Load, Outcome, Pace, run};
use hdrhistogram::Histogram;
use reports::record::Schedule;
use threads::server;
use workloads::client::EchoClient;

/// How often a run is tried that the machine disturbed.
const TRIES: usize = 12;
/// A thread that woke this much late at least once, in a second on average, was disturbed.
const LATE: Duration = Duration::from_millis(1);
/// So was one that usually woke this much late. On a quiet machine it is 50 to 80 us, most of it the slack of its timers.
const USUALLY_LATE: Duration = Duration::from_micros(100);

/// A thread that sleeps and looks how late it wakes.
struct Witness {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Witness {
    fn begin() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut late = Vec::new();
            while !seen.load(Ordering::Relaxed) {
                let before = Instant::now();
                thread::sleep(Duration::from_millis(1));
                late.push(before.elapsed().saturating_sub(Duration::from_millis(1)));
            }
            late
        });
        Self { stop, thread }
    }

    /// What it saw, in so many seconds.
    fn end(self, seconds: f64) -> Lateness {
        self.stop.store(true, Ordering::Relaxed);
        let mut late = self.thread.join().unwrap();
        late.sort_unstable();
        let often = late.iter().filter(|late| **late > LATE).count() as f64 / seconds;
        Lateness { often, usual: late.get(late.len() / 2).copied().unwrap_or(Duration::MAX) }
    }
}

/// How late a thread woke that had nothing to do.
#[derive(Debug, Clone, Copy)]
struct Lateness {
    /// How often by more than [`LATE`], in each second.
    often: f64,
    /// The median.
    usual: Duration,
}

impl Lateness {
    /// What was wrong with the machine, if that is so.
    fn disturbance(self) -> Result<(), String> {
        let Self { often, usual } = self;
        if often < 1.0 && usual < USUALLY_LATE {
            return Ok(());
        }
        Err(format!("a witness was late {often:.1} times a second, and usually by {usual:?}"))
    }
}

/// Runs `attempt` until what it gives is right, as long as what went wrong was the machine's fault: `attempt` gives what
/// is wrong, and what was wrong with the machine.
fn holds_when_undisturbed(mut attempt: impl FnMut() -> [Result<(), String>; 2]) {
    // One after another: they would disturb each other.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut said = Vec::new();
    for _ in 0..TRIES {
        match attempt() {
            [Ok(()), _] => return,
            [Err(wrong), Err(disturbed)] => said.push(format!("{wrong} ({disturbed})")),
            [Err(wrong), Ok(())] => panic!("on a quiet machine: {wrong}; before: {said:#?}"),
        }
    }
    skipped!("never right, and the machine was never quiet: {said:#?}");
}

/// Runs a load; gives when its window opened and closed, and how late the witness was.
fn observed(load: &Load, client: &EchoClient) -> (Outcome, [Instant; 2], Lateness) {
    let (mut edges, begun, witness) = (Vec::new(), Instant::now(), Witness::begin());
    let mut look = |_: Edge| edges.push(Instant::now());
    let outcome = run(load, Clients::of(client), &mut look, &AtomicBool::new(false)).unwrap();
    let late = witness.end(begun.elapsed().as_secs_f64());
    (outcome, [edges[0], edges[1]], late)
}

fn quantile(histogram: &Histogram<u64>, quantile: f64) -> Duration {
    Duration::from_nanos(histogram.value_at_quantile(quantile))
}

/// What is wrong with a figure that must be within `part` of the truth.
fn within(what: &str, read: Duration, truth: Duration, part: f64) -> Result<(), String> {
    let ratio = read.as_secs_f64() / truth.as_secs_f64();
    if (ratio - 1.0).abs() <= part {
        Ok(())
    } else {
        Err(format!("{what}: read {read:?}, true is {truth:?}"))
    }
}

/// A server that stops for 100 ms in every second, and its own account of when it did.
struct Stalling {
    address: SocketAddr,
    stalls: Arc<Mutex<Vec<[Instant; 2]>>>,
}

impl Stalling {
    fn start() -> Self {
        let (gate, stalls) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(Vec::new())));
        let (closed, written) = (Arc::clone(&gate), Arc::clone(&stalls));
        thread::spawn(move || {
            loop {
                let begun = Instant::now();
                let gate = closed.lock().unwrap_or_else(PoisonError::into_inner);
                let from = Instant::now();
                thread::sleep(Duration::from_millis(100));
                drop(gate);
                written.lock().unwrap().push([from, Instant::now()]);
                thread::sleep(Duration::from_secs(1).saturating_sub(begun.elapsed()));
            }
        });
        let address = server(move |mut stream| {
            let mut message = [0; 64];
            while stream.read_exact(&mut message).is_ok() {
                drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
                if stream.write_all(&message).is_err() {
                    return;
                }
            }
        });
        Self { address, stalls }
    }

    /// The 99th percentile of how long a request has to wait, over requests that are due evenly between two moments.
    ///
    /// One that is due at `d` within a stall from `s` to `e` waits for `e - d`. So those that wait for longer than `x` were
    /// due between `s` and `e - x`, and the percentile is the `x` where these spans are a hundredth of the time. With a stall of
    /// 100 ms in each second it is 90 ms: they are 10 ms of each second.
    fn p99(&self, [opens, closes]: [Instant; 2]) -> Duration {
        let stalls = self.stalls.lock().unwrap();
        let waiting = |x: Duration| -> Duration {
            let spans = stalls.iter().map(|[from, to]| {
                let to = to.checked_sub(x).unwrap_or(opens).min(closes);
                to.saturating_duration_since((*from).max(opens))
            });
            spans.sum()
        };
        let hundredth = (closes - opens) / 100;
        let (mut low, mut high) = (Duration::ZERO, Duration::from_secs(10));
        while high > low + Duration::from_micros(1) {
            let middle = (low + high) / 2;
            if waiting(middle) > hundredth { low = middle } else { high = middle }
        }
        high
    }
}

#[test]
fn a_stall_of_a_tenth_of_the_time_is_read_as_the_wait_it_causes() {
    let server = Stalling::start();
    let load = Load {
        address: server.address.into(),
        connections: 4,
        pace: Pace::Open { rate: 1_000.0, schedule: Schedule::Constant, seed: 0 },
        warm_up: Duration::from_millis(200),
        duration: Duration::from_secs(5),
        ..Load::default()
    };
    holds_when_undisturbed(|| {
        let (outcome, window, late) = observed(&load, &EchoClient::new(64));
        assert_eq!(outcome.errors.total(), 0, "{:?}", outcome.first_error);
        assert_eq!(outcome.latency_ns.len(), 5_000);
        let corrected = quantile(&outcome.latency_ns, 0.99);
        let uncorrected = quantile(outcome.uncorrected_ns.as_ref().unwrap(), 0.99);
        // Of 1,000 requests a second only those four wait that had left when it stopped: less than one in a hundred.
        let below = if uncorrected < corrected / 4 {
            Ok(())
        } else {
            Err(format!("uncorrected, {uncorrected:?} is not far below {corrected:?}"))
        };
        [within("p99", corrected, server.p99(window), 0.05).and(below), late.disturbance()]
    });
}

const DELAY: Duration = Duration::from_millis(5);

/// A server that answers after [`DELAY`], and its own account of how long it took.
///
/// It looks for bytes without sleeping, and waits for the last fifth of the delay without sleeping: else the kernel's time to wake
/// it would be in what is read, and in no account of its own.
fn delaying() -> (SocketAddr, Arc<Mutex<Vec<Duration>>>) {
    let delays = Arc::new(Mutex::new(Vec::with_capacity(10_000)));
    let written = Arc::clone(&delays);
    let address = server(move |mut stream| {
        stream.set_nonblocking(true).unwrap();
        let mut message = [0; 64];
        loop {
            match stream.read(&mut message) {
                Ok(64) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    thread::yield_now();
                    continue;
                }
                Ok(_) | Err(_) => return,
            }
            let arrived = Instant::now();
            thread::sleep(DELAY * 4 / 5);
            while arrived.elapsed() < DELAY {
                std::hint::spin_loop();
            }
            written.lock().unwrap().push(arrived.elapsed());
            if stream.write_all(&message).is_err() {
                return;
            }
        }
    });
    (address, delays)
}

fn median(mut of: Vec<Duration>) -> Duration {
    of.sort_unstable();
    of[of.len() / 2]
}

/// What a client reads that does nothing but ask and wait: the delay, and what this machine takes to carry and to wake.
fn plain_client(address: SocketAddr) -> Duration {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut ask = || {
        let asked = Instant::now();
        stream.write_all(&[7; 64]).unwrap();
        stream.read_exact(&mut [0; 64]).unwrap();
        asked.elapsed()
    };
    median((0..60).map(|_| ask()).collect())
}

#[test]
fn a_fixed_delay_is_read_as_that_delay() {
    let (address, delays) = delaying();
    let load = Load { address: address.into(), duration: Duration::from_millis(1_500), ..Load::default() };
    holds_when_undisturbed(|| {
        let before = plain_client(address);
        delays.lock().unwrap().clear();
        let (outcome, _, late) = observed(&load, &EchoClient::new(64));
        assert_eq!(outcome.errors.total(), 0, "{:?}", outcome.first_error);
        let own = median(delays.lock().unwrap().clone());
        let plain = before.max(plain_client(address));
        let read = quantile(&outcome.latency_ns, 0.5);
        // The truth is the delay. Where carrying and waking take a plain client half of what is allowed, or more, it is what that
        // client reads: the generator may add nothing to it.
        let machine = within("a plain client's median", plain, DELAY, 0.01);
        if let Err(slow) = &machine {
            skipped!("5 ms itself, as this machine takes long to wake anybody: {slow}");
        }
        let right = within("median, by a plain client's", read, plain, 0.02).and(match machine {
            Ok(()) => within("median", read, DELAY, 0.02).and(within(
                "median, by the server's clock",
                read,
                own,
                0.02,
            )),
            Err(_) => Ok(()),
        });
        [right, late.disturbance()]
    });
}

#[test]
fn one_byte_in_a_million_that_is_not_right_is_caught() {
    const MESSAGE: usize = 16 * 1024;
    // Where it lied, in a message: offset, what it sent, what is right.
    let lies = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&lies);
    let random = Mutex::new(fastrand::Rng::with_seed(3));
    let address = server(move |mut stream| {
        let mut message = vec![0; MESSAGE];
        while stream.read_exact(&mut message).is_ok() {
            // A byte of a million: this message has it with this chance, anywhere.
            let mut random = random.lock().unwrap();
            if random.f64() < MESSAGE as f64 / 1e6 {
                let at = random.usize(..MESSAGE);
                let right = message[at];
                message[at] ^= 1 << random.u8(..8);
                told.lock().unwrap().push((at, message[at], right));
            }
            drop(random);
            if stream.write_all(&message).is_err() {
                return;
            }
        }
    });
    let load = Load { address: address.into(), ..Load::default() };
    let (mut outcome, _, _) = observed(&load, &EchoClient::new(MESSAGE));
    // About one in sixty: a second has some dozens, unless the machine has other things to do.
    for seconds in [4, 16] {
        if outcome.errors.total() == 0 {
            lies.lock().unwrap().clear();
            (outcome, ..) = observed(
                &Load { duration: Duration::from_secs(seconds), address: address.into(), ..Load::default() },
                &EchoClient::new(MESSAGE),
            );
        }
    }
    let lies = lies.lock().unwrap();
    let (caught, told) = (outcome.errors.wrong, lies.len() as u64);
    assert!(caught > 0 && caught == outcome.errors.total(), "{:?}", outcome.errors);
    // The last one may have been on its way when the load ended.
    assert!((told - 1..=told).contains(&caught), "{caught} of {told}");
    let (at, sent, right) = lies[0];
    let sentence = format!("byte {at} of the reply's body is 0x{sent:02x}, where 0x{right:02x} is right");
    assert_eq!(outcome.first_error.as_deref(), Some(sentence.as_str()));
}
