//! Little's law, over what the generator has counted and timed.

use reports::record::{Latency, ServerCell};

/// By how much Little's law may be missed.
const LITTLE_SHARE: f64 = 0.05;

/// Little's law, a check of the generator's own books: the requests that were under way on average, as their rate and their mean
/// latency give them, by those that the load keeps under way. Only where these are always the same number: a closed loop without
/// a pause, all of whose connections are kept, answered and never failed.
pub(super) fn little(cell: &ServerCell) -> Option<f64> {
    let steady = cell.rate.is_none() && cell.shape.think_us.is_none() && cell.keep_alive;
    let all = cell.connections_served == Some(cell.connections) && cell.errors.total() == 0;
    (steady && all).then(|| in_use(cell, &cell.latency_us?)).flatten()
}

/// The requests under way on average, as a part of those that all connections can have under way.
pub(super) fn in_use(cell: &ServerCell, latency: &Latency) -> Option<f64> {
    let room = (cell.connections * cell.shape.pipeline.unwrap_or(1)) as f64;
    (room > 0.0).then(|| cell.requests_per_second * latency.mean / 1e6 / room)
}

/// That count and latencies of a closed loop do not go together, if they don't.
pub(super) fn contradiction(cell: &ServerCell) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use reports::record::{Cost, Shape};

    use super::*;

    /// A closed loop over 64 connections that were all answered.
    fn closed(rate: f64, latency: f64) -> ServerCell {
        let cell = ServerCell {
            connections: 64,
            connections_served: Some(64),
            keep_alive: true,
            seconds: 2.0,
            requests_per_second: rate,
            latency_us: Some(Latency { mean: latency, ..Latency::default() }),
            ..ServerCell::default()
        };
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
}
