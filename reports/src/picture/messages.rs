//! Round trips and bandwidth by message size: when a way's own cost counts, and when copying does.

use super::parts::{axis, lines, measured};
use super::{Lines, Picture, Point, Scale, Series};
use crate::document::ipc::{BANDWIDTH, ROUND_TRIP};
use crate::document::probes::mega;
use crate::summary::{Estimate, ProbeRow, ProbeSuite, ProbeTable};
use crate::units::{bytes_of, figure, times};

/// What is drawn of an operation.
struct Kind {
    operation: &'static str,
    id: &'static str,
    title: &'static str,
    y: &'static str,
    unit: &'static str,
    of: fn(&ProbeRow) -> Option<Estimate>,
    /// Whether less is better.
    less: bool,
}

const KINDS: [Kind; 2] = [
    Kind {
        operation: ROUND_TRIP,
        id: "round-trip-by-size",
        title: "A message there and back, by its size",
        y: "round trip",
        unit: "µs",
        of: |row| row.time_us,
        less: true,
    },
    Kind {
        operation: BANDWIDTH,
        id: "bandwidth-by-size",
        title: "Messages one way, by their size",
        y: "rate",
        unit: "MB/s",
        of: |row| row.bytes_per_second.map(mega),
        less: false,
    },
];

pub(super) fn pictures(tables: &[ProbeTable]) -> Vec<Picture> {
    KINDS.iter().filter_map(|kind| picture(tables, kind)).collect()
}

/// None where there is but one size.
fn picture(tables: &[ProbeTable], kind: &Kind) -> Option<Picture> {
    let own =
        tables.iter().filter(|table| table.suite == ProbeSuite::Ipc && table.operation == kind.operation);
    let mut own: Vec<(u64, &ProbeTable)> =
        own.filter_map(|table| Some((table.message_bytes?, table))).collect();
    own.sort_by_key(|(bytes, _)| *bytes);
    let series = by_way(&own, |bytes| bytes as f64, kind.of);
    let drawing = Lines {
        x: axis("size of a message", "B", Scale::Logarithmic),
        y: axis(kind.y, kind.unit, Scale::Logarithmic),
        series,
        areas: Vec::new(),
    };
    let notice = notice(&own, kind)?;
    (own.len() > 1).then(|| lines(kind.id, kind.title.to_owned(), notice, drawing))?
}

/// A line for each way over several tables, in the order in which they come; without what was measured once more.
pub(super) fn by_way(
    tables: &[(u64, &ProbeTable)],
    x: impl Fn(u64) -> f64,
    of: fn(&ProbeRow) -> Option<Estimate>,
) -> Vec<Series> {
    let mut ways: Vec<(String, Vec<Point>)> = Vec::new();
    for (at, table) in tables {
        for row in table.rows.iter().filter(|row| !row.again) {
            let Some(figure) = of(row) else { continue };
            let point = super::parts::estimated(x(row.number_reached.unwrap_or(*at)), figure);
            match ways.iter_mut().find(|(name, _)| *name == row.name()) {
                Some((_, points)) => points.push(point),
                None => ways.push((row.name(), vec![point])),
            }
        }
    }
    ways.into_iter().filter_map(|(name, points)| measured(&name, points)).collect()
}

fn notice(tables: &[(u64, &ProbeTable)], kind: &Kind) -> Option<String> {
    let best = |table: &ProbeTable| {
        let known = table.rows.iter().filter(|row| !row.again);
        let known = known.filter_map(|row| Some((row.name(), (kind.of)(row)?.median)));
        known.min_by(|one, other| {
            let order = one.1.total_cmp(&other.1);
            if kind.less { order } else { order.reverse() }
        })
    };
    let ((small, first), (large, last)) = (tables.first()?, tables.last()?);
    let ((ahead_small, low), (ahead_large, high)) = (best(first)?, best(last)?);
    let (what, unit) = (kind.y, kind.unit);
    Some(format!(
        "With {} the best {what} is that of {ahead_small}, {} {unit}, with {} that of {ahead_large}, {} {unit}: {} times as much. Of small messages the \
         cost is to wake the other side, of large ones to copy them.",
        bytes_of(*small),
        figure(low),
        bytes_of(*large),
        figure(high),
        times(high / low)
    ))
}
