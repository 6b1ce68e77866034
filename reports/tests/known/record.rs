//! What the known records are made of: cells whose figures follow from a factor, and no two of whose figures are alike.

use reports::record::{Calls, Cell, Cost, Errors, Floor, Host, Latency, Placement, Run, SCHEMA, ServerCell};

/// What a round takes by the first one, which so is the middle one of figures that follow it.
const ROUNDS: [f64; 3] = [1.0, 0.96, 1.05];
/// So many rounds have the records.
pub(crate) const NUMBER: usize = ROUNDS.len();
/// The two ends of the machine.
pub(crate) const FLOOR_US: f64 = 3.1;
pub(crate) const CEILING: f64 = 140_000.0;

/// A record of these cells.
pub(crate) fn run(cells: Vec<Cell>) -> Run {
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

/// The rounds, each with a cell for each of `things`.
pub(crate) fn rounds<T: Copy>(things: &[T], cell: impl Fn(T, usize, usize) -> Cell) -> Vec<Cell> {
    let of = |round| things.iter().enumerate().map(move |(place, thing)| (*thing, place, round));
    (0..NUMBER).flat_map(of).map(|(thing, place, round)| cell(thing, place, round)).collect()
}

/// A thing's figures by those of the first, in a round: each costs a sixth more than the one before, and in each round a little more or
/// less, so that the middle of ratios is not the ratio of the middles.
pub(crate) fn by(place: usize, round: usize) -> f64 {
    1.17_f64.powf(place as f64) * in_round(place, round)
}

/// The same without what things differ by.
pub(crate) fn in_round(place: usize, round: usize) -> f64 {
    ROUNDS[round] * (1.0 + 0.004 * ((2 * place + round) % NUMBER) as f64)
}

pub(crate) fn latency(p99: f64) -> Latency {
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

/// A server in a closed loop whose figures are all `by` times those of the first.
pub(crate) fn server(model: &str, round: usize, by: f64) -> ServerCell {
    let (model, options) = model.split_once(':').unwrap_or((model, ""));
    ServerCell {
        model: model.into(),
        options: options.into(),
        workload: "http".into(),
        request: "/hello".into(),
        transport: "tcp".into(),
        connections: 64,
        keep_alive: true,
        round: round as u32 + 1,
        placement: Placement { server: vec![0], client: vec![1] },
        seconds: 2.0 + round as f64,
        requests: 1_000_000,
        requests_per_second: 41_000.0 * by,
        connects: 64,
        errors: Errors { reset: 3, ..Errors::default() },
        latency_us: Some(latency(1_410.0 * by)),
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
            voluntary_switches: Some((370_000.0 * by) as u64),
            involuntary_switches: Some((110_000.0 * by * by) as u64),
            ..Cost::default()
        }),
        ..ServerCell::default()
    }
}

/// The cells of servers among those of a record that are of this kind, in the order of their rounds.
pub(crate) fn servers(run: &Run, is: impl Fn(&ServerCell) -> bool) -> Vec<&ServerCell> {
    let mut cells: Vec<&ServerCell> =
        run.cells.iter().filter_map(Cell::server).filter(|cell| is(cell)).collect();
    cells.sort_by_key(|cell| cell.round);
    cells
}

/// A figure of each.
pub(crate) fn each<T>(cells: &[&T], figure: impl Fn(&T) -> f64) -> Vec<f64> {
    cells.iter().map(|cell| figure(cell)).collect()
}

/// CPU time per request, in microseconds.
pub(crate) fn cpu_us(cell: &ServerCell) -> f64 {
    let cost = cell.server.unwrap();
    (cost.user_s.unwrap() + cost.system_s.unwrap()) * 1e6 / cell.requests as f64
}
