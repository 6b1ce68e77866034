//! One server cell: a fresh process, one load, one round.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use models::server::Room;
use reports::record::{Cost, Latency, ServerCell, Verdict};

use super::Bench;
use crate::load::{self, Edge, Load, Outcome};
use crate::measure::life::Reaped;
use crate::measure::reading::Reading;
use crate::measure::sampler::{Peaks, Sampler, Sampling};
use crate::plan::ServerStep;
use crate::server::{Ended, ServeCommand, Server};

/// How long a server may take to say that it listens.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to stop; its own grace is shorter.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// A side that uses this much of its processors can't do more.
const BUSY_SHARE: f64 = 0.95;
/// A server that leaves this much of its processors unused is not the limit.
const IDLE_SHARE: f64 = 0.10;

/// Measures a step; what goes wrong becomes the verdict.
pub(super) fn measure(step: &ServerStep, bench: &Bench<'_>) -> ServerCell {
    let cell = blank(step, bench);
    match try_measure(step, bench) {
        Ok(measured) => fill(cell, step, &measured),
        Err(error) => ServerCell { verdict: Verdict::Errors, reason: Some(format!("{error:#}")), ..cell },
    }
}

/// Everything that was seen of one server.
struct Measured {
    outcome: Outcome,
    server: Cost,
    ended: Ended,
}

fn try_measure(step: &ServerStep, bench: &Bench<'_>) -> anyhow::Result<Measured> {
    let placement = &bench.placement;
    let command =
        ServeCommand::new(step.choice.to_string(), step.workload.name()).processors(&placement.server);
    let before = Reaped::so_far()?;
    let server = Server::start(&command.arguments()?, READY_WITHIN)?;
    let tree = server.tree();
    let client = step.workload.client(&server.address().to_string(), step.keep_alive)?;
    let load = Load {
        address: server.address().into(),
        connections: step.connections,
        threads: placement.client.len().clamp(1, step.connections),
        keep_alive: step.keep_alive,
        warm_up: bench.timing.warm_up,
        duration: bench.timing.duration,
        timeout: bench.timing.timeout,
        processors: placement.client.clone(),
    };
    let (mut readings, mut sampler, mut peaks) = (Vec::new(), None, None);
    let mut window = |edge| {
        if edge == Edge::Opens {
            let sampling = Sampling { processors: placement.client.clone(), ..Sampling::default() };
            sampler = Some(Sampler::start(tree, sampling));
        }
        readings.push(tree.reading());
        if edge == Edge::Closes {
            peaks = sampler.take().and_then(Result::ok).map(Sampler::stop);
        }
    };
    let outcome = load::run(&load, &*client, &mut window, bench.stop);
    let ended = server.stop(STOP_WITHIN)?;
    let life = before.until(&Reaped::so_far()?);
    let outcome = outcome?;
    let readings =
        readings.into_iter().collect::<Result<Vec<_>, _>>().context("the server's cost can't be read")?;
    let server = cost(&readings, &peaks.unwrap_or_default(), &life, &outcome);
    Ok(Measured { outcome, server, ended })
}

/// What the server cost in the window. Where threads or processes came and went, their switches went with them: then
/// the switches of its whole life are shared out over its requests.
fn cost(readings: &[Reading], peaks: &Peaks, life: &Cost, outcome: &Outcome) -> Cost {
    let [opens, closes] = readings else { return peaks.complete(Cost::default()) };
    let window = opens.until(closes);
    let share = outcome.requests as f64 / outcome.requests_in_all.max(1) as f64;
    let shared = |switches: Option<u64>| switches.map(|switches| (switches as f64 * share).round() as u64);
    peaks.complete(Cost {
        voluntary_switches: window.voluntary_switches.or_else(|| shared(life.voluntary_switches)),
        involuntary_switches: window.involuntary_switches.or_else(|| shared(life.involuntary_switches)),
        ..window
    })
}

/// The cell as planned, before anything was measured.
fn blank(step: &ServerStep, bench: &Bench<'_>) -> ServerCell {
    ServerCell {
        model: step.choice.name.clone(),
        options: step.choice.options.to_string(),
        workload: step.workload.to_string(),
        transport: "tcp".to_owned(),
        connections: step.connections,
        keep_alive: step.keep_alive,
        round: step.round,
        placement: bench.placement.clone(),
        ..ServerCell::default()
    }
}

fn fill(cell: ServerCell, step: &ServerStep, measured: &Measured) -> ServerCell {
    let outcome = &measured.outcome;
    let client = Cost { user_s: outcome.user_s, system_s: outcome.system_s, ..Cost::default() };
    let cell = ServerCell {
        seconds: outcome.seconds,
        requests: outcome.requests,
        requests_per_second: outcome.requests as f64 / outcome.seconds,
        connects: outcome.connects,
        connections_served: step.keep_alive.then_some(outcome.connections_served),
        errors: outcome.errors,
        latency_us: latency(&outcome.latency_ns),
        server: Some(measured.server),
        client: Some(client),
        ..cell
    };
    let (verdict, reason) = judge(&cell, step, measured);
    ServerCell { verdict, reason, ..cell }
}

/// Percentiles of what was recorded in nanoseconds; none without a reply.
pub(crate) fn latency(nanoseconds: &Histogram<u64>) -> Option<Latency> {
    let us = |nanoseconds: u64| nanoseconds as f64 / 1e3;
    let at = |quantile| us(nanoseconds.value_at_quantile(quantile));
    (!nanoseconds.is_empty()).then(|| Latency {
        mean: nanoseconds.mean() / 1e3,
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p999: at(0.999),
        max: us(nanoseconds.max()),
    })
}

fn judge(cell: &ServerCell, step: &ServerStep, measured: &Measured) -> (Verdict, Option<String>) {
    if let Some(reason) = failure(cell, measured) {
        return (Verdict::Errors, Some(reason));
    }
    let starved = starved(cell, step);
    match client_bound(cell) {
        Some(reason) if starved.is_none() => (Verdict::ClientBound, Some(reason)),
        _ => (Verdict::Valid, starved),
    }
}

fn failure(cell: &ServerCell, measured: &Measured) -> Option<String> {
    let trouble = measured.ended.trouble().map(|trouble| format!("the server {trouble}"));
    if measured.ended.early {
        return trouble; // whatever else went wrong follows from that
    }
    let errors = cell.errors.total();
    if errors > 0 {
        let first = measured.outcome.first_error.as_deref().unwrap_or("no more is known");
        return Some(format!("{errors} requests failed; the first: {first}{}", said(&measured.ended.stderr)));
    }
    if cell.requests == 0 {
        return Some(format!("no request was answered{}", said(&measured.ended.stderr)));
    }
    trouble
}

/// The last line that the server wrote, to go behind a reason.
fn said(stderr: &str) -> String {
    stderr.lines().last().map(|line| format!("; it said: {line}")).unwrap_or_default()
}

fn starved(cell: &ServerCell, step: &ServerStep) -> Option<String> {
    let served = cell.connections_served?;
    let starved = cell.connections.checked_sub(served).filter(|starved| *starved > 0)?;
    let why = match step.model.room {
        Room::One => "this model serves one client to its end before it looks at the next".to_owned(),
        Room::Workers => match step.choice.options.text("workers") {
            Some(workers) => format!("its {workers} workers belong to their clients until these leave"),
            None => "its workers belong to their clients until these leave".to_owned(),
        },
        Room::Descriptors(limit) => format!("it has room for fewer than {limit} descriptors"),
        Room::Many => "it did not get to them in time".to_owned(),
    };
    Some(format!("{starved} of {} connections were never answered: {why}", cell.connections))
}

/// Whether the generator was the limit: busy all the time while the server had time to spare.
fn client_bound(cell: &ServerCell) -> Option<String> {
    if cell.placement.client == cell.placement.server {
        return None; // on shared processors each takes from the other, and neither is the limit by itself
    }
    let share = |cost: Option<Cost>, processors: &[usize]| {
        cost.map(|cost| cost.cpu_s() / (cell.seconds * processors.len().max(1) as f64))
    };
    let client = share(cell.client, &cell.placement.client)?;
    let server = share(cell.server, &cell.placement.server)?;
    (client > BUSY_SHARE && server < 1.0 - IDLE_SHARE).then(|| {
        let (client, server) = (client * 100.0, server * 100.0);
        format!("the load generator used {client:.0}% of its processors, the server {server:.0}% of its own")
    })
}
