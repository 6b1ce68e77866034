//! Takes samples of a process tree while a load runs, on a thread of its own, and keeps the peaks.
//!
//! A peak is the largest of the samples: what lived between two of them is not seen. Sampling must not become
//! part of what is measured, so each kind of sample has a budget of one hundredth of a core: a tree so large that
//! a sample is costly is sampled less often. The first sample is taken at once and the last when it is stopped.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use reports::record::Cost;

use super::census::Census;
use super::frugal::{processor_time, rest};
use super::placement;
use super::tree::Tree;

/// A sample is taken again after a hundred times what it cost, at the earliest: at most 1% of a core.
const REST: u32 = 100;

/// When and where to take samples.
#[derive(Debug, Clone)]
pub struct Sampling {
    /// How often to count processes and threads.
    pub count_every: Duration,
    /// How often to sum memory, which costs far more.
    pub memory_every: Duration,
    /// The processors that the sampling thread is bound to, the load generator's best; empty: not bound.
    pub processors: Vec<usize>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            count_every: Duration::from_millis(100),
            memory_every: Duration::from_millis(500),
            processors: Vec::new(),
        }
    }
}

/// The most of each that a sample saw.
#[derive(Debug, Clone, Default)]
pub struct Peaks {
    /// Processes at once; none if they could not be counted.
    pub processes: Option<u64>,
    /// Threads at once, over all processes.
    pub threads: Option<u64>,
    /// The proportional set size, summed over all processes.
    pub pss_bytes: Option<u64>,
    /// The same as the last sample saw it, which is no peak.
    pub last_pss_bytes: Option<u64>,
    /// The resident set size, summed over all processes: shared pages count once for each.
    pub rss_bytes: Option<u64>,
    /// Who came and went.
    pub census: Census,
    /// How many times processes and threads were counted.
    pub counts: u32,
    /// How many times memory was summed.
    pub sums: u32,
    /// What sampling itself cost, in processor time.
    pub cpu: Duration,
    /// The first sample that failed, in words.
    pub trouble: Option<String>,
}

/// A thread that takes samples until it is stopped or dropped.
#[derive(Debug)]
pub struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<Peaks>,
}

impl Sampler {
    /// Starts to take samples of `tree`.
    pub fn start(tree: Tree, sampling: Sampling) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let run = move || watch(tree, &sampling, &stopped);
        let thread = thread::Builder::new().name("sampler".to_owned()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    /// Takes a last sample and gives the peaks. Stop it while the load's connections are still open, or
    /// the last sample sees a server that is already at rest.
    pub fn stop(self) -> Peaks {
        // It may have ended by itself only by a panic, which the join shows.
        let _ = self.stop.send(());
        self.thread.join().unwrap_or_else(|_| Peaks {
            trouble: Some("the sampling thread panicked; its message is on stderr".to_owned()),
            ..Peaks::default()
        })
    }
}

impl Peaks {
    /// Fills in the peaks of a cost.
    pub fn complete(&self, cost: Cost) -> Cost {
        Cost {
            processes_peak: self.processes,
            threads_peak: self.threads,
            pss_peak_bytes: self.pss_bytes,
            pss_bytes: self.last_pss_bytes,
            rss_peak_bytes: self.rss_bytes,
            ..cost
        }
    }

    fn count(&mut self, tree: Tree) {
        match tree.look(&mut self.census) {
            Ok(sample) => {
                self.processes = self.processes.max(Some(sample.processes));
                self.threads = self.threads.max(Some(sample.threads));
                self.counts += 1;
            }
            Err(error) => self.note("processes can't be counted", &error),
        }
    }

    fn sum_memory(&mut self, tree: Tree) {
        match tree.memory() {
            Ok(memory) => {
                self.pss_bytes = self.pss_bytes.max(Some(memory.pss_bytes));
                self.rss_bytes = self.rss_bytes.max(Some(memory.rss_bytes));
                self.last_pss_bytes = Some(memory.pss_bytes);
                self.sums += 1;
            }
            Err(error) => self.note("memory can't be summed", &error),
        }
    }

    fn note(&mut self, what: &str, error: &io::Error) {
        self.trouble.get_or_insert_with(|| format!("{what}: {error}"));
    }
}

/// When a kind of sample is due.
struct Beat {
    every: Duration,
    due: Instant,
}

impl Beat {
    fn new(every: Duration) -> Self {
        Self { every, due: Instant::now() }
    }

    /// Takes a sample if it is due, and rests in proportion to what it cost.
    fn keep(&mut self, sample: impl FnOnce()) {
        if Instant::now() < self.due {
            return;
        }
        let before = used();
        sample();
        let cost = used().saturating_sub(before);
        self.due = Instant::now() + rest(self.every, cost, REST);
    }
}

fn watch(tree: Tree, sampling: &Sampling, stop: &Receiver<()>) -> Peaks {
    let mut peaks = Peaks::default();
    if let Err(error) = placement::bind_thread(&sampling.processors) {
        peaks.note("the sampling thread can't be bound to its processors", &error);
    }
    let mut counting = Beat::new(sampling.count_every);
    let mut summing = Beat::new(sampling.memory_every);
    loop {
        counting.keep(|| peaks.count(tree));
        summing.keep(|| peaks.sum_memory(tree));
        let left = counting.due.min(summing.due).saturating_duration_since(Instant::now());
        match stop.recv_timeout(left) {
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return peaks,
            Ok(()) => break,
        }
    }
    peaks.count(tree);
    peaks.sum_memory(tree);
    peaks.cpu = used();
    peaks
}

/// What this thread has used: nothing, where nobody says.
fn used() -> Duration {
    processor_time().unwrap_or_default()
}
