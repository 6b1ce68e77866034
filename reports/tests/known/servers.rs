//! Servers in one setting: every column of the table.

use reports::document::Document;
use reports::record::{Beside, Cell, Run, Schedule, ServerCell, Shape};

use crate::expected::{Expected, Row};
use crate::figure::{Rounds, by};
use crate::forms;
use crate::record::{self, CEILING, FLOOR_US, cpu_us, each, latency, rounds, server};

pub(crate) const MODELS: [&str; 4] = ["one", "two", "three:workers=4", "four"];

/// An open loop with something else beside, so that no column is left out.
pub(crate) fn run() -> Run {
    record::run(rounds(&MODELS, |model, place, round| {
        let by = record::by(place, round);
        let beside = Beside { requests: 100, latency_us: Some(latency(9_700.0 * by)) };
        Cell::Servers(Box::new(ServerCell {
            rate: Some(50_000.0),
            schedule: Some(Schedule::Constant),
            shape: Shape { beside_connections: Some(2), ..Shape::default() },
            uncorrected_latency_us: Some(latency(830.0 * by)),
            lag_us: Some(latency(58.0 * by)),
            beside: Some(beside),
            ..server(model, round, by)
        }))
    }))
}

/// The table of one setting, whose cells are given by row in the order of their ranks.
pub(crate) fn table(title: &str, rows: &[Vec<&ServerCell>]) -> Expected {
    let first = each(&rows[0], cpu_us);
    let of = |(place, cells): (usize, &Vec<&ServerCell>)| row(place, cells, &first);
    Expected::new(title, rows.iter().enumerate().map(of).collect())
}

/// What each column of a model's row is by the record; what the first row costs is what the others are compared with.
fn row(place: usize, cells: &[&ServerCell], first: &[f64]) -> Row {
    let cell = cells[0];
    let of = |figure: fn(&ServerCell) -> f64| Rounds::of(each(cells, figure));
    let (cpu, rate) = (of(cpu_us), of(|cell| cell.requests_per_second));
    let ratio = Rounds::of(by(&each(cells, cpu_us), first));
    let model =
        if cell.options.is_empty() { cell.model.clone() } else { format!("{}:{}", cell.model, cell.options) };
    let row = Row::of("rank", place + 1)
        .word("model", model)
        .estimate("CPU/req (µs)", cpu)
        .ends("interval (µs)", cpu)
        .figure("× floor", cpu.middle / FLOOR_US)
        .estimate("rate (req/s)", rate)
        .ends("interval (req/s)", rate)
        .figure("of ceiling", rate.middle / CEILING)
        .figure("p50", of(|cell| cell.latency_us.unwrap().p50).middle)
        .figure("p99", of(|cell| cell.latency_us.unwrap().p99.unwrap()).middle)
        .figure("p99.9", of(|cell| cell.latency_us.unwrap().p999.unwrap()).middle)
        .figure(
            "memory (MiB)",
            of(|cell| cell.server.unwrap().pss_peak_bytes.unwrap() as f64).middle / 1_048_576.0,
        )
        .figure("processes (peak)", of(|cell| cell.server.unwrap().processes_peak.unwrap() as f64).middle)
        .figure("threads (peak)", of(|cell| cell.server.unwrap().threads_peak.unwrap() as f64).middle)
        .figure(
            "switches (per req)",
            of(|cell| switches(cell).iter().sum::<f64>() / cell.requests as f64).middle,
        )
        .figure(
            "involuntary (of switches)",
            of(|cell| switches(cell)[1] / switches(cell).iter().sum::<f64>()).middle,
        )
        .figure("calls (per req)", of(|cell| called(cell)[0]).middle)
        .figure("epoll_ctl (per req)", of(|cell| called(cell)[1]).middle)
        .word("errors", cells.iter().map(|cell| cell.errors.total()).sum::<u64>())
        .word("rounds", format!("{0}/{0}", cells.len()));
    in_an_open_loop(compared(row, place, ratio), cells)
}

/// The first row is compared with none.
fn compared(row: Row, place: usize, ratio: Rounds) -> Row {
    if place == 0 {
        return row.word("× first", "").word("interval (×)", "");
    }
    row.estimate("× first", ratio).ends("interval (×)", ratio)
}

/// In an open loop there is what is measured otherwise.
fn in_an_open_loop(row: Row, cells: &[&ServerCell]) -> Row {
    let of = |figure: fn(&ServerCell) -> f64| Rounds::of(each(cells, figure)).middle;
    let mut row = row;
    if cells[0].uncorrected_latency_us.is_some() {
        row = row
            .figure("p99 (uncorrected)", of(|cell| cell.uncorrected_latency_us.unwrap().p99.unwrap()))
            .figure("p99 (lag)", of(|cell| cell.lag_us.unwrap().p99.unwrap()));
    }
    if cells[0].beside.is_some() {
        row = row.figure("p99 (beside)", of(|cell| cell.beside.unwrap().latency_us.unwrap().p99.unwrap()));
    }
    row
}

/// Voluntary ones and involuntary ones.
fn switches(cell: &ServerCell) -> [f64; 2] {
    let cost = cell.server.unwrap();
    [cost.voluntary_switches.unwrap(), cost.involuntary_switches.unwrap()].map(|number| number as f64)
}

/// System calls per request, and those of them that change what an epoll instance watches.
fn called(cell: &ServerCell) -> [f64; 2] {
    let calls = cell.calls.unwrap();
    [calls.syscalls, calls.epoll_ctls.unwrap()].map(|number| number as f64 / calls.requests as f64)
}

fn expected(run: &Run) -> Expected {
    let title = "http /hello over tcp: 64 connections, kept open, 50,000 requests/s offered; 2 connections asking for \
                 something else beside";
    let names = MODELS.map(|model| model.split(':').next().unwrap());
    table(title, &names.map(|model| record::servers(run, |cell| cell.model == model)))
}

#[test]
fn every_column_is_the_records() {
    let run = run();
    let expected = expected(&run);
    expected.has_no_alike_figures();
    forms::all_say(&Document::of(&run), &[expected]);
}

#[test]
fn a_figure_in_the_wrong_place_would_be_found() {
    let is_found = |change: fn(&mut ServerCell)| {
        let (known, mut run) = (expected(&run()), run());
        for cell in &mut run.cells {
            let Cell::Servers(cell) = cell else { continue };
            change(cell);
        }
        let said = || forms::all_say(&Document::of(&run), std::slice::from_ref(&known));
        std::panic::catch_unwind(said).is_err()
    };
    assert!(!is_found(|_| ()));
    assert!(is_found(|cell| {
        let us = cell.latency_us.as_mut().unwrap();
        std::mem::swap(&mut us.p99, &mut us.p999);
    }));
    assert!(is_found(|cell| std::mem::swap(&mut cell.latency_us, &mut cell.uncorrected_latency_us)));
}
