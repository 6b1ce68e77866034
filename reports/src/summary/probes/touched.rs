//! What making one costs beside memory that its parent has touched.
//!
//! fork(2) copies the parent's page tables, an entry for each page that was touched, so its time is fitted as `a + b n` over
//! mebibytes of touched memory through all rounds. What shares its parent's memory until it becomes another program copies
//! none, and should be flat. A line that a median is far off says nothing of what lies between: then there is none, and how the
//! medians go up is told in two pieces.

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
    /// Its time in microseconds over mebibytes touched; none unless measured beside two amounts, and none where there is a bend.
    pub line: Option<Line>,
    /// Where its medians lie on no straight line.
    pub bend: Option<Bend>,
    /// Which part of the variance the line explains, from 0 to 1.
    pub r_squared: Option<f64>,
    /// Whether it grows.
    pub growth: Growth,
}

/// Medians that lie on no straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bend {
    /// Beside how much memory the best line is farthest off the median, and by which part of this.
    pub off: (u64, f64),
    /// By how many microseconds it grows with each MiB up to the amount where the medians bend most, and that amount.
    pub before: (f64, u64),
    /// The same from there to the greatest amount.
    pub after: (f64, u64),
}

/// A line that is off a median by more than this part of it is none.
const STRAIGHT_WITHIN: f64 = 0.2;

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
    rows.sort_by(|one, other| slope(other).total_cmp(&slope(one)));
    (!rows.is_empty()).then_some(TouchedTable { touched_bytes: touched, rows })
}

/// What the rows are in order of; of a bent one that of the greater amounts.
fn slope(row: &TouchedRow) -> f64 {
    let of_bend = row.bend.map(|bend| bend.after.0);
    row.line.map(|line| line.slope).or(of_bend).unwrap_or(f64::NEG_INFINITY)
}

fn of_way(way: &str, groups: &[&Group<'_>]) -> TouchedRow {
    let (mut steps, mut points, mut medians) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        let cells = group.rows.iter().find(|cells| super::is_plain_way(cells, way));
        let touched = mebibytes(group.key.touched_bytes.unwrap_or(0));
        points.extend(cells.into_iter().flat_map(|cells| row::times_us(cells)).map(|us| (touched, us)));
        steps.push(cells.map(|cells| {
            let row = row::row(cells);
            medians.extend(row.time_us.map(|us| (group.key.touched_bytes.unwrap_or(0), us.median)));
            row.time_us.ok_or(row.void.unwrap_or_default())
        }));
    }
    let best = Line::by_share(&points);
    let bend = best.and_then(|best| bend(best, &medians));
    let line = best.filter(|_| bend.is_none());
    TouchedRow {
        way: way.to_owned(),
        steps,
        bend,
        r_squared: line.and_then(|line| line.r_squared(&points)),
        growth: growth(line, &points),
        line,
    }
}

/// How `medians`, each beside its bytes, bend if `best` is far off one of them. Two of them are on a line.
fn bend(best: Line, medians: &[(u64, f64)]) -> Option<Bend> {
    let share_off = |line: &Line, &(bytes, us): &(u64, f64)| ((us - line.at(mebibytes(bytes))) / us).abs();
    let farthest = |line: &Line, of: &[(u64, f64)]| {
        of.iter().copied().max_by(|one, other| share_off(line, one).total_cmp(&share_off(line, other)))
    };
    let [first, inner @ .., last] = medians else { return None };
    let off = farthest(&best, medians).filter(|point| share_off(&best, point) > STRAIGHT_WITHIN)?;
    let per_mebibyte = |from: &(u64, f64), to: &(u64, f64)| (to.1 - from.1) / mebibytes(to.0 - from.0);
    let chord = Line {
        base: first.1 - per_mebibyte(first, last) * mebibytes(first.0),
        slope: per_mebibyte(first, last),
        interval: None,
    };
    let middle = farthest(&chord, inner)?;
    Some(Bend {
        off: (off.0, share_off(&best, &off)),
        before: (per_mebibyte(first, &middle), middle.0),
        after: (per_mebibyte(&middle, last), last.0),
    })
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / MEBIBYTE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of medians beside so many MiB, which are fitted as they are.
    fn bend_of(medians: &[(u64, f64)]) -> Option<Bend> {
        let points: Vec<(f64, f64)> = medians.iter().map(|&(mebibytes, us)| (mebibytes as f64, us)).collect();
        let medians: Vec<(u64, f64)> = medians.iter().map(|&(mebibytes, us)| (mebibytes << 20, us)).collect();
        bend(Line::by_share(&points).unwrap(), &medians)
    }

    #[test]
    fn medians_near_a_line_do_not_bend() {
        assert_eq!(bend_of(&[(0, 100.0), (16, 132.0), (256, 660.0), (1_024, 2_100.0)]), None);
        assert_eq!(bend_of(&[(0, 100.0), (1_024, 2_100.0)]), None);
    }

    #[test]
    fn medians_far_off_the_best_line_bend_where_they_are_farthest_from_the_chord() {
        let bend = bend_of(&[(0, 100.0), (16, 116.0), (256, 356.0), (1_024, 4_196.0)]).unwrap();
        assert_eq!((bend.before, bend.after), ((1.0, 256 << 20), (5.0, 1_024 << 20)));
        assert!(bend.off.1 > STRAIGHT_WITHIN, "{bend:?}");
    }
}
