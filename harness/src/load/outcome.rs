//! What came of a load, over all its threads.

use std::time::Instant;

use hdrhistogram::Histogram;
use reports::record::{Errors, Offered, OverTime};

use super::Load;
use super::tally::{Tally, Window};
use super::turn::Finished;

/// What came of it.
pub struct Outcome {
    /// How long the window was.
    pub seconds: f64,
    /// Whole and right replies in the window.
    pub requests: u64,
    /// Whole and right replies in all, the warm-up's included.
    pub requests_in_all: u64,
    /// Connections made, in all; over UDP, sockets that were answered or at least not refused.
    pub connects: u64,
    /// With keep-alive: how many of the connections were answered at least once. The others starved: they were
    /// connected and waited to the end, which is no error.
    pub connections_served: usize,
    /// What went wrong in the window and the warm-up, by class.
    pub errors: Errors,
    /// The first wrong reply or failed call in words, for the row's reason.
    pub first_error: Option<String>,
    /// In nanoseconds, to just after the last byte of the reply was read. In a closed loop from just before the request's first
    /// byte was written, for replies in the window; with a new connection per request, connecting is not in it. In an open
    /// loop from when the request was due, for requests due in the window; connecting and waiting for a free
    /// connection are then in it. Above a minute it reads as a minute.
    pub latency_ns: Histogram<u64>,
    /// Processor time of the generator's threads in the window, user mode, in seconds.
    pub user_s: f64,
    /// The same in the kernel.
    pub system_s: f64,
    /// How often they left their processors in the window because they had to wait.
    pub voluntary_switches: u64,
    /// How often their processors were taken away.
    pub involuntary_switches: u64,
    /// How long they could have run in the window and no processor was free, in seconds, summed; none where the kernel does not
    /// say.
    pub run_queue_wait_s: Option<f64>,
    /// In an open loop: what has become of the schedule's requests.
    pub offered: Option<Offered>,
    /// In an open loop: as `latency_ns`, from when the request did leave, for those that were answered.
    pub uncorrected_ns: Option<Histogram<u64>>,
    /// In an open loop: how much later than it could have each request left.
    pub lag_ns: Option<Histogram<u64>>,
    /// As `latency_ns`, of those who ask for something else.
    pub beside_ns: Option<Histogram<u64>>,
    /// How `latency_ns` was over the window: of each reply in the window, also in an open loop; none without one.
    pub over_time: Option<OverTime>,
    /// Replies in the window on each measured connection, in ascending order; empty with a new connection for each request.
    pub connection_requests: Vec<u64>,
    /// Whole and right replies in the epilogue.
    pub requests_after: u64,
}

impl Outcome {
    /// That of a load which nobody drives.
    #[cfg(test)]
    pub(crate) fn of_nobody() -> Self {
        Self::of(&Load::default(), Vec::new())
    }

    /// Adds up what all threads have counted.
    pub(super) fn of(load: &Load, finished: Vec<Finished>) -> Self {
        let now = Instant::now();
        let window = Window::after(now, load.warm_up, load.duration, load.epilogue);
        let mut sum = Tally::new(window, load.is_open(), load.company.beside > 0);
        for thread in finished {
            drop(thread.open);
            sum.merge(thread.tally);
        }
        let kept = sum.kept;
        sum.connection_requests.sort_unstable();
        let offered = Offered { due: kept.due, left: kept.left, unanswered: kept.unanswered };
        Self {
            seconds: load.duration.as_secs_f64(),
            requests: sum.requests,
            requests_in_all: sum.requests_in_all,
            connects: sum.connects,
            connections_served: sum.connections_served,
            errors: sum.errors,
            first_error: sum.first_error.map(|(_, why)| why),
            latency_ns: sum.latencies.latency,
            user_s: sum.cpu.user.as_secs_f64(),
            system_s: sum.cpu.system.as_secs_f64(),
            voluntary_switches: sum.cpu.voluntary,
            involuntary_switches: sum.cpu.involuntary,
            run_queue_wait_s: sum.cpu.queued.map(|queued| queued.as_secs_f64()),
            offered: load.is_open().then_some(offered),
            uncorrected_ns: sum.latencies.uncorrected,
            lag_ns: sum.lag,
            beside_ns: sum.beside,
            over_time: sum.over_time.recorded(),
            connection_requests: sum.connection_requests,
            requests_after: sum.requests_after,
        }
    }
}
