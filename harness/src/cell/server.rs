//! One server cell: a fresh process, one load, one round.

use std::time::Duration;

use anyhow::Context;
use models::server::Room;
use reports::record::{Cost, Noise, ServerCell, Verdict};

use super::Bench;
use super::cost::{cost, lost, without_time};
use super::latency::latency;
use super::verdict::judge;
use crate::load::{self, Clients, Edge, Load, Outcome};
use crate::measure::census::Lost;
use crate::measure::life::Reaped;
use crate::measure::noise::{self, Seen, Watch};
use crate::measure::placement::Bound;
use crate::measure::sampler::{Sampler, Sampling};
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
        Ok(measured) => fill(cell, step, &measured),
        Err(error) => ServerCell { verdict: Verdict::Errors, reason: Some(format!("{error:#}")), ..cell },
    }
}

/// Why a server can't serve here, or not so many connections.
fn unsupported(step: &ServerStep) -> Option<String> {
    if let Some(lacks) = step.subject.lacks(step.transport) {
        return Some(lacks);
    }
    let Some(Room::Descriptors(limit)) = step.subject.room(step.transport) else { return None };
    (step.connections + DESCRIPTORS_OF_ITS_OWN > limit).then(|| {
        let name = step.subject.name();
        format!("{name} has room for fewer than {limit} descriptors, those of its own included")
    })
}

/// Everything that was seen of one server.
pub(super) struct Measured {
    pub(super) outcome: Outcome,
    pub(super) server: Cost,
    /// Why its processor time is not in that, if it is not.
    pub(super) lost: Option<Lost>,
    pub(super) noise: Noise,
    pub(super) ended: Ended,
}

fn try_measure(step: &ServerStep, bench: &Bench<'_>) -> anyhow::Result<Measured> {
    let placement = &bench.placement;
    // Before the server is there, and again when it has ended: some runtimes are busy for a while after they began to listen.
    let spin_before = noise::spin(&placement.server);
    let before = Reaped::so_far()?;
    let server = step.subject.start(step.workload.name(), step.transport, &placement.server, READY_WITHIN)?;
    let tree = server.tree();
    // A path is no host that a request could name.
    let host = server.address().ip().map_or_else(|| "localhost".to_owned(), |address| address.to_string());
    let client = step.workload.client(&host, step.keep_alive)?;
    let load = Load {
        address: server.address(),
        transport: step.transport,
        connections: step.connections,
        threads: threads(&placement.client, step),
        keep_alive: step.keep_alive,
        warm_up: bench.timing.warm_up,
        duration: bench.timing.duration,
        timeout: bench.timing.timeout,
        processors: placement.client.clone(),
        ..Load::default()
    };
    let (mut readings, mut sampler, mut peaks) = (Vec::new(), None, None);
    let (mut watch, mut seen) = (None, Seen::default());
    let mut window = |edge| {
        if edge == Edge::Opens {
            let sampling = Sampling { processors: placement.client.clone(), ..Sampling::default() };
            sampler = Some(Sampler::start(tree, sampling));
            watch = Some(Watch::start(&noise::in_use(placement)));
        }
        readings.push(tree.reading());
        if edge == Edge::Closes {
            seen = watch.take().map(Watch::stop).unwrap_or_default();
            peaks = sampler.take().and_then(Result::ok).map(Sampler::stop);
        }
    };
    // What this thread reads while the load runs must not be read in the server's time.
    let here = Bound::to(&placement.client).context("can't bind the measuring thread")?;
    let outcome = load::run(&load, Clients::of(&*client), &mut window, bench.stop);
    drop(here);
    let ended = server.stop(STOP_WITHIN)?;
    let life = before.until(&Reaped::so_far()?);
    let noise = seen.noise(spin_before, noise::spin(&placement.server));
    let outcome = outcome?;
    let readings =
        readings.into_iter().collect::<Result<Vec<_>, _>>().context("the server's cost can't be read")?;
    let peaks = peaks.unwrap_or_default();
    let lost = lost(step, &peaks);
    let server = cost(&readings, &peaks, &life, &outcome);
    let server = if lost.is_some() { without_time(server) } else { server };
    Ok(Measured { outcome, server, lost, noise, ended })
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
        round: step.round,
        placement: bench.placement.clone(),
        ..ServerCell::default()
    }
}

fn fill(cell: ServerCell, step: &ServerStep, measured: &Measured) -> ServerCell {
    let outcome = &measured.outcome;
    let client = Cost { user_s: Some(outcome.user_s), system_s: Some(outcome.system_s), ..Cost::default() };
    let cell = ServerCell {
        seconds: outcome.seconds,
        requests: outcome.requests,
        requests_per_second: outcome.requests as f64 / outcome.seconds,
        connects: outcome.connects,
        connections_served: step.keep_alive.then_some(outcome.connections_served),
        errors: outcome.errors,
        latency_us: latency(&outcome.latency_ns),
        noise: Some(measured.noise),
        server: Some(measured.server),
        client: Some(client),
        ..cell
    };
    let (verdict, reason) = judge(&cell, step, measured);
    ServerCell { verdict, reason, ..cell }
}

/// Over how many threads the generator spreads its connections.
pub(super) fn threads(processors: &[usize], step: &ServerStep) -> usize {
    processors.len().clamp(1, step.connections)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::subject::Subject;
    use crate::transport::Transport;
    use crate::workload::Workload;

    pub(in crate::cell) fn step(model: &str, connections: usize) -> ServerStep {
        ServerStep {
            subject: Subject::model(model.parse().unwrap()).unwrap(),
            workload: Workload::new("http", "/hello", 1).unwrap(),
            transport: Transport::Tcp,
            connections,
            keep_alive: true,
            round: 1,
        }
    }

    #[test]
    fn select_is_not_asked_for_more_than_its_sets_hold() {
        assert_eq!(unsupported(&step("select", 1_000)), None);
        assert!(unsupported(&step("select", 1_100)).unwrap().contains("fewer than 1024 descriptors"));
        assert_eq!(unsupported(&step("poll", 1_100)), None);
    }
}
