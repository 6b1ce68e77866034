//! The histogram log, read back by this crate's library and by other people's tools.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use harness::load::{Clients, Load, Outcome, Pace};
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use workloads::client::EchoClient;

use crate::servers::{MESSAGE, assert_no_errors, echo, go, load, rate, refused, server};

/// One line of a log.
#[derive(Debug)]
struct Line {
    tag: String,
    begin: Duration,
    length: Duration,
    count: u64,
}

fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read(path).unwrap();
    let entries = IntervalLogIterator::new(&text).map(Result::unwrap);
    let lines = entries.filter_map(|entry| match entry {
        LogEntry::Interval(interval) => Some(interval),
        LogEntry::StartTime(_) | LogEntry::BaseTime(_) => None,
    });
    lines
        .map(|line| {
            let bytes = base64::engine::general_purpose::STANDARD.decode(line.encoded_histogram()).unwrap();
            let histogram = Deserializer::new().deserialize::<u64, _>(&mut bytes.as_slice()).unwrap();
            Line {
                tag: line.tag().unwrap().as_str().to_owned(),
                begin: line.start_timestamp(),
                length: line.duration(),
                count: histogram.len(),
            }
        })
        .collect()
}

fn logged(pace: Pace, duration: Duration, path: &Path) -> Outcome {
    let address = server(echo);
    let plan = Load { pace, duration, threads: 2, histogram_log: Some(path.to_owned()), ..load(address, 4) };
    let outcome = go(&plan);
    assert_no_errors(&outcome);
    outcome
}

fn total(lines: &[Line], tag: &str) -> u64 {
    lines.iter().filter(|line| line.tag == tag).map(|line| line.count).sum()
}

#[test]
fn there_is_an_interval_each_second_and_a_shorter_one_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("load.hlog");
    let outcome = logged(Pace::default(), Duration::from_millis(2_300), &path);
    let lines = read(&path);
    let seconds: Vec<_> =
        lines.iter().map(|line| (line.begin.as_millis(), line.length.as_millis())).collect();
    assert_eq!(seconds, [(0, 1_000), (1_000, 1_000), (2_000, 300)]);
    assert_eq!(total(&lines, "latency"), outcome.latency_ns.len());
    assert_eq!(outcome.latency_ns.len(), outcome.requests);
}

#[test]
fn an_open_loop_has_both_kinds_of_latency_in_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("load.hlog");
    let outcome = logged(rate(1_000.0), Duration::from_millis(1_500), &path);
    let lines = read(&path);
    assert_eq!(outcome.latency_ns.len(), 1_500);
    assert_eq!((total(&lines, "latency"), total(&lines, "uncorrected")), (1_500, 1_500));
}

/// Reads the log as its first argument says, and prints tag and count.
const PYTHON: &str = "
import sys
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
reader = HistogramLogReader(sys.argv[1], HdrHistogram(1, 60 * 10**9, 3))
counts = {}
while (interval := reader.get_next_interval_histogram()) is not None:
    counts[interval.get_tag()] = counts.get(interval.get_tag(), 0) + interval.get_total_count()
print(counts.get('latency'), counts.get('uncorrected'))
";

#[test]
fn pythons_hdrhistogram_reads_the_same_counts() {
    let known = Command::new("python3").args(["-c", "import hdrh"]).output();
    if !known.is_ok_and(|output| output.status.success()) {
        skipped!("python3 has no hdrhistogram; try `pip install hdrhistogram`");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("load.hlog");
    let outcome = logged(rate(500.0), Duration::from_millis(1_200), &path);
    let output = Command::new("python3").args(["-c", PYTHON]).arg(&path).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let count = outcome.latency_ns.len();
    assert_eq!(said.trim(), format!("{count} {count}"), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Where Debian's libhdrhistogram-java puts `HdrHistogram`.
const JAR: &str = "/usr/share/java/hdrhistogram.jar";

#[test]
fn the_log_processor_of_hdrhistogram_reads_the_same_counts() {
    let there = Command::new("java").arg("-version").output().is_ok_and(|output| output.status.success());
    if !there || !Path::new(JAR).exists() {
        skipped!("no java, or no {JAR}; try `apt-get install libhdrhistogram-java`");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("load.hlog");
    let outcome = logged(rate(500.0), Duration::from_millis(1_200), &path);
    for tag in ["latency", "uncorrected"] {
        let mut command = Command::new("java");
        command.args(["-cp", JAR, "org.HdrHistogram.HistogramLogProcessor", "-tag", tag, "-i"]).arg(&path);
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let count = said.lines().find_map(|line| line.split_once("Total count    =")).expect("a count").1;
        let count = count.trim().trim_end_matches(']').parse::<u64>().unwrap();
        assert_eq!(count, outcome.latency_ns.len(), "{tag}");
    }
}

#[test]
fn a_full_disk_ends_the_load_in_one_sentence() {
    let address = server(echo);
    let log = Some("/dev/full".into());
    let plan = Load { histogram_log: log, duration: Duration::from_secs(600), ..load(address, 1) };
    let sentence = refused(&plan, Clients::of(&EchoClient::new(MESSAGE)));
    assert!(sentence.starts_with("can't write the histogram log /dev/full; try"), "{sentence}");
    assert!(sentence.contains("No space left on device"), "{sentence}");
}

#[test]
fn a_log_that_cannot_be_made_is_refused_before_anything_starts() {
    let plan = Load { histogram_log: Some("/nonexistent/log".into()), ..load(([127, 0, 0, 1], 1).into(), 1) };
    let sentence = refused(&plan, Clients::of(&EchoClient::new(MESSAGE)));
    assert!(sentence.starts_with("can't write the histogram log /nonexistent/log: "), "{sentence}");
}
