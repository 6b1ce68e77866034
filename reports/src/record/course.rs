//! How a cell went, beyond its figures: what pictures of it are drawn from. Kept for the last round of each row only, and bounded
//! in size, so that a long run's record stays small.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::statistics::fairness::jain;

/// How the latencies of a window were distributed, as a curve over percentiles.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Curve {
    /// The points: each percentile, below 100 and rising, and the latency at it, in microseconds.
    pub points: Vec<CurvePoint>,
}

/// A point of a [`Curve`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// So many in a hundred were at most as long: 99.9.
    pub percentile: f64,
    /// As [`latency_us`](super::ServerCell::latency_us).
    pub us: f64,
    /// As [`uncorrected_latency_us`](super::ServerCell::uncorrected_latency_us); absent in a closed loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncorrected_us: Option<f64>,
}

/// How the latencies were distributed in each slice of the window: the cells of a heat map.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct OverTime {
    /// How long a slice is, in seconds.
    pub slice_s: f64,
    /// The upper bounds of the classes of latency, in microseconds, rising; what is longer than the last counts as in it.
    pub bounds_us: Vec<f64>,
    /// For each slice, in order, the replies in each class. Classes at the end that have none may be left out.
    pub replies: Vec<Vec<u64>>,
}

/// How evenly a server served.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Fairness {
    /// Replies in the window on each connection, in ascending order; of more than 1,000 connections so many of them, evenly
    /// chosen, the least and the most among them. Empty with a new connection for each request.
    pub connection_requests: Vec<u64>,
    /// Processor time that each thread of the server used in the window, in seconds, in descending order; of more than 256 the
    /// first so many. Threads that came or went in the window are not in it.
    pub thread_cpu_s: Vec<f64>,
}

impl Fairness {
    /// Jain's index of the requests on each connection: 1 where all got the same, one in so many where one got all; none without
    /// a request.
    ///
    /// Source: Jain, Chiu and Hawe, "A quantitative measure of fairness and discrimination for resource allocation in shared
    /// computer systems", 1984.
    pub fn of_connections(&self) -> Option<f64> {
        let shares: Vec<f64> = self.connection_requests.iter().map(|requests| *requests as f64).collect();
        jain(&shares)
    }

    /// The same of the processor time of threads that had some.
    pub fn of_threads(&self) -> Option<f64> {
        let shares: Vec<f64> = self.thread_cpu_s.iter().copied().filter(|seconds| *seconds > 0.0).collect();
        jain(&shares)
    }
}

/// What processes, threads and coroutines did, by looks at them at equal distances.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Timeline {
    /// Where the looks come from: `proc` (`/proc/PID/task/TID/stat`), `sched` (the scheduler's tracepoints) or `runtime` (what a
    /// runtime of coroutines says of them).
    pub source: String,
    /// How far apart the looks are, in milliseconds.
    pub every_ms: f64,
    /// Who was looked at, in the order in which they came; 64 at most.
    pub tracks: Vec<Track>,
    /// How many more there were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
}

/// One process, thread or coroutine in a [`Timeline`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Track {
    /// Its process's number.
    pub process: u32,
    /// Its own number: a thread's, or a coroutine's within its process.
    pub number: u32,
    /// What it is: `process` (the first thread of one), `thread` or `coroutine`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// Which look it was first seen at, from 0.
    pub first: usize,
    /// A letter for each look from then on: `R` it ran, `r` it could have run and had no processor (or that can't be told from
    /// running), `S` it waited, `D` it waited for a disk, `T` it was stopped, `Z` it had ended and was not waited for.
    pub states: String,
}

impl Track {
    /// The look after the last one that it was seen at.
    pub(crate) fn end(&self) -> usize {
        // A record may say anything.
        self.first.saturating_add(self.states.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_one_for_equal_shares_and_falls_to_one_in_so_many() {
        let of = |requests: &[u64]| {
            let fairness = Fairness { connection_requests: requests.to_vec(), ..Fairness::default() };
            fairness.of_connections().map(|index| (index * 1e6).round() / 1e6)
        };
        assert_eq!(of(&[5, 5, 5, 5]), Some(1.0));
        assert_eq!(of(&[0, 0, 0, 8]), Some(0.25));
        assert_eq!(of(&[1, 2, 3]), Some(0.857_143));
        assert_eq!([of(&[]), of(&[0, 0])], [None, None]);
    }

    #[test]
    fn a_thread_that_had_nothing_to_do_is_not_treated_unfairly() {
        let fairness = Fairness { thread_cpu_s: vec![0.5, 0.5, 0.0], ..Fairness::default() };
        assert_eq!(fairness.of_threads(), Some(1.0));
    }
}
