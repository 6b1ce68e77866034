//! What making and ending what runs a job costs, in words.

use super::facts::name;
use super::probes::{self, estimate};
use super::servers::{or_zero, range};
use crate::course_notes::{PROCESS_BY_THREAD, PROSE};
use crate::statistics::Ratio;
use crate::summary::{Bend, Estimate, Growth, ProbeSuite, ProbeTable, TouchedRow, TouchedTable};
use crate::table::{Column, Table};
use crate::units::{bytes_of, figure, percent, times};

/// The operations, as in the record.
pub(crate) const CREATE: &str = "create";
pub(crate) const HAND_OFF: &str = "hand-off";

/// All tables of the suite.
pub(super) fn tables(probes: &[ProbeTable], touched: Option<&TouchedTable>) -> Vec<Table> {
    let own = probes.iter().filter(|probe| probe.suite == ProbeSuite::Spawn && probe.touched_bytes.is_none());
    let table = |probe: &ProbeTable| {
        let mut table = probes::table(title(probe), probe);
        if probe.operation == CREATE {
            table.notes.extend(twenty_times(probes));
        }
        table
    };
    own.map(table).chain(touched.map(curve)).collect()
}

/// What was timed.
pub(crate) fn title(table: &ProbeTable) -> String {
    named(&table.operation)
}

/// The same of an operation.
pub(crate) fn named(operation: &str) -> String {
    match operation {
        CREATE => "Making one and waiting for its end".to_owned(),
        HAND_OFF => "Giving a job to one that is there, and waiting for it to be done".to_owned(),
        other => format!("Spawn: {other}"),
    }
}

/// Puts the notes' "twenty times" to the test, where fork and a thread were measured.
pub(crate) fn twenty_times(tables: &[ProbeTable]) -> Option<String> {
    let with = |touched: Option<u64>| {
        let table =
            tables.iter().find(|table| table.operation == CREATE && table.touched_bytes == touched)?;
        table.way("fork")?.ratio
    };
    let bare = with(None)?;
    let verdict = |ratio: Ratio| match ratio.interval {
        held if held.low <= PROCESS_BY_THREAD && PROCESS_BY_THREAD <= held.high => "which is what they say",
        below if below.high < PROCESS_BY_THREAD => "which is less",
        _ => "which is more",
    };
    let said = |ratio: Ratio| format!("{} times ({})", times(ratio.value), range(ratio.interval, times));
    let beside = with(Some(TOUCHED))
        .map(|ratio| format!("; with {} touched {}, {}", bytes_of(TOUCHED), said(ratio), verdict(ratio)));
    Some(format!(
        "The {PROSE} say that making a process costs about {PROCESS_BY_THREAD:.0} times what making a thread does. Here a fork \
         with nothing touched took {} a thread, {}{}.",
        said(bare),
        verdict(bare),
        beside.unwrap_or_default()
    ))
}

/// How much memory the notes' sentence is tested beside as well.
pub(crate) const TOUCHED: u64 = 256 << 20;

fn curve(table: &TouchedTable) -> Table {
    let mut columns = vec![Column::words("way", 0)];
    let last = table.touched_bytes.len() - 1;
    columns.extend(table.touched_bytes.iter().enumerate().map(|(index, bytes)| {
        let from_the_ends = u8::try_from(index.min(last - index) + 3).unwrap_or(u8::MAX);
        Column::numbers(format!("{} touched", bytes_of(*bytes)), "µs", from_the_ends)
    }));
    columns.extend([
        Column::numbers("growth", "µs per MiB", 0),
        Column::numbers("interval", "µs per MiB", 1),
        Column::numbers("R²", "", 2),
    ]);
    Table {
        title: "Making one beside memory that its parent has touched".to_owned(),
        columns,
        rows: table.rows.iter().map(texts).collect(),
        notes: table.rows.iter().filter_map(said).chain(fit(table)).collect(),
    }
}

fn texts(row: &TouchedRow) -> Vec<String> {
    let step = |step: &Option<Result<Estimate, _>>| match step {
        Some(Ok(us)) => estimate(Some(*us)),
        Some(Err(verdict)) => name(*verdict).to_owned(),
        None => String::new(),
    };
    let mut texts = vec![row.way.clone()];
    texts.extend(row.steps.iter().map(step));
    texts.extend([
        growth(row),
        row.line.and_then(|line| line.interval).map(|interval| range(interval, figure)).unwrap_or_default(),
        row.r_squared.map(|share| format!("{share:.3}")).unwrap_or_default(),
    ]);
    texts
}

/// By how much it grows, where that is one figure.
fn growth(row: &TouchedRow) -> String {
    let line = row.line.map(|line| or_zero(figure(seen(line.slope)), line.interval));
    line.or(row.bend.map(|_| "not straight".to_owned())).unwrap_or_default()
}

/// A growth, or nothing where it is a trace of the arithmetic.
fn seen(us_per_mib: f64) -> f64 {
    if us_per_mib.abs() < 1e-6 { 0.0 } else { us_per_mib }
}

/// How the lines were fitted, where any was.
pub(crate) fn fit(table: &TouchedTable) -> Option<String> {
    table.rows.iter().any(|row| row.line.is_some()).then(|| {
        "The lines are fitted by least squares of shares: each point counts by how far it is off as a share of itself, since times vary \
         the more the longer they are, and else the longest alone would decide."
            .to_owned()
    })
}

/// What a way's line says in a sentence.
pub(crate) fn said(row: &TouchedRow) -> Option<String> {
    if let Some(bend) = row.bend {
        return Some(bent(&row.way, bend));
    }
    let (line, interval) = row.line.and_then(|line| Some((line, line.interval?)))?;
    let way = &row.way;
    Some(match row.growth {
        Growth::Grows => format!(
            "{way} takes {} µs more for each MiB touched ({}), beginning at {} µs; the line explains {:.1}% of the variance.",
            figure(line.slope),
            range(interval, figure),
            figure(line.base),
            row.r_squared.unwrap_or(1.0) * 100.0
        ),
        Growth::Flat => format!("{way} does not grow with what its parent has touched."),
        Growth::Unknown => return None,
    })
}

/// What is said of a way that no line fits.
fn bent(way: &str, bend: Bend) -> String {
    let (off_at, off) = bend.off;
    let ((before, middle), (after, last)) = (bend.before, bend.after);
    format!(
        "{way} does not grow in a straight line, as the best one is off by {} beside {}: it takes {} µs more for each MiB up to {}, and {} \
         from there to {}.",
        percent(off),
        bytes_of(off_at),
        figure(seen(before)),
        bytes_of(middle),
        figure(seen(after)),
        bytes_of(last)
    )
}
