//! `cells.csv`: every number of the record under its own name.

use reports::csv;
use reports::record::{Cell, Run};

use crate::{probes, rates, tasks};

/// How many numbers of its cells the table of cells holds, each compared with the record's.
fn compared(run: &Run) -> usize {
    let drawn = csv::draw(run).unwrap();
    let mut reader = ::csv::Reader::from_reader(&drawn[..]);
    let headings = reader.headers().unwrap().clone();
    let mut looked_at = 0;
    for (line, cell) in reader.records().map(Result::unwrap).zip(&run.cells) {
        let cell = serde_json::to_value(cell).unwrap();
        let mut own = 0;
        for (name, text) in headings.iter().zip(&line) {
            let pointer = format!("/{}", name.replace('.', "/"));
            let Some(value) = cell.pointer(&pointer).filter(|value| value.is_number()) else { continue };
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.as_f64().unwrap().to_bits(), "{name}");
            own += 1;
        }
        assert_eq!(own, numbers(&cell), "a number of the record stands nowhere: {cell}");
        looked_at += own;
    }
    looked_at
}

/// How many numbers stand in a cell.
fn numbers(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Number(_) => 1,
        serde_json::Value::Object(fields) => fields.values().map(numbers).sum(),
        // Lists, of processors say, are no single numbers.
        _ => 0,
    }
}

#[test]
fn every_number_of_every_kind_of_cell_stands_under_its_own_name() {
    for run in [rates::run(), tasks::run(), probes::run()] {
        assert!(compared(&run) > 5 * run.cells.len());
    }
}

#[test]
fn percentiles_are_those_of_their_names_whatever_a_records_fields_are_called() {
    let run = rates::run();
    let drawn = csv::draw(&run).unwrap();
    let mut reader = ::csv::Reader::from_reader(&drawn[..]);
    let headings = reader.headers().unwrap().clone();
    for (line, cell) in reader.records().map(Result::unwrap).zip(run.cells.iter().filter_map(Cell::server)) {
        let us = cell.latency_us.unwrap();
        let named =
            [("p50", Some(us.p50)), ("p90", us.p90), ("p99", us.p99), ("p999", us.p999), ("p9999", us.p9999)];
        for (name, value) in named {
            let column = headings.iter().position(|heading| heading == format!("latency_us.{name}")).unwrap();
            assert_eq!(line[column].parse::<f64>().ok(), value, "{name}");
        }
    }
}
