//! What making one costs beside memory that its parent has touched.
//!
//! fork(2) copies the parent's page tables, an entry for each page that was touched, so its time is fitted as `a + b n` over
//! mebibytes of touched memory through all rounds. What shares its parent's memory until it becomes another program copies
//! none, and should be flat.

use super::super::idle::{Growth, growth};
use super::super::row::Estimate;
use super::groups::Group;
use super::{CREATE, row};
use crate::record::Verdict;
use crate::statistics::Line;

const MEBIBYTE: f64 = 1_048_576.0;

/// All ways that were measured beside several amounts of touched memory.
#[derive(Debug, Clone, PartialEq)]
pub struct TouchedTable {
    /// The amounts, in ascending order; 0 for none.
    pub touched_bytes: Vec<u64>,
    /// The ways: those that grow most first.
    pub rows: Vec<TouchedRow>,
}

/// One way beside several amounts of touched memory.
#[derive(Debug, Clone, PartialEq)]
pub struct TouchedRow {
    /// The way's name.
    pub way: String,
    /// Its time in microseconds beside each amount, or the gravest verdict if nothing counts; none where it was not measured.
    pub steps: Vec<Option<Result<Estimate, Verdict>>>,
    /// Its time in microseconds over mebibytes touched; none unless measured beside two amounts.
    pub line: Option<Line>,
    /// Which part of the variance the line explains, from 0 to 1.
    pub r_squared: Option<f64>,
    /// Whether it grows.
    pub growth: Growth,
}

/// The table among a suite's `groups`; none unless something was measured beside touched memory.
pub(super) fn table(groups: &[Group<'_>]) -> Option<TouchedTable> {
    let groups: Vec<&Group<'_>> = groups.iter().filter(|group| group.key.operation.name == CREATE).collect();
    let touched = groups.iter().map(|group| group.key.touched_bytes.unwrap_or(0));
    let touched: Vec<u64> = touched.collect();
    let mut ways: Vec<&str> = Vec::new();
    for cell in groups.iter().filter(|group| group.key.touched_bytes.is_some()).flat_map(|group| &group.rows)
    {
        if !ways.contains(&&*cell[0].way) {
            ways.push(&cell[0].way);
        }
    }
    let mut rows: Vec<TouchedRow> = ways.iter().map(|way| of_way(way, &groups)).collect();
    let slope = |row: &TouchedRow| row.line.map_or(f64::NEG_INFINITY, |line| line.slope);
    rows.sort_by(|one, other| slope(other).total_cmp(&slope(one)));
    (!rows.is_empty()).then_some(TouchedTable { touched_bytes: touched, rows })
}

fn of_way(way: &str, groups: &[&Group<'_>]) -> TouchedRow {
    let (mut steps, mut points) = (Vec::new(), Vec::new());
    for group in groups {
        let cells = group.rows.iter().find(|cells| super::is_plain_way(cells, way));
        let mebibytes = group.key.touched_bytes.unwrap_or(0) as f64 / MEBIBYTE;
        points.extend(cells.into_iter().flat_map(|cells| row::times_us(cells)).map(|us| (mebibytes, us)));
        steps.push(cells.map(|cells| {
            let row = row::row(cells);
            row.time_us.ok_or(row.void.unwrap_or_default())
        }));
    }
    let line = Line::by_share(&points);
    TouchedRow {
        way: way.to_owned(),
        steps,
        r_squared: line.and_then(|line| line.r_squared(&points)),
        growth: growth(line, &points),
        line,
    }
}
