//! One server cell: a fresh process, one load, one round.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use models::server::Room;
use reports::record::{Beside, Calls, Cost, Noise, ServerCell, Verdict};

use super::Bench;
use super::cost::{calls, cost, doubt, lost};
use super::latency::latency;
use super::verdict::{judge, little};
use super::waits;
use super::watch::{EPILOGUE, Watch};
use crate::load::{self, Clients, Load, Outcome};
use crate::measure::group::Group;
use crate::measure::hop;
use crate::measure::life::Reaped;
use crate::measure::noise;
use crate::measure::placement::Bound;
use crate::plan::ServerStep;
use crate::server::Ended;

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
    pub(super) noise: Noise,
    pub(super) ended: Ended,
}

fn try_measure(step: &ServerStep, bench: &Bench<'_>) -> anyhow::Result<Measured> {
    let placement = &bench.placement;
    // Before the server is there, and again when it has ended: some runtimes are busy for a while after they began to listen.
    let spin_before = noise::spin(&placement.server);
    let hop_before = hop::round_trip(placement);
    let before = Reaped::so_far()?;
    // Without one, what the processes' own clocks say has to do. It ends after the server does.
    let group = Group::make().ok();
    let (workload, processors) = (step.workload.name(), &placement.server);
    let server = step.subject.start(workload, step.transport, processors, group.as_ref(), READY_WITHIN)?;
    let group = group.filter(|group| group.holds(server.pid()).unwrap_or(false));
    // A path is no host that a request could name.
    let host = server.address().ip().map_or_else(|| "localhost".to_owned(), |address| address.to_string());
    let client = step.workload.client(&host, step.keep_alive)?;
    let load = Load {
        address: server.address(),
        threads: threads(&placement.client, step),
        epilogue: if group.is_some() { EPILOGUE } else { Duration::ZERO },
        processors: placement.client.clone(),
        histogram_log: bench.histogram_log(step),
        ..step.load(&bench.timing)
    };
    let beside = step.beside(&host)?;
    let clients = Clients { measured: &*client, beside: beside.as_deref() };
    let mut watch = Watch::new(server.tree(), group, placement, load.replies.clone(), load.duration);
    // What this thread reads while the load runs must not be read in the server's time.
    let here = Bound::to(&placement.client).context("can't bind the measuring thread")?;
    let outcome = load::run(&load, clients, &mut |edge| watch.at(edge), bench.stop);
    drop(here);
    let ended = server.stop(STOP_WITHIN)?;
    let life = before.until(&Reaped::so_far()?);
    let outcome = outcome?;
    let seen = watch.seen().context("the server's cost can't be read")?;
    let noise = seen.met.noise(spin_before, noise::spin(&placement.server), seen.peaks.cpu);
    let lost = lost(step, &seen.peaks);
    let server = cost(&seen, lost, &life, &outcome);
    let calls = seen.after.as_ref().and_then(calls);
    let client = cost_of_client(&outcome);
    let ns = |time: Duration| time.as_nanos() as f64;
    let noise = Noise {
        hop_before_ns: hop_before.map(ns),
        hop_after_ns: hop::round_trip(placement).map(ns),
        client_run_queue_wait_share: waits::client(&client, placement, load.threads, outcome.seconds),
        server_run_queue_wait_share: waits::server(&server, placement, outcome.seconds),
        ..noise
    };
    Ok(Measured { doubt: doubt(&seen, lost), outcome, server, client, calls, noise, ended })
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
