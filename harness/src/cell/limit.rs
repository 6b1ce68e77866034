//! Who set the pace: the server, or the generator that was to ask it for more.

use std::fmt;

use reports::record::{Placement, Schedule, ServerCell};

use super::little::in_use;
use super::server::threads;
use crate::load::{BUSY_SHARE, IN_USE_SHARE, KEPT_SHARE, LATE_US};
use crate::plan::ServerStep;

/// A server that leaves this much of its processors unused is not the limit.
const IDLE_SHARE: f64 = 0.10;
/// A generator's lag is no fault if it is less than this part of the latency, in which it then makes no difference.
const LATE_SHARE: f64 = 0.10;
/// So many standard deviations of a number of random requests are no sign of anything.
const DEVIATIONS: f64 = 3.0;

/// That the generator of an open loop did not keep its own schedule, if it didn't.
pub(super) fn late(cell: &ServerCell) -> Option<String> {
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
pub(super) fn limited(cell: &ServerCell, step: &ServerStep, rate: f64) -> Option<String> {
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
pub(super) fn slower(cell: &ServerCell, rate: f64) -> Option<String> {
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

/// Whether the generator of a closed loop was the limit: all its threads busy all the time, while the server had time to spare.
pub(super) fn client_bound(cell: &ServerCell, step: &ServerStep) -> Option<String> {
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
        write!(f, "the load generator used {:.0}% of its processors", self.client * 100.0)?;
        f.write_str(", ")?;
        match self.server {
            Some(server) => write!(f, "the server {:.0}% of its own", server * 100.0),
            None => f.write_str("and what the server used is not known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use reports::record::{Cost, Latency, Offered};

    use super::super::cost::without_time;
    use super::*;
    use crate::plan::tests::step;

    fn cpu(seconds: f64) -> Cost {
        Cost { user_s: Some(seconds / 4.0), system_s: Some(seconds * 3.0 / 4.0), ..Cost::default() }
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
