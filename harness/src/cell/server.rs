//! One server cell: a fresh process, one load, one round.

use std::time::Duration;

use anyhow::Context;
use hdrhistogram::Histogram;
use models::server::Room;
use reports::record::{Cost, Latency, Placement, ServerCell, Verdict};

use super::Bench;
use crate::load::{self, Edge, Load, Outcome};
use crate::measure::census::Lost;
use crate::measure::life::Reaped;
use crate::measure::placement::Bound;
use crate::measure::reading::Reading;
use crate::measure::sampler::{Peaks, Sampler, Sampling};
use crate::plan::ServerStep;
use crate::server::{Ended, quoted};

/// What a server needs besides its connections.
const DESCRIPTORS_OF_ITS_OWN: usize = 16;
/// How long a server may take to say that it listens.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How long it may take to stop; its own grace is shorter.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// A side that uses this much of its processors can't do more.
const BUSY_SHARE: f64 = 0.95;
/// A server that leaves this much of its processors unused is not the limit.
const IDLE_SHARE: f64 = 0.10;

/// What is said of a server that does not keep connections which its clients would go on with.
const CLOSES: &str =
    "the server closed connections that its clients wanted to keep, so they had to connect again";

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
struct Measured {
    outcome: Outcome,
    server: Cost,
    /// Why its processor time is not in that, if it is not.
    lost: Option<Lost>,
    ended: Ended,
}

fn try_measure(step: &ServerStep, bench: &Bench<'_>) -> anyhow::Result<Measured> {
    let placement = &bench.placement;
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
    // What this thread reads while the load runs must not be read in the server's time.
    let here = Bound::to(&placement.client).context("can't bind the measuring thread")?;
    let outcome = load::run(&load, &*client, &mut window, bench.stop);
    drop(here);
    let ended = server.stop(STOP_WITHIN)?;
    let life = before.until(&Reaped::so_far()?);
    let outcome = outcome?;
    let readings =
        readings.into_iter().collect::<Result<Vec<_>, _>>().context("the server's cost can't be read")?;
    let peaks = peaks.unwrap_or_default();
    let lost = lost(step, &peaks);
    let server = cost(&readings, &peaks, &life, &outcome);
    let server = if lost.is_some() { without_time(server) } else { server };
    Ok(Measured { outcome, server, lost, ended })
}

/// What the server cost in the window. Where threads or processes came and went, their switches went with them: then
/// the switches of its whole life are shared out over its requests.
fn cost(readings: &[Reading], peaks: &Peaks, life: &Cost, outcome: &Outcome) -> Cost {
    let [opens, closes] = readings else { return peaks.complete(Cost::default()) };
    let window = opens.until(closes);
    let share = outcome.requests as f64 / outcome.requests_in_all.max(1) as f64;
    let shared = |switches: Option<u64>| switches.map(|switches| (switches as f64 * share).round() as u64);
    let cost = peaks.complete(Cost {
        voluntary_switches: window.voluntary_switches.or_else(|| shared(life.voluntary_switches)),
        involuntary_switches: window.involuntary_switches.or_else(|| shared(life.involuntary_switches)),
        ..window
    });
    if cost.processes_peak > Some(1) { divided_as(life, cost) } else { cost }
}

/// Why the processor time of some of its children is in nobody's account, if it is not.
fn lost(step: &ServerStep, peaks: &Peaks) -> Option<Lost> {
    // With each request a connection, and perhaps a child, comes and goes.
    let churning = !step.keep_alive;
    let known = churning && step.subject.makes_orphans();
    peaks.census.lost(churning).or(known.then_some(Lost::Orphaned))
}

/// A cost without the figures that miss what children used; they would be far too low.
fn without_time(cost: Cost) -> Cost {
    Cost { user_s: None, system_s: None, voluntary_switches: None, involuntary_switches: None, ..cost }
}

/// Divides a cost into user and system time as `life` is divided. The kernel tells the two apart by looking once a tick,
/// and many processes with a tick or two each leave nothing to go by in a short window; a whole life has more.
fn divided_as(life: &Cost, cost: Cost) -> Cost {
    let share = life.system_s.zip(life.cpu_s()).filter(|(_, all)| *all > 0.0);
    let Some(((system_s, all), sum)) = share.zip(cost.cpu_s()) else { return cost };
    let system_s = sum * system_s / all;
    Cost { user_s: Some(sum - system_s), system_s: Some(system_s), ..cost }
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
    if let Some(served) = cell.connections_served.filter(|served| *served < cell.connections) {
        return starved(cell.connections, cell.connections - served, step);
    }
    let bound = client_bound(cell, step);
    let verdict = if bound.is_some() { Verdict::ClientBound } else { Verdict::Valid };
    let closes = cell.keep_alive && cell.connects as usize > 2 * cell.connections;
    let unknown = measured.lost.map(|lost| format!("the server's CPU time is not known: {}", lost.why()));
    let said: Vec<String> =
        [bound, closes.then(|| CLOSES.to_owned()), unknown].into_iter().flatten().collect();
    (verdict, (!said.is_empty()).then(|| said.join("; ")))
}

/// For a server with room for a few, clients that wait without an answer are part of the picture. For the others they
/// are a fault, or there was too little time to let everyone in.
fn starved(connections: usize, starved: usize, step: &ServerStep) -> (Verdict, Option<String>) {
    let (verdict, why) = match step.subject.room(step.transport) {
        Some(Room::One) => {
            (Verdict::Valid, "this model serves one client to its end before it looks at the next".to_owned())
        }
        // Each worker takes the clients that the kernel deals out to it, who may be none.
        Some(Room::DealtOut(_)) => (
            Verdict::Valid,
            "they were dealt out to workers that belong to other clients until these leave".to_owned(),
        ),
        // Those who were served must be at least as many as it has workers.
        Some(Room::Workers(workers)) if connections - starved >= workers => {
            (Verdict::Valid, format!("its {workers} workers belong to their clients until these leave"))
        }
        Some(Room::Workers(_) | Room::Descriptors(_) | Room::Many) => (
            Verdict::Unstable,
            "it should have got to them all; a longer --warm-up may let them in".to_owned(),
        ),
        None => (
            Verdict::Valid,
            "it has room for fewer at once, or a longer --warm-up would let them in".to_owned(),
        ),
    };
    (verdict, Some(format!("{starved} of {connections} connections were never answered: {why}")))
}

fn failure(cell: &ServerCell, measured: &Measured) -> Option<String> {
    let trouble = measured.ended.trouble().map(|trouble| format!("the server {trouble}"));
    if measured.ended.early {
        return trouble; // whatever else went wrong follows from that
    }
    let errors = cell.errors.total();
    if errors > 0 {
        let first = measured.outcome.first_error.as_deref().unwrap_or("no more is known");
        return Some(format!(
            "{errors} requests failed; the first: {first}{}",
            quoted(&measured.ended.stderr)
        ));
    }
    if cell.requests == 0 {
        return Some(format!("no request was answered{}", quoted(&measured.ended.stderr)));
    }
    trouble
}

/// Whether the generator was the limit: all its threads busy all the time, while the server had time to spare.
fn client_bound(cell: &ServerCell, step: &ServerStep) -> Option<String> {
    let Placement { server: servers, client: clients } = &cell.placement;
    if clients == servers {
        return None; // on shared processors each takes from the other, and neither is the limit by itself
    }
    let (server, client) = (cell.server?, cell.client?);
    // A side can use no more processors than it has threads.
    let usable = |processors: &[usize], threads: usize| processors.len().min(threads).max(1) as f64;
    let client = client.cpu_s()? / (cell.seconds * usable(clients, threads(clients, step)));
    let threads = server.threads_peak.map_or(usize::MAX, |threads| threads as usize);
    let server = server.cpu_s().map(|cpu_s| cpu_s / (cell.seconds * usable(servers, threads)));
    if client <= BUSY_SHARE || server.is_some_and(|server| server >= 1.0 - IDLE_SHARE) {
        return None;
    }
    let server = server.map_or_else(
        || "and what the server used is not known".to_owned(),
        |server| format!("the server {:.0}% of its own", server * 100.0),
    );
    Some(format!("the load generator used {:.0}% of its processors, {server}", client * 100.0))
}

/// Over how many threads the generator spreads its connections.
fn threads(processors: &[usize], step: &ServerStep) -> usize {
    processors.len().clamp(1, step.connections)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Subject;
    use crate::transport::Transport;
    use crate::workload::Workload;

    fn step(model: &str, connections: usize) -> ServerStep {
        ServerStep {
            subject: Subject::model(model.parse().unwrap()).unwrap(),
            workload: Workload::new("http", "/hello", 1).unwrap(),
            transport: Transport::Tcp,
            connections,
            keep_alive: true,
            round: 1,
        }
    }

    fn cpu(seconds: f64) -> Cost {
        Cost { user_s: Some(seconds / 4.0), system_s: Some(seconds * 3.0 / 4.0), ..Cost::default() }
    }

    #[test]
    fn clients_may_starve_where_a_model_has_no_room_for_them_and_nowhere_else() {
        let verdict = |model, served: usize| starved(8, 8 - served, &step(model, 8)).0;
        assert_eq!(verdict("loop", 1), Verdict::Valid);
        assert_eq!(verdict("thread-pool:workers=3", 3), Verdict::Valid);
        assert_eq!(verdict("thread-pool:workers=3", 2), Verdict::Unstable);
        assert_eq!(verdict("prefork:workers=3,accept=shared", 2), Verdict::Unstable);
        assert_eq!(verdict("prefork:workers=3,accept=reuseport", 2), Verdict::Valid);
        assert_eq!(verdict("epoll", 7), Verdict::Unstable);
        let reason = starved(8, 5, &step("thread-pool:workers=3", 8)).1.unwrap();
        assert_eq!(
            reason,
            "5 of 8 connections were never answered: its 3 workers belong to their clients until these leave"
        );
    }

    #[test]
    fn the_generator_is_the_limit_only_if_it_is_busy_and_the_server_is_not() {
        let bound = |client, server, clients: Vec<usize>| {
            let placement = Placement { server: vec![0], client: clients };
            let (client, server) = (Some(cpu(client)), Some(cpu(server)));
            let cell = ServerCell { seconds: 2.0, placement, client, server, ..ServerCell::default() };
            client_bound(&cell, &step("epoll", 64))
        };
        let reason = bound(1.96, 1.2, vec![1]).unwrap();
        assert_eq!(reason, "the load generator used 98% of its processors, the server 60% of its own");
        assert_eq!(bound(1.96, 1.9, vec![1]), None, "both are busy");
        assert_eq!(bound(1.5, 1.2, vec![1]), None, "the generator has time to spare");
        assert_eq!(bound(1.96, 1.2, vec![1, 2]), None, "half of the generator's time is to spare");
        assert_eq!(bound(1.96, 1.2, vec![0]), None, "they share a processor");
    }

    #[test]
    fn a_generator_with_fewer_connections_than_processors_can_be_the_limit_all_the_same() {
        let placement = Placement { server: vec![0, 1], client: vec![2, 3] };
        let server = Some(Cost { threads_peak: Some(1), ..cpu(1.0) });
        let cell =
            ServerCell { seconds: 2.0, placement, client: Some(cpu(1.96)), server, ..ServerCell::default() };
        assert!(client_bound(&cell, &step("epoll", 1)).is_some());
    }

    #[test]
    fn select_is_not_asked_for_more_than_its_sets_hold() {
        assert_eq!(unsupported(&step("select", 1_000)), None);
        assert!(unsupported(&step("select", 1_100)).unwrap().contains("fewer than 1024 descriptors"));
        assert_eq!(unsupported(&step("poll", 1_100)), None);
    }

    #[test]
    fn the_time_of_many_processes_is_divided_as_that_of_their_whole_lives() {
        let time =
            |user_s, system_s| Cost { user_s: Some(user_s), system_s: Some(system_s), ..Cost::default() };
        let divided = divided_as(&time(1.0, 4.0), time(0.5, 0.0));
        let (user_s, system_s) = (divided.user_s.unwrap(), divided.system_s.unwrap());
        assert!((user_s - 0.1).abs() < 1e-9 && (system_s - 0.4).abs() < 1e-9, "{divided:?}");
    }

    #[test]
    fn a_busy_generator_may_be_the_limit_of_a_server_whose_time_is_not_known() {
        let placement = Placement { server: vec![0], client: vec![1] };
        let server = Some(without_time(cpu(1.0)));
        let cell =
            ServerCell { seconds: 2.0, placement, client: Some(cpu(1.96)), server, ..ServerCell::default() };
        let reason = client_bound(&cell, &step("fork", 64)).unwrap();
        assert_eq!(
            reason,
            "the load generator used 98% of its processors, and what the server used is not known"
        );
    }

    #[test]
    fn a_double_fork_loses_time_where_children_end_within_the_window_and_not_where_they_stay() {
        let lost = |model: &str, keep_alive| {
            let choice = model.parse().unwrap();
            let model = models::server::server("fork").unwrap();
            let subject = Subject::Model { model, choice };
            lost(&ServerStep { subject, keep_alive, ..step("fork", 8) }, &Peaks::default())
        };
        assert_eq!(lost("fork:reap=double-fork", false), Some(Lost::Orphaned));
        assert_eq!(lost("fork:reap=double-fork", true), None);
        assert_eq!(lost("fork", false), None);
    }
}
