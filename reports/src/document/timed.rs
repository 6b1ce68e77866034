//! Tasks and probes of several runs, in words: what became of them, and what in.

use super::ipc::{self, BANDWIDTH, ROUND_TRIP};
use super::tally::{Tally, fewest};
use super::versus::{self, by_outcome, few, outcome_of, ratio, ratio_interval};
use super::{Belief, Conclusion, spawn, switch, title};
use crate::summary::{
    Change, Measure, Threshold, TimedAlone, TimedRow, TimedSetting, TimedSuite, Versus, WORD,
};
use crate::table::{Column, Table};
use crate::units::{bytes_of, figure, grouped, if_known, latency, percent, plural, times};

/// Each suite with what it is called.
pub(super) const SUITES: [(TimedSuite, &str); 4] = [
    (TimedSuite::Tasks, "Tasks"),
    (TimedSuite::Spawn, "Spawn"),
    (TimedSuite::Switch, "Switch"),
    (TimedSuite::Ipc, "Messages"),
];

/// `Tasks: primes (computes), 4 short jobs`, `A message there and back: up to 8 B`.
pub(super) fn setting(suite: TimedSuite, setting: &TimedSetting) -> String {
    let what = match suite {
        TimedSuite::Tasks => {
            let computes = setting.family.as_deref() == Some("cpu");
            let jobs = setting.jobs.unwrap_or(0);
            let jobs =
                plural(jobs, if setting.size.as_deref() == Some("short") { "short job" } else { "job" });
            return format!("Tasks: {}, {jobs}", title::task(&setting.what, computes));
        }
        TimedSuite::Spawn => spawn::named(&setting.what),
        TimedSuite::Switch => switch::named(&setting.what),
        TimedSuite::Ipc if [ROUND_TRIP, BANDWIDTH].contains(&&*setting.what) => {
            ipc::named(&setting.what).to_owned()
        }
        TimedSuite::Ipc => setting.what.clone(),
    };
    let message = |bytes| match bytes {
        WORD => format!("up to {}", bytes_of(WORD)),
        bytes => bytes_of(bytes),
    };
    let mut parts: Vec<String> = setting.message_bytes.map(message).into_iter().collect();
    parts.extend(setting.touched_bytes.map(|bytes| format!("{} touched", bytes_of(bytes))));
    parts.extend(setting.number.map(|number| format!("{} of them", grouped(number))));
    if parts.is_empty() { what } else { format!("{what}: {}", parts.join(", ")) }
}

/// What is compared.
pub(super) fn measured(measure: Measure) -> &'static str {
    match measure {
        Measure::Seconds | Measure::TimeUs => "time",
        Measure::BytesPerSecond => "rate",
        Measure::BytesEach => "memory",
    }
}

/// A figure in its unit.
pub(super) fn valued(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Seconds => latency(value * 1e6),
        Measure::TimeUs => latency(value),
        Measure::BytesPerSecond => format!("{} MB/s", figure(value / 1e6)),
        Measure::BytesEach => format!("{} KiB", figure(value / 1024.0)),
    }
}

/// What became of each suite that both runs have.
pub(super) fn conclusions(versus: &Versus, alike: bool) -> Vec<Conclusion> {
    SUITES.iter().filter_map(|(suite, name)| conclusion(versus, *suite, name, alike)).collect()
}

fn conclusion(versus: &Versus, suite: TimedSuite, name: &str, alike: bool) -> Option<Conclusion> {
    let rows: Vec<&TimedRow> = versus.timed.iter().filter(|row| row.suite == suite).collect();
    let rounds = fewest(rows.iter().map(|row| &row.rounds))?;
    let tally = Tally::of(rows.iter().map(|row| row.outcome));
    let changed = rows.iter().filter(|row| row.outcome.is_change());
    let most = changed.max_by(|one, other| far(one).total_cmp(&far(other))).map(|row| {
        let (name, setting) = (&row.name, setting(suite, &row.setting));
        let ratio = if_known(row.figure.map(|change| change.ratio), times);
        match row.measure {
            Measure::Seconds | Measure::TimeUs => {
                format!("{name} changed most, to {ratio} times as long ({setting}).")
            }
            Measure::BytesPerSecond => format!("{name} changed most, to {ratio} times its rate ({setting})."),
            Measure::BytesEach => {
                format!("{name} changed most, to {ratio} times as much memory ({setting}).")
            }
        }
    });
    let text = tally.told_first(most);
    let (trust, belief) = match tally.trust(rounds, alike) {
        (_, Belief::Firm) if rows.iter().all(|row| row.threshold.pairs == 0) => (
            "With care: nothing of it was measured twice in a run, so how far the same is from itself is not known."
                .to_owned(),
            Belief::Careful,
        ),
        other => other,
    };
    Some(Conclusion { suite: name.to_owned(), text, trust, belief, about: None })
}

/// How far a row's ratio is from 1, whichever way.
pub(super) fn far(row: &TimedRow) -> f64 {
    row.figure.map_or(0.0, |change| change.ratio.ln().abs())
}

/// What changed, the greatest change first, and a table for each setting.
pub(super) fn tables(versus: &Versus) -> Vec<Table> {
    let mut settings: Vec<(String, Vec<&TimedRow>)> = Vec::new();
    for row in &versus.timed {
        let title = setting(row.suite, &row.setting);
        match settings.last_mut().filter(|(last, _)| *last == title) {
            Some((_, rows)) => rows.push(row),
            None => settings.push((title, vec![row])),
        }
    }
    let changed = changed(&versus.timed).filter(|_| settings.len() > 1);
    let each = settings.into_iter().map(|(title, rows)| table(title, rows, versus.between_runs));
    changed.into_iter().chain(each).collect()
}

fn changed(rows: &[TimedRow]) -> Option<Table> {
    let mut changed: Vec<&TimedRow> = rows.iter().filter(|row| row.outcome.is_change()).collect();
    changed.sort_by(|one, other| one.outcome.cmp(&other.outcome).then(far(other).total_cmp(&far(one))));
    let mut columns = columns();
    columns.insert(2, Column::words("setting", 0));
    let texts = |row: &&TimedRow| {
        let mut texts = texts(row);
        texts.insert(2, setting(row.suite, &row.setting));
        texts
    };
    let mut notes = Vec::new();
    let changed = few(changed, &mut notes);
    notes.extend(of_rates(&changed));
    let title = "What changed in tasks and probes".to_owned();
    (!changed.is_empty()).then(|| Table { title, columns, rows: changed.iter().map(texts).collect(), notes })
}

fn table(title: String, mut rows: Vec<&TimedRow>, between_runs: f64) -> Table {
    let cost = |row: &TimedRow| row.cost().map(|change| change.ratio);
    rows.sort_by(|one, other| by_outcome((one.outcome, cost(one)), (other.outcome, cost(other))));
    // Names have brackets, in which there are commas.
    let mut notes = versus::reasons(rows.iter().map(|row| (row.name.as_str(), row.reason.as_deref())), "; ");
    notes.extend(of_rates(&rows));
    notes.extend(rows.first().map(|row| threshold(row.threshold, between_runs)));
    Table { title, columns: columns(), rows: rows.iter().map(|row| texts(row)).collect(), notes }
}

/// Of which ratios more is better.
pub(super) fn of_rates(rows: &[&TimedRow]) -> Option<String> {
    let has_rates = rows.iter().any(|row| row.measure == Measure::BytesPerSecond);
    has_rates.then(|| "A ratio of rates above 1 is faster, one of times above 1 slower.".to_owned())
}

/// What the threshold comes to in one setting.
fn threshold(threshold: Threshold, between_runs: f64) -> String {
    let why = match (threshold.pairs, threshold.here) {
        (0, _) => "nothing was measured twice in either run",
        (_, true) => "by what was measured twice here",
        (_, false) => "by what was measured twice in other settings",
    };
    format!(
        "Threshold: {}, from {} within a run ({why}) and {} between runs.",
        percent(threshold.ratio * between_runs - 1.0),
        percent(threshold.ratio - 1.0),
        percent(between_runs - 1.0)
    )
}

fn columns() -> Vec<Column> {
    vec![
        Column::words("outcome", 0),
        Column::words("way", 0),
        Column::words("compared", 0),
        Column::numbers("earlier", "", 1),
        Column::numbers("later", "", 1),
        Column::numbers("ratio", "", 0),
        Column::numbers("interval", "", 0),
        Column::numbers("p", "", 3),
        Column::numbers("rounds", "", 5),
    ]
}

fn texts(row: &TimedRow) -> Vec<String> {
    let value =
        |of: fn(Change) -> f64| row.figure.map(|change| valued(row.measure, of(change))).unwrap_or_default();
    vec![
        outcome_of(row.outcome).to_owned(),
        row.name.clone(),
        measured(row.measure).to_owned(),
        value(|change| change.old),
        value(|change| change.new),
        ratio(row.figure),
        ratio_interval(row.figure),
        row.p_value.map(versus::probability).unwrap_or_default(),
        format!("{}+{}", row.rounds[0], row.rounds[1]),
    ]
}

/// `threads (Tasks: primes (computes), 4 jobs)`.
pub(super) fn alone(row: &TimedAlone) -> String {
    format!("{} ({})", row.name, setting(row.suite, &row.setting))
}
