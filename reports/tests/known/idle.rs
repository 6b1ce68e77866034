//! Servers beside idle connections.

use reports::document::Document;
use reports::record::{Cell, Run, ServerCell, Shape};

use crate::expected::{Expected, Row, Text};
use crate::figure::{Fit, Rounds};
use crate::forms;
use crate::record::{self, cpu_us, each, in_round, rounds, server, servers};

const IDLE: [usize; 3] = [0, 1_000, 10_000];
const HEADINGS: [&str; 3] = ["0 idle", "1,000 idle", "10,000 idle"];
/// What a model's CPU time is beside none, and how much more it is for each thousand, as factors of the first's.
const MODELS: [(&str, f64, f64); 3] = [("flat", 1.1, 0.0), ("grows", 0.7, 0.21), ("grows-fast", 0.6, 0.47)];

pub(crate) fn run() -> Run {
    let cells = IDLE.iter().enumerate().flat_map(|(step, idle)| {
        rounds(&MODELS, move |(model, base, more), place, round| {
            let own = (base + more * *idle as f64 / 1_000.0) * in_round(place + step, round);
            let shape = Shape { idle_connections: Some(*idle).filter(|idle| *idle > 0), ..Shape::default() };
            let cell = server(model, round, own);
            // The rate falls where the CPU time grows, each model's in its own way.
            let requests_per_second = 41_000.0 * in_round(place, round) / (own + 1.7 + 0.3 * step as f64);
            Cell::Idle(Box::new(ServerCell { shape, requests_per_second, ..cell }))
        })
    });
    record::run(cells.collect())
}

fn at<'a>(run: &'a Run, model: &str, idle: usize) -> Vec<&'a ServerCell> {
    servers(run, |cell| cell.model == model && cell.shape.idle_connections.unwrap_or(0) == idle)
}

/// A row for each model with a column for each number.
fn row(run: &Run, model: &str, unit: &str, figure: fn(&ServerCell) -> f64) -> Row {
    IDLE.iter().zip(HEADINGS).fold(Row::of("model", model), |row, (idle, heading)| {
        row.figure(format!("{heading} ({unit})"), Rounds::of(each(&at(run, model, *idle), figure)).middle)
    })
}

/// With the slope of a line through all rounds, over thousands of idle connections.
fn cost(run: &Run, model: &str) -> Row {
    let points: Vec<(f64, f64)> = IDLE
        .iter()
        .flat_map(|idle| each(&at(run, model, *idle), cpu_us).into_iter().map(|us| (*idle as f64 / 1e3, us)))
        .collect();
    let fit = Fit::of(&points, |_| 1.0);
    row(run, model, "µs CPU/req", cpu_us)
        .with("growth (µs per 1,000)", Text::Growth(fit.slope, fit.ends))
        .with("interval (µs per 1,000)", Text::Range(fit.ends.0, fit.ends.1))
        // What hardly grows costs the same beside any number.
        .repeating(if model == "flat" { &["0 idle (µs CPU/req)", "1,000 idle (µs CPU/req)"] } else { &[] })
}

#[test]
fn every_number_of_idle_connections_has_its_own_figures_and_the_growth_is_theirs() {
    let run = run();
    let of = |title: &str, row: &dyn Fn(&str) -> Row| {
        let setting = "http /hello over tcp: 64 connections, kept open; idle connections beside";
        Expected::new(format!("{title}: {setting}"), MODELS.map(|(model, ..)| row(model)).to_vec())
    };
    let tables = [
        of("What idle connections cost", &|model| cost(&run, model)),
        of("Rates beside idle connections", &|model| {
            row(&run, model, "req/s", |cell| cell.requests_per_second)
        }),
    ];
    tables.iter().for_each(Expected::has_no_alike_figures);
    forms::all_say(&Document::of(&run), &tables);
}
