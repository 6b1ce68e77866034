//! From cells of a test to rows, and what is asserted of them.

use reports::record::{Cost, Errors, Latency, ServerCell, TaskCell};
use reports::summary::{Estimate, Rank, ServerRow, ServerTable, Standing, Summary, TaskRow};

use crate::sample::{run_of, server, servers_cell, tasks_cell};

pub(crate) fn tables(cells: Vec<ServerCell>) -> Vec<ServerTable> {
    Summary::of(&run_of(cells.into_iter().map(servers_cell).collect())).servers
}

pub(crate) fn rows(cells: Vec<ServerCell>) -> Vec<ServerRow> {
    let mut tables = tables(cells);
    assert_eq!(tables.len(), 1);
    tables.remove(0).rows
}

pub(crate) fn row(cells: Vec<ServerCell>) -> ServerRow {
    let mut rows = rows(cells);
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

pub(crate) fn task_rows(cells: Vec<TaskCell>) -> Vec<TaskRow> {
    Summary::of(&run_of(cells.into_iter().map(tasks_cell).collect())).tasks
}

pub(crate) fn names_and_standings(rows: &[ServerRow]) -> Vec<(&str, Standing)> {
    rows.iter().map(|row| (row.model.as_str(), row.standing)).collect()
}

pub(crate) fn ranked(place: usize, shared: bool) -> Standing {
    Standing::Ranked(Rank { place, shared })
}

pub(crate) fn close(value: Option<f64>, expected: f64) {
    let value = value.expect("the figure is there");
    assert!((value - expected).abs() < 1e-9 * expected, "{value} is not {expected}");
}

/// Of few rounds, whose interval is their range.
pub(crate) fn estimate_close(estimate: Option<Estimate>, [median, min, max]: [f64; 3]) {
    let estimate = estimate.expect("the figure is there");
    close(Some(estimate.median), median);
    close(Some(estimate.interval.low), min);
    close(Some(estimate.interval.high), max);
}

/// Three rounds of one model whose medians, field by field, come from different rounds.
pub(crate) fn three_rounds() -> Vec<ServerCell> {
    let cell = |round, requests, rate, latency: [f64; 6], user_s, system_s, counts: [u64; 5]| ServerCell {
        requests,
        requests_per_second: rate,
        latency_us: Some(Latency {
            mean: latency[0],
            p50: latency[1],
            p90: Some(latency[2]),
            p99: Some(latency[3]),
            p999: Some(latency[4]),
            p9999: None,
            max: latency[5],
        }),
        server: Some(Cost {
            user_s: Some(user_s),
            system_s: Some(system_s),
            pss_peak_bytes: Some(counts[0]),
            processes_peak: Some(counts[1]),
            threads_peak: Some(counts[2]),
            voluntary_switches: Some(counts[3]),
            involuntary_switches: Some(counts[4]),
            syscalls: Some(77),
            ..Cost::default()
        }),
        errors: Errors { connect: 1, reset: 20, timeout: 300, short: 4_000, wrong: 50_000 },
        ..server("epoll", round, 0.0, 0)
    };
    vec![
        cell(1, 1_000, 510.0, [11.0, 21.0, 32.0, 43.0, 52.0, 61.0], 0.002, 0.001, [7_000, 3, 90, 1_500, 100]),
        cell(2, 2_000, 530.0, [12.0, 23.0, 33.0, 41.0, 51.0, 63.0], 0.002, 0.008, [9_000, 1, 70, 3_000, 800]),
        cell(3, 4_000, 520.0, [13.0, 22.0, 31.0, 42.0, 53.0, 62.0], 0.008, 0.008, [8_000, 2, 80, 6_000, 800]),
    ]
}

/// Five rounds of a model under noise of the round that all models share, and a tenth of a percent of its own, in an order
/// that `number` gives.
pub(crate) fn steady(model: &str, cpu_us: f64, number: u64) -> Vec<ServerCell> {
    let shared = [1.0, 1.3, 0.9, 1.1, 1.2];
    let order = u32::try_from(number).unwrap() * 3;
    let own = |round: u32| 1.0 + 0.000_5 * (f64::from((order + round * 2) % 5) - 2.0);
    let cell = |round: u32| {
        let cpu_us = cpu_us * shared[round as usize - 1] * own(round);
        server(model, round, cpu_us, number * 10 + u64::from(round))
    };
    (1..=5).map(cell).collect()
}
