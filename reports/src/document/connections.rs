//! One model at several numbers of connections, in words.

use super::facts::name;
use super::title::{self, Open};
use crate::summary::{ConnectionRow, ConnectionSweep, Obstacle, ServerRow, Standing};
use crate::table::{Column, Marks, Table};
use crate::units::{count, figure};

/// What the table says.
pub(super) const EXPLANATION: &str = "Connections: at each number of connections stands the CPU time per request. A pool \
that has a worker for each connection is one row.";

pub(super) fn table(sweep: &ConnectionSweep) -> Table {
    let growth = |row: &ConnectionRow| {
        let cpu_us = |step: &Option<ServerRow>| step.as_ref()?.cpu_us.map(|us| us.median);
        row.steps.iter().map(cpu_us).collect()
    };
    let growth = Marks::sparks("CPU/req", sweep.rows.iter().map(growth));
    let mut columns = vec![Column::words("model", 0).with(growth)];
    let numbers = sweep.connections.iter().zip(1..);
    columns.extend(numbers.map(|(number, place): (&usize, u8)| {
        Column::numbers(count(*number as f64), "µs CPU/req", place.saturating_sub(1))
    }));
    Table {
        title: format!("By connections: {}", title::of(&sweep.setting, Open::Connections)),
        columns,
        rows: sweep.rows.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

fn row(row: &ConnectionRow) -> Vec<String> {
    let mut texts = vec![row.model.clone()];
    texts.extend(row.steps.iter().map(|step| step.as_ref().map(text).unwrap_or_default()));
    texts
}

/// A server that left connections waiting is not cheap for so many.
fn text(row: &ServerRow) -> String {
    match row.standing {
        Standing::Unranked(Obstacle::Void(verdict)) => name(verdict).to_owned(),
        Standing::Unranked(Obstacle::Starved { served }) => format!("served {}", count(served as f64)),
        _ => row.cpu_us.map(|cpu_us| figure(cpu_us.median)).unwrap_or_default(),
    }
}
