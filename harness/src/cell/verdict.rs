//! What is to be thought of a server cell's figures: whether they stand, and if not, why.

use std::fmt;

use models::server::Room;
use reports::record::{Latency, Placement, Schedule, ServerCell, Verdict};

use super::server::{Measured, threads};
use crate::load::{BUSY_SHARE, IN_USE_SHARE, KEPT_SHARE, LATE_US};
use crate::plan::ServerStep;
use crate::server::quoted;

/// A server that leaves this much of its processors unused is not the limit.
const IDLE_SHARE: f64 = 0.10;

/// By how much Little's law may be missed.
const LITTLE_SHARE: f64 = 0.05;
/// A generator's lag is no fault if it is less than this part of the latency, in which it then makes no difference.
const LATE_SHARE: f64 = 0.10;
/// So many standard deviations of a number of random requests are no sign of anything.
const DEVIATIONS: f64 = 3.0;

/// What is said of a server that does not keep connections which its clients would go on with.
const CLOSES: &str =
    "the server closed connections that its clients wanted to keep, so they had to connect again";

pub(super) fn judge(cell: &ServerCell, step: &ServerStep, measured: &Measured) -> (Verdict, Option<String>) {
    if let Some(reason) = failure(cell, measured) {
        return (Verdict::Errors, Some(reason));
    }
    if let Some(served) = cell.connections_served.filter(|served| *served < cell.connections) {
        return starved(cell.connections, cell.connections - served, step);
    }
    let (bound, slower) = match cell.rate {
        None => (client_bound(cell, step), None),
        Some(rate) => match late(cell).or_else(|| limited(cell, step, rate)) {
            Some(why) => (Some(why), None), // what the server could do with more is not known
            None => (None, slower(cell, rate)),
        },
    };
    let verdict = if bound.is_some() { Verdict::ClientBound } else { Verdict::Valid };
    let closes = cell.keep_alive && cell.connects as usize > 2 * step.all_connections();
    let closes = closes.then(|| CLOSES.to_owned());
    let said = [bound, slower, closes, measured.doubt.clone(), contradiction(cell)];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (verdict, (!said.is_empty()).then(|| said.join("; ")))
}

/// Little's law, a check of the generator's own books: the requests that were under way on average, as their rate and their mean
/// latency give them, by those that the load keeps under way. Only where these are always the same number: a closed loop without
/// a pause, all of whose connections are kept, answered and never failed.
pub(super) fn little(cell: &ServerCell) -> Option<f64> {
    let steady = cell.rate.is_none() && cell.shape.think_us.is_none() && cell.keep_alive;
    let all = cell.connections_served == Some(cell.connections) && cell.errors.total() == 0;
    (steady && all).then(|| in_use(cell, &cell.latency_us?)).flatten()
}

/// The requests under way on average, as a part of those that all connections can have under way.
fn in_use(cell: &ServerCell, latency: &Latency) -> Option<f64> {
    let room = (cell.connections * cell.shape.pipeline.unwrap_or(1)) as f64;
    (room > 0.0).then(|| cell.requests_per_second * latency.mean / 1e6 / room)
}

/// That count and latencies of a closed loop do not go together, if they don't.
fn contradiction(cell: &ServerCell) -> Option<String> {
    let little = cell.little?;
    // Between a reply and the next request a connection has nothing under way: that is the generator's time, in user mode.
    let own = cell.client.and_then(|client| client.user_s).unwrap_or_default() / cell.seconds;
    let room = (cell.connections * cell.shape.pipeline.unwrap_or(1)) as f64;
    // A request that is under way at an edge is timed in full and lies in the window in part.
    let edge = cell.latency_us.map_or(0.0, |latency| latency.max / 1e6 / cell.seconds);
    let off = LITTLE_SHARE + edge;
    let fits = (1.0 - off - own / room..=1.0 + off).contains(&little);
    (!fits).then(|| {
        format!(
            "by rate and latency {:.0}% of the requests that the load keeps under way were so, and the one or the other is wrong",
            little * 100.0
        )
    })
}

/// That the generator of an open loop did not keep its own schedule, if it didn't.
fn late(cell: &ServerCell) -> Option<String> {
    let lag = cell.lag_us?;
    // Of few requests there is no such percentile.
    let (name, late) =
        [("p99", lag.p99), ("p90", lag.p90)].into_iter().find_map(|(name, us)| Some((name, us?)))?;
    let latency = cell.latency_us.map_or(0.0, |latency| latency.p50);
    (late > LATE_US.max(latency * LATE_SHARE)).then(|| {
        format!("the load generator sent requests late by its own fault (lag {name} {:.1} ms)", late / 1e3)
    })
}

/// That the server was never asked for as much as the rate, or could have done more, if either is so: that the generator had no
/// time to spare, that requests did not leave although connections were free for them, or that there were too few
/// connections for a server that had time to spare.
fn limited(cell: &ServerCell, step: &ServerStep, rate: f64) -> Option<String> {
    if !falls_behind(cell, rate) {
        return None;
    }
    let shares = Shares::of(cell, step);
    if let Some(shares) = shares.filter(|shares| shares.client > BUSY_SHARE) {
        return Some(format!("{}; {shares}", too_few(cell, rate)));
    }
    if all_left(cell) {
        return None; // the server was asked, and did not answer in time
    }
    // Of a rate far beyond reach nothing that was due in the window may have left in it, so there is no such latency.
    let in_use = cell.uncorrected_latency_us.and_then(|latency| in_use(cell, &latency));
    if in_use.is_some_and(|share| share < IN_USE_SHARE) {
        return Some(format!("{}, while connections were free", too_few(cell, rate)));
    }
    let idle = shares?.server.filter(|server| *server < 1.0 - IDLE_SHARE)?;
    Some(format!(
        "{}, and the server used only {:.0}% of its processors; try more --connections, or a lower --rate",
        too_few(cell, rate),
        idle * 100.0
    ))
}

/// Whether the requests that were due did leave, answered or not. A record that does not say so speaks of neither.
fn all_left(cell: &ServerCell) -> bool {
    cell.offered.is_some_and(|offered| offered.left as f64 >= offered.due as f64 * KEPT_SHARE)
}

/// How many requests left, or at least were answered, of those asked for.
fn too_few(cell: &ServerCell, rate: f64) -> String {
    let sent = cell.offered.map_or(cell.requests_per_second, |offered| offered.left as f64 / cell.seconds);
    format!("the load generator sent fewer requests than asked for, {sent:.0} of {rate:.0} a second")
}

/// That the server did not keep up with the rate, if it didn't.
fn slower(cell: &ServerCell, rate: f64) -> Option<String> {
    falls_behind(cell, rate).then(|| {
        format!("the server kept up with only {:.0} of {rate:.0} requests a second", cell.requests_per_second)
    })
}

/// Whether fewer requests were answered than were to leave, and not only by the chance of a random schedule.
fn falls_behind(cell: &ServerCell, rate: f64) -> bool {
    let chance = match cell.schedule {
        Some(Schedule::Poisson) => DEVIATIONS / (rate * cell.seconds).sqrt(),
        Some(Schedule::Constant) | None => 0.0,
    };
    cell.requests_per_second < rate * KEPT_SHARE.min(1.0 - chance)
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

/// Whether the generator of a closed loop was the limit: all its threads busy all the time, while the server had time to spare.
fn client_bound(cell: &ServerCell, step: &ServerStep) -> Option<String> {
    let shares = Shares::of(cell, step)?;
    let server_is_busy = shares.server.is_some_and(|server| server >= 1.0 - IDLE_SHARE);
    (shares.client > BUSY_SHARE && !server_is_busy).then(|| shares.to_string())
}

/// Which part of its processors' time each side used.
#[derive(Clone, Copy)]
struct Shares {
    client: f64,
    /// None where the server's time is not known.
    server: Option<f64>,
}

impl Shares {
    /// Those of a cell; none where the sides share processors: each takes from the other there, and neither is the limit by itself.
    fn of(cell: &ServerCell, step: &ServerStep) -> Option<Self> {
        let Placement { server: servers, client: clients } = &cell.placement;
        if clients == servers {
            return None;
        }
        let (server, client) = (cell.server?, cell.client?);
        // A side can use no more processors than it has threads.
        let usable =
            |processors: &[usize], threads: usize| processors.len().min(threads).max(1) as f64 * cell.seconds;
        let server_threads = server.threads_peak.map_or(usize::MAX, |threads| threads as usize);
        Some(Self {
            client: client.cpu_s()? / usable(clients, threads(clients, step)),
            server: server.cpu_s().map(|cpu_s| cpu_s / usable(servers, server_threads)),
        })
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the load generator used {:.0}% of its processors, ", self.client * 100.0)?;
        match self.server {
            Some(server) => write!(f, "the server {:.0}% of its own", server * 100.0),
            None => f.write_str("and what the server used is not known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use reports::record::{Cost, Offered, Shape};

    use super::super::cost::without_time;
    use super::*;
    use crate::plan::tests::step;

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

    /// An open loop at 10,000 requests a second over 64 connections, for two seconds.
    fn open(rate: f64, latency: f64, lag: f64) -> ServerCell {
        let all = |us| Latency { mean: us, p50: us, p90: Some(us), p99: Some(us), ..Latency::default() };
        ServerCell {
            rate: Some(10_000.0),
            schedule: Some(Schedule::Constant),
            connections: 64,
            seconds: 2.0,
            requests_per_second: rate,
            latency_us: Some(all(latency)),
            uncorrected_latency_us: Some(all(latency)),
            lag_us: Some(all(lag)),
            ..ServerCell::default()
        }
    }

    #[test]
    fn a_generator_that_is_late_by_its_own_fault_is_the_limit() {
        assert_eq!(late(&open(10_000.0, 300.0, 900.0)), None);
        let why = late(&open(10_000.0, 300.0, 1_200.0)).unwrap();
        assert_eq!(why, "the load generator sent requests late by its own fault (lag p99 1.2 ms)");
        assert_eq!(late(&open(10_000.0, 50_000.0, 1_200.0)), None, "in 50 ms it makes no difference");
    }

    #[test]
    fn a_server_that_keeps_up_with_less_than_the_rate_is_told_and_is_no_fault_of_the_generator() {
        // All 64 connections are in use: 8,000 a second times 8 ms.
        let cell = sides(open(8_000.0, 8_000.0, 0.0), 1.2, 1.9);
        assert_eq!(limit(&cell), None);
        let why = slower(&cell, 10_000.0).unwrap();
        assert_eq!(why, "the server kept up with only 8000 of 10000 requests a second");
        assert_eq!(slower(&open(9_950.0, 300.0, 0.0), 10_000.0), None);
    }

    /// The same with so many seconds of processor time on each side, of two.
    fn sides(cell: ServerCell, client: f64, server: f64) -> ServerCell {
        let placement = Placement { server: vec![0], client: vec![1] };
        ServerCell { placement, client: Some(cpu(client)), server: Some(cpu(server)), ..cell }
    }

    fn limit(cell: &ServerCell) -> Option<String> {
        limited(cell, &step("epoll", 64), 10_000.0)
    }

    #[test]
    fn requests_that_do_not_leave_while_connections_are_free_are_the_generators_fault() {
        let why = limit(&open(8_000.0, 300.0, 0.0)).unwrap();
        assert!(why.contains("8000 of 10000 a second, while connections were free"), "{why}");
    }

    #[test]
    fn a_server_is_not_blamed_for_a_rate_that_a_busy_generator_did_not_send() {
        let offered = Some(Offered { due: 20_000, left: 16_100, unanswered: 0 });
        for server in [1.2, 1.9] {
            let why =
                limit(&sides(ServerCell { offered, ..open(8_000.0, 8_000.0, 0.0) }, 1.96, server)).unwrap();
            assert!(why.contains("8050 of 10000 a second; the load generator used 98%"), "{why}");
        }
        assert_eq!(limit(&sides(open(9_950.0, 300.0, 0.0), 1.96, 1.2)), None, "the rate was kept");
    }

    #[test]
    fn too_few_connections_are_the_limit_of_a_server_with_time_to_spare() {
        let left = |left| Some(Offered { due: 20_000, left, unanswered: 0 });
        let cell = |offered| sides(ServerCell { offered, ..open(8_000.0, 8_000.0, 0.0) }, 0.6, 0.4);
        let why = limit(&cell(left(16_000))).unwrap();
        assert!(why.contains("used only 20% of its processors; try more --connections"), "{why}");
        let beyond = ServerCell { uncorrected_latency_us: None, lag_us: None, ..cell(left(16_000)) };
        assert_eq!(limit(&beyond), Some(why), "nothing that was due in the window was answered");
        assert_eq!(limit(&cell(left(19_900))), None, "it was asked, and did not answer");
    }

    #[test]
    fn what_a_random_schedule_may_leave_out_is_no_shortfall() {
        // Of 20,000 requests one standard deviation is 141.
        let poisson = |rate| ServerCell { schedule: Some(Schedule::Poisson), ..open(rate, 300.0, 0.0) };
        assert!(!falls_behind(&poisson(9_800.0), 10_000.0));
        assert!(falls_behind(&poisson(9_700.0), 10_000.0));
        assert!(falls_behind(&open(9_800.0, 300.0, 0.0), 10_000.0));
    }

    /// A closed loop over 64 connections that were all answered.
    fn closed(rate: f64, latency: f64) -> ServerCell {
        let cell = open(rate, latency, 0.0);
        let cell = ServerCell { rate: None, keep_alive: true, connections_served: Some(64), ..cell };
        ServerCell { little: little(&cell), ..cell }
    }

    #[test]
    fn rate_times_latency_is_what_is_under_way() {
        assert!((closed(64_000.0, 1_000.0).little.unwrap() - 1.0).abs() < 1e-9);
        let shape = Shape { pipeline: Some(4), ..Shape::default() };
        let pipelined = ServerCell { shape, ..closed(256_000.0, 1_000.0) };
        assert!((little(&pipelined).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(contradiction(&closed(64_000.0, 980.0)), None);
        let why = contradiction(&closed(64_000.0, 900.0)).unwrap();
        assert!(why.starts_with("by rate and latency 90% of the requests"), "{why}");
        assert!(contradiction(&closed(64_000.0, 1_100.0)).is_some());
    }

    #[test]
    fn what_the_generator_does_between_two_requests_is_no_contradiction() {
        let client = |user_s| Some(Cost { user_s: Some(user_s), ..Cost::default() });
        let one = |user_s| ServerCell { connections: 1, client: client(user_s), ..closed(64_000.0, 1_000.0) };
        let one = |user_s| ServerCell { little: Some(0.85), ..one(user_s) };
        assert_eq!(contradiction(&one(0.3)), None, "15% of the time over its one connection");
        assert!(contradiction(&one(0.1)).is_some());
    }

    #[test]
    fn what_is_under_way_at_the_edges_is_no_contradiction() {
        let cell = closed(64_000.0, 1_100.0);
        let latency_us = cell.latency_us.map(|latency| Latency { max: 120_000.0, ..latency });
        assert_eq!(
            contradiction(&ServerCell { latency_us, ..cell }),
            None,
            "120 ms of a window of 2 s are 6%"
        );
    }

    #[test]
    fn littles_law_is_asked_only_where_the_same_number_is_always_under_way() {
        let cell = closed(64_000.0, 1_000.0);
        let shape = Shape { think_us: Some(10.0), ..Shape::default() };
        assert_eq!(little(&ServerCell { shape, ..cell.clone() }), None);
        assert_eq!(little(&ServerCell { connections_served: Some(63), ..cell.clone() }), None);
        assert_eq!(little(&ServerCell { keep_alive: false, ..cell.clone() }), None);
        assert_eq!(little(&ServerCell { rate: Some(1.0), ..cell }), None);
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
}
