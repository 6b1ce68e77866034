//! What a load came to, as JSON and as text.

use reports::grouped;
use reports::record::{Beside, Errors, Latency, Schedule, Shape};
use serde::Serialize;

use super::percentile::{self, Percentile};
use crate::cell::latency;
use crate::load::{BUSY_SHARE, IN_USE_SHARE, KEPT_SHARE, LATE_US, Load, Offered, Outcome, Pace};
use crate::workload::Workload;

/// What a load came to; names and units as in the record.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    address: String,
    transport: &'static str,
    workload: String,
    connections: usize,
    threads: usize,
    keep_alive: bool,
    #[serde(skip_serializing_if = "Shape::is_plain")]
    shape: Shape,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    open_loop: Option<OpenLoop>,
    warm_up_s: f64,
    seconds: f64,
    requests: u64,
    requests_in_all: u64,
    requests_per_second: f64,
    connects: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    connections_served: Option<usize>,
    errors: Errors,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_us: Option<Latency>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    percentiles: Vec<Percentile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<Beside>,
    user_s: f64,
    system_s: f64,
}

/// What only an open loop has.
#[derive(Debug, Serialize)]
struct OpenLoop {
    rate: f64,
    schedule: Schedule,
    seed: u64,
    /// Requests due in the window, those that left in it, and those that nobody waits for any more.
    offered: u64,
    left: u64,
    unanswered: u64,
    left_per_second: f64,
    /// Why fewer left than were due, in one sentence, if that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_missed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uncorrected_latency_us: Option<Latency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_us: Option<Latency>,
}

impl Answer {
    pub(super) fn new(
        workload: &Workload,
        beside: Option<&Workload>,
        load: &Load,
        percentiles: &[f64],
        outcome: Outcome,
    ) -> Self {
        Self {
            address: load.address.to_string(),
            transport: load.transport.name(),
            workload: workload.to_string(),
            connections: load.connections,
            threads: load.threads,
            keep_alive: load.keep_alive,
            shape: shape(load, beside),
            open_loop: open_loop(load, &outcome),
            warm_up_s: load.warm_up.as_secs_f64(),
            seconds: outcome.seconds,
            requests: outcome.requests,
            requests_in_all: outcome.requests_in_all,
            requests_per_second: outcome.requests as f64 / outcome.seconds,
            connects: outcome.connects,
            connections_served: load.keep_alive.then_some(outcome.connections_served),
            errors: outcome.errors,
            first_error: outcome.first_error,
            latency_us: latency(&outcome.latency_ns),
            percentiles: percentiles
                .iter()
                .map(|percent| percentile::of(&outcome.latency_ns, *percent, load.duration))
                .collect(),
            beside: outcome
                .beside_ns
                .map(|histogram| Beside { requests: histogram.len(), latency_us: latency(&histogram) }),
            user_s: outcome.user_s,
            system_s: outcome.system_s,
        }
    }

    /// Whether the load was put on the server as asked, and every reply was right.
    pub(super) fn is_as_asked(&self) -> bool {
        let missed = self.open_loop.as_ref().is_some_and(|open_loop| open_loop.rate_missed.is_some());
        self.errors.total() == 0 && self.requests > 0 && !missed
    }

    pub(super) fn text(&self) -> String {
        let kind = match (self.transport, self.keep_alive) {
            ("udp", _) => "sockets over udp, one message under way in each",
            (_, true) => "connections, keep-alive",
            (_, false) => "connections, a new one per request",
        };
        let mut lines = vec![format!(
            "{} at {}, {} {kind}{}",
            self.workload,
            self.address,
            self.connections,
            self.extras()
        )];
        lines.push(format!(
            "{} right replies in {:.2} s: {:.0} a second",
            self.requests, self.seconds, self.requests_per_second
        ));
        lines.extend(self.open_loop.as_ref().map(OpenLoop::offer));
        lines.extend(self.latency_us.map(|it| line("latency", &it)));
        if let Some(open_loop) = &self.open_loop {
            lines.extend(open_loop.uncorrected_latency_us.map(|it| line("from when they left", &it)));
            lines.extend(open_loop.lag_us.map(|it| line("the generator's own lag", &it)));
        }
        lines.extend(self.percentiles.iter().map(Percentile::text));
        lines.extend(self.beside.map(|beside| self.text_of(&beside)));
        lines.push(format!(
            "the generator used {:.2} s of processor time; {} connections made",
            self.user_s + self.system_s,
            self.connects
        ));
        lines.extend(self.open_loop.as_ref().and_then(|open_loop| open_loop.rate_missed.clone()));
        if let Some(served) =
            self.connections_served.filter(|served| *served < self.connections && self.errors.total() == 0)
        {
            lines.push(format!("{} connections were never answered", self.connections - served));
        }
        lines.push(self.text_of_errors());
        lines.join("\n") + "\n"
    }

    fn text_of_errors(&self) -> String {
        let Errors { connect, reset, timeout, short, wrong } = self.errors;
        if self.errors.total() == 0 {
            return "every reply was right".to_owned();
        }
        format!(
            "failed: {connect} to connect, {reset} reset, {timeout} timed out, {short} short, {wrong} wrong; the \
             first: {}",
            self.first_error.as_deref().unwrap_or("no more is known")
        )
    }

    fn text_of(&self, beside: &Beside) -> String {
        let path = self.shape.beside_request.as_deref().unwrap_or_default();
        match &beside.latency_us {
            None => format!("beside them: no reply to {path}"),
            Some(latency) => {
                line(&format!("beside them: {} replies to {path}, latency", beside.requests), latency)
            }
        }
    }

    /// What is special about the load.
    fn extras(&self) -> String {
        let Shape { pipeline, think_us, idle_connections, slow_connections, .. } = &self.shape;
        let extras = [
            pipeline.map(|depth| format!("{depth} requests under way on each")),
            think_us.map(|think| format!("pauses of {think:.0} us")),
            idle_connections.map(|count| format!("{count} more idle")),
            slow_connections.map(|count| format!("{count} more slow")),
        ];
        let extras: Vec<_> = [String::new()].into_iter().chain(extras.into_iter().flatten()).collect();
        extras.join(", ")
    }
}

/// One line of percentiles, in microseconds.
fn line(what: &str, latency: &Latency) -> String {
    let Latency { p50, p90, p99, p999, p9999, max, .. } = latency;
    let others = [("p90", p90), ("p99", p99), ("p99.9", p999), ("p99.99", p9999)];
    let others = others.iter().filter_map(|(name, us)| us.map(|us| format!(", {name} {us:.0}")));
    format!("{what} p50 {p50:.0} us{}, longest {max:.0}", others.collect::<String>())
}

fn shape(load: &Load, beside: Option<&Workload>) -> Shape {
    let some = |count: usize| (count > 0).then_some(count);
    let think_us = match load.pace {
        Pace::Closed { think } if !think.is_zero() => Some(think.as_secs_f64() * 1e6),
        Pace::Closed { .. } | Pace::Open { .. } => None,
    };
    Shape {
        pipeline: (load.pipeline > 1).then_some(load.pipeline),
        think_us,
        idle_connections: some(load.company.idle),
        slow_connections: some(load.company.slow),
        beside_connections: some(load.company.beside),
        beside_request: beside.map(Workload::request),
    }
}

fn open_loop(load: &Load, outcome: &Outcome) -> Option<OpenLoop> {
    let (Pace::Open { rate, schedule, seed }, Some(offered)) = (load.pace, outcome.offered) else {
        return None;
    };
    let lag_us = outcome.lag_ns.as_ref().and_then(latency);
    Some(OpenLoop {
        rate,
        schedule,
        seed,
        offered: offered.due,
        left: offered.left,
        unanswered: offered.unanswered,
        left_per_second: offered.left as f64 / outcome.seconds,
        rate_missed: rate_missed(load, outcome, offered, lag_us.as_ref()),
        uncorrected_latency_us: outcome.uncorrected_ns.as_ref().and_then(latency),
        lag_us,
    })
}

/// Why fewer requests left than were due, and what to try, in one sentence; none if enough did.
fn rate_missed(load: &Load, outcome: &Outcome, offered: Offered, lag: Option<&Latency>) -> Option<String> {
    if offered.left as f64 >= offered.due as f64 * KEPT_SHARE {
        return None;
    }
    let by_second = |count: u64| grouped((count as f64 / outcome.seconds).round() as u64);
    Some(format!(
        "only {} of {} requests a second left: {}",
        by_second(offered.left),
        by_second(offered.due),
        limit(load, outcome, lag)
    ))
}

/// Which side was the limit of a rate that was not reached, as far as the generator can know: what the server used it can't see.
fn limit(load: &Load, outcome: &Outcome, lag: Option<&Latency>) -> &'static str {
    let used = (outcome.user_s + outcome.system_s) / outcome.seconds;
    let late = lag.and_then(|lag| lag.p99.or(lag.p90)).is_some_and(|us| us > LATE_US);
    if late || used > BUSY_SHARE * load.threads as f64 {
        return "the generator had too much to do; try more --threads or fewer requests";
    }
    if in_use(load, outcome).is_some_and(|share| share < IN_USE_SHARE) {
        return "the generator did not send them although connections were free; try more --threads";
    }
    "all connections were busy, and whether they were too few or the server too slow can't be told from here; try more of them, \
     or a --rate that the server can keep up with"
}

/// The requests under way on average, as a part of those that all connections can have under way; none if none of those
/// that were due in the window had a reply: far more are due than can leave then, and no connection is ever free.
fn in_use(load: &Load, outcome: &Outcome) -> Option<f64> {
    let sent = outcome.uncorrected_ns.as_ref().filter(|sent| !sent.is_empty())?;
    let room = (load.connections * load.pipeline) as f64;
    Some(outcome.requests as f64 / outcome.seconds * sent.mean() / 1e9 / room)
}

impl OpenLoop {
    fn offer(&self) -> String {
        let spacing = match self.schedule {
            Schedule::Constant => "at equal distances".to_owned(),
            Schedule::Poisson => format!("at random distances (--seed {})", self.seed),
        };
        let left =
            if self.left < self.offered { format!(", {} left in it", self.left) } else { String::new() };
        let unanswered = match self.unanswered {
            0 => String::new(),
            count => format!(", {count} had no reply in the end and count with the time they waited"),
        };
        let offered = format!(
            "offered {} a second {spacing}, of which {} were due in that time",
            self.rate, self.offered
        );
        offered + &left + &unanswered
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hdrhistogram::Histogram;

    use super::*;

    fn outcome(offered: Offered, busy_s: f64) -> Outcome {
        Outcome {
            seconds: 2.0,
            requests: 1,
            requests_in_all: 1,
            connects: 1,
            connections_served: 1,
            user_s: busy_s,
            offered: Some(offered),
            ..Outcome::of_nobody()
        }
    }

    /// What comes of a load over one connection that sent one request, with this latency, in its two seconds.
    fn missed(left: u64, busy_s: f64, latency: Option<Duration>) -> Option<String> {
        let offered = Offered { due: 200_000, left, unanswered: 0 };
        let mut sent = Histogram::<u64>::new(3).unwrap();
        if let Some(latency) = latency {
            sent.record(latency.as_nanos() as u64).unwrap();
        }
        let outcome = Outcome { uncorrected_ns: Some(sent), ..outcome(offered, busy_s) };
        rate_missed(&Load::default(), &outcome, offered, None)
    }

    #[test]
    fn a_rate_that_is_not_reached_is_told_with_who_was_the_limit() {
        let (all, half) = (Some(Duration::from_secs(2)), Some(Duration::from_secs(1)));
        assert_eq!(missed(199_000, 0.1, all), None);
        let sentence = missed(82_000, 0.1, all).unwrap();
        assert!(
            sentence.starts_with("only 41,000 of 100,000 requests a second left: all connections"),
            "{sentence}"
        );
        assert!(sentence.contains("can't be told from here"), "{sentence}");
        assert!(missed(82_000, 1.99, all).unwrap().contains("the generator had too much to do"));
        assert!(missed(82_000, 0.1, half).unwrap().contains("although connections were free"));
        assert!(missed(82_000, 0.1, None).unwrap().contains("can't be told from here"));
    }
}
