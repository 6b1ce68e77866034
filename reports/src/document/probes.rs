//! What the tables of all suites of probes have in common: their columns, and what stands below them.

use std::borrow::Cow;

use super::facts::name;
use super::servers::{known_range, place, range, with_reach};
use super::{Explanation, notes};
use crate::record::Verdict;
use crate::statistics::Ratio;
use crate::summary::{Estimate, Obstacle, ProbeRow, ProbeTable, Standing, Threshold};
use crate::table::{Column, Marks, Table};
use crate::units::{count, figure, if_known, percent, times};

/// What the columns mean.
pub(super) const EXPLANATION: Explanation = Explanation {
    text: "Spawn, switch, ipc: a row is one way to do a small thing, again and again, in a fresh process. Its figures are medians \
over the rounds whose verdict is valid, and of a round the median of its samples; intervals, ranks and disturbed rounds are as \
for servers.",
    columns: Cow::Borrowed(&[
        "time: of spawn from before one is made until it is known to have ended, or from giving a job to knowing that it is done; of \
switch the way from one that runs to the other; of ipc a message there and back.",
        "× thread: the time by that of making and ending a thread. × pipe: the time, or the rate, by a pipe's. Taken within each \
round.",
        "p90, p99: of each round the time that 90 or 99 in 100 samples took at most; none where there were too few; a sample of what is very short is the mean of several.",
        "up to 8 B: one byte, or what a way carries by its nature: nothing with a plain signal, 4 bytes with a real-time one, 8 with \
an eventfd.",
        "rate: millions of bytes a second that arrived and were right.",
        "asleep: the memory of each, and in brackets how many there were where a machine has room for fewer.",
        "sides: whether the two were bound to one processor (together) or to two (apart).",
    ]),
};

/// One column and what stands in it.
struct Field {
    column: Column,
    text: fn(&ProbeRow) -> String,
    /// Whether it is there even if it is empty for all rows.
    always: bool,
}

/// The columns; `compared` says with what a row is compared.
fn fields(compared: String) -> Vec<Field> {
    let always = |column, text| Field { column, text, always: true };
    let known = |column, text| Field { column, text, always: false };
    vec![
        always(Column::rank(3), |row| place(row.standing)),
        always(Column::words("way", 0), ProbeRow::label),
        known(Column::words("sides", 1), |row| row.sides.clone().unwrap_or_default()),
        known(Column::numbers("time", "µs", 0), |row| void(row).unwrap_or_else(|| estimate(row.time_us))),
        known(Column::numbers("interval", "µs", 6), |row| interval(row.time_us, figure)),
        known(Column::numbers("rate", "MB/s", 0), |row| {
            void(row).unwrap_or_else(|| estimate(row.bytes_per_second.map(mega)))
        }),
        known(Column::numbers("interval", "MB/s", 6), |row| interval(row.bytes_per_second.map(mega), figure)),
        known(Column::numbers(compared, "", 2), |row| {
            row.ratio
                .map(|ratio| with_reach(factor(ratio.value), ratio.value, ratio.interval))
                .unwrap_or_default()
        }),
        known(Column::numbers("interval", "×", 7), |row| {
            row.ratio.and_then(|ratio| known_range(ratio.interval, factor)).unwrap_or_default()
        }),
        known(Column::numbers("p90", "µs", 5), |row| if_known(row.p90_us, figure)),
        known(Column::numbers("p99", "µs", 4), |row| if_known(row.p99_us, figure)),
        known(Column::numbers("samples", "a round", 8), |row| if_known(row.samples, count)),
        always(Column::words("kind", 9), |row| row.family.clone()),
        always(Column::numbers("rounds", "", 5), |row| format!("{}/{}", row.rounds.counted, row.rounds.all)),
    ]
}

/// The table of all ways in one setting, and its figures as bars.
pub(super) fn table(title: String, table: &ProbeTable) -> Table {
    let compared = format!("× {}", table.baseline.unwrap_or("first"));
    let shown = |field: &Field| field.always || table.rows.iter().any(|row| !(field.text)(row).is_empty());
    let is_rate = table.is_of_rates();
    // A row that does not count has its verdict in one column, and not in that of a figure that no row has.
    let other_kind = if is_rate { "time" } else { "rate" };
    let is_own = |field: &Field| field.column.title != other_kind;
    let fields: Vec<Field> = fields(compared).into_iter().filter(|it| shown(it) && is_own(it)).collect();
    let rows = table.rows.iter().map(|row| fields.iter().map(|field| (field.text)(row)).collect()).collect();
    let length = |row: &ProbeRow| bar_of(row).map(|figure| figure.median);
    let column = |field: Field| match &*field.column.title {
        "time" | "rate" => field.column.with(Marks::bars(table.rows.iter().map(length))),
        _ => field.column,
    };
    let columns = fields.into_iter().map(column).collect();
    Table { title, columns, rows, notes: notes(table) }
}

/// What a row's bar is of.
fn bar_of(row: &ProbeRow) -> Option<Estimate> {
    row.bytes_per_second.map(mega).or(row.time_us)
}

/// A ratio: what is a small part of another still has three digits.
pub(crate) fn factor(value: f64) -> String {
    if value < 0.0995 { figure(value) } else { times(value) }
}

/// Bytes as megabytes.
pub(crate) fn mega(bytes: Estimate) -> Estimate {
    bytes.by(1e6)
}

/// `6.92 ±1%`.
pub(crate) fn estimate(of: Option<Estimate>) -> String {
    of.map(|of| with_reach(figure(of.median), of.median, of.interval)).unwrap_or_default()
}

/// The verdict that stands in a figure's place.
pub(super) fn void(row: &ProbeRow) -> Option<String> {
    row.void.map(|verdict| name(verdict).to_owned())
}

fn interval(of: Option<Estimate>, format: fn(f64) -> String) -> String {
    of.and_then(|of| known_range(of.interval, format)).unwrap_or_default()
}

/// All notes on a table.
fn notes(table: &ProbeTable) -> Vec<String> {
    let mut notes = of_rows(table.rows.iter());
    notes.extend(table.again.iter().map(|(label, ratio)| again(table, label, *ratio)));
    notes.extend(single_rounds(&table.rows));
    let ranked = table.rows.iter().filter(|row| matches!(row.standing, Standing::Ranked(_))).count();
    notes.extend((ranked > 1).then(|| least_difference(table.threshold)));
    notes
}

/// How far from itself was what was measured twice.
fn again(table: &ProbeTable, label: &str, ratio: Ratio) -> String {
    let (factor, interval) = (times(ratio.value), range(ratio.interval, times));
    if table.is_of_rates() {
        format!("{label}, measured twice, had {factor} times its own rate the second time ({interval}).")
    } else {
        format!("{label}, measured twice, took {factor} times as long the second time ({interval}).")
    }
}

/// What single rows have to say. Ways that can't be measured here for one reason are told together.
fn of_rows<'a>(rows: impl Iterator<Item = &'a ProbeRow>) -> Vec<String> {
    let mut said: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for row in rows {
        let parts = parts(row);
        match said.iter_mut().find(|(_, other)| *other == parts) {
            Some((names, _)) if !names.contains(&row.name()) => names.push(row.name()),
            Some(_) => {}
            None => said.push((vec![row.name()], parts)),
        }
    }
    said.iter().filter_map(|(names, parts)| notes::sentence(&names.join("; "), parts)).collect()
}

/// The verdict of a row that does not count.
pub(super) fn void_parts(row: &ProbeRow) -> Vec<String> {
    row.void.iter().map(|&verdict| name(verdict).to_owned()).collect()
}

fn parts(row: &ProbeRow) -> Vec<String> {
    let mut parts = void_parts(row);
    parts.extend(notes::rounds_left_out(row.rounds));
    parts.extend(notes::reasons(&row.remarks, row.rounds, row.void.unwrap_or(Verdict::Valid)));
    parts
}

/// One sentence for all rows that have no rank because they have but one round.
fn single_rounds(rows: &[ProbeRow]) -> Option<String> {
    let single = |row: &&ProbeRow| row.standing == Standing::Unranked(Obstacle::SingleRound);
    let names: Vec<String> = rows.iter().filter(single).map(ProbeRow::name).collect();
    (!names.is_empty()).then(|| {
        format!(
            "Not ranked, as one round says nothing of the spread; measure more with --rounds: {}.",
            names.join("; ")
        )
    })
}

/// What counts as a difference, and where that comes from.
fn least_difference(threshold: Threshold) -> String {
    let least = percent(threshold.ratio - 1.0);
    let where_ = if threshold.here { "here" } else { "in other settings" };
    match threshold.pairs {
        0 => format!(
            "Nothing was measured twice here, so how far the same is from itself is not known; {least} is taken as the least \
             difference."
        ),
        _ if threshold.ratio > threshold.apart => format!(
            "Differences of {least} or less are none: the least that is taken; what was measured twice {where_} came within {} of \
             itself.",
            percent(threshold.apart - 1.0)
        ),
        _ => format!(
            "Differences of {least} or less are none: as far from itself was what was measured twice {where_}."
        ),
    }
}
