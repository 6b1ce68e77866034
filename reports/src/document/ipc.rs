//! What sending a message costs, in words: all ways at one size, by size, and in the form of the course notes.

use super::probe_grid::Grid;
use super::probes::{self, estimate, factor, mega, void};
use super::servers::with_reach;
use crate::course_notes::{PROSE, TALKS, Talk};
use crate::summary::{ProbeRow, ProbeSuite, ProbeTable, WORD};
use crate::table::{Column, Table};

pub(crate) const ROUND_TRIP: &str = "round-trip";
pub(crate) const BANDWIDTH: &str = "bandwidth";
/// The sizes that the ways are ranked at: the least, which all of them carry, so that only the way itself counts; and one that takes
/// longer to copy than to announce.
pub(crate) const SMALL: u64 = WORD;
pub(crate) const LARGE: u64 = 16 << 10;

/// All tables of the suite.
pub(super) fn tables(probes: &[ProbeTable]) -> Vec<Table> {
    let own: Vec<&ProbeTable> = probes.iter().filter(|probe| probe.suite == ProbeSuite::Ipc).collect();
    let mut tables = Vec::new();
    for (operation, size) in [(ROUND_TRIP, SMALL), (BANDWIDTH, LARGE)] {
        let of_it: Vec<&ProbeTable> =
            own.iter().copied().filter(|probe| probe.operation == operation).collect();
        tables.extend(nearest(&of_it, size).map(|probe| probes::table(title(probe), probe)));
        tables.extend((of_it.len() > 1).then(|| grid(operation, of_it)));
    }
    tables.extend(course_notes(&own));
    tables
}

/// What was timed.
pub(crate) fn title(table: &ProbeTable) -> String {
    format!("{}: {}", named(&table.operation), table.size())
}

/// What was timed.
pub(crate) fn named(operation: &str) -> &'static str {
    if operation == BANDWIDTH { "Messages one way, as fast as they go" } else { "A message there and back" }
}

/// The table of the size nearest to `size`.
pub(crate) fn nearest<'a>(tables: &[&'a ProbeTable], size: u64) -> Option<&'a ProbeTable> {
    tables.iter().min_by_key(|table| table.message_bytes.map(|bytes| bytes.abs_diff(size))).copied()
}

fn grid(operation: &str, tables: Vec<&ProbeTable>) -> Table {
    let heading = ProbeTable::size;
    if operation == BANDWIDTH {
        let grid = Grid { tables, heading, unit: "MB/s", text: rate };
        return grid.table("Messages one way, by their size".to_owned());
    }
    let grid = Grid { tables, heading, unit: "µs", text: time };
    grid.table("A message there and back, by its size".to_owned())
}

fn time(row: &ProbeRow) -> String {
    estimate(row.time_us)
}

fn rate(row: &ProbeRow) -> String {
    estimate(row.bytes_per_second.map(mega))
}

/// The notes' table of ways between processes, with measured figures beside its words.
fn course_notes(tables: &[&ProbeTable]) -> Option<Table> {
    let of = |operation: &str, size| {
        let of_it: Vec<&ProbeTable> =
            tables.iter().copied().filter(|table| table.operation == operation).collect();
        nearest(&of_it, size)
    };
    let (trips, rates) = (of(ROUND_TRIP, SMALL), of(BANDWIDTH, LARGE));
    let measured = |talk: &Talk| {
        let rows = [trips, rates].into_iter().flatten().flat_map(|table| &table.rows);
        let mut ways: Vec<&str> = rows.map(|row| row.way.as_str()).filter(|way| talk.is(way)).collect();
        ways.sort_unstable();
        ways.dedup();
        ways
    };
    let mut rows = Vec::new();
    for talk in &TALKS {
        rows.extend(measured(talk).into_iter().map(|way| talk_row(talk, way, trips, rates)));
    }
    let size = |table: Option<&ProbeTable>| table.map(ProbeTable::size).unwrap_or_default();
    (!rows.is_empty()).then(|| Table {
        title: "In the form of the course notes: talking between processes".to_owned(),
        columns: vec![
            Column::words("way", 0),
            Column::words("notes: where", 7),
            Column::words("notes: reads and writes", 6),
            Column::words("notes: speed", 1),
            Column::words("notes: for", 5),
            Column::numbers(format!("round trip, {}", size(trips)), "µs", 0),
            Column::numbers("round trip", "× pipe", 2),
            Column::numbers(format!("rate, {}", size(rates)), "MB/s", 0),
            Column::numbers("rate", "× pipe", 3),
        ],
        rows,
        notes: std::iter::once(format!(
            "The columns named notes are the {PROSE}' words, and not from this run."
        ))
        .chain(verdict(trips, rates))
        .collect(),
    })
}

fn talk_row(talk: &Talk, way: &str, trips: Option<&ProbeTable>, rates: Option<&ProbeTable>) -> Vec<String> {
    let own = |table: Option<&ProbeTable>| table.and_then(|table| table.way(way)).cloned();
    let (trip, sent) = (own(trips), own(rates));
    let figure = |row: &Option<ProbeRow>, text: fn(&ProbeRow) -> String| {
        row.as_ref().map(|row| void(row).unwrap_or_else(|| text(row))).unwrap_or_default()
    };
    vec![
        talk.label(way),
        talk.place.to_owned(),
        talk.reading.to_owned(),
        talk.speed.to_owned(),
        talk.suits.to_owned(),
        figure(&trip, time),
        trip.as_ref().map(ratio).unwrap_or_default(),
        figure(&sent, rate),
        sent.as_ref().map(ratio).unwrap_or_default(),
    ]
}

fn ratio(row: &ProbeRow) -> String {
    row.ratio.map(|ratio| with_reach(factor(ratio.value), ratio.value, ratio.interval)).unwrap_or_default()
}

/// What of that which the notes call fast was faster than what they call middling: shared memory as each way takes turns at it.
fn verdict(trips: Option<&ProbeTable>, rates: Option<&ProbeTable>) -> Option<String> {
    let fast = TALKS.iter().find(|talk| talk.speed == "fast")?;
    let below: fn(f64) -> bool = |ratio| ratio < 1.0;
    let above: fn(f64) -> bool = |ratio| ratio > 1.0;
    let parts = [parts(fast, trips, &TRIPS, below), parts(fast, rates, &RATES, above)].concat();
    (!parts.is_empty()).then(|| {
        format!(
            "The notes call {} fast and a pipe middling. Here, by a pipe's figure, {}. Who spins has a processor whole while it \
             waits.",
            fast.name,
            parts.join("; ")
        )
    })
}

/// What is said of ways that are faster than a pipe, of those that are slower, and of those of which that can't be told.
const TRIPS: [&str; 3] =
    ["faster in round trips", "slower in round trips", "in round trips not to be told apart from it"];
const RATES: [&str; 3] = ["faster in rates", "slower in rates", "in rates not to be told apart from it"];

/// `faster in round trips: spin (0.0400), futex (0.90)`, for each of `words` that holds for a way.
fn parts(fast: &Talk, table: Option<&ProbeTable>, words: &[&str; 3], faster: fn(f64) -> bool) -> Vec<String> {
    let mut ways = words.map(|word| (word, Vec::new()));
    let rows = table.into_iter().flat_map(|table| &table.rows);
    for row in rows.filter(|row| fast.is(&row.way) && !row.again) {
        let Some(ratio) = row.ratio else { continue };
        let place = match [ratio.interval.low, ratio.interval.high].map(faster) {
            [true, true] => 0,
            [false, false] => 1,
            _ => 2,
        };
        ways[place].1.push(format!("{} ({})", talk_name(fast, &row.way), factor(ratio.value)));
    }
    let some = ways.iter().filter(|(_, ways)| !ways.is_empty());
    some.map(|(word, ways)| format!("{word}: {}", ways.join(", "))).collect()
}

/// How turns are taken: what comes behind the name of what is talked through.
fn talk_name(talk: &Talk, way: &str) -> String {
    let label = talk.label(way);
    label.rsplit(", ").next().unwrap_or(&label).to_owned()
}
