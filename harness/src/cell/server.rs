//! One server cell: a fresh process, one load, one round.

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use models::server::Room;
use reports::record::{Beside, Calls, Cost, Noise, Placement, ServerCell, Timeline, Verdict};

use super::Bench;
use super::cost::{calls, cost, doubt, lost, thread_cpu_s};
use super::curve::curve;
use super::fairness::fairness;
use super::latency::latency;
use super::little::little;
use super::verdict::judge;
use super::waits;
use super::watch::{Epilogue, Seen, Watch};
use crate::load::{self, Clients, Load, Outcome};
use crate::measure::group::Group;
use crate::measure::hop;
use crate::measure::life::Reaped;
use crate::measure::noise;
use crate::measure::placement::Bound;
use crate::plan::ServerStep;
use crate::server::{Ended, Server};

/// What a server needs besides its connections.
const DESCRIPTORS_OF_ITS_OWN: usize = 16;
/// How long a server may take to say that it listens.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to stop; its own grace is shorter.
const STOP_WITHIN: Duration = Duration::from_secs(8);

/// Measures a step; what goes wrong becomes the verdict.
pub(super) fn measure(step: &ServerStep, bench: &Bench<'_>) -> ServerCell {
    let cell = blank(step, bench);
    if let Some(reason) = unsupported(step) {
        return ServerCell { verdict: Verdict::Unsupported, reason: Some(reason), ..cell };
    }
    match try_measure(step, bench) {
        Ok(measured) => fill(cell, step, bench, &measured),
        Err(error) => ServerCell { verdict: Verdict::Errors, reason: Some(format!("{error:#}")), ..cell },
    }
}

/// Why a server can't serve here, or not so many connections.
fn unsupported(step: &ServerStep) -> Option<String> {
    if let Some(lacks) = step.subject.lacks(step.transport) {
        return Some(lacks);
    }
    let Some(Room::Descriptors(limit)) = step.subject.room(step.transport) else { return None };
    (step.all_connections() + DESCRIPTORS_OF_ITS_OWN > limit).then(|| {
        let name = step.subject.name();
        format!("{name} has room for fewer than {limit} descriptors, those of its own included")
    })
}

/// Everything that was seen of one server.
pub(super) struct Measured {
    pub(super) outcome: Outcome,
    pub(super) server: Cost,
    pub(super) client: Cost,
    /// What a reader of that should know.
    pub(super) doubt: Option<String>,
    pub(super) calls: Option<Calls>,
    pub(super) thread_cpu_s: Vec<f64>,
    pub(super) timeline: Option<Timeline>,
    pub(super) noise: Noise,
    pub(super) ended: Ended,
}

fn try_measure(step: &ServerStep, bench: &Bench<'_>) -> anyhow::Result<Measured> {
    let before = Before::now(&bench.placement)?;
    let (group, server) = start(step, bench)?;
    let epilogue = Epilogue { counts: group.is_some(), looks: bench.wants_timeline(step.round) };
    let load = load_for(step, bench, &server, epilogue.at_most());
    let shown = bench.feed.shows(server.tree(), Some(load.replies.clone()));
    let mut watch = Watch::new(server.tree(), group, &bench.placement, epilogue, &load);
    let outcome = put_under(&load, step, bench, &mut watch);
    drop(shown);
    let ended = server.stop(STOP_WITHIN)?;
    let life = before.reaped.until(&Reaped::so_far()?);
    let outcome = outcome?;
    let mut seen = watch.seen().context("the server's cost can't be read")?;
    let lost = lost(step, &seen.peaks);
    let (server, client) = (cost(&seen, lost, &life, &outcome), cost_of_client(&outcome));
    let noise = Noise {
        client_run_queue_wait_share: waits::client(&client, &bench.placement, load.threads, outcome.seconds),
        server_run_queue_wait_share: waits::server(&server, &bench.placement, outcome.seconds),
        ..before.noise(&bench.placement, &seen)
    };
    let (timeline, unseen) = told(std::mem::replace(&mut seen.timeline, Ok(None)));
    let (doubt, calls) = (doubt(&seen, lost).or(unseen), seen.after.as_ref().and_then(calls));
    let thread_cpu_s = thread_cpu_s(&seen, &outcome);
    Ok(Measured { outcome, server, client, doubt, calls, thread_cpu_s, timeline, noise, ended })
}

/// A timeline, or why there is none.
fn told(timeline: io::Result<Option<Timeline>>) -> (Option<Timeline>, Option<String>) {
    match timeline {
        Ok(timeline) => (timeline, None),
        Err(error) => {
            let why =
                format!("what the server's threads did is not known: {error}; try `ulimit -n` with more");
            (None, Some(why))
        }
    }
}

/// How the machine was, and what had ended on it, before the server was there. That is looked at again when it has ended, and
/// not in between: some runtimes are busy for a while after they began to listen.
struct Before {
    spin: Option<Duration>,
    hop: Option<Duration>,
    reaped: Reaped,
}

impl Before {
    fn now(placement: &Placement) -> io::Result<Self> {
        let (spin, hop) = (noise::spin(&placement.server), hop::round_trip(placement));
        Ok(Self { spin, hop, reaped: Reaped::so_far()? })
    }

    /// What the machine did from then until now, when the server has ended.
    fn noise(&self, placement: &Placement, seen: &Seen) -> Noise {
        let spin_after = noise::spin(&placement.server);
        let ns = |time: Duration| time.as_nanos() as f64;
        Noise {
            hop_before_ns: self.hop.map(ns),
            hop_after_ns: hop::round_trip(placement).map(ns),
            ..seen.met.noise(self.spin, spin_after, seen.peaks.cpu)
        }
    }
}

/// Starts the server, in a control group where one can be had: without one, what the processes' own clocks say has to do. The
/// group ends after the server does.
fn start(step: &ServerStep, bench: &Bench<'_>) -> anyhow::Result<(Option<Group>, Server)> {
    let group = Group::make().ok();
    let (workload, processors) = (step.workload.name(), &bench.placement.server);
    let server = step.subject.start(workload, step.transport, processors, group.as_ref(), READY_WITHIN)?;
    Ok((group.filter(|group| group.holds(server.pid()).unwrap_or(false)), server))
}

/// The step's load, on this server. It goes on for so long after the window at the most.
fn load_for(step: &ServerStep, bench: &Bench<'_>, server: &Server, epilogue: Duration) -> Load {
    Load {
        address: server.address(),
        threads: threads(&bench.placement.client, step),
        epilogue,
        processors: bench.placement.client.clone(),
        histogram_log: bench.histogram_log(step),
        ..step.load(&bench.timing)
    }
}

/// Puts the load on the server, and looks at it at the edges of the window.
fn put_under(
    load: &Load,
    step: &ServerStep,
    bench: &Bench<'_>,
    watch: &mut Watch<'_>,
) -> anyhow::Result<Outcome> {
    // A path is no host that a request could name.
    let host = load.address.ip().map_or_else(|| "localhost".to_owned(), |address| address.to_string());
    let client = step.workload.client(&host, step.keep_alive)?;
    let beside = step.beside(&host)?;
    let clients = Clients { measured: &*client, beside: beside.as_deref() };
    // What this thread reads while the load runs must not be read in the server's time.
    let _here = Bound::to(&bench.placement.client).context("can't bind the measuring thread")?;
    load::run(load, clients, &mut |edge| watch.at(edge), bench.stop)
}

/// What the generator's threads cost in the window.
fn cost_of_client(outcome: &Outcome) -> Cost {
    Cost {
        user_s: Some(outcome.user_s),
        system_s: Some(outcome.system_s),
        voluntary_switches: Some(outcome.voluntary_switches),
        involuntary_switches: Some(outcome.involuntary_switches),
        run_queue_wait_s: outcome.run_queue_wait_s,
        ..Cost::default()
    }
}

/// The cell as planned, before anything was measured.
fn blank(step: &ServerStep, bench: &Bench<'_>) -> ServerCell {
    ServerCell {
        model: step.subject.name().to_owned(),
        options: step.subject.options(),
        command: step.subject.command().map(str::to_owned),
        workload: step.workload.name().to_owned(),
        request: step.workload.request(),
        transport: step.transport.name().to_owned(),
        connections: step.connections,
        keep_alive: step.keep_alive,
        copy: step.copy,
        rate: step.rate,
        schedule: step.rate.map(|_| step.schedule),
        shape: step.shape.clone(),
        warm_up_s: Some(bench.timing.warm_up_of(step).as_secs_f64()),
        round: step.round,
        placement: bench.placement.clone(),
        ..ServerCell::default()
    }
}

fn fill(cell: ServerCell, step: &ServerStep, bench: &Bench<'_>, measured: &Measured) -> ServerCell {
    let outcome = &measured.outcome;
    let cell = ServerCell {
        seconds: outcome.seconds,
        requests: outcome.requests,
        requests_per_second: outcome.requests as f64 / outcome.seconds,
        connects: outcome.connects,
        connections_served: step.keep_alive.then_some(outcome.connections_served),
        errors: outcome.errors,
        latency_us: latency(&outcome.latency_ns),
        uncorrected_latency_us: outcome.uncorrected_ns.as_ref().and_then(latency),
        lag_us: outcome.lag_ns.as_ref().and_then(latency),
        offered: outcome.offered,
        beside: outcome.beside_ns.as_ref().map(|of| Beside { requests: of.len(), latency_us: latency(of) }),
        histogram_log: bench.histogram_log(step).and_then(|path| name_of(&path)),
        noise: Some(measured.noise),
        server: Some(measured.server),
        client: Some(measured.client),
        calls: measured.calls,
        curve: curve(&outcome.latency_ns, outcome.uncorrected_ns.as_ref()),
        over_time: outcome.over_time.clone(),
        fairness: fairness(&outcome.connection_requests, measured.thread_cpu_s.clone()),
        timeline: measured.timeline.clone(),
        ..cell
    };
    let cell = ServerCell { little: little(&cell), ..cell };
    let (verdict, reason) = judge(&cell, step, measured);
    ServerCell { verdict, reason, ..cell }
}

/// A file's name without its directory, which may be moved together with the record; none if there is no such file.
fn name_of(path: &Path) -> Option<String> {
    path.exists().then(|| path.file_name().map(|name| name.to_string_lossy().into_owned())).flatten()
}

/// Over how many threads the generator spreads its connections.
pub(super) fn threads(processors: &[usize], step: &ServerStep) -> usize {
    processors.len().clamp(1, step.connections)
}

#[cfg(test)]
mod tests {
    use reports::record::Shape;

    use super::*;
    use crate::plan::tests::step;

    #[test]
    fn select_is_not_asked_for_more_than_its_sets_hold() {
        assert_eq!(unsupported(&step("select", 1_000)), None);
        assert!(unsupported(&step("select", 1_100)).unwrap().contains("fewer than 1024 descriptors"));
        assert_eq!(unsupported(&step("poll", 1_100)), None);
        let idle = Shape { idle_connections: Some(1_000), ..Shape::default() };
        assert!(unsupported(&ServerStep { shape: idle, ..step("select", 100) }).is_some());
    }
}
