//! A sweep of rates for each server, made from what it reaches in a closed loop: where the latency takes off is the knee.
//!
//! A closed loop shows how much a server can do, and never more is asked of it than that. How it behaves below and beyond
//! shows only under rates that do not depend on it. Servers differ a hundredfold, so each is offered shares of its own
//! best, rounded to two digits.

use reports::record::{Run, ServerCell, Verdict};

use super::{ServerStep, ServerSuite, Step};

/// The shares of a server's closed-loop rate that it is offered.
const SHARES: [f64; 8] = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1];

/// How many rates each server is offered.
pub const RATES: u32 = SHARES.len() as u32;

/// The cells to add once the closed loops of `steps` have been measured; a server whose own can't be relied on gets none.
pub fn steps(steps: &[Step], run: &Run) -> Vec<ServerStep> {
    closed(steps).filter_map(|step| Some(rates(step, capacity(step, run)?))).flatten().collect()
}

/// The closed loops that rates are made from.
pub fn closed(steps: &[Step]) -> impl Iterator<Item = &ServerStep> {
    steps.iter().filter_map(|step| match step {
        Step::Server(step) => {
            let plain = step.suite == ServerSuite::Servers && step.rate.is_none() && step.copy.is_none();
            plain.then_some(step)
        }
        Step::Task(_) | Step::Interpreter(_) | Step::Probe(_) => None,
    })
}

fn rates(step: &ServerStep, capacity: f64) -> Vec<ServerStep> {
    let offered = SHARES.map(|share| two_digits(capacity * share));
    offered.iter().map(|rate| ServerStep { rate: Some(*rate), ..step.clone() }).collect()
}

/// What the server reached when it set the pace itself.
fn capacity(step: &ServerStep, run: &Run) -> Option<f64> {
    let cells = run.cells.iter().filter_map(|cell| cell.server());
    let rates = cells.filter(|cell| is_of(cell, step) && counts(cell)).map(|cell| cell.requests_per_second);
    rates.max_by(f64::total_cmp).filter(|rate| *rate > 0.0)
}

fn counts(cell: &ServerCell) -> bool {
    let starved = cell.connections_served.is_some_and(|served| served < cell.connections);
    matches!(cell.verdict, Verdict::Valid | Verdict::ClientBound | Verdict::Unstable) && !starved
}

fn is_of(cell: &ServerCell, step: &ServerStep) -> bool {
    cell.model == step.subject.name()
        && cell.options == step.subject.options()
        && cell.rate.is_none()
        && cell.keep_alive == step.keep_alive
        && cell.connections == step.connections
        && cell.transport == step.transport.name()
        && cell.workload == step.workload.name()
        && cell.request == step.workload.request()
        && cell.shape == step.shape
}

/// Rounded so that people can say it, and at least 1.
fn two_digits(rate: f64) -> f64 {
    let unit = 10_f64.powf(rate.log10().floor() - 1.0);
    ((rate / unit).round() * unit).max(1.0).round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::step;

    fn cell(rate: f64, verdict: Verdict) -> ServerCell {
        ServerCell {
            model: "epoll".into(),
            workload: "http".into(),
            request: "/hello".into(),
            transport: "tcp".into(),
            connections: 8,
            keep_alive: true,
            requests_per_second: rate,
            verdict,
            ..ServerCell::default()
        }
    }

    fn offered(cells: Vec<ServerCell>) -> Vec<f64> {
        let cells = cells.into_iter().map(|cell| reports::record::Cell::Servers(Box::new(cell))).collect();
        let run = Run { cells, ..Run::default() };
        steps(&[Step::Server(step("epoll", 8))], &run).iter().filter_map(|step| step.rate).collect()
    }

    #[test]
    fn a_server_is_offered_shares_of_its_own_best() {
        let offered = offered(vec![cell(123_456.0, Verdict::Valid), cell(99.0, Verdict::Valid)]);
        assert_eq!(offered, [12e3, 37e3, 62e3, 86e3, 99e3, 110e3, 120e3, 140e3]);
    }

    #[test]
    fn no_rate_is_made_from_what_went_wrong_or_belongs_to_another_load() {
        let other = ServerCell { connections: 9, ..cell(50.0, Verdict::Valid) };
        let starved = ServerCell { connections_served: Some(1), ..cell(50.0, Verdict::Valid) };
        assert_eq!(offered(vec![cell(50.0, Verdict::Errors), other, starved]), [0.0; 0]);
    }

    #[test]
    fn small_rates_stay_whole_numbers_from_one_on() {
        assert_eq!([0.2, 3.4, 87.6].map(|rate| two_digits(rate) as u64), [1, 3, 88]);
    }
}
