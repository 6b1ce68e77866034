//! What one that sleeps holds in memory, among how many.

use super::messages::by_way;
use super::parts::{axis, lines};
use super::{Lines, Picture, Scale};
use crate::document::switch::SLEEP;
use crate::summary::{ProbeSuite, ProbeTable};
use crate::units::{figure, grouped, times};

const KIBIBYTE: f64 = 1_024.0;

pub(super) fn pictures(tables: &[ProbeTable]) -> Vec<Picture> {
    let own = tables.iter().filter(|table| table.suite == ProbeSuite::Switch && table.operation == SLEEP);
    let mut own: Vec<(u64, &ProbeTable)> = own.filter_map(|table| Some((table.number?, table))).collect();
    own.sort_by_key(|(number, _)| *number);
    picture(&own).into_iter().collect()
}

fn picture(tables: &[(u64, &ProbeTable)]) -> Option<Picture> {
    let drawing = Lines {
        x: axis("asleep", "", Scale::Logarithmic),
        y: axis("memory of each", "KiB", Scale::Logarithmic),
        series: by_way(tables, |number| number as f64, |row| row.bytes_each.map(|bytes| bytes.by(KIBIBYTE))),
        areas: Vec::new(),
    };
    lines("memory-of-sleepers", "Memory of each that sleeps".to_owned(), notice(tables)?, drawing)
}

/// Who holds least and most among most sleepers.
fn notice(tables: &[(u64, &ProbeTable)]) -> Option<String> {
    let known = |table: &ProbeTable| {
        let rows = table.rows.iter().filter(|row| !row.again);
        let mut known: Vec<(String, f64)> =
            rows.filter_map(|row| Some((row.name(), row.bytes_each?.median / KIBIBYTE))).collect();
        known.sort_by(|one, other| one.1.total_cmp(&other.1));
        known
    };
    let (number, known) =
        tables.iter().rev().map(|(number, table)| (*number, known(table))).find(|it| !it.1.is_empty())?;
    let ((least, low), (most, high)) = (known.first()?, known.last()?);
    let number = grouped(number);
    let why = "A thread sleeps on a stack and tables of the kernel's, a task on what it has to remember.";
    Some(if least == most {
        format!("Asked for {number}, each of {least} holds {} KiB. {why}", figure(*low))
    } else {
        format!(
            "Asked for {number}, each of {most} holds {} KiB and each of {least} {} KiB, {} times less. {why}",
            figure(*high),
            figure(*low),
            times(high / low)
        )
    })
}
