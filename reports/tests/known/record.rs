//! The record, and what its table must say.

use std::collections::BTreeMap;

use reports::record::{
    Calls, Cell, Cost, Floor, Host, Latency, Placement, Run, SCHEMA, Schedule, ServerCell,
};

/// The rows. Each costs more than the one before.
pub(crate) const MODELS: [&str; 4] = ["one", "two", "three", "four"];

/// What a round takes by the middle one: the median of each figure is that of the second round.
const ROUNDS: [f64; 3] = [0.96, 1.0, 1.05];
const FLOOR_US: f64 = 3.1;
const CEILING: f64 = 140_000.0;
const REQUESTS: f64 = 1e6;

/// A model's figures by those of the first.
fn scale(model: usize) -> f64 {
    1.17_f64.powf(model as f64)
}

pub(crate) fn run() -> Run {
    let cell = |(round, model)| Cell::Servers(Box::new(cell(model, round)));
    let cells: Vec<Cell> = (0..ROUNDS.len())
        .flat_map(|round| (0..MODELS.len()).map(move |model| (round, model)))
        .map(cell)
        .collect();
    Run {
        schema: SCHEMA,
        concur: "0.1.0".into(),
        command: vec!["concur".into(), "run".into()],
        started: "2026-01-31T12:00:00Z".into(),
        complete: true,
        planned: cells.len(),
        host: Host { cpu: "Example CPU".into(), cores: 2, ..Host::default() },
        floor: Some(Floor {
            cpu_us: FLOOR_US,
            round_trip_us: 20.0,
            ceiling_per_second: CEILING,
            ..Floor::default()
        }),
        cells,
        ..Run::default()
    }
}

fn latency(p99: f64) -> Latency {
    Latency {
        mean: p99 / 4.3,
        p50: p99 / 5.9,
        p90: Some(p99 / 2.3),
        p99: Some(p99),
        p999: Some(1.9 * p99),
        p9999: Some(3.7 * p99),
        max: 9.1 * p99,
    }
}

fn cell(model: usize, round: usize) -> ServerCell {
    let by = scale(model) * ROUNDS[round];
    ServerCell {
        model: MODELS[model].into(),
        workload: "http".into(),
        request: "/hello".into(),
        transport: "tcp".into(),
        connections: 64,
        keep_alive: true,
        rate: Some(50_000.0),
        schedule: Some(Schedule::Constant),
        round: round as u32 + 1,
        placement: Placement { server: vec![0], client: vec![1] },
        seconds: 2.0 + round as f64,
        requests: REQUESTS as u64,
        requests_per_second: 41_000.0 * by,
        connects: 64,
        connections_served: Some(64),
        latency_us: Some(latency(1_410.0 * by)),
        uncorrected_latency_us: Some(latency(830.0 * by)),
        lag_us: Some(latency(58.0 * by)),
        calls: Some(Calls {
            seconds: 0.5,
            requests: 100_000,
            syscalls: (230_000.0 * by) as u64,
            epoll_ctls: Some((150_000.0 * by) as u64),
        }),
        server: Some(Cost {
            user_s: Some(2.2 * by),
            system_s: Some(6.0 * by),
            pss_peak_bytes: Some((6.6 * by * 1_048_576.0) as u64),
            processes_peak: Some((1_100.0 * by).round() as u64),
            threads_peak: Some((3_100.0 * by).round() as u64),
            voluntary_switches: Some((390_000.0 * by) as u64),
            involuntary_switches: Some((110_000.0 * by) as u64),
            ..Cost::default()
        }),
        ..ServerCell::default()
    }
}

/// The figures under each heading of a model's row, from the record's own numbers: one, with the share that its interval reaches, or
/// both ends.
pub(crate) fn expected(model: usize) -> BTreeMap<&'static str, Vec<f64>> {
    let by = scale(model);
    let ends = |value: f64| vec![value * ROUNDS[0], value * ROUNDS[2]];
    let cpu_us = 8.2 * by;
    let rate = 41_000.0 * by;
    let mut expected = BTreeMap::from([
        ("CPU/req (µs)", vec![cpu_us]),
        ("interval (µs)", ends(cpu_us)),
        ("× floor", vec![cpu_us / FLOOR_US]),
        ("rate (req/s)", vec![rate]),
        ("interval (req/s)", ends(rate)),
        ("of ceiling", vec![rate / CEILING]),
        ("p50", vec![1_410.0 * by / 5.9]),
        ("p99", vec![1_410.0 * by]),
        ("p99.9", vec![1.9 * 1_410.0 * by]),
        ("p99 (uncorrected)", vec![830.0 * by]),
        ("p99 (lag)", vec![58.0 * by]),
        ("memory (MiB)", vec![6.6 * by]),
        ("processes (peak)", vec![(1_100.0 * by).round()]),
        ("threads (peak)", vec![(3_100.0 * by).round()]),
        ("switches (per req)", vec![0.5 * by]),
        ("involuntary (of switches)", vec![0.22]),
        ("calls (per req)", vec![2.3 * by]),
        ("epoll_ctl (per req)", vec![1.5 * by]),
        ("errors", Vec::new()),
        ("× first", vec![by]),
        // Within each round it is the same.
        ("interval (×)", vec![by, by]),
    ]);
    if model == 0 {
        expected.insert("× first", Vec::new());
        expected.insert("interval (×)", Vec::new());
    }
    expected
}
