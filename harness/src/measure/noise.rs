//! What else the machine did while something was measured: steal, hiccups, and how fast it computed.
//!
//! * **Steal** is time in which a processor had something to run and the hypervisor ran somebody else (`/proc/stat`,
//!   `proc_stat(5)`). It is counted in ticks of 10 ms mostly, so a window of less than 100 ms has none that could be told.
//! * A **hiccup** is how late a thread woke that has nothing to do: it sleeps a few milliseconds at a time and looks at the
//!   clock. It is bound to the processors of the measurement and gets no priority, so it waits for whoever computes there, the
//!   server and the generator included, as one of many would: mostly up to a slice of the scheduler's, some 3 ms.
//! * A **spin** is a fixed piece of arithmetic, the best of a few. It shows how fast the processor is: less beside a busy
//!   neighbour on the same core, or with the clock turned down. It touches no memory and calls nobody, so it shows
//!   nothing of caches and of the kernel.
//!
//! What a cell adds to these is how long the generator's threads and the server's waited for a processor (`cell/waits.rs`).
//!
//! How much of this is too much depends on the machine: [`weather`](super::weather) judges it.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::io;
use std::str;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::prctl;
use reports::record::{Noise, Placement};

use super::frugal::{processor_time, rest};
use super::placement::{Bound, bind_thread, first};
use super::proc;

/// How long the idle thread sleeps at a time.
const NAP: Duration = Duration::from_millis(5);
/// It sleeps for at least so many times what waking costs: so it takes less than 0.5% of a core.
const REST: u32 = 200;
/// The steps of a spin. Each waits for the one before, for some 4 cycles: 0.27 ms at 3.7 GHz, and some 1.3 ms in a
/// build that was not optimised. Both are less than a slice of the scheduler's.
const SPIN_STEPS: u64 = 250_000;
/// A spin is the best of so many: an interruption, or a wait for somebody else's slice, meets some of them, and a slow
/// processor all.
const SPINS: u32 = 10;
/// Spins differ by more than this only where the processor's speed has changed, as a share of the shorter one.
pub const SPIN_SHARE: f64 = 0.05;
/// Ticks of steal are told of a window with at least so many on each processor.
const TICKS_AT_LEAST: f64 = 10.0;

/// Watches the machine until it is stopped or dropped.
#[derive(Debug)]
pub struct Watch {
    steal: Option<Steal>,
    idler: io::Result<Idler>,
}

/// What a watch saw.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Seen {
    /// Which part of the time the hypervisor gave to others, 0 to 1; none where it can't be told.
    pub steal_share: Option<f64>,
    /// The longest that the idle thread was late; none if it could not be started.
    pub hiccup: Option<Duration>,
    /// What watching cost, in processor time.
    pub cpu: Duration,
}

impl Watch {
    /// Begins to watch these processors; of none, all that this thread may run on.
    pub fn start(processors: &[usize]) -> Self {
        let on = processors.to_vec();
        Self { steal: Steal::begin(processors), idler: Idler::start(on) }
    }

    /// Ends the watch.
    pub fn stop(self) -> Seen {
        let steal_share = self.steal.and_then(Steal::share);
        let idled = self.idler.ok().and_then(Idler::stop);
        Seen {
            steal_share,
            hiccup: idled.map(|it| it.latest),
            cpu: idled.map_or(Duration::ZERO, |it| it.cpu),
        }
    }
}

impl Seen {
    /// As the record has it, with the spins before and after, and what sampling cost beside watching.
    pub fn noise(self, before: Option<Duration>, after: Option<Duration>, sampling: Duration) -> Noise {
        let us = |time: Duration| time.as_secs_f64() * 1e6;
        Noise {
            steal_share: self.steal_share,
            hiccup_us: self.hiccup.map(us),
            spin_before_us: before.map(us),
            spin_after_us: after.map(us),
            watching_cpu_s: Some((self.cpu + sampling).as_secs_f64()),
            ..Noise::default()
        }
    }
}

/// The processors that a measurement uses, each once.
pub fn in_use(placement: &Placement) -> Vec<usize> {
    let both = placement.server.iter().chain(&placement.client).copied();
    both.collect::<BTreeSet<_>>().into_iter().collect()
}

/// How long a fixed piece of arithmetic takes on the first of these processors (of none: on any), at best; none if the thread
/// can't be bound there. Nothing else should have something to do there just then.
pub fn spin(processors: &[usize]) -> Option<Duration> {
    let _here = Bound::to(first(processors)).ok()?;
    (0..SPINS).map(|_| steps_took(SPIN_STEPS)).min()
}

/// How long so many steps take. The compiler must know nothing of any of them: it makes one step of eight where it knows
/// what they come to together, and a spin over in no time.
fn steps_took(steps: u64) -> Duration {
    let begun = Instant::now();
    let mut number = 1_u64;
    for _ in 0..steps {
        // Knuth's generator (MMIX): a multiplication and an addition.
        number =
            black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    }
    begun.elapsed()
}

/// The steal of some processors up to one moment.
#[derive(Debug)]
struct Steal {
    processors: Vec<usize>,
    ticks: u64,
    began: Instant,
}

impl Steal {
    /// None where the kernel has no such column.
    fn begin(processors: &[usize]) -> Option<Self> {
        let processors = match processors {
            [] => super::placement::processors().ok()?,
            some => some.to_vec(),
        };
        let ticks = stolen(&processors)?;
        Some(Self { processors, ticks, began: Instant::now() })
    }

    fn share(self) -> Option<f64> {
        let ticks = stolen(&self.processors)?.saturating_sub(self.ticks);
        let each = self.began.elapsed().as_secs_f64() * procfs::ticks_per_second() as f64;
        (each >= TICKS_AT_LEAST).then(|| (ticks as f64 / (each * self.processors.len() as f64)).min(1.0))
    }
}

/// The ticks stolen from these processors since the machine started.
fn stolen(processors: &[usize]) -> Option<u64> {
    stolen_in(&proc::contents("/proc/stat").ok()??, processors)
}

fn stolen_in(stat: &[u8], processors: &[usize]) -> Option<u64> {
    processors.iter().map(|processor| column(stat, &format!("cpu{processor} "), STEAL)).sum()
}

/// The column of steal behind a processor's name (`proc_stat(5)`, since Linux 2.6.11).
const STEAL: usize = 7;

fn column(stat: &[u8], name: &str, number: usize) -> Option<u64> {
    let line = stat.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name.as_bytes()))?;
    str::from_utf8(line).ok()?.split_ascii_whitespace().nth(number)?.parse().ok()
}

/// The steal of all processors since the machine started, as a share of their time; none where the kernel has no such column.
pub fn steal_so_far() -> Option<f64> {
    share_in(&proc::contents("/proc/stat").ok()??)
}

fn share_in(stat: &[u8]) -> Option<f64> {
    // Guests' time, in the columns behind steal, stands in the first two as well.
    let columns = (0..=STEAL).map(|number| column(stat, "cpu ", number)).collect::<Option<Vec<_>>>()?;
    let all: u64 = columns.iter().sum();
    (all > 0).then(|| columns[STEAL] as f64 / all as f64)
}

/// A thread with nothing to do.
#[derive(Debug)]
struct Idler {
    stop: Sender<()>,
    thread: JoinHandle<Idled>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Idled {
    latest: Duration,
    cpu: Duration,
}

impl Idler {
    fn start(processors: Vec<usize>) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let begun = Instant::now();
        let run = move || {
            // Where it can't be bound it still wakes, on whichever processor there is.
            let _ = bind_thread(&processors);
            idle(begun, &stopped)
        };
        let thread = thread::Builder::new().name("idler".to_owned()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    fn stop(self) -> Option<Idled> {
        // It has ended by itself only if it panicked, which the join shows.
        let _ = self.stop.send(());
        self.thread.join().ok()
    }
}

/// `since` is when the watch began: that the thread could not run at once is a hiccup as well.
fn idle(since: Instant, stop: &Receiver<()>) -> Idled {
    // The kernel may let a timer go off later by so much, to wake once for several (prctl(2), PR_SET_TIMERSLACK).
    let slack = prctl::get_timerslack().map_or(0, |nanoseconds| nanoseconds.unsigned_abs().into());
    let slack = Duration::from_nanos(slack);
    let mut idled = Idled { latest: since.elapsed().saturating_sub(slack), cpu: Duration::ZERO };
    let mut nap = NAP;
    loop {
        let begun = Instant::now();
        let woken = stop.recv_timeout(nap);
        idled.latest = idled.latest.max(begun.elapsed().saturating_sub(nap + slack));
        let cpu = processor_time().unwrap_or(idled.cpu);
        nap = rest(NAP, cpu.saturating_sub(idled.cpu), REST);
        idled.cpu = cpu;
        if woken != Err(RecvTimeoutError::Timeout) {
            return idled;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &[u8] = b"cpu  100 0 100 700 0 0 0 100 50 0\ncpu0 50 0 50 340 0 0 0 60 50 0\ncpu1 50 0 50 360 0 0 0 40\ncpu10 1 1 1 1 1 1 1 7\nintr 9\n";

    #[test]
    fn steal_is_the_eighth_column_of_the_processors_in_use() {
        assert_eq!(stolen_in(STAT, &[0, 1]), Some(100));
        assert_eq!(stolen_in(STAT, &[1]), Some(40));
        assert_eq!(stolen_in(STAT, &[10]), Some(7));
        assert_eq!(share_in(STAT), Some(0.1));
    }

    #[test]
    fn a_kernel_without_the_column_tells_no_steal() {
        assert_eq!(stolen_in(b"cpu0 50 0 50 340\n", &[0]), None);
        assert_eq!(stolen_in(STAT, &[0, 2]), None);
        assert_eq!(share_in(b"cpu  1 2 3 4\n"), None);
    }

    #[test]
    fn the_idle_thread_takes_less_than_half_a_percent_of_a_core() {
        let nap_after = |cost| rest(NAP, cost, REST);
        assert_eq!(nap_after(Duration::from_micros(5)), NAP);
        assert_eq!(nap_after(Duration::from_millis(1)), Duration::from_millis(200));
    }

    #[test]
    fn twice_as_many_steps_take_twice_as_long_and_none_is_saved() {
        // The best of many, in turn: the processor's speed may change meanwhile, and others may run.
        let best = |steps| (0..50).map(|_| steps_took(steps)).min().unwrap().as_secs_f64();
        let ratio = |_| best(2 * SPIN_STEPS) / best(SPIN_STEPS);
        let mut ratios: Vec<f64> = (0..5).map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        assert!((1.6..2.5).contains(&ratios[2]), "{ratios:?}");
        // A multiplication and an addition that wait for each other take 4 cycles or more.
        let nanoseconds = best(SPIN_STEPS) * 1e9 / SPIN_STEPS as f64;
        assert!(nanoseconds > 0.3, "{nanoseconds} ns a step");
    }

    #[test]
    fn processors_that_both_sides_use_count_once() {
        let placement =
            |server: &[usize], client: &[usize]| Placement { server: server.into(), client: client.into() };
        assert_eq!(in_use(&placement(&[1, 0], &[3])), [0, 1, 3]);
        assert_eq!(in_use(&placement(&[2], &[2])), [2]);
    }
}
