//! Latencies second by second, in the log format that `HdrHistogram`'s own tools read (version 1.3, V2 histograms, deflated).
//!
//! Each thread counts into one interval at a time. When its second is over it is passed to the calling thread, and an
//! empty one is taken on from those that came back. The calling thread adds up what all threads have counted in a second and
//! writes it, so that a load of any length needs the same room. All of it is written in one of the calling thread's rounds:
//! should that be late, a thread without an empty interval goes on with the one it has, which then spans two seconds.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{LineWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriter, IntervalLogWriterBuilder, Tag};

use super::latencies::Latencies;
use super::tally::Window;
use crate::failure::Usage;

const SECOND: Duration = Duration::from_secs(1);
/// How many empty intervals a thread has in stock: for so many seconds the calling thread may be busy with other things.
const STOCK: usize = 4;
/// The columns, as other writers of the format name them.
const LEGEND: &str =
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
/// Values are in nanoseconds; the column of the maxima, which is for people, is in milliseconds as elsewhere.
const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

/// What one thread has counted in one second.
struct Interval {
    thread: usize,
    /// Which second of the window, or after it, from 0.
    number: u64,
    /// When it ended, after the window's opening.
    end: Duration,
    latencies: Latencies,
    is_last: bool,
}

/// One thread's end.
pub(super) struct Intervals {
    thread: usize,
    opens: Instant,
    number: u64,
    /// When to look whether a second is over.
    next: Instant,
    full: SyncSender<Interval>,
    empty: Receiver<Latencies>,
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

impl Intervals {
    /// When the present second ends.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Passes `latencies` on if their second is over, and leaves empty ones in their place.
    pub(super) fn turn(&mut self, now: Instant, latencies: &mut Latencies) {
        if now < self.next {
            return;
        }
        let number = now.saturating_duration_since(self.opens).as_secs();
        self.next = self.opens + seconds(number + 1);
        if let Ok(empty) = self.empty.try_recv() {
            let full = std::mem::replace(latencies, empty);
            self.pass(full, seconds(number), false);
            self.number = number;
        }
    }

    /// Passes the last ones on; the thread counts nothing any more.
    pub(super) fn finish(self, now: Instant, latencies: &mut Latencies) {
        let open_loop = latencies.uncorrected.is_some();
        let full = std::mem::replace(latencies, Latencies::new(open_loop));
        self.pass(full, now.saturating_duration_since(self.opens), true);
    }

    fn pass(&self, latencies: Latencies, end: Duration, is_last: bool) {
        let interval = Interval { thread: self.thread, number: self.number, end, latencies, is_last };
        // There is room for all there are. Where nobody listens any more the load has failed, and says why itself.
        let _ = self.full.send(interval);
    }
}

/// The calling thread's end: what has come from the threads.
pub(super) struct Collector {
    /// How long the window is.
    duration: Duration,
    from_threads: Receiver<Interval>,
    /// The way back of each thread's empty intervals, and which second it has passed on last, if it is not through.
    threads: Vec<(SyncSender<Latencies>, Option<u64>)>,
    /// Seconds that some thread has still to pass on, in order.
    pending: VecDeque<Summed>,
    /// Room for those to come.
    stock: Vec<Latencies>,
    /// All that was written.
    pub(super) total: Latencies,
}

/// One second over all threads.
struct Summed {
    number: u64,
    end: Duration,
    latencies: Latencies,
}

/// Makes the ends of all threads, and the one that they pass their intervals to.
pub(super) fn channels(threads: usize, window: Window, open_loop: bool) -> (Collector, Vec<Intervals>) {
    let (full, from_threads) = sync_channel(threads * (STOCK + 1));
    let (mut back, mut ends) = (Vec::with_capacity(threads), Vec::with_capacity(threads));
    for thread in 0..threads {
        let (give_back, empty) = sync_channel(STOCK + 1);
        for _ in 0..STOCK {
            // There is room for as many.
            let _ = give_back.try_send(Latencies::new(open_loop));
        }
        back.push((give_back, Some(0)));
        let (opens, full) = (window.opens, full.clone());
        ends.push(Intervals { thread, opens, number: 0, next: opens + SECOND, full, empty });
    }
    let collector = Collector {
        duration: window.closes - window.opens,
        from_threads,
        threads: back,
        pending: VecDeque::with_capacity(STOCK + 1),
        stock: Vec::with_capacity(STOCK + 1),
        total: Latencies::new(open_loop),
    };
    (collector, ends)
}

impl Collector {
    /// Takes what has come and gives `write` every second that all threads are through with.
    pub(super) fn collect(
        &mut self,
        mut write: impl FnMut(Duration, Duration, &Latencies) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        while let Ok(interval) = self.from_threads.try_recv() {
            self.add(interval);
        }
        while let Some(summed) = self.next_complete() {
            let begin = seconds(summed.number);
            // Seconds without a reply are part of the story, but not after the window, when nothing may be left to wait for.
            if begin < self.duration || !summed.latencies.latency.is_empty() {
                let open_loop = self.total.uncorrected.is_some();
                let end = if open_loop { summed.end } else { summed.end.min(self.duration) };
                write(begin, end.saturating_sub(begin), &summed.latencies)?;
            }
            self.total.add(&summed.latencies);
            let mut latencies = summed.latencies;
            latencies.reset();
            self.stock.push(latencies);
        }
        Ok(())
    }

    /// The earliest second, if all threads are through with it.
    fn next_complete(&mut self) -> Option<Summed> {
        let number = self.pending.front()?.number;
        let mut threads = self.threads.iter();
        let all_through = threads.all(|(_, passed)| passed.is_none_or(|passed| passed > number));
        if all_through { self.pending.pop_front() } else { None }
    }

    fn add(&mut self, mut interval: Interval) {
        let number = interval.number;
        let place = self.pending.partition_point(|summed| summed.number < number);
        if self.pending.get(place).is_none_or(|summed| summed.number != number) {
            let open_loop = self.total.uncorrected.is_some();
            let latencies = self.stock.pop().unwrap_or_else(|| Latencies::new(open_loop));
            self.pending.insert(place, Summed { number, end: Duration::ZERO, latencies });
        }
        let summed = &mut self.pending[place];
        summed.latencies.add(&interval.latencies);
        summed.end = summed.end.max(interval.end);
        interval.latencies.reset();
        let (back, passed) = &mut self.threads[interval.thread];
        *passed = (!interval.is_last).then_some(number + 1);
        // The thread may be through, and want no more.
        let _ = back.try_send(interval.latencies);
    }
}

/// The file.
pub(super) struct Log<'a> {
    writer: IntervalLogWriter<'a, 'a, LineWriter<File>, V2DeflateSerializer>,
    path: &'a Path,
}

/// Makes the file, or empties it.
pub(super) fn create(path: &Path) -> anyhow::Result<LineWriter<File>> {
    let file = File::create(path).map_err(|error| {
        let path = path.display();
        Usage::error(format!("can't write the histogram log {path}: {error}; try another path"))
    })?;
    Ok(LineWriter::new(file))
}

impl<'a> Log<'a> {
    /// Writes the head of the log. The window opens at `opens`, on the wall's clock.
    pub(super) fn begin(
        file: &'a mut LineWriter<File>,
        serializer: &'a mut V2DeflateSerializer,
        path: &'a Path,
        opens: SystemTime,
    ) -> anyhow::Result<Self> {
        let mut begun = || {
            file.write_all(b"#[Histogram log format version 1.3]\n")?;
            file.write_all(LEGEND.as_bytes())
        };
        begun().with_context(|| cannot_write(path))?;
        let mut builder = IntervalLogWriterBuilder::new();
        builder.with_start_time(opens).with_base_time(opens);
        builder.with_max_value_divisor(NANOSECONDS_PER_MILLISECOND);
        let writer = builder.begin_log_with(file, serializer).with_context(|| cannot_write(path))?;
        Ok(Self { writer, path })
    }

    /// Writes one interval that began at `begin` after the window's opening, with a line for each kind of latency.
    pub(super) fn write(
        &mut self,
        begin: Duration,
        length: Duration,
        latencies: &Latencies,
    ) -> anyhow::Result<()> {
        let kinds = [("latency", Some(&latencies.latency)), ("uncorrected", latencies.uncorrected.as_ref())];
        for (tag, histogram) in kinds {
            let Some(histogram) = histogram else { continue };
            let written = self.writer.write_histogram(histogram, begin, length, Tag::new(tag));
            written.with_context(|| cannot_write(self.path))?;
        }
        Ok(())
    }
}

fn cannot_write(path: &Path) -> String {
    format!("can't write the histogram log {}; try a disk with more room", path.display())
}
